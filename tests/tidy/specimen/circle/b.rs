//! The second.

use super::c::C;

pub struct B(C);
