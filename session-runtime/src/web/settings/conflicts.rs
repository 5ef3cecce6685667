//! Settings that do not fit together: what a browser would do about them is silent, so the launch says it.

use crate::config::{CookiePrefix, Csrf, SameSite, Transfer};
use crate::web::paths::{is_below, outer, refresh_path};
use crate::web::settings::Settings;
use crate::web::settings::origin;

/// Looks for what cannot work.
///
/// Returns what works only for some: warnings for the log.
///
/// # Errors
/// A sentence about what works for nobody.
pub(in crate::web) fn check(settings: &Settings) -> Result<Vec<String>, String> {
    if settings.config.transfer == Transfer::Header {
        return Ok(Vec::new());
    }
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
        .chain(other_sites(settings))
        .collect())
}

/// What makes a browser refuse the cookies.
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
    if origin::is_public_suffix(domain) {
        return Err(format!(
            "`sessions.cookie_domain = \"{domain}\"` is a domain below which everybody may register: browsers refuse its \
             cookies; write your own domain"
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

/// As it stands in the settings.
fn word(prefix: CookiePrefix) -> &'static str {
    match prefix {
        CookiePrefix::Auto => "auto",
        CookiePrefix::None => "none",
        CookiePrefix::Secure => "secure",
        CookiePrefix::Host => "host",
        CookiePrefix::HostHttp => "host-http",
    }
}

/// In development nobody may have said yet where browsers reach this server.
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
        && !is_below(
            &format!("{}/signout", config.api_base_path),
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
    let misses = config.refresh_route && !is_below(&route, &settings.refresh_token_path);
    misses.then(|| {
        format!(
            "`sessions.refresh_token_path = \"{}\"` does not cover the refresh route, {route}: unless a proxy rewrites \
             that path, browsers will not send the refresh token there",
            settings.refresh_token_path
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
