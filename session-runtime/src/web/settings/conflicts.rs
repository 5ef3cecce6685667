//! Settings that do not fit together. Browsers fail silently on them, so the launch reports them.

use ipnet::IpNet;

use crate::config::{CookiePrefix, Csrf, DeviceBound, SameSite, SessionConfig, TransferMethod};
use crate::web::paths::{is_sent_to, outer, refresh_path};
use crate::web::settings::Settings;
use crate::web::settings::origin;
use crate::wire_names::{
    ACCESS_COOKIE, DEVICE_REFRESH, REFRESH_COOKIE, REFRESH_HASH_COOKIE, SIGN_OUT,
};

/// Checks for settings that cannot work together.
///
/// Returns warnings about settings that work only for some clients.
///
/// # Errors
/// A sentence about settings that work for no client.
pub(in crate::web) fn check(settings: &Settings) -> Result<Vec<String>, String> {
    device_bound_works(settings)?;
    let of_proxies = everybody_is_a_proxy(settings);
    let of_proxies = of_proxies.chain(settings.database.warning.clone());
    if settings.config.transfer == TransferMethod::Header {
        return Ok(of_proxies.collect());
    }
    cookies_have_names_of_their_own(settings)?;
    cookies_are_kept(settings)?;
    let warnings = [
        domain_misses_this_machine(settings),
        secure_over_http(settings),
        same_site_none_on_this_machine(settings),
        no_protection(settings),
        access_cookie_misses_sign_out(settings),
        refresh_cookie_misses_its_route(settings),
    ];
    Ok(warnings
        .into_iter()
        .flatten()
        .chain(of_proxies)
        .chain(other_sites(settings))
        .collect())
}

/// What keeps browsers from binding sessions, or would end those that are bound.
fn device_bound_works(settings: &Settings) -> Result<(), String> {
    let Settings { config, api, .. } = settings;
    if config.device_bound == DeviceBound::Off {
        return Ok(());
    }
    let setting = "`sessions.device_bound = \"when-supported\"`";
    if config.transfer == TransferMethod::Header {
        return Err(format!(
            "{setting} is for sessions in cookies, and `transfer = \"header\"` has none: remove one of the two"
        ));
    }
    if api.scheme != "https" {
        return Err(format!(
            "{setting} needs https, and browsers reach this server at {}: set `api_origin` to the https origin under \
             which they do, or write `device_bound = \"off\"`",
            api.text
        ));
    }
    if !config.refresh_route {
        return Err(format!(
            "{setting} needs `refresh_route`, which is false: a route of your own cannot have the browser prove its \
             device; remove `refresh_route = false`"
        ));
    }
    let path = format!("{}{DEVICE_REFRESH}", config.api_base_path);
    let route = outer(config.outer_path.as_deref(), &path);
    if !is_sent_to(&route, &settings.refresh_token_path) {
        return Err(format!(
            "{setting} needs the refresh token at {route}, which `refresh_token_path = \"{}\"` does not cover: browsers \
             would not send it there; remove `refresh_token_path`",
            settings.refresh_token_path
        ));
    }
    Ok(())
}

fn cookies_have_names_of_their_own(settings: &Settings) -> Result<(), String> {
    let config = &settings.config;
    for (setting, name, example) in [
        (
            "access_cookie_name",
            &config.access_cookie_name,
            ACCESS_COOKIE,
        ),
        (
            "refresh_cookie_name",
            &config.refresh_cookie_name,
            REFRESH_COOKIE,
        ),
    ] {
        if name == REFRESH_HASH_COOKIE {
            return Err(format!(
                "`sessions.{setting}` must not be \"{name}\", the name of the cookie with the hash of the refresh token: \
                 write for example \"{example}\""
            ));
        }
    }
    Ok(())
}

/// Settings that do not work with `catchers::pages`; `is_caught` says whether the application
/// catches a status.
pub(in crate::web) fn check_pages(
    config: &SessionConfig,
    is_caught: impl Fn(u16) -> bool,
) -> Vec<String> {
    let headers = (config.transfer == TransferMethod::Header).then(|| {
        "`sessions.transfer = \"header\"` with `catchers::pages`: a page cannot send its token in a header, so people \
         are sent to the login again and again; write `transfer = \"any\"`, or register `catchers::json()`"
            .to_owned()
    });
    let statuses = [
        ("session_expired_status", config.session_expired_status, 401),
        ("invalid_claim_status", config.invalid_claim_status, 403),
    ];
    let uncaught = statuses
        .into_iter()
        .filter(|(_, status, _)| !is_caught(*status))
        .map(|(setting, status, default)| {
            format!(
                "`sessions.{setting} = {status}` with `catchers::pages`, which catch {default}: people are shown JSON in \
                 the place of a page; remove the setting, or register a catcher of your own for {status}"
            )
        });
    headers.into_iter().chain(uncaught).collect()
}

/// Warns if pages of other origins are allowed but no fairing answers CORS requests.
pub(in crate::web) fn check_scripts(config: &SessionConfig) -> Vec<String> {
    let origins = &config.website_origins;
    if origins.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "`sessions.website_origins` lists {}, and `Sessions::cors()` is not attached: scripts there can read no answer; \
         attach it, or answer CORS requests yourself",
        origins.join(", ")
    )]
}

/// Checks that browsers accept the cookies.
fn cookies_are_kept(settings: &Settings) -> Result<(), String> {
    let Settings {
        config,
        secure,
        prefix,
        cookie_domain,
        api,
        ..
    } = settings;
    if config.cookie_same_site == SameSite::None && !secure && !api.is_local_http() {
        return Err(format!(
            "`sessions.cookie_same_site = \"none\"` needs `cookie_secure`, which is \"no\": browsers would drop the cookies; \
             remove it, and serve over https, not at {}",
            api.text
        ));
    }
    let host = matches!(prefix, CookiePrefix::Host | CookiePrefix::HostHttp);
    let word = word(*prefix);
    if !secure && *prefix != CookiePrefix::None {
        return Err(format!(
            "`sessions.cookie_prefix = \"{word}\"` needs `cookie_secure`, which is off at {}: browsers would drop the cookies; \
             write `cookie_prefix = \"auto\"`, or serve over https and set `api_origin` to that",
            api.text
        ));
    }
    if host && (cookie_domain.is_some() || settings.access_token_path != "/") {
        return Err(format!(
            "`sessions.cookie_prefix = \"{word}\"` says that only this host sets the cookies, for all of its paths, so \
             browsers drop them with a `cookie_domain`, an `outer_path` or an `access_token_path` other than \"/\": remove \
             these, or write `cookie_prefix = \"secure\"`"
        ));
    }
    let Some(domain) = cookie_domain else {
        return Ok(());
    };
    // A domain that is the host itself is accepted, for this host only.
    let is_host = *domain == api.host || (config.api_origin.is_none() && domain == "localhost");
    if origin::is_public_suffix(domain) && !is_host {
        let what = if domain.contains('.') {
            "is a domain below which everybody may register"
        } else {
            "is one word, which browsers take for a top-level domain such as `com`"
        };
        return Err(format!(
            "`sessions.cookie_domain = \"{domain}\"` {what}: browsers refuse its cookies; write your own domain, such as \
             \"example.com\", or remove the setting"
        ));
    }
    if config.api_origin.is_some() && !origin::domain_matches(&api.host, domain) {
        return Err(format!(
            "`sessions.cookie_domain = \"{domain}\"` does not cover `api_origin`, {}: browsers refuse its cookies from there; \
             write a domain that this host ends with, or remove the setting",
            api.text
        ));
    }
    Ok(())
}

/// The word in the settings.
fn word(prefix: CookiePrefix) -> &'static str {
    match prefix {
        CookiePrefix::Auto => "auto",
        CookiePrefix::None => "none",
        CookiePrefix::Secure => "secure",
        CookiePrefix::Host => "host",
        CookiePrefix::HostHttp => "host-http",
    }
}

/// In development, the origin at which browsers reach this server may not be set yet.
fn domain_misses_this_machine(settings: &Settings) -> Option<String> {
    let domain = settings.cookie_domain.as_deref()?;
    let misses =
        settings.config.api_origin.is_none() && !origin::domain_matches(&settings.api.host, domain);
    misses.then(|| {
        format!(
            "`sessions.cookie_domain = \"{domain}\"` does not cover {}, where browsers reach this server unless `api_origin` \
             says otherwise: they will drop the cookies; set `api_origin`, or remove `cookie_domain` in the debug profile",
            settings.api.text
        )
    })
}

fn secure_over_http(settings: &Settings) -> Option<String> {
    settings.is_secure_over_http().then(|| {
        format!(
            "`sessions.cookie_secure`: browsers drop `Secure` cookies over plain http, and reach this server at {}, so \
             nobody can log in with cookies: serve over https and set `api_origin` to that, or in the debug profile set \
             `cookie_secure = \"no\"`",
            settings.api.text
        )
    })
}

fn same_site_none_on_this_machine(settings: &Settings) -> Option<String> {
    (settings.config.cookie_same_site == SameSite::None && !settings.secure).then(|| {
        "`sessions.cookie_same_site = \"none\"` without `Secure`: some browsers take that on this machine, none does \
         elsewhere"
            .into()
    })
}

fn no_protection(settings: &Settings) -> Option<String> {
    let config = &settings.config;
    (config.csrf == Csrf::None && config.cookie_same_site == SameSite::None).then(|| {
        "`sessions.csrf = \"none\"` with `cookie_same_site = \"none\"`: every page on the web can act in the name of your \
         users"
            .into()
    })
}

fn access_cookie_misses_sign_out(settings: &Settings) -> Option<String> {
    let config = &settings.config;
    let misses = config.sign_out_route
        && !is_sent_to(
            &format!("{}{SIGN_OUT}", config.api_base_path),
            &config.access_token_path,
        );
    misses.then(|| {
        format!(
            "`sessions.access_token_path = \"{}\"` does not cover `api_base_path`, \"{}\": browsers will not send the \
             access token to the sign-out route",
            config.access_token_path, config.api_base_path
        )
    })
}

fn refresh_cookie_misses_its_route(settings: &Settings) -> Option<String> {
    let config = &settings.config;
    let route = outer(
        config.outer_path.as_deref(),
        &refresh_path(&config.api_base_path),
    );
    let misses = config.refresh_route && !is_sent_to(&route, &settings.refresh_token_path);
    misses.then(|| {
        format!(
            "`sessions.refresh_token_path = \"{}\"` does not cover the refresh route, {route}: unless a proxy rewrites \
             that path, browsers will not send the refresh token there",
            settings.refresh_token_path
        )
    })
}

/// A network that is larger than any private one contains more than proxies.
fn everybody_is_a_proxy(settings: &Settings) -> impl Iterator<Item = String> + use<> {
    let is_too_large = |network: &&IpNet| match network {
        IpNet::V4(network) => network.prefix_len() < 8,
        IpNet::V6(network) => network.prefix_len() < 7,
    };
    let trusted = &settings.config.trusted_proxies;
    let too_large: Vec<IpNet> = trusted.iter().filter(is_too_large).copied().collect();
    too_large.into_iter().map(|network| {
        format!(
            "`sessions.trusted_proxies` has {network}, so almost every client may choose the address that is recorded for it: write \
             the networks of your proxies only, such as [\"10.0.0.0/8\"]"
        )
    })
}

fn other_sites(settings: &Settings) -> impl Iterator<Item = String> {
    let lax = settings.config.cookie_same_site != SameSite::None;
    settings
        .website_origins
        .iter()
        .filter(move |website| lax && website.has_cookies() && !website.is_same_site(&settings.api))
        .map(|website| {
            format!(
                "`sessions.website_origins`: {} is another site than {}, so browsers send no cookies from there: set \
                 `cookie_same_site = \"none\"`, or let its front end use the header mode",
                website.text, settings.api.text
            )
        })
}
