//! The page in `docs/`: nothing in it is typed in by hand.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::{
    corpus::Entry,
    mode::Mode,
    results::{CrateResult, Failed, ModeResult, TooDeep},
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

/// `fingerprint` is that of the library as it is.
pub(crate) fn page(entries: &[Entry], results: &[CrateResult], fingerprint: &str) -> Result<String> {
    let mut page = String::new();
    introduction(&mut page, results)?;
    modes(&mut page, results)?;
    crates(&mut page, entries, results, fingerprint)?;
    by_hand_too(&mut page, results)?;
    worse(&mut page, results)?;
    page.push_str(HOW);
    Ok(page)
}

/// The statement of the README, in one line.
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
    let too_deep = |depth| {
        let is_so =
            |it: &&CrateResult| it.modes.get(&Mode::Sync).is_some_and(|it| it.too_deep == Some(depth));
        results.iter().filter(is_so).count()
    };
    let but = match (too_deep(TooDeep::ByHandToo), too_deep(TooDeep::NotByHand)) {
        (0, 0) => String::new(),
        (too, 0) => {
            format!(" but for a higher `recursion_limit` in {too} of them, which by hand needs it, too")
        }
        (too, only) => format!(" but for a higher `recursion_limit` in {} of them", too + only),
    };
    Ok(format!(
        "every one of the {functions} async functions of {} published crates takes it without a change{but}, and the {tests} tests \
         that {tested} of them can run pass as before. {}",
        results.len(),
        told_of_more(results)?,
    ))
}

/// The same of blocks, and of functions that are not async.
fn told_of_more(results: &[CrateResult]) -> Result<String> {
    let with_blocks: Vec<_> = results.iter().filter(|it| it.modes.contains_key(&Mode::PlainBlock)).collect();
    for result in &with_blocks {
        for mode in [Mode::Block, Mode::Plain, Mode::PlainBlock] {
            let is_whole = |it: &ModeResult| it.worse_than_by_hand.is_empty() && it.broken_tests.is_empty();
            if !result.modes.get(&mode).is_some_and(is_whole) {
                bail!("{} is worse than by hand with {mode:?}, or was not run", result.name);
            }
        }
    }
    let sum = |mode: Mode, count: fn(&ModeResult) -> usize| -> usize {
        with_blocks.iter().filter_map(|it| it.modes.get(&mode)).map(count).sum()
    };
    let of = |mode| format!("{} of {}", sum(mode, taken), sum(mode, |it| it.annotated));
    let is_deep = |it: &&&CrateResult| it.modes.get(&Mode::Block).is_some_and(|it| it.too_deep.is_some());
    let with_limit = match with_blocks.iter().filter(is_deep).count() {
        0 => String::new(),
        deep => format!(" (in {deep} with a higher `recursion_limit`)"),
    };
    Ok(format!(
        "In {} of these crates{with_limit}, {} async functions and {} plain ones take a block around the whole body, and {} plain ones the \
         attribute, which are all that compile by hand; {} more return a value that runs later, and the attribute refuses them \
         with the way out",
        with_blocks.len(),
        of(Mode::Block),
        of(Mode::PlainBlock),
        of(Mode::Plain),
        sum(Mode::Plain, |it| it.refused),
    ))
}

fn introduction(page: &mut String, results: &[CrateResult]) -> Result<()> {
    let told = told(results)?;
    write!(
        page,
        "# Functions that nobody here wrote\n\n\
         With a cleanup that is a function, {told}. These are all that have a body and that the compiler gets to see there.\n\n\
         This page is written by `tests/crates/crater/run`, whose steps are below.\n\n",
    )?;
    Ok(())
}

fn modes(page: &mut String, results: &[CrateResult]) -> Result<()> {
    page.push_str(
        "## What was written on them\n\n\
         | | on each function | functions | compile | fail, and by hand too | fail, and not by hand | warnings that were not there, nor by hand | tests before | after |\n\
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
    let refused: usize =
        results.iter().filter_map(|result| result.modes.get(&Mode::Plain)).map(|it| it.refused).sum();
    write!(
        page,
        "\nBy hand is `let value = async move {{ .. }}.await; cleanup().await; value` in the place of the body, with the type of \
         the value told to the compiler, and the same with a closure that is called in a function that is not async. If that \
         returns a boxed future or an `impl Future`, the attribute belongs to the future, and by hand it is awaited in another one. \
         Functions that are `const` or `extern` are left out, and so are {refused} whose value runs later without being written as a \
         future: the attribute refuses them with the way out. A cleanup cannot mention what the body moves away: such a function counts as one that \
         fails, by hand too, and its cleanup then mentions the rest.\n\n",
    )?;
    Ok(())
}

fn crates(page: &mut String, entries: &[Entry], results: &[CrateResult], fingerprint: &str) -> Result<()> {
    write!(
        page,
        "## The crates\n\n\
         How many functions take it, of how many there are. An empty cell was not run. A number with an asterisk was kept from a \
         run with an earlier version of the library. One with a dagger needs a higher `recursion_limit` than the crate has, which is \
         128 unless it says otherwise: each cleanup puts more types between a future and the one around it.\n\n\
         | crate | edition | what it is there for | {} | tests before | after, with each |\n\
         |---|---|---|{}---|---|\n",
        Mode::ALL.map(Mode::name).join(" | "),
        "---|".repeat(Mode::ALL.len()),
    )?;
    for (entry, result) in entries.iter().zip(results) {
        let ratios = Mode::ALL.map(|mode| {
            let asterisk = if result.is_current(mode, fingerprint) { "" } else { "\\*" };
            let dagger = |it: &ModeResult| if it.too_deep.is_some() { "†" } else { "" };
            result
                .modes
                .get(&mode)
                .map_or_else(String::new, |it| format!("{}{}{asterisk}", ratio(it), dagger(it)))
        });
        let (before, after) = match result.tests_before {
            Some(before) => {
                let after = result.modes.values().filter_map(|it| it.tests_after);
                (before.to_string(), after.map(|it| it.to_string()).collect::<Vec<_>>().join(", "))
            }
            None => ("built only".to_owned(), String::new()),
        };
        writeln!(
            page,
            "| {} {} | {} | {} | {} | {before} | {after} |",
            result.name,
            result.version,
            result.edition,
            entry.style,
            ratios.join(" | "),
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
    // A generic value that has to outlive an await fails a bound, and that is always this one.
    let is_bound = mode == Mode::Async && is("E0277");
    let is_send =
        is_bound || says("cannot be sent between threads") || says("cannot be shared between threads");
    Ok(if failed.by_hand.iter().all(|code| code == "E0309") && mode == Mode::Plain {
        "the boxed future names its output, which need not live as long as the future that awaits it"
    } else if is_send && mode == Mode::Async {
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

`tests/crates/crater/corpus.toml` is the list, with the version of each crate. A crate is downloaded as cargo does it, copied, and given
the library as one more dependency; nothing else in it changes but for the attributes, which are inserted into the text above each
function, and the blocks, which are inserted around each body. A lint marks the functions that the compiler gets to see: one that a
`cfg` leaves out is not counted, and neither is the body of a `macro_rules!`. Where the compiler complains, the attribute is taken
from the functions that it names until the rest compiles, and given back where that was not the reason. What remains is what fails,
and the same functions are then written by hand. If types nest too deeply for the compiler, the crate gets twice the recursion limit,
and is written by hand without it to see whether that would need it, too.

A test passes after if it passes in one of three runs. Documentation tests, benchmarks and examples are left out. Crates whose tests
need a server, or that are published without tests, are built only.

```text
tests/crates/crater/run              # all of it, some hours; writes this page
tests/crates/crater/run --fixed      # what every change runs
tests/crates/crater/run bb8 warp     # some crates
tests/crates/crater/run --modes block,plain-block
tests/crates/crater/run table        # writes this page from what was run, and keeps the results in `tests/crates/crater/results.json`
```
";
