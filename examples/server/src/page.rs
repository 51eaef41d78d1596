//! `GET /`: a page that shows what runs.

use std::{
    collections::VecDeque,
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
    let running = started.saturating_sub(returned + failed + panicked + cancelled);
    let jobs = [
        ("running", running),
        ("returned", returned),
        ("failed", failed),
        ("panicked", panicked),
        ("cancelled", cancelled),
    ];

    let mut page = String::from(HEAD);
    section(&mut page, "Jobs", jobs.map(|(name, count)| format!("{count} {name}")));
    section(&mut page, "Cleanups that run", app.requests.running().iter().map(ToString::to_string));
    let failures = FAILURES.lock().unwrap_or_else(PoisonError::into_inner);
    section(&mut page, "Failures of cleanups, the last one first", failures.iter().rev().cloned());
    Html(page)
}

/// Writes a list, with the text of each line escaped.
fn section(page: &mut String, title: &str, lines: impl IntoIterator<Item = String>) {
    *page += &format!("<h2>{title}</h2>\n<ul>\n");
    for line in lines {
        *page += &format!("<li>{}\n", line.replace('&', "&amp;").replace('<', "&lt;"));
    }
    *page += "</ul>\n";
}

const HEAD: &str = "<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta http-equiv=refresh content=1>
<meta name=viewport content='width=device-width'>
<title>The server</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem }
  h2 { font-size: 1.1rem }
  ul { list-style: none; padding: 0 }
  ul:not(:has(li))::after { content: 'none'; opacity: .7 }
  li { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .2rem 0; overflow-wrap: anywhere }
</style>
<h1>The server</h1>
";
