//! Reads `SessionConfig` from Rocket's figment, and what follows from the surroundings: origin,
//! database, `Secure`.

pub(in crate::web) mod conflicts;
mod misread;
pub(in crate::web) mod origin;

use std::net::IpAddr;

use rocket::figment::Figment;

use self::origin::WebOrigin;
use crate::config::{Auto, CookiePrefix, SessionConfig};
use crate::error::see;
use crate::web::paths::{cookie_path, outer, refresh_path};

/// Where the settings stand.
const TABLE: &str = "sessions";

/// The settings, and what was made of those left open.
#[derive(Debug)]
pub(in crate::web) struct Settings {
    pub(in crate::web) config: SessionConfig,
    pub(in crate::web) database: String,
    /// Where browsers reach this server.
    pub(in crate::web) api: WebOrigin,
    /// Where our other pages are.
    pub(in crate::web) website_origins: Vec<WebOrigin>,
    pub(in crate::web) issuer: String,
    pub(in crate::web) secure: bool,
    /// Never `Auto`.
    pub(in crate::web) prefix: CookiePrefix,
    /// As browsers see it.
    pub(in crate::web) access_token_path: String,
    /// As browsers see it.
    pub(in crate::web) refresh_token_path: String,
    pub(in crate::web) cookie_domain: Option<String>,
    /// Whether this is a debug build, where a master key may be made.
    pub(in crate::web) development: bool,
}

impl Settings {
    /// Whether browsers drop the cookies, which are `Secure`, because they reach this server over plain http.
    pub(in crate::web) fn is_secure_over_http(&self) -> bool {
        self.secure && self.api.scheme == "http" && !self.api.is_local_http()
    }

    /// Reads and checks everything that can be known before the database is opened.
    ///
    /// # Errors
    /// A sentence that names the setting and what to write.
    pub(in crate::web) fn read(figment: &Figment) -> Result<Self, String> {
        let config = extract(figment)
            .and_then(|config| config.check().map(|()| config))
            .map_err(see("SessionConfig"))?;
        let database = database_url(figment, &config.database).map_err(see("databases"))?;
        Self::of(config, database, figment).map_err(see("deployment"))
    }

    /// The same, once each setting is in order by itself.
    fn of(mut config: SessionConfig, database: String, figment: &Figment) -> Result<Self, String> {
        config.api_base_path = without_slash(&config.api_base_path);
        let outer_path = config.outer_path.as_deref().map(without_slash);
        config.outer_path = outer_path.filter(|path| !path.is_empty());
        let outer_path = config.outer_path.as_deref();
        let access_token_path = cookie_path(outer_path, &config.access_token_path);

        let debug = *figment.profile() == rocket::Config::DEBUG_PROFILE;
        let api = api_origin(figment, &config, debug)?;
        let secure = match config.cookie_secure {
            Auto::Auto => !(debug && api.is_local_http()),
            Auto::Yes => true,
            Auto::No if debug => false,
            Auto::No => {
                return Err(format!(
                    "`{TABLE}.cookie_secure = \"no\"` is for the debug profile: elsewhere whoever listens on the way could \
                     take the tokens; remove it, and serve over https"
                ));
            }
        };
        let cookie_domain = match &config.cookie_domain {
            Some(domain) => Some(domain_of("cookie_domain", domain)?),
            None => None,
        };
        Ok(Self {
            database,
            issuer: format!("{}{}", api.text, outer(outer_path, &config.api_base_path)),
            website_origins: read_origins(&config)?,
            prefix: match config.cookie_prefix {
                CookiePrefix::Auto if !secure => CookiePrefix::None,
                CookiePrefix::Auto if cookie_domain.is_none() && access_token_path == "/" => {
                    CookiePrefix::Host
                }
                CookiePrefix::Auto => CookiePrefix::Secure,
                chosen => chosen,
            },
            refresh_token_path: match &config.refresh_token_path {
                Some(path) => path.clone(),
                None => outer(outer_path, &refresh_path(&config.api_base_path)),
            },
            access_token_path,
            api,
            secure,
            cookie_domain,
            development: debug,
            config,
        })
    }
}

/// The path without a slash at its end.
fn without_slash(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}

/// The origin of this server.
fn api_origin(figment: &Figment, config: &SessionConfig, debug: bool) -> Result<WebOrigin, String> {
    let text = match &config.api_origin {
        Some(origin) => origin.clone(),
        None if debug => own_origin(figment)?,
        None => {
            return Err(format!(
                "`{TABLE}.api_origin` must be set outside debug builds, to the origin under which browsers reach this server, \
                 such as \"https://api.example.com\""
            ));
        }
    };
    WebOrigin::parse(&text).ok_or_else(|| {
        format!(
            "`{TABLE}.api_origin` must be scheme, host and port only, such as \"https://api.example.com\", not \"{text}\""
        )
    })
}

/// The table, or the defaults if there is none.
fn extract(figment: &Figment) -> Result<SessionConfig, String> {
    misread::check_places(figment)?;
    if figment.contains(TABLE) {
        let read = figment.extract_inner(TABLE);
        read.map_err(|error| misread::sentence(figment, &error))
    } else {
        Ok(SessionConfig::default())
    }
}

/// The origins of our other pages.
pub(in crate::web) fn website_origins(figment: &Figment) -> Result<Vec<WebOrigin>, String> {
    read_origins(&extract(figment)?)
}

fn read_origins(config: &SessionConfig) -> Result<Vec<WebOrigin>, String> {
    let read = |text: &String| {
        WebOrigin::parse_page(text).ok_or_else(|| {
            format!(
                "`{TABLE}.website_origins` lists origins as browsers send them, scheme, host and port only, such as \
                 \"https://www.example.com\" or \"capacitor://localhost\", never `*` or `null` (other letters than ASCII as \
                 `xn--..`): \"{text}\" is not one"
            )
        })
    };
    config.website_origins.iter().map(read).collect()
}

fn domain_of(setting: &str, text: &str) -> Result<String, String> {
    origin::cookie_domain(text).ok_or_else(|| {
        format!("`{TABLE}.{setting}` must be a domain such as \"example.com\", not \"{text}\"")
    })
}

/// Made from Rocket's own address and port.
fn own_origin(figment: &Figment) -> Result<String, String> {
    let rocket = figment
        .extract::<rocket::Config>()
        .map_err(|error| error.to_string())?;
    let scheme = if rocket.tls_enabled() {
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
    let scheme = url.split(':').next().filter(|scheme| *scheme != url);
    if scheme.is_some_and(|scheme| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Ok(url);
    }
    // Rocket's own pools write a bare path for SQLite, in which nothing has a meaning of its own.
    let path = url
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    Ok(format!("sqlite:{path}"))
}
