//! The third, by way of a re-export.

pub struct C(
    crate::circle::A,
);
