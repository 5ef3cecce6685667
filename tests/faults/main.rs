//! Faults of the machine: the process is killed, the disk is full, an fsync fails. What was
//! acknowledged stays, the rest never was.

#![allow(clippy::print_stdout, reason = "the figures of a run")]

mod disk;
mod kill;
mod process;
