//! The tables of the page: counts, and ratios between counts.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{
    goals,
    measure::{AWAITED, CANCELLED, CROWDED, CROWDS, DEPTHS, FUNCTIONS, LIVE, Measured, NESTED, SYNC, TREES},
    page::Tables,
};

/// Returns the name of a case, as the page shows it.
fn label(case: &str) -> &str {
    match case {
        "plain" | "function_plain" => "no cleanup",
        "instrument" | "function_instrument" => "no cleanup, `#[tracing::instrument]`",
        "hand_sync" | "hand_awaited" | "function_hand" => "by hand",
        "idiom_sync" | "idiom_awaited" | "function_idiom" => "by hand with `catch_unwind`",
        "scopeguard_sync" | "function_scopeguard" => "`scopeguard::defer!`",
        "guarden_awaited" => "`guarden::guard!`, `trigger`",
        "cobalt_async_awaited" => "`cobalt_async::try_finally`",
        "async_safe_defer_awaited" => "`async_safe_defer::send_async_scope!`",
        "futures_finally_awaited" => "`futures_finally`, `then_finally`",
        "path_sync" | "function_path" => "**`#[finally(path)]`**",
        "path_awaited" => "**`#[finally(path)]`, awaited**",
        "argument_sync" | "function_argument" => "**`#[finally(f(argument))]`**",
        "armed_sync" => "**`#[finally(path, armed = call)]`**",
        "argument_awaited" => "**`#[finally(f(argument).await)]`**",
        "argument_skip" => "**the same with `on_cancel = skip`**",
        "argument_block" => "**the same with `on_cancel = block`**",
        "method_sync" | "method_awaited" => "**`.finally(f)`**",
        "block_sync" | "block_awaited" | "function_block" => "**`finally! { try { .. } finally { .. } }`**",
        "block_jumps_sync" => "**the same with a `?` inside**",
        "guard_sync" | "guard_awaited" => "**`guard`, `release`**",
        "function_guard" => "**`guard`, dropped**",
        "scope_sync" | "scope_awaited" => "**`Scope`, `close`**",
        "path_suspended" => "**`#[finally(path)]`, awaited, a cleanup that suspends once**",
        "adopted_path_awaited" => "**`#[finally(path)]`, awaited, inside a body that adopts it**",
        "spawn" => "`tokio::spawn` in a `Drop`",
        "spawns_10" => "`tokio::spawn` in a `Drop`, ten levels",
        "one_spawn_10" => "one `tokio::spawn` for all ten, in one `Drop`",
        "tree_10" => "**`#[finally(path)]`, awaited, ten levels**",
        "adopted_tree_10" => "**the same, inside a body that adopts them**",
        "in_sync" => "**`#[finally(path)]`, awaited, handed off**",
        "adopted" => "**`#[finally(path)]`, awaited, inside a body that adopts them**",
        case => case,
    }
}

pub fn all(measured: &Measured) -> Result<Tables> {
    Ok(vec![
        ("versions", versions()?),
        ("sync", calls(measured, "idiom_sync", &SYNC)),
        ("awaited", calls(measured, "idiom_awaited", &AWAITED)),
        ("functions", functions(measured)),
        ("nesting", nesting(measured)),
        ("sizes", sizes(measured)),
        ("cancellation", cancellations(measured, "spawn", &CANCELLED)),
        ("trees", cancellations(measured, "spawns_10", &TREES)),
        ("crowds", crowds(measured)),
        ("live", live(measured)),
        ("pending", pending(measured)),
        ("goals", goals::all(measured)),
        ("not reached", goals::not_reached(measured)),
    ])
}

pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rule = head.iter().map(|_| "---".to_owned()).collect::<Vec<_>>();
    let lines: Vec<String> = [head, rule].into_iter().chain(rows).map(|cells| line(&cells)).collect();
    lines.concat()
}

/// With commas between thousands.
pub fn whole(count: f64) -> String {
    let digits = format!("{:.0}", count.abs().round());
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// Allocations come with a few that happen once in many times.
fn tenth(count: f64) -> String {
    let rounded = (count * 10.0).round() / 10.0;
    if rounded.fract() == 0.0 { format!("{rounded:.0}") } else { format!("{rounded:.1}") }
}

fn range(least: f64, most: f64) -> String {
    let (least, most) = (whole(least), whole(most));
    if least == most { least } else { format!("{least} to {most}") }
}

fn ratio(count: f64, base: f64) -> String {
    format!("{:.2}", count / base)
}

/// The exact versions that were measured.
fn versions() -> Result<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--quiet", "--depth", "1", "--edges", "normal", "--prefix", "none", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout)?;
    // The first line is this package itself.
    let packages = listed.lines().skip(1).map(|line| line.split(' ').take(2).collect::<Vec<_>>());
    let named: Vec<_> = packages
        .filter(|package| package.first() != Some(&"anyhow"))
        .map(|package| package.join(" ").replace(" v", " "))
        .collect();
    let rustc = Command::new("rustc").arg("--version").output()?;
    let rustc = String::from_utf8(rustc.stdout)?;
    let rustc = rustc.split(" (").next().context("no version of rustc")?;
    Ok(format!("{rustc}, {}.\n", named.join(", ")))
}

fn calls(measured: &Measured, base: &str, cases: &[&'static str]) -> String {
    let base = &measured.calls[base];
    let head = [
        "",
        "ready at once",
        "ratio",
        "each further poll",
        "ratio",
        "allocations",
        "bytes of the future",
        "runs after a value / panic / cancellation",
    ];
    table(
        &head,
        cases.iter().map(|&case| {
            let call = &measured.calls[case];
            let runs = measured.fates.get(case).filter(|fates| fates["value"] > 0.0).map(|fates| {
                let runs = |fate: &str| if fates[fate] > 0.0 { "yes" } else { "no" };
                format!("{} / {} / {}", runs("value"), runs("panic"), runs("cancellation"))
            });
            vec![
                label(case).to_owned(),
                whole(call.instructions),
                ratio(call.instructions, base.instructions),
                whole(call.further_poll),
                ratio(call.further_poll, base.further_poll),
                tenth(call.allocations),
                whole(call.bytes),
                runs.unwrap_or_default(),
            ]
        }),
    )
}

fn functions(measured: &Measured) -> String {
    let base = measured.calls["function_idiom"].instructions;
    table(
        &["", "instructions", "ratio", "allocations"],
        FUNCTIONS.iter().map(|&case| {
            let call = &measured.calls[case];
            vec![
                label(case).to_owned(),
                whole(call.instructions),
                ratio(call.instructions, base),
                tenth(call.allocations),
            ]
        }),
    )
}

fn nesting(measured: &Measured) -> String {
    let levels = (DEPTHS[DEPTHS.len() - 1] - DEPTHS[1]) as f64;
    let head = [
        "one more level",
        "ready at once",
        "each further poll",
        "stack, release",
        "stack, debug",
        "1,000 levels in a debug build, 2 MiB",
    ];
    table(
        &head,
        NESTED.iter().map(|&case| {
            let nest = &measured.nested[case];
            vec![
                label(case).to_owned(),
                whole((nest.instructions[DEPTHS.len() - 1] - nest.instructions[1]) / levels),
                whole(nest.further_poll),
                format!("{} B", whole(nest.stack)),
                format!("{} B", whole(nest.stack_debug)),
                if nest.holds { "hold" } else { "overflow" }.to_owned(),
            ]
        }),
    )
}

fn sizes(measured: &Measured) -> String {
    let plain = &measured.nested["plain"];
    table(
        &["", "one level", "ratio", "three levels", "ratio"],
        NESTED.iter().map(|&case| {
            let nest = &measured.nested[case];
            vec![
                label(case).to_owned(),
                whole(nest.bytes_of_one),
                ratio(nest.bytes_of_one, plain.bytes_of_one),
                whole(nest.bytes_of_three),
                ratio(nest.bytes_of_three, plain.bytes_of_three),
            ]
        }),
    )
}

fn cancellations(measured: &Measured, base: &str, cases: &[&'static str]) -> String {
    let base = measured.cancelled[base]["instructions"];
    table(
        &["", "instructions", "ratio", "with the system's allocator", "allocations", "tasks"],
        cases.iter().map(|&case| {
            let counts = &measured.cancelled[case];
            vec![
                label(case).to_owned(),
                whole(counts["instructions"]),
                ratio(counts["instructions"], base),
                range(counts["system least"], counts["system most"]),
                tenth(counts["allocations"]),
                whole(counts["tasks"]),
            ]
        }),
    )
}

fn crowds(measured: &Measured) -> String {
    let head: Vec<String> = CROWDS.iter().map(|&futures| whole(futures as f64)).collect();
    let head: Vec<&str> =
        ["futures alive"].into_iter().chain(head.iter().map(String::as_str)).chain(["allocations"]).collect();
    table(
        &head,
        CROWDED.iter().map(|&case| {
            let by_crowd = &measured.crowded[case];
            let allocations = by_crowd.last().map(|counts| tenth(counts["allocations"]));
            [label(case).to_owned()]
                .into_iter()
                .chain(by_crowd.iter().map(|counts| whole(counts["instructions"])))
                .chain(allocations)
                .collect()
        }),
    )
}

fn live(measured: &Measured) -> String {
    table(&["", "bytes"], LIVE.iter().map(|&case| vec![label(case).to_owned(), whole(measured.live[case])]))
}

fn pending(measured: &Measured) -> String {
    let [one, many] = &measured.beside;
    let [few_woken, many_woken] = &measured.woken;
    let row = |label: &str, less: &str, more: &str, counts: [f64; 2]| {
        vec![
            label.to_owned(),
            format!("{less}: {}", whole(counts[0])),
            format!("{more}: {}", whole(counts[1])),
        ]
    };
    table(
        &["", "few", "many"],
        [
            row(
                "instructions of a poll of a body, by pending cleanups of what it has cancelled",
                "1",
                "10,000",
                [one["instructions"], many["instructions"]],
            ),
            row(
                "instructions of a wake of one detached cleanup to its end, by how many are detached",
                "4,000",
                "40,000",
                [few_woken["instructions"], many_woken["instructions"]],
            ),
            row(
                "polls of cleanups in such a wake",
                "4,000",
                "40,000",
                [few_woken["polls"], many_woken["polls"]],
            ),
        ],
    )
}
