//! Measures variants in turn, A B A B .., so that what else happens on the machine happens to all.

use std::time::Duration;

use crate::client::Clients;
use crate::drive::drive;
use crate::results::Figure;
use crate::{Failure, Options};

/// Something to measure.
pub struct Variant<'a> {
    pub name: String,
    pub port: u16,
    pub clients: Box<dyn Fn() -> Clients + 'a>,
}

impl<'a> Variant<'a> {
    pub fn new(name: impl Into<String>, port: u16, clients: impl Fn() -> Clients + 'a) -> Self {
        Self {
            name: name.into(),
            port,
            clients: Box::new(clients),
        }
    }
}

/// Measures each variant once a round, for as many rounds as the options say.
pub async fn interleave(
    options: &Options,
    variants: &[Variant<'_>],
) -> Result<Vec<Figure>, Failure> {
    let measured = Duration::from_secs_f64(options.seconds);
    let mut found: Vec<_> = variants.iter().map(|_| Vec::new()).collect();
    for round in 0..options.rounds {
        for (variant, samples) in variants.iter().zip(&mut found) {
            let clients = (variant.clients)();
            let sample = drive(variant.port, clients, measured / 3, measured)
                .await
                .map_err(|error| format!("{}: {error}", variant.name))?;
            let tail = sample.latencies.value_at_quantile(0.99);
            eprintln!(
                "round {round} {:40} {:>9.0}/s  p99 {tail:>7} us",
                variant.name, sample.rate
            );
            samples.push(sample);
        }
    }
    let figures = variants.iter().zip(found);
    figures
        .map(|(variant, samples)| Figure::of(&variant.name, samples))
        .collect()
}

/// The middle of some numbers.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(numbers[middle - 1], numbers[middle]),
        _ => numbers[middle],
    }
}
