//! What the tests ask of this folder without a server, under the feature `internals`.

use rocket::figment::Figment;

use crate::rules::lifetimes::{Lifetimes, check_min_age};
use crate::web::launch::fairing::SessionFairing;
use crate::web::request::cookies;
use crate::web::request::csrf::CsrfPolicy;
use crate::web::response::wire::Wire;
use crate::web::settings::Settings;
use crate::web::settings::conflicts;

/// Judges a configuration as the launch does before it opens the database: the removal cookies of a
/// server with these settings, which show names, paths, domains and flags.
///
/// # Errors
/// The sentence that stops the launch.
pub fn configuration(figment: &Figment) -> Result<[String; 3], String> {
    let settings = Settings::read(figment).map_err(|error| error.to_string())?;
    Lifetimes::of(&settings.config)?;
    check_min_age(&settings.config)?;
    conflicts::check(&settings)?;
    let _policy = CsrfPolicy::new(&settings);
    let wire = Wire::new(&settings);
    let scopes = wire.scopes();
    Ok(scopes.map(|(_, scope)| wire.removal(scope.any_name(), &scope.path).to_string()))
}

impl SessionFairing {
    /// Allows a `rotation_min_age` that is too short for real clients, for tests that cannot wait.
    #[must_use]
    pub fn any_min_age(mut self) -> Self {
        self.any_min_age = true;
        self
    }
}

/// The names and values that are read from a `Cookie` header.
pub fn cookie_pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    cookies::pairs(line)
}
