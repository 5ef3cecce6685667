//! The plots: bars of rates, and what an operation costs with more and more rows.

use std::collections::BTreeMap;
use std::path::Path;

use plotters::prelude::*;

use crate::Failure;
use crate::results::{Curve, Figure, Measured};

const COLOURS: [RGBColor; 3] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
];
const FONT: (&str, u32) = ("sans-serif", 14);

/// Draws whatever the results hold.
pub fn draw(results: &BTreeMap<String, Measured>, folder: &Path) -> Result<(), Failure> {
    if let Some(measured) = results.get("peers") {
        for database in ["SQLite", "PostgreSQL"] {
            let of = |what: &str| -> Vec<&Figure> {
                let (begin, end) = (format!("{what}, "), format!(", {database}"));
                let fits = |figure: &&Figure| {
                    figure.name.starts_with(&begin) && figure.name.ends_with(&end)
                };
                measured.figures.iter().filter(fits).collect()
            };
            let file = |what: &str| folder.join(format!("{what}-{}.svg", database.to_lowercase()));
            bars(
                &file("logins"),
                &format!("Durable logins per second, {database}"),
                &of("login"),
            )?;
            let both = [of("open"), of("guarded")].concat();
            bars(
                &file("guards"),
                &format!("Requests per second, {database}"),
                &both,
            )?;
        }
    }
    match results.get("rows") {
        Some(measured) if !measured.curves.is_empty() => {
            curves(&folder.join("rows.svg"), &measured.curves)
        }
        _ => Ok(()),
    }
}

/// A horizontal bar for each figure, with its name and its rate.
fn bars(file: &Path, title: &str, figures: &[&Figure]) -> Result<(), Failure> {
    let most = figures.iter().map(|figure| figure.rate).fold(0.0, f64::max);
    if most == 0.0 {
        return Ok(());
    }
    let (row, left, width) = (32, 380, 950);
    let area = SVGBackend::new(file, (width, 60 + row * figures.len() as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&Text::new(title.to_owned(), (16, 16), ("sans-serif", 18)))?;
    for (at, figure) in figures.iter().enumerate() {
        let top = 50 + (row as usize * at) as i32;
        let end = left + (f64::from(width as i32 - left - 100) * figure.rate / most) as i32;
        let ours = figure.name.contains(", ours");
        let bar = Rectangle::new(
            [(left, top), (end, top + 20)],
            COLOURS[usize::from(!ours)].filled(),
        );
        area.draw(&bar)?;
        area.draw(&Text::new(figure.name.clone(), (16, top + 4), FONT))?;
        area.draw(&Text::new(
            format!("{:.0}", figure.rate),
            (end + 8, top + 4),
            FONT,
        ))?;
    }
    Ok(area.present()?)
}

/// Microseconds over rows, with rows on a logarithmic axis.
fn curves(file: &Path, curves: &[Curve]) -> Result<(), Failure> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let fewest = points().map(|point| point.0).fold(f64::MAX, f64::min);
    let most = points().map(|point| point.0).fold(0.0, f64::max);
    let dearest = points().map(|point| point.1).fold(0.0, f64::max);
    let area = SVGBackend::new(file, (900, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Median time of one operation, by rows in the file",
            ("sans-serif", 18),
        )
        .margin(12)
        .margin_right(48)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((fewest..most).log_scale(), 0.0..dearest * 1.4)?;
    let mut mesh = chart.configure_mesh();
    let whole = |number: &f64| format!("{number:.0}");
    mesh.x_desc("rows")
        .y_desc("microseconds")
        .x_label_formatter(&whole)
        .y_label_formatter(&whole)
        .label_style(FONT)
        .draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS) {
        let line =
            LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(line)?
            .label(curve.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
    }
    let mut labels = chart.configure_series_labels();
    labels
        .position(SeriesLabelPosition::UpperMiddle)
        .background_style(WHITE.mix(0.8))
        .label_font(FONT)
        .draw()?;
    Ok(area.present()?)
}
