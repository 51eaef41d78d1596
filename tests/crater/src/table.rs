//! The page in `docs/`: nothing in it is typed in by hand.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::{
    corpus::Entry,
    mode::Mode,
    results::{CrateResult, Failed, ModeResult},
};

/// For the terminal.
pub(crate) fn line(entry: &Entry, result: &CrateResult) -> String {
    let modes: Vec<_> = result
        .modes
        .iter()
        .map(|(mode, it)| {
            let tests = it.tests_after.map_or_else(String::new, |passed| format!(", {passed} tests"));
            format!("{} {}{tests}", mode.name(), ratio(it))
        })
        .collect();
    let tests = result.tests_before.map_or_else(String::new, |passed| format!("{passed} tests; "));
    format!("{}: {} functions; {tests}{}", entry.id(), result.functions, modes.join("; "))
}

/// How many take all that the mode asks for.
fn taken(result: &ModeResult) -> usize {
    if result.whole.is_some() {
        return 0;
    }
    result.annotated - result.failed.len() - result.moving
}

fn ratio(result: &ModeResult) -> String {
    format!("{}/{}", taken(result), result.annotated)
}

pub(crate) fn page(entries: &[Entry], results: &[CrateResult]) -> Result<String> {
    let mut page = String::new();
    introduction(&mut page, results)?;
    modes(&mut page, results)?;
    crates(&mut page, entries, results)?;
    by_hand_too(&mut page, results)?;
    worse(&mut page, results)?;
    page.push_str(HOW);
    Ok(page)
}

/// What the README says, in one line.
pub(crate) fn told(results: &[CrateResult]) -> Result<String> {
    let (mut functions, mut tests, mut tested) = (0, 0, 0);
    for result in results {
        functions += result.functions;
        tested += usize::from(result.tests_before.is_some());
        tests += result.tests_before.unwrap_or_default();
        for mode in [Mode::Sync, Mode::Async] {
            let Some(found) = result.modes.get(&mode) else {
                bail!("{} was not run with {mode:?}", result.name)
            };
            let takes_all = mode == Mode::Async || taken(found) == found.annotated;
            if !takes_all || !found.worse_than_by_hand.is_empty() || !found.broken_tests.is_empty() {
                bail!("{} does not take everything with {mode:?}", result.name);
            }
        }
    }
    Ok(format!(
        "every one of the {functions} async functions of {} published crates takes it without a change, and the {tests} tests that \
         {tested} of them can run pass as before",
        results.len()
    ))
}

fn introduction(page: &mut String, results: &[CrateResult]) -> Result<()> {
    let told = told(results)?;
    write!(
        page,
        "# Functions that nobody here wrote\n\n\
         With a cleanup that is a function, {told}. These are all functions with a body that the compiler sees there.\n\n\
         `tests/crater/run` writes this page. The last section describes the method.\n\n",
    )?;
    Ok(())
}

fn modes(page: &mut String, results: &[CrateResult]) -> Result<()> {
    page.push_str(
        "## What was written on them\n\n\
         | | on each function | functions | compile | fail, and by hand too | fail, and not by hand | warnings that were not there | tests before | after |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for mode in Mode::ALL {
        let of_mode = || results.iter().filter_map(|result| result.modes.get(&mode));
        let sum = |count: fn(&ModeResult) -> usize| of_mode().map(count).sum::<usize>();
        let (annotated, taken) = (sum(|it| it.annotated), sum(taken));
        let worse = sum(|it| it.worse_than_by_hand.len());
        let (too, worse) = if mode == Mode::Instrument {
            ("".to_owned(), format!("{}", annotated - taken))
        } else {
            (format!("{}", annotated - taken - worse), worse.to_string())
        };
        let warnings = sum(|it| it.new_warnings.len());
        let after = of_mode().filter_map(|it| it.tests_after).sum::<usize>();
        let before: usize = results
            .iter()
            .filter(|result| result.modes.get(&mode).is_some_and(|it| it.tests_after.is_some()))
            .filter_map(|result| result.tests_before)
            .sum();
        let (before, after) =
            if before == 0 { Default::default() } else { (before.to_string(), after.to_string()) };
        writeln!(
            page,
            "| {} | {} | {annotated} | {taken} | {too} | {worse} | {warnings} | {before} | {after} |",
            mode.name(),
            mode.explained(),
        )?;
    }
    page.push_str(
        "\n\"By hand\" is `let value = async move { .. }.await; cleanup().await; value` in the place of the body, with the type of \
         the value written out. A cleanup cannot mention a variable that the body moves away: such a function counts as one that \
         fails by hand too, and its cleanup then mentions the other variables.\n\n",
    );
    Ok(())
}

fn crates(page: &mut String, entries: &[Entry], results: &[CrateResult]) -> Result<()> {
    page.push_str(
        "## The crates\n\n\
         The number of functions that compile with the attribute, of all functions.\n\n\
         | crate | edition | what it is there for | instrument | sync | async | self | arguments | tests before | after, with each |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (entry, result) in entries.iter().zip(results) {
        let mode = |mode| result.modes.get(&mode).map(ratio).unwrap_or_default();
        let (before, after) = match result.tests_before {
            Some(before) => {
                let after = result.modes.values().filter_map(|it| it.tests_after);
                (before.to_string(), after.map(|it| it.to_string()).collect::<Vec<_>>().join(", "))
            }
            None => ("built only".to_owned(), String::new()),
        };
        writeln!(
            page,
            "| {} {} | {} | {} | {} | {} | {} | {} | {} | {before} | {after} |",
            result.name,
            result.version,
            result.edition,
            entry.style,
            mode(Mode::Instrument),
            mode(Mode::Sync),
            mode(Mode::Async),
            mode(Mode::Receiver),
            mode(Mode::Arguments),
        )?;
    }
    page.push('\n');
    Ok(())
}

fn by_hand_too(page: &mut String, results: &[CrateResult]) -> Result<()> {
    page.push_str("## What cannot be, by hand either\n\n");
    let mut reasons: Vec<(Mode, &str, Vec<String>)> = Vec::new();
    for result in results {
        for (mode, found) in result.modes.iter().filter(|(mode, _)| **mode != Mode::Instrument) {
            for failed in found.failed.iter().filter(|it| !it.by_hand.is_empty() && !is_moved(it)) {
                let reason = reason(*mode, failed)?;
                let function = format!(
                    "| {} | `{}` | `{}` | {} | {} |",
                    result.name,
                    failed.function,
                    failed.place,
                    codes(&failed.codes),
                    codes(&failed.by_hand)
                );
                match reasons.iter_mut().find(|(of, it, _)| (of, *it) == (mode, reason)) {
                    Some((_, _, functions)) => functions.push(function),
                    None => reasons.push((*mode, reason, vec![function])),
                }
            }
        }
    }
    reasons.sort_by_key(|(mode, ..)| *mode);
    for (mode, reason, functions) in &reasons {
        write!(
            page,
            "### {}: {reason}\n\n| crate | function | | with the attribute | by hand |\n|---|---|---|---|---|\n{}\n\n",
            mode.name(),
            functions.join("\n")
        )?;
    }
    page.push_str(
        "### The body moves an argument away\n\nE0382, by hand too: the cleanup of so many functions cannot mention `self`, or all of \
         the arguments.\n\n| crate | self | arguments |\n|---|---|---|\n",
    );
    for result in results {
        let moving = |mode| {
            let moving =
                |it: &ModeResult| it.moving + it.failed.iter().filter(|failed| is_moved(failed)).count();
            result.modes.get(&mode).map_or(0, moving)
        };
        let (receivers, arguments) = (moving(Mode::Receiver), moving(Mode::Arguments));
        if receivers + arguments > 0 {
            writeln!(page, "| {} | {receivers} | {arguments} |", result.name)?;
        }
    }
    page.push('\n');
    Ok(())
}

fn is_moved(failed: &Failed) -> bool {
    failed.by_hand.iter().all(|code| code == "E0382") && !failed.by_hand.is_empty()
}

fn worse(page: &mut String, results: &[CrateResult]) -> Result<()> {
    let violations: Vec<_> = results
        .iter()
        .flat_map(|result| result.violations().into_iter().map(|it| format!("* {}: {it}\n", result.name)))
        .collect();
    if !violations.is_empty() {
        write!(page, "## What should be and is not\n\n{}\n", violations.concat())?;
    }
    Ok(())
}

fn codes(codes: &[String]) -> String {
    let is_code = |code: &&String| code.starts_with('E') && code.len() == 5;
    let told: Vec<_> =
        codes.iter().map(|code| if is_code(&code) { code.clone() } else { format!("\"{code}\"") }).collect();
    told.join(", ")
}

/// Why it cannot be, from what the compiler says of the hand-written form.
fn reason(mode: Mode, failed: &Failed) -> Result<&'static str> {
    let is = |code: &str| failed.by_hand.iter().any(|it| it == code);
    let says = |text: &str| failed.by_hand.iter().any(|it| it.contains(text));
    let is_send = says("cannot be sent between threads") || says("cannot be shared between threads");
    Ok(if is_send && mode == Mode::Async {
        "the value is held while the cleanup is awaited, and the future has to be `Send`, which the value is not"
    } else if is_send {
        "the body and the cleanup share the argument, and the future has to be `Send`, for which the argument is not `Sync`"
    } else if ["E0499", "E0501", "E0502", "E0505", "E0506", "E0597", "E0716"].into_iter().any(is) {
        "the function returns a borrow of what the cleanup uses"
    } else {
        bail!("no reason is known for {failed:?}")
    })
}

const HOW: &str = "\
## How it is done

`tests/crater/corpus.toml` lists the crates with their versions. A crate is downloaded as cargo does it, copied, and given the library
as one more dependency. The only other change is the attributes, which are inserted into the text above each function. A lint lists
the functions that the compiler sees. A function that a `cfg` removes is not counted, and neither is one in the body of a
`macro_rules!`. If the compiler reports errors, the attribute is removed from the functions that it names until the rest compiles, and
restored where it was not the cause. The remaining functions are the failures, and the same functions are then written by hand.

A test counts as passed afterwards if it passes in one of three runs. Documentation tests, benchmarks and examples are left out. Crates
whose tests need a server, or that are published without tests, are only built.

```text
tests/crater/run              # all of it, some hours; writes this page
tests/crater/run --fixed      # what every change runs
tests/crater/run bb8 warp     # some crates
```
";
