//! Looks up twice.

use super::super::Renamed;
use super::{Deep, *};
