//! Flows over HTTP: one file each.

mod bad_input;
mod csrf;
mod forged;
mod launch;
mod login;
mod macros;
mod master_key;
mod refresh;
mod restart;
mod revoke;
mod sign_out;
mod sockets;
mod unavailable;
mod verify;
