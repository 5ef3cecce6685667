//! What the tests ask of this folder without a server, under the feature `testing`.

use rocket::figment::Figment;

use super::config::Settings;
use super::csrf::CsrfPolicy;
use super::misfits;
use super::transport::Wire;

/// Judges a configuration as the launch does before it opens the database: the removal cookies of a
/// server with these settings, which show names, paths, domains and flags.
///
/// # Errors
/// The sentence that stops the launch.
pub fn configuration(figment: &Figment) -> Result<[String; 2], String> {
    let settings = Settings::read(figment)?;
    misfits::check(&settings)?;
    let _policy = CsrfPolicy::new(&settings);
    let wire = Wire::new(&settings);
    Ok([&wire.access, &wire.refresh].map(|place| wire.removal(place).to_string()))
}
