//! The chart of the page: three panels, with the same colours in all of them.

use std::fmt::Write;

use anyhow::Result;

use crate::{
    measure::{CROWDS, DEPTHS, Measured, POLLED, SUSPENDS},
    tables::whole,
};

const PANEL: f64 = 350.0;
const WIDTH: f64 = 250.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 50.0;
/// Of the legend below the panels, which has two rows.
const LEGEND: f64 = TOP + HEIGHT + 70.0;
const LEGEND_COLUMN: f64 = 260.0;

/// A case's colour, and its name in the legend.
const CASES: [(&str, &str, &str); 8] = [
    ("instrument", "#8a8a8a", "#[tracing::instrument]"),
    ("idiom_sync", "#1f77b4", "catch_unwind by hand, sync"),
    ("guarden_awaited", "#2ca02c", "guarden, awaited"),
    ("spawn", "#9467bd", "tokio::spawn in a Drop"),
    ("path_sync", "#ff9d3b", "#[finally(path)], sync"),
    ("argument_sync", "#b8860b", "#[finally(f(argument))], sync"),
    ("path_awaited", "#d62728", "#[finally(path)], awaited"),
    ("adopted", "#e377c2", "#[finally(path)], awaited, adopted"),
];

struct Panel {
    title: &'static str,
    below: &'static str,
    /// Whether each step to the right multiplies.
    logarithmic: bool,
    at: Vec<f64>,
    lines: Vec<(&'static str, Vec<f64>)>,
}

pub fn draw(measured: &Measured) -> Result<String> {
    let crowded = |case: &str| measured.crowded[case].iter().map(|counts| counts["instructions"]).collect();
    let numbers = |numbers: &[usize]| numbers.iter().map(|&number| number as f64).collect();
    let panels = [
        Panel {
            title: "A call, by nesting",
            below: "levels, each with a cleanup",
            logarithmic: false,
            at: numbers(&DEPTHS),
            lines: POLLED.iter().map(|&case| (case, measured.nested[case].instructions.clone())).collect(),
        },
        Panel {
            title: "A call, by suspended polls",
            below: "polls at which the body is pending",
            logarithmic: false,
            at: numbers(&SUSPENDS),
            lines: POLLED.iter().map(|&case| (case, measured.polled[case].clone())).collect(),
        },
        Panel {
            title: "A cancelled future, by futures alive",
            below: "futures that are cancelled together",
            logarithmic: true,
            at: numbers(&CROWDS),
            lines: vec![
                ("spawn", crowded("spawn")),
                ("guarden_awaited", crowded("guarden_awaited")),
                ("path_awaited", crowded("in_sync")),
                ("adopted", crowded("adopted")),
            ],
        },
    ];
    let mut svg = String::new();
    let (width, height) = (3.0 * PANEL, LEGEND + 55.0);
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#222">
<rect width="{width}" height="{height}" fill="#fff"/>"##,
    )?;
    for (index, panel) in panels.iter().enumerate() {
        writeln!(svg, r#"<g transform="translate({}, {TOP})">"#, index as f64 * PANEL + LEFT)?;
        draw_panel(&mut svg, panel)?;
        writeln!(svg, "</g>")?;
    }
    for (index, (_, colour, name)) in CASES.iter().enumerate() {
        let (x, y) = (LEFT + (index % 4) as f64 * LEGEND_COLUMN - 50.0, LEGEND + (index / 4) as f64 * 24.0);
        writeln!(svg, r#"<path d="M{x} {y}h24" stroke="{colour}" stroke-width="3"/>"#)?;
        writeln!(svg, r#"<text x="{}" y="{}">{name}</text>"#, x + 30.0, y + 4.0)?;
    }
    writeln!(svg, "</svg>")?;
    Ok(svg)
}

fn draw_panel(svg: &mut String, panel: &Panel) -> Result<()> {
    let highest = panel
        .lines
        .iter()
        .flat_map(|(_, counts)| counts)
        .fold(0.0, |highest: f64, &count| highest.max(count));
    let step = step(highest);
    let top = (highest / step).ceil() * step;
    let scale = |value: f64| if panel.logarithmic { value.log10() } else { value };
    let (first, last) = match panel.at[..] {
        [first, .., last] => (if panel.logarithmic { scale(first) } else { 0.0 }, scale(last)),
        _ => (0.0, 1.0),
    };
    let x = |value: f64| (scale(value) - first) / (last - first) * WIDTH;
    let y = |count: f64| HEIGHT - count / top * HEIGHT;

    writeln!(svg, r#"<text y="-28" font-size="14" font-weight="bold" x="-50">{}</text>"#, panel.title)?;
    writeln!(svg, r##"<text y="-10" x="-50" fill="#666">instructions</text>"##)?;
    let mut count = 0.0;
    while count <= top {
        writeln!(svg, r##"<path d="M0 {0:.1}h{WIDTH}" stroke="#ddd"/>"##, y(count))?;
        writeln!(svg, r#"<text x="-6" y="{:.1}" text-anchor="end">{}</text>"#, y(count) + 4.0, whole(count))?;
        count += step;
    }
    for &value in &panel.at {
        writeln!(
            svg,
            r#"<text x="{:.1}" y="{}" text-anchor="middle">{}</text>"#,
            x(value),
            HEIGHT + 18.0,
            whole(value)
        )?;
    }
    writeln!(
        svg,
        r##"<text x="{}" y="{}" text-anchor="middle" fill="#666">{}</text>"##,
        WIDTH / 2.0,
        HEIGHT + 38.0,
        panel.below
    )?;
    for (case, counts) in &panel.lines {
        let colour = CASES.iter().find(|(name, ..)| name == case).map_or("#000", |(_, colour, _)| colour);
        let points: Vec<String> = panel
            .at
            .iter()
            .zip(counts)
            .map(|(&at, &count)| format!("{:.1},{:.1}", x(at), y(count)))
            .collect();
        writeln!(
            svg,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
            points.join(" "),
        )?;
    }
    Ok(())
}

/// A round number that goes four to eight times into the highest.
fn step(highest: f64) -> f64 {
    let magnitude = 10_f64.powf((highest / 4.0).log10().floor());
    [5.0, 2.0, 1.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| highest / step >= 4.0)
        .unwrap_or(magnitude)
}
