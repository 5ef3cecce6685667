//! Apache, as `apache2` comes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{HOST, SUB_PATH, Site, SubPath, command as program, packaged};

/// What `a2enmod` would add, and what these need.
const MODULES: [&str; 10] = [
    "headers",
    "http2",
    "proxy",
    "proxy_http",
    "proxy_wstunnel",
    "rewrite",
    "setenvif",
    "socache_shmcb",
    "ssl",
    "proxy_http2",
];

/// The folder of the package, with its site and its ports in ours.
pub(super) fn command(site: &Site) -> Command {
    let root = site.path("apache2");
    for folder in ["mods-enabled", "sites-enabled"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    let config = packaged("/etc/apache2/apache2.conf");
    fs::write(root.join("apache2.conf"), config).expect("a file");
    for same in ["conf-enabled", "magic"] {
        link(&format!("/etc/apache2/{same}"), &root.join(same));
    }
    let enabled = fs::read_dir("/etc/apache2/mods-enabled").expect("the modules of the package");
    for module in enabled {
        let path = module.expect("a module").path();
        let name = path.file_name().expect("a name").to_owned();
        link(
            &path.display().to_string(),
            &root.join("mods-enabled").join(name),
        );
    }
    for name in MODULES
        .iter()
        .flat_map(|module| [format!("{module}.load"), format!("{module}.conf")])
    {
        link(
            &format!("/etc/apache2/mods-available/{name}"),
            &root.join("mods-enabled").join(name),
        );
    }
    let mut ports = format!(
        "Listen 127.0.0.1:{}\nListen 127.0.0.1:{}\n",
        site.http, site.https
    );
    if site.wanted.ipv6 {
        ports.push_str(&format!("Listen [::1]:{}\n", site.https));
    }
    fs::write(root.join("ports.conf"), ports).expect("a file");
    fs::write(root.join("sites-enabled/site.conf"), text(site)).expect("a file");
    let mut command = program("apache2");
    command
        .arg("-d")
        .arg(&root)
        .arg("-f")
        .arg(root.join("apache2.conf"))
        .arg("-DFOREGROUND")
        .env("APACHE_RUN_USER", "www-data")
        .env("APACHE_RUN_GROUP", "www-data")
        .env("APACHE_PID_FILE", site.path("apache.pid"));
    for folder in ["RUN", "LOCK", "LOG"] {
        command.env(format!("APACHE_{folder}_DIR"), site.show(""));
    }
    command
}

/// A link, where the package has the file and nobody has made the link.
fn link(to: &str, name: &Path) {
    if Path::new(to).exists() && !name.exists() {
        symlink(to, name).expect("a link");
    }
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
    let upstream = format!("http://127.0.0.1:{upstream}");
    let (from, to) = match wanted.sub_path {
        None => ("/".to_owned(), format!("{upstream}/")),
        Some(SubPath::Stripped) => (format!("{SUB_PATH}/"), format!("{upstream}/")),
        Some(SubPath::Kept) => (format!("{SUB_PATH}/"), format!("{upstream}{SUB_PATH}/")),
    };
    let upgrade = if wanted.web_sockets {
        " upgrade=websocket"
    } else {
        ""
    };
    let tells = if wanted.tells {
        "ProxyPreserveHost On\n    RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}"
    } else {
        ""
    };
    let fields = if wanted.large_heads {
        "LimitRequestFieldSize 32768"
    } else {
        ""
    };
    let body = format!(
        "ServerName {HOST}\n    ProxyPass \"{from}\" \"{to}\"{upgrade}\n    ProxyPassReverse \"{from}\" \"{to}\"\n    {tells}\n    \
         {fields}"
    );
    let ipv6 = if wanted.ipv6 {
        format!(" [::1]:{https}")
    } else {
        String::new()
    };
    format!(
        "<VirtualHost 127.0.0.1:{http}>\n    {body}\n</VirtualHost>\n\
         <VirtualHost 127.0.0.1:{https}{ipv6}>\n    {body}\n    SSLEngine on\n    SSLCertificateFile {cert}\n    \
         SSLCertificateKeyFile {key}\n    Protocols h2 http/1.1\n</VirtualHost>\n"
    )
}
