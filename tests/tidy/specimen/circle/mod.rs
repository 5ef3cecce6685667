//! Three files that name each other.

mod a;
mod b;
mod c;

pub use a::A;
