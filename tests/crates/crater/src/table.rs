//! Writes the page in `docs/`. All of its numbers come from the results.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::{
    corpus::Entry,
    mode::Mode,
    results::{CrateResult, Failed, ModeResult, TooDeep},
};

/// Returns a line for the terminal.
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

/// Returns the number of functions that take all of the code of the mode.
fn taken(result: &ModeResult) -> usize {
    if result.whole.is_some() {
        return 0;
    }
    result.annotated - result.failed.len() - result.moving
}

fn ratio(result: &ModeResult) -> String {
    format!("{}/{}", taken(result), result.annotated)
}

/// Returns the text of the page. `fingerprint` is that of the current library.
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

/// Returns the statement of the README, in one line.
pub(crate) fn statement(results: &[CrateResult]) -> Result<String> {
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
        statement_about_blocks(results)?,
    ))
}

/// Returns the statement about blocks, and about functions that are not async.
fn statement_about_blocks(results: &[CrateResult]) -> Result<String> {
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
    let statement = statement(results)?;
    write!(
        page,
        "# Functions that nobody here wrote\n\n\
         With a cleanup that is a function, {statement}. These are all that have a body and that the compiler gets to see there.\n\n\
         This page is written by `tests/crates/crater/run`, whose steps are below.\n\n",
    )?;
    Ok(())
}

fn modes(page: &mut String, results: &[CrateResult]) -> Result<()> {
    page.push_str(
        "## The code on each function\n\n\
         | mode | code on each function | functions | compile | fail, also by hand | fail, not by hand | new warnings, not by hand | tests before | after |\n\
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
        "\nCode by hand is `let value = async move {{ .. }}.await; cleanup().await; value` in place of the body, with the type of the \
         value stated. In a function that is not async, it is a closure that is called. If such a function returns a boxed future or an \
         `impl Future`, the attribute belongs to the future, and by hand the future is awaited in another one. \
         Functions that are `const` or `extern` are left out. So are {refused} functions whose value runs later although it is not written \
         as a future: the attribute refuses them with the way out. A cleanup cannot mention an argument that the body moves away. \
         Such a function counts as one that fails, also by hand, and its cleanup then mentions the other arguments.\n\n",
    )?;
    Ok(())
}

fn crates(page: &mut String, entries: &[Entry], results: &[CrateResult], fingerprint: &str) -> Result<()> {
    write!(
        page,
        "## The crates\n\n\
         Each cell has the number of functions that take the code, and the number of all. An empty cell was not run. A number with an \
         asterisk is from a run with an earlier version of the library. A number with a dagger needs a higher `recursion_limit` than that \
         of the crate, which is 128 by default, because each cleanup adds types between a future and the one around it.\n\n\
         | crate | edition | reason for it | {} | tests before | after, with each |\n\
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
    page.push_str("## Functions that fail by hand, too\n\n");
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
            "### {}: {reason}\n\n| crate | function | place | with the attribute | by hand |\n|---|---|---|---|---|\n{}\n\n",
            mode.name(),
            functions.join("\n")
        )?;
    }
    page.push_str(
        "### The body moves an argument away\n\nE0382, also by hand. These numbers of functions have a cleanup that cannot mention `self`, or not all of \
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
        write!(page, "## Functions that fail and should not\n\n{}\n", violations.concat())?;
    }
    Ok(())
}

fn codes(codes: &[String]) -> String {
    let is_code = |code: &&String| code.starts_with('E') && code.len() == 5;
    let texts: Vec<_> =
        codes.iter().map(|code| if is_code(&code) { code.clone() } else { format!("\"{code}\"") }).collect();
    texts.join(", ")
}

/// Returns the reason of a failure, by the errors of the code by hand.
fn reason(mode: Mode, failed: &Failed) -> Result<&'static str> {
    let is = |code: &str| failed.by_hand.iter().any(|it| it == code);
    let says = |text: &str| failed.by_hand.iter().any(|it| it.contains(text));
    // A generic value that has to outlive an await fails a bound, which is always `Send`.
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
## Steps

`tests/crates/crater/corpus.toml` lists the crates with their versions.

1. Cargo downloads the crate. A copy of it gets the library as one more dependency.
2. A lint marks the functions that the compiler sees. A function that a `cfg` leaves out does not count, nor does the body of a
   `macro_rules!`.
3. The attribute is inserted above each function, or the block around each body. Nothing else changes.
4. If the compiler complains, the attribute is removed from the functions that the errors name, until the rest compiles. It is restored
   on the functions that were not at fault. The others fail.
5. The functions that fail are written by hand.
6. If types nest too deeply for the compiler, the crate gets twice the recursion limit. It is also written by hand with its own limit,
   to see whether the code by hand needs the higher one, too.

A test counts as passed if it passes in one of three runs. Documentation tests, benchmarks and examples are left out. Crates whose tests
need a server, or that are published without tests, are built only.

```text
tests/crates/crater/run              # all crates: takes some hours, and writes this page
tests/crates/crater/run --fixed      # the crates that every change has to pass
tests/crates/crater/run bb8 warp     # some crates
tests/crates/crater/run --modes block,plain-block
tests/crates/crater/run table        # writes this page from all results, and keeps them in `tests/crates/crater/results.json`
```
";
