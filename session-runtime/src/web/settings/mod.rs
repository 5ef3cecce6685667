//! Reads `SessionConfig` from Rocket's figment, and derives what it leaves open: origin, database,
//! `Secure`.

pub(in crate::web) mod conflicts;
mod database;
mod misplaced;
mod misread;
pub(in crate::web) mod origin;

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use rocket::figment::Figment;
use rocket::figment::providers::Serialized;

use self::database::Database;
use self::misread::TABLE;
use self::origin::WebOrigin;
use crate::config::{Auto, CookiePrefix, Secret, SessionConfig, shown};
use crate::launch_error::{LaunchError, see};
use crate::web::paths::{cookie_path, outer, refresh_path};

/// The settings, and the values derived for those left open.
#[derive(Debug)]
pub(in crate::web) struct Settings {
    pub(in crate::web) config: SessionConfig,
    pub(in crate::web) database: Database,
    /// The origin at which browsers reach this server.
    pub(in crate::web) api: WebOrigin,
    /// The origins of the application's other pages.
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
    /// Whether this is the debug profile, in which a master key may be created.
    pub(in crate::web) development: bool,
}

impl Settings {
    /// Whether browsers drop the cookies, because they are `Secure` and browsers reach this server
    /// over plain http.
    pub(in crate::web) fn is_secure_over_http(&self) -> bool {
        self.secure && self.api.scheme == "http" && !self.api.is_local_http()
    }

    /// Reads and checks everything that can be known before the database is opened.
    ///
    /// # Errors
    /// A sentence that names the setting and what to write.
    pub(in crate::web) fn read(figment: &Figment) -> Result<Self, LaunchError> {
        let config = extract(figment)
            .and_then(|config| config.check().map(|()| config))
            .map_err(see("SessionConfig"))?;
        let database =
            database::url(figment, config.database.as_str()).map_err(see("guide::databases"))?;
        Self::of(config, database, figment).map_err(see("guide::deployment"))
    }

    /// The same, after each setting was checked by itself.
    fn of(
        mut config: SessionConfig,
        database: Database,
        figment: &Figment,
    ) -> Result<Self, String> {
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
        let website_origins = read_origins(&config)?;
        let texts = website_origins.iter().map(|origin| origin.text.clone());
        config.website_origins = texts.collect();
        for network in &mut config.trusted_proxies {
            *network = unmapped(*network);
        }
        let outer_path = config.outer_path.as_deref();
        Ok(Self {
            database,
            issuer: format!("{}{}", api.text, outer(outer_path, &config.api_base_path)),
            website_origins,
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

/// An IPv4 network that is written as one of IPv6 (RFC 4291 section 2.5.5.2): addresses of clients are
/// never written so.
fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else {
        return network;
    };
    let bits = mapped.prefix_len().checked_sub(96);
    let address = mapped.addr().to_ipv4_mapped();
    bits.zip(address)
        .and_then(|(bits, address)| Ipv4Net::new(address, bits).ok())
        .map_or(network, IpNet::V4)
}

/// The origin of this server.
fn api_origin(figment: &Figment, config: &SessionConfig, debug: bool) -> Result<WebOrigin, String> {
    let unfit = |text: &str| {
        format!(
            "`{TABLE}.api_origin` must be scheme, host and port only, such as \"https://api.example.com\" (other letters than \
             ASCII as `xn--..`), not {}",
            shown(text)
        )
    };
    match &config.api_origin {
        Some(text) => WebOrigin::parse(text).ok_or_else(|| unfit(text)),
        None if debug => {
            let text = own_origin(figment)?;
            WebOrigin::of_this_server(&text).ok_or_else(|| unfit(&text))
        }
        None => Err(format!(
            "`{TABLE}.api_origin` must be set outside the debug profile, to the origin under which browsers reach this \
             server, such as \"https://api.example.com\""
        )),
    }
}

/// The table, or the defaults if there is none.
fn extract(figment: &Figment) -> Result<SessionConfig, String> {
    misplaced::check(figment)?;
    if let Ok(table) = figment.find_value(TABLE) {
        misread::check_table(&table)?;
        let read = figment.extract_inner(TABLE);
        read.map_err(|error| misread::sentence(figment, &error))
    } else {
        Ok(SessionConfig::default())
    }
}

/// The settings of `Rocket.toml` and the environment, on top of those that the application gives.
///
/// Serialising [`SessionConfig`] leaves out the master keys and the password of the database, so
/// they are added by hand.
pub(in crate::web) fn beneath(figment: &Figment, config: &SessionConfig) -> Figment {
    let path = format!("{TABLE}.database");
    let url = Serialized::default(&path, config.database.as_str());
    // The first that comes counts.
    let mut figment = figment.clone().join(url);
    figment = figment.join(Serialized::default(TABLE, config));
    if let Some(key) = &config.master_key {
        let path = format!("{TABLE}.master_key");
        figment = figment.join(Serialized::default(&path, key.reveal()));
    }
    if !config.accepted_master_keys.is_empty() {
        let path = format!("{TABLE}.accepted_master_keys");
        let keys: Vec<&str> = config
            .accepted_master_keys
            .iter()
            .map(Secret::reveal)
            .collect();
        figment = figment.join(Serialized::default(&path, keys));
    }
    figment
}

fn read_origins(config: &SessionConfig) -> Result<Vec<WebOrigin>, String> {
    let read = |text: &String| {
        WebOrigin::parse_page(text).ok_or_else(|| {
            format!(
                "`{TABLE}.website_origins` lists origins as browsers send them, scheme, host and port only, such as \
                 \"https://www.example.com\" or \"capacitor://localhost\", never `*` or `null` (other letters than ASCII as \
                 `xn--..`): {} is not one",
                shown(text)
            )
        })
    };
    let mut origins = Vec::new();
    for origin in config.website_origins.iter().map(read) {
        let origin = origin?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

fn domain_of(setting: &str, text: &str) -> Result<String, String> {
    origin::cookie_domain(text).ok_or_else(|| {
        format!(
            "`{TABLE}.{setting}` must be a domain such as \"example.com\", not {}",
            shown(text)
        )
    })
}

/// The origin derived from Rocket's own address and port.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn database(figment: &Figment) -> String {
        let config = extract(figment).expect("settings");
        config.database.as_str().to_owned()
    }

    #[test]
    fn settings_from_code_keep_the_password_of_their_database() {
        let url = "postgres://ada:secret@db.example/app";
        let config = SessionConfig {
            database: url.into(),
            ..SessionConfig::default()
        };
        assert_eq!(database(&beneath(&Figment::new(), &config)), url);
        let operators = Figment::new().join((format!("{TABLE}.database"), "sqlite:app.db"));
        assert_eq!(database(&beneath(&operators, &config)), "sqlite:app.db");
    }
}
