//! Names nobody.

use quote::quote;
use std::fmt;

pub struct Leaf;
pub fn leaf() {}

#[cfg(test)]
mod tests {
    use crate::inline::Inline;
}
