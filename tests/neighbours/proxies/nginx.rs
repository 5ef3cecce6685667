//! nginx, as `nginx-light` comes.

use std::process::Command;

use super::{HOST, SUB_PATH, Site, SubPath, command as program, packaged};

/// What the guide says to write where payloads are large.
const LARGE_HEADS: &str = "proxy_buffer_size 16k; proxy_buffers 8 16k;";

/// The same for the cookies of requests.
const LARGE_COOKIES: &str = "large_client_header_buffers 4 32k;";

/// What the guide says to write for WebSockets.
const WEB_SOCKETS: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
     proxy_set_header Connection $connection_upgrade;";

/// The file of the package, with its site in ours.
pub(super) fn command(site: &Site) -> Command {
    let folder = site.show("");
    let packaged = packaged("/etc/nginx/nginx.conf")
        .replace("/var/log/nginx/", &folder)
        .replace("/run/nginx.pid", &site.show("nginx.pid"))
        .replace("/etc/nginx/sites-enabled/*", &site.show("site.conf"));
    let file = site.write("nginx.conf", &format!("daemon off;\n{packaged}"));
    site.write("site.conf", &text(site));
    let mut command = program("nginx");
    command.arg("-c").arg(file);
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
    // With a path in the URL, nginx puts that in the place of the location's.
    let (location, to) = match wanted.sub_path {
        None => ("/".to_owned(), ""),
        Some(SubPath::Stripped) => (format!("{SUB_PATH}/"), "/"),
        Some(SubPath::Kept) => (format!("{SUB_PATH}/"), ""),
    };
    let mut more = Vec::new();
    if wanted.tells {
        more.push("include /etc/nginx/proxy_params;");
    }
    if wanted.large_heads {
        more.push(LARGE_HEADS);
    }
    if wanted.web_sockets {
        more.push(WEB_SOCKETS);
    }
    let of_server = if wanted.large_heads {
        LARGE_COOKIES
    } else {
        ""
    };
    let more = more.join("\n        ");
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", site.show(kind)))
        .concat();
    let ipv6 = if wanted.ipv6 {
        format!("listen [::1]:{https} ssl http2;")
    } else {
        String::new()
    };
    format!(
        r#"{temporary}map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
server {{
    server_name {HOST};
    listen 127.0.0.1:{http};
    listen 127.0.0.1:{https} ssl http2;
    {ipv6}
    ssl_certificate {cert};
    ssl_certificate_key {key};
    {of_server}
    location {location} {{
        proxy_pass http://127.0.0.1:{upstream}{to};
        {more}
    }}
}}
"#
    )
}
