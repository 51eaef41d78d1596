//! `GET /`: a page that shows what runs.

use std::{
    collections::VecDeque,
    fmt::{Display, Write as _},
    sync::{Mutex, PoisonError, atomic::Ordering::Relaxed},
};

use axum::{extract::State, response::Html};
use finally::Failure;

use crate::app::App;

/// How many failures the page shows.
const KEPT: usize = 20;

/// The last failures of cleanups, oldest first.
static FAILURES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Keeps a failure for the page. It is the failure hook.
pub fn keep(failure: &Failure) {
    let line = failure.to_string();
    eprintln!("{line}");
    let mut failures = FAILURES.lock().unwrap_or_else(PoisonError::into_inner);
    if failures.len() == KEPT {
        failures.pop_front();
    }
    failures.push_back(line);
}

pub async fn page(State(app): State<App>) -> Html<String> {
    let counts = &app.counts;
    let [started, returned, failed, panicked, cancelled] =
        [&counts.started, &counts.returned, &counts.failed, &counts.panicked, &counts.cancelled]
            .map(|count| count.load(Relaxed));
    let run = started.saturating_sub(returned + failed + panicked + cancelled);
    let jobs = [
        ("run", run),
        ("returned", returned),
        ("failed", failed),
        ("panicked", panicked),
        ("cancelled", cancelled),
    ];

    let mut page = String::from(HEAD);
    page += "<h2>Jobs</h2>\n<table>\n";
    for (name, count) in jobs {
        row(&mut page, &[&name, &count]);
    }
    page += "</table>\n<h2>Cleanups that run</h2>\n<table>\n";
    row(&mut page, &[&finally::detached()]);
    page += "</table>\n<h2>Failures of cleanups</h2>\n<table>\n";
    for failure in FAILURES.lock().unwrap_or_else(PoisonError::into_inner).iter().rev() {
        row(&mut page, &[failure]);
    }
    page += "</table>\n</html>\n";
    Html(page)
}

/// Writes a row of a table, with the text of each cell escaped.
fn row(page: &mut String, cells: &[&dyn Display]) {
    *page += "<tr>";
    for cell in cells {
        let text = cell.to_string().replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(page, "<td>{text}");
    }
    *page += "\n";
}

const HEAD: &str = "<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta http-equiv=refresh content=1>
<meta name=viewport content='width=device-width'>
<title>Jobs</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem }
  table { border-collapse: collapse }
  table:empty::after { content: 'none'; opacity: .7 }
  td { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .2rem 1.5rem .2rem 0; overflow-wrap: anywhere }
</style>
<h1>Jobs</h1>
";
