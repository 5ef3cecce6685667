//! HAProxy, as `haproxy` comes.

use std::process::Command;

use super::{SUB_PATH, Site, SubPath, command as program, packaged, without};

/// The file of the package without what belongs to a service of the system, and a site of ours.
pub(super) fn command(site: &Site) -> Command {
    let system = ["log /dev/log", "chroot", "stats", "user", "group", "daemon"];
    let packaged = without(&packaged("/etc/haproxy/haproxy.cfg"), &system);
    let file = site.write("haproxy.cfg", &format!("{packaged}\n{}", text(site)));
    let mut command = program("haproxy");
    command.arg("-db").arg("-f").arg(file);
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
    let both = site.show("both.pem");
    let strips = match wanted.sub_path {
        Some(SubPath::Stripped) => {
            format!("    http-request replace-path ^{SUB_PATH}/(.*) /\\1\n")
        }
        Some(SubPath::Kept) | None => String::new(),
    };
    let tells = if wanted.tells {
        "    option forwardfor\n    http-request set-header X-Forwarded-Proto https if { ssl_fc }\n    \
         http-request set-header X-Forwarded-Proto http unless { ssl_fc }\n"
    } else {
        ""
    };
    let ipv6 = if wanted.ipv6 {
        format!("    bind [::1]:{https} ssl crt {both} alpn h2,http/1.1\n")
    } else {
        String::new()
    };
    format!(
        "frontend site\n    bind 127.0.0.1:{http}\n    bind 127.0.0.1:{https} ssl crt {both} alpn h2,http/1.1\n\
         {ipv6}{tells}{strips}    default_backend application\n\
         backend application\n    server application 127.0.0.1:{upstream}\n"
    )
}
