//! Figures and the ratios between them, as they are printed and written.

use serde::{Deserialize, Serialize};

use crate::drive::{Sample, histogram};
use crate::report::line;
use crate::rounds::median;
use crate::{Failure, Options};

/// What a scenario found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    pub figures: Vec<Figure>,
    pub ratios: Vec<Ratio>,
    #[serde(default)]
    pub curves: Vec<Curve>,
    /// How it was measured.
    #[serde(default)]
    pub conditions: String,
}

/// What something costs, by how much there is of something else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// One variant: medians of its rounds, times in microseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figure {
    pub name: String,
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
    pub rates: Vec<f64>,
    /// (share of the requests, microseconds within which they were answered).
    pub distribution: Vec<(f64, u64)>,
}

/// Two figures against a target.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ratio {
    pub what: String,
    pub value: f64,
    pub target: Option<Target>,
    /// The absolute figures.
    pub of: String,
}

/// What a ratio should be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
    Within(f64, f64),
}

impl Target {
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
            Self::Within(low, high) => (low..=high).contains(&value),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::Within(low, high) => write!(f, "{low} to {high}"),
        }
    }
}

impl Figure {
    /// The medians of some rounds.
    pub fn of(name: &str, samples: Vec<Sample>) -> Result<Self, Failure> {
        let mut all = histogram();
        let (mut rates, mut tails) = (Vec::new(), Vec::new());
        for sample in samples {
            rates.push(sample.rate);
            tails.push(sample.latencies.value_at_quantile(0.99) as f64);
            all.add(sample.latencies)?;
        }
        let distribution = [
            0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0,
        ]
        .map(|quantile| (quantile, all.value_at_quantile(quantile)));
        Ok(Self {
            name: name.to_owned(),
            rate: median(rates.clone()),
            p50: all.value_at_quantile(0.5) as f64,
            p99: median(tails),
            rates,
            distribution: distribution.to_vec(),
        })
    }
}

impl Measured {
    /// The figure of a variant.
    pub fn figure(&self, name: &str) -> &Figure {
        self.figures
            .iter()
            .find(|figure| figure.name == name)
            .expect("a variant that was measured")
    }

    /// Adds the ratio of two rates, round by round.
    pub fn rates(&mut self, above: &str, below: &str, target: Option<Target>) {
        self.named_rates(&format!("{above} / {below}"), above, below, target);
    }

    /// The same, under a name of its own.
    pub fn named_rates(&mut self, what: &str, above: &str, below: &str, target: Option<Target>) {
        let (one, other) = (self.figure(above), self.figure(below));
        let by_round = one
            .rates
            .iter()
            .zip(&other.rates)
            .map(|(one, other)| one / other);
        self.ratios.push(Ratio {
            what: what.to_owned(),
            value: median(by_round.collect()),
            target,
            of: format!(
                "{:.0}/s / {:.0}/s, p99 {:.1} ms / {:.1} ms",
                one.rate,
                other.rate,
                one.p99 / 1e3,
                other.p99 / 1e3
            ),
        });
    }
}

impl Ratio {
    /// The target, and whether it is met.
    pub fn verdict(&self) -> (String, &'static str) {
        match self.target {
            None => ("–".to_owned(), "–"),
            Some(target) if target.is_met(self.value) => (target.to_string(), "met"),
            Some(target) => (target.to_string(), "missed"),
        }
    }
}

/// Prints the ratios, and writes everything to `{results}/{scenario}.json`, unless this is a smoke
/// run that was not told where to.
pub fn write(options: &Options, scenario: &str, mut measured: Measured) -> Result<(), Failure> {
    for ratio in &measured.ratios {
        println!("{}", line(ratio, scenario));
    }
    measured.conditions = format!(
        "{} rounds of {} s, {} connections, {} cores",
        options.rounds,
        options.seconds,
        options.connections,
        std::thread::available_parallelism()?
    );
    let Some(folder) = options.folder() else {
        return Ok(());
    };
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(scenario).with_extension("json");
    let text = serde_json::to_string_pretty(&measured)?;
    Ok(std::fs::write(file, text + "\n")?)
}
