//! Flows over HTTP: one file each.

mod bad_input;
mod by_hand;
mod csrf;
mod flattened;
mod forged;
mod launch;
mod login;
mod logout;
mod macros;
mod master_key;
mod outcomes;
mod refresh;
mod restart;
mod revoke;
mod sign_out;
mod signatures;
mod sockets;
mod unavailable;
mod user_ids;
mod verify;
mod within;
