//! What the tests ask of this folder without a server, under the feature `testing`.

use rocket::figment::Figment;

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
pub fn configuration(figment: &Figment) -> Result<[String; 2], String> {
    let settings = Settings::read(figment)?;
    conflicts::check(&settings)?;
    let _policy = CsrfPolicy::new(&settings);
    let wire = Wire::new(&settings);
    Ok([&wire.access, &wire.refresh]
        .map(|place| wire.removal(place.any_name(), &place.path).to_string()))
}

/// The names and values that are read from a `Cookie` header.
pub fn cookie_pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    cookies::pairs(line)
}
