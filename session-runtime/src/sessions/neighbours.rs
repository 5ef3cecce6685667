//! What the launch reports about other users of the same tables.

use super::Sessions;
use super::feed::SERVES_FOR;
use crate::config::Revocation;
use crate::event::CHAPTER;
use crate::rules::shared_settings::{Fingerprint, REVOCATION};
use crate::store::StoreError;

impl Sessions {
    /// What this process announces about its settings.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let config = self.config();
        let access_cookie = &self.inner.tokens.access_cookie_name;
        // A dot and the letters of a session stand behind the name.
        let untagged = access_cookie.split('.').next().unwrap_or_default();
        let prefix = untagged.strip_suffix(&config.access_cookie_name);
        let values = [
            config.audience.as_deref().unwrap_or_default(),
            &config.access_cookie_name,
            &config.refresh_cookie_name,
            config.cookie_domain.as_deref().unwrap_or_default(),
            &config.access_token_path,
            prefix.unwrap_or_default(),
            match config.revocation {
                Revocation::Feed | Revocation::Live => "",
                Revocation::None => "none",
            },
        ];
        Fingerprint::of(self.issuer(), values)
    }

    /// Announces this process, and logs at launch what else uses the same tables. Each of two
    /// processes that start at once is announced before it looks, so at least one of them sees the
    /// other.
    pub(super) async fn meet_neighbours(&self) -> Result<(), StoreError> {
        let last = self.announce().await?;
        let (issuer, fingerprint) = (self.issuer(), self.fingerprint());
        // The clocks of others may be ahead by as much again.
        let between = (self.now(), self.now() + SERVES_FOR + SERVES_FOR);
        let background = &self.inner.store.background;
        let found = background.neighbours(issuer.to_owned(), fingerprint.clone(), between);
        let found = found.await?;
        match (found.issuer, last) {
            (Some(other), _) => warn_of_another(issuer, &other),
            // Reported once, because from now on this issuer is the last one.
            (None, Some(other)) if found.has_sessions => warn_of_copy(issuer, &other),
            _ => {}
        }
        for other in found.settings {
            warn_of_settings(issuer, &fingerprint.differing(&other));
        }
        Ok(())
    }
}

fn warn_of_another(issuer: &str, other: &str) {
    tracing::warn!(
        event = "database_shared",
        see = CHAPTER,
        "`sessions.database`: {other} uses the same tables as this application, {issuer}. A user id is the same user in \
         both, and a login or a revocation in one is one in the other: give an application with users of its own \
         a database or a schema of its own. If you have just changed `api_origin`, `api_base_path` or `outer_path`, \
         nothing is wrong"
    );
}

fn warn_of_copy(issuer: &str, other: &str) {
    tracing::warn!(
        event = "database_shared",
        see = CHAPTER,
        "`sessions.database` holds sessions of {other}, which used it last, and this application is {issuer}. If this is a \
         copy of that application's database, the refresh tokens of its users are accepted here: stop, drop the \
         tables `session_*`, and start again. If you have changed `api_origin`, `api_base_path` or `outer_path`, \
         nothing is wrong. This is said once"
    );
}

fn warn_of_settings(issuer: &str, settings: &[&str]) {
    let of_tokens = settings.iter().filter(|name| **name != REVOCATION);
    let of_tokens: Vec<String> = of_tokens.map(|name| format!("`{name}`")).collect();
    if !of_tokens.is_empty() {
        tracing::warn!(
            event = "settings_differ",
            see = CHAPTER,
            "another process serves {issuer} from the same tables with another value of {}: each answers 401 to sessions \
             of the other. Give all processes the same settings. To change one of these, stop the processes that have the \
             old value before you start those with the new one; if that was done less than five minutes ago, nothing is wrong",
            of_tokens.join(", ")
        );
    }
    if settings.contains(&REVOCATION) {
        tracing::warn!(
            event = "settings_differ",
            see = CHAPTER,
            "another process serves {issuer} from the same tables with another value of `{REVOCATION}`: the one with \"none\" \
             accepts revoked sessions until their access tokens expire. Give all processes the same value; if the process \
             with the old one was stopped less than five minutes ago, nothing is wrong"
        );
    }
}
