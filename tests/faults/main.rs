//! Faults of the machine: the process is killed, the disk is full, an fsync fails. What was
//! acknowledged stays, the rest never was.

#![allow(clippy::print_stdout, reason = "the figures of a run")]

mod disk;
mod kill;
mod limits;
mod mounted;
mod read_only;

/// A server on a file in `folder`.
fn place(folder: &std::path::Path, settings: &str) -> session_tests::process::Place {
    let url = format!("sqlite://{}", folder.join("test.db").display());
    session_tests::process::Place::on(&url, settings)
}
