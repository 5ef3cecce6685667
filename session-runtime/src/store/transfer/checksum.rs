//! What a table holds, as one number that is the same on every kind of database.

use aws_lc_rs::digest;

use super::outcome::Side;
use super::rows::Encoded;
use crate::keys::sealing::hex;

/// A checksum under way, over rows in the order of their keys.
pub(super) struct Checksum {
    rows: u64,
    sum: digest::Context,
}

impl Default for Checksum {
    fn default() -> Self {
        Self {
            rows: 0,
            sum: digest::Context::new(&digest::SHA256),
        }
    }
}

impl Checksum {
    pub(super) fn add<T: Encoded>(&mut self, rows: &[T]) {
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| row.encode(&mut bytes));
        self.sum.update(&bytes);
        self.rows += rows.len() as u64;
    }

    pub(super) fn finish(self) -> Side {
        Side {
            rows: self.rows,
            checksum: hex(self.sum.finish().as_ref()),
        }
    }
}
