//! Flows over HTTP: one file each.

mod bad_input;
mod by_hand;
mod cors;
mod csrf;
mod csrf_modes;
mod duplicates;
mod flattened;
mod forged;
mod launch;
mod login;
mod logout;
mod macros;
mod master_key;
mod misfits;
mod outcomes;
mod own_routes;
mod refresh;
mod restart;
mod revoke;
mod sign_out;
mod signatures;
mod sockets;
mod transport;
mod unavailable;
mod user_ids;
mod verify;
