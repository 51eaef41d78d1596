//! The costs of the hot cases, beside those that `budgets.txt` recorded when it was blessed.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{
    measure::{call_instructions, cancellation, further_poll},
    subject::side_by_side,
};

/// In a hundred. Another processor copies memory in another way, and so does another release of what is not pinned.
const SLACK: u64 = 2;

const HEAD: &str = "\
# Instructions of the hot cases, see docs/performance.md. CI fails if a count is more than two in a hundred above.
# `cargo bench -- --bless` in this folder counts them and writes this file.
";

enum Case {
    Call(&'static str),
    FurtherPoll(&'static str),
    Cancellation(&'static str),
}

use Case::{Call, Cancellation, FurtherPoll};

const CASES: [(&str, Case); 13] = [
    ("attribute by path, sync", Call("path_sync")),
    ("attribute with an argument, sync", Call("argument_sync")),
    ("attribute by path, awaited", Call("path_awaited")),
    ("attribute with an argument, awaited", Call("argument_awaited")),
    ("method, sync", Call("method_sync")),
    ("block, sync", Call("block_sync")),
    ("block that may leave, sync", Call("block_jumps_sync")),
    ("block, awaited", Call("block_awaited")),
    ("attribute by path, function that is not async", Call("function_path")),
    ("attribute by path, sync, a further poll", FurtherPoll("path_sync")),
    ("attribute with an argument, sync, a further poll", FurtherPoll("argument_sync")),
    ("attribute by path, awaited, cancelled and handed off to tokio", Cancellation("path_awaited")),
    ("ten nested attributes, cancelled and handed off to tokio", Cancellation("tree_10")),
];

type Table = BTreeMap<String, u64>;

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "budgets.txt"].iter().collect()
}

fn count() -> Result<Vec<(&'static str, u64)>> {
    side_by_side(&CASES, |(name, case)| {
        let instructions = match case {
            Call(case) => call_instructions(case, 0)?,
            FurtherPoll(case) => further_poll(case)?,
            Cancellation(case) => cancellation(case)?["instructions"],
        };
        Ok((*name, instructions.round() as u64))
    })
}

pub fn bless() -> Result<()> {
    let lines: Vec<_> =
        count()?.iter().map(|(name, instructions)| format!("{name} = {instructions}\n")).collect();
    Ok(fs::write(path(), format!("{HEAD}{}", lines.concat()))?)
}

fn recorded() -> Result<Table> {
    let text = fs::read_to_string(path())?;
    let line = |line: &str| {
        let (name, instructions) = line.split_once(" = ").with_context(|| format!("no budget: `{line}`"))?;
        Ok((name.to_owned(), instructions.parse()?))
    };
    text.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

pub fn check() -> Result<()> {
    let mut recorded = recorded()?;
    let mut above = Vec::new();
    for (name, instructions) in count()? {
        let budget = recorded.remove(name).with_context(|| format!("`{name}` has no budget"))?;
        println!("{name}: {instructions}, budget {budget}");
        if instructions * 100 > budget * (100 + SLACK) {
            above.push(format!("{name}: {instructions} instructions, {budget} are recorded"));
        } else if instructions * (100 + SLACK) < budget * 100 {
            println!("  that is less: `cargo bench -- --bless` keeps it so");
        }
    }
    if let Some(name) = recorded.keys().next() {
        bail!("`{name}` has a budget and is no case");
    }
    if !above.is_empty() {
        bail!(
            "above budget, and if that is as it should be, `cargo bench -- --bless`:\n{}",
            above.join("\n")
        );
    }
    Ok(())
}
