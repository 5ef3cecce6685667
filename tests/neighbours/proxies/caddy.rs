//! Caddy, as `caddy` comes: its package has no settings beside the site.

use std::process::Command;

use super::{HOST, SUB_PATH, Site, SubPath, command as program};

/// A site of ours, without the port for commands that two of them would share.
pub(super) fn command(site: &Site) -> Command {
    let file = site.write("Caddyfile", &text(site));
    let mut command = program("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(file)
        .env("HOME", site.path(""))
        .env("XDG_DATA_HOME", site.path("data"))
        .env("XDG_CONFIG_HOME", site.path("config"));
    command
}

fn text(site: &Site) -> String {
    let Site {
        upstream,
        https,
        http,
        wanted,
        ..
    } = site;
    let (cert, key) = (site.show("cert.pem"), site.show("key.pem"));
    let proxy = format!("reverse_proxy 127.0.0.1:{upstream}");
    let body = match wanted.sub_path {
        None => proxy,
        Some(SubPath::Stripped) => format!("handle_path {SUB_PATH}/* {{\n    {proxy}\n  }}"),
        Some(SubPath::Kept) => format!("handle {SUB_PATH}/* {{\n    {proxy}\n  }}"),
    };
    format!(
        "{{\n  admin off\n  auto_https disable_redirects\n}}\n\
         http://{HOST}:{http} {{\n  {body}\n}}\n\
         https://{HOST}:{https} {{\n  tls {cert} {key}\n  {body}\n}}\n"
    )
}
