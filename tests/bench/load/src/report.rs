//! The table of BENCHMARKS.md and the plots, from what the scenarios wrote.

use std::collections::BTreeMap;
use std::path::Path;

use crate::results::{Measured, Ratio};
use crate::{Failure, Options, plots};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../BENCHMARKS.md");
const BEGIN: &str = "| what | target | figure | absolute | command | verdict |";

/// Puts every figure into its line of the table, adds lines for those that have none, and draws the
/// plots.
pub fn write(options: &Options) -> Result<(), Failure> {
    let folder = options
        .folder()
        .ok_or("figures of smoke runs need `--results`")?;
    let results = read(&folder)?;
    let table = options.table.as_deref().unwrap_or(Path::new(TABLE));
    let text = std::fs::read_to_string(table)?;
    std::fs::write(table, merge(&text, &results)?)?;
    plots::draw(&results, &folder)
}

fn read(folder: &Path) -> Result<BTreeMap<String, Measured>, Failure> {
    let mut results = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            results.insert(name, serde_json::from_str(&std::fs::read_to_string(path)?)?);
        }
    }
    Ok(results)
}

/// The text with the lines of its table replaced.
fn merge(text: &str, results: &BTreeMap<String, Measured>) -> Result<String, Failure> {
    let (before, rest) = text.split_once(BEGIN).ok_or("BENCHMARKS.md has no table")?;
    let end = rest.find("\n\n").unwrap_or(rest.trim_end().len());
    let (table, after) = rest.split_at(end);
    let mut lines: Vec<(String, String)> = table
        .lines()
        .skip(1)
        .map(|line| (first_cell(line), line.to_owned()))
        .collect();
    for (command, measured) in results {
        for ratio in &measured.ratios {
            let line = (ratio.what.clone(), line(ratio, command));
            match lines.iter_mut().find(|(what, _)| *what == ratio.what) {
                Some(known) => *known = line,
                None => lines.push(line),
            }
        }
    }
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    Ok(format!("{before}{BEGIN}\n{}{after}", lines.join("\n")))
}

fn first_cell(line: &str) -> String {
    line.split('|').nth(1).unwrap_or_default().trim().to_owned()
}

/// The line of a ratio.
pub fn line(ratio: &Ratio, command: &str) -> String {
    let Ratio {
        what, value, of, ..
    } = ratio;
    let (target, verdict) = ratio.verdict();
    format!("| {what} | {target} | {value:.3} | {of} | `{command}` | {verdict} |")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Target;

    #[test]
    fn a_figure_replaces_its_line_and_a_new_one_is_added() -> Result<(), Failure> {
        let ratio = |what: &str, value| Ratio {
            what: what.to_owned(),
            value,
            target: Some(Target::AtLeast(0.95)),
            of: "1/s / 2/s".to_owned(),
        };
        let measured = Measured {
            ratios: vec![ratio("guarded / open", 0.5), ratio("other", 2.0)],
            ..Measured::default()
        };
        let text = format!(
            "Before\n\n{BEGIN}\n|---|\n| rest | – | | | | |\n| guarded / open | ≥ 1 | | | | |\n\nAfter\n"
        );
        let merged = merge(&text, &BTreeMap::from([("guarded".to_owned(), measured)]))?;
        assert_eq!(
            merged,
            format!(
                "Before\n\n{BEGIN}\n|---|\n| rest | – | | | | |\n\
                 | guarded / open | ≥ 0.95 | 0.500 | 1/s / 2/s | `guarded` | missed |\n\
                 | other | ≥ 0.95 | 2.000 | 1/s / 2/s | `guarded` | met |\n\nAfter\n"
            )
        );
        Ok(())
    }
}
