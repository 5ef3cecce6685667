//! Shows what another file defines: whoever takes it from here knows that file, and this one does not.

pub use crate::leaf::{self, Leaf};
