//! Reads `SessionConfig` from Rocket's figment, and what follows from the surroundings: origin,
//! database, `Secure`.

use std::net::IpAddr;

use rocket::figment::Figment;
use rocket::http::uri::{Absolute, Origin};

use crate::config::{Auto, SessionConfig};

/// Where the settings stand.
const TABLE: &str = "sessions";

/// The settings, and what was made of those left open.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) config: SessionConfig,
    pub(super) database: String,
    /// Where browsers reach this server.
    pub(super) origin: String,
    pub(super) issuer: String,
    pub(super) secure: bool,
    /// Whether this is a debug build, where a master key may be made.
    pub(super) development: bool,
}

impl Settings {
    /// Reads and checks everything that can be known before the database is opened.
    ///
    /// # Errors
    /// A sentence that names the setting and what to write.
    pub(super) fn read(figment: &Figment) -> Result<Self, String> {
        let mut config = if figment.contains(TABLE) {
            figment
                .extract_inner::<SessionConfig>(TABLE)
                .map_err(|error| error.to_string())?
        } else {
            SessionConfig::default()
        };
        config.check()?;
        config.api_base_path = base_path(&config.api_base_path)?;

        let debug = *figment.profile() == rocket::Config::DEBUG_PROFILE;
        let (origin, local_http) = origin(figment, &config, debug)?;
        Ok(Self {
            database: database_url(figment, &config.database)?,
            issuer: format!("{origin}{}", config.api_base_path),
            origin,
            secure: match config.cookie_secure {
                Auto::Auto => !(debug && local_http),
                Auto::Yes => true,
                Auto::No => false,
            },
            development: debug,
            config,
        })
    }
}

/// The path without a slash at its end.
fn base_path(path: &str) -> Result<String, String> {
    let valid =
        Origin::parse(path).is_ok_and(|origin| origin.query().is_none() && !path.contains("//"));
    if !valid {
        return Err(format!(
            "`{TABLE}.api_base_path` must be a path such as \"/auth\", not \"{path}\""
        ));
    }
    Ok(path.trim_end_matches('/').to_owned())
}

/// The origin of this server, and whether it is plain http on this machine.
fn origin(
    figment: &Figment,
    config: &SessionConfig,
    debug: bool,
) -> Result<(String, bool), String> {
    let origin = match &config.api_origin {
        Some(origin) => origin.trim_end_matches('/').to_owned(),
        None if debug => own_origin(figment)?,
        None => {
            return Err(format!(
                "`{TABLE}.api_origin` must be set outside debug builds, to the origin under which browsers reach this server, \
                 such as \"https://api.example.com\""
            ));
        }
    };
    let wrong = || {
        format!(
            "`{TABLE}.api_origin` must be scheme, host and port only, such as \"https://api.example.com\", not \"{origin}\""
        )
    };
    let uri = Absolute::parse(&origin).map_err(|_| wrong())?;
    let scheme = uri.scheme();
    let Some(authority) = uri.authority() else {
        return Err(wrong());
    };
    let bare =
        uri.path().raw().is_empty() && uri.query().is_none() && authority.user_info().is_none();
    if !bare || !(scheme == "http" || scheme == "https") {
        return Err(wrong());
    }
    let host = authority.host();
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    let local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    let local_http = scheme == "http" && local;
    Ok((origin, local_http))
}

/// Made from Rocket's own address and port.
fn own_origin(figment: &Figment) -> Result<String, String> {
    let rocket = figment
        .extract::<rocket::Config>()
        .map_err(|error| error.to_string())?;
    let scheme = if figment.contains("tls") {
        "https"
    } else {
        "http"
    };
    let host = match rocket.address {
        address if address.is_unspecified() => "localhost".to_owned(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    Ok(format!("{scheme}://{host}:{}", rocket.port))
}

/// The URL, or the one that the named `[default.databases.*]` entry holds.
fn database_url(figment: &Figment, database: &str) -> Result<String, String> {
    if database.contains(':') {
        return Ok(database.to_owned());
    }
    let url: String = figment.extract_inner(&format!("databases.{database}.url")).map_err(|_| {
        format!(
            "`{TABLE}.database = \"{database}\"` is neither a URL such as \"sqlite://sessions.db\" nor the name of a \
             `[default.databases.{database}]` entry with a `url`"
        )
    })?;
    // Rocket's own pools write a bare path for SQLite.
    Ok(if url.contains(':') {
        url
    } else {
        format!("sqlite:{url}")
    })
}
