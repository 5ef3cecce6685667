//! A folder.

mod below;

pub struct Deep;
pub struct Other;
