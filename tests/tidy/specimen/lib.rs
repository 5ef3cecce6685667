//! A package that is only read: each file names others in one way.

mod circle;
mod deep;
mod facade;
mod inline;
mod leaf;
mod made;
#[path = "once_more.rs"]
mod elsewhere;

pub use leaf::Leaf as Renamed;

#[cfg(test)]
mod tests {
    use crate::deep::Deep;
}
