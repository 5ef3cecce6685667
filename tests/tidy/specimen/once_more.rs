//! In the file that an attribute names.

use super::{deep::{Deep as Other, *}, leaf};

pub struct Elsewhere;
pub fn elsewhere() {}

fn call() {
    leaf::leaf();
}
