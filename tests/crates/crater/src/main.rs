//! Puts the attribute and the block on the functions of published crates, and builds and tests them before and after.

mod compile;
mod corpus;
mod functions;
mod mode;
mod results;
mod settle;
mod source;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

use crate::{
    compile::{Cargo, Check, Diagnostic},
    corpus::{Corpus, Entry},
    functions::{Function, Sources},
    mode::Mode,
    results::{CrateResult, Failed, ModeResult, TooDeep},
    settle::{Complaint, Form, Settled, Trial},
    source::{Insertion, Source},
};

#[derive(Parser)]
#[command(about)]
struct Options {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs crates, and keeps the results
    Run {
        /// The names of the crates; all crates of the list if no name is given
        names: Vec<String>,
        /// Runs the crates that every change has to pass
        #[arg(long, conflicts_with = "names")]
        fixed: bool,
        /// The modes; all of them if none is given
        #[arg(long, value_delimiter = ',')]
        modes: Vec<Mode>,
        /// Leaves out the modes that ran with the current version of the library
        #[arg(long)]
        rest: bool,
    },
    /// Writes the page of all results, earlier ones included
    Table,
}

/// The number of runs in one of which each test has to pass, because some crates have tests that fail now and then.
const ATTEMPTS: usize = 3;

fn main() -> Result<()> {
    let crater = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = crater.ancestors().nth(3).context("this folder is not in the repository")?;
    let scratch = repository.join("target/crater");
    let results = scratch.join("results");
    let corpus = Corpus::read(&crater.join("corpus.toml"))?;
    let fingerprint = fingerprint(repository)?;

    match Options::parse().command {
        Task::Run { names, fixed, modes, rest } => {
            for name in &names {
                ensure!(
                    corpus.entries.iter().any(|entry| entry.name == *name),
                    "`{name}` is not in the list"
                );
            }
            let wanted =
                |entry: &&Entry| (!fixed || entry.fixed) && (names.is_empty() || names.contains(&entry.name));
            let mut violations = Vec::new();
            for entry in corpus.entries.iter().filter(wanted) {
                let earlier = CrateResult::read(&results, &entry.id());
                let is_known =
                    |mode| rest && earlier.as_ref().is_some_and(|it| it.is_current(mode, &fingerprint));
                let is_asked = |mode: &Mode| (modes.is_empty() || modes.contains(mode)) && !is_known(*mode);
                let asked: Vec<_> = Mode::ALL.into_iter().filter(is_asked).collect();
                if asked.is_empty() {
                    continue;
                }
                eprintln!("{}", entry.id());
                match run(entry, &asked, repository, &scratch, &fingerprint) {
                    Ok(mut result) => {
                        if let Some(earlier) = earlier {
                            result.keep(earlier);
                        }
                        result.write(&results)?;
                        let found = result.violations();
                        violations.extend(found.into_iter().map(|it| format!("{}: {it}", entry.id())));
                        println!("{}", table::line(entry, &result));
                    }
                    // The other crates still run.
                    Err(error) => violations.push(format!("{}: {error:#}", entry.id())),
                }
            }
            ensure!(violations.is_empty(), "{} violations\n{}", violations.len(), violations.join("\n"));
            Ok(())
        }
        Task::Table => {
            let kept_path = crater.join("results.json");
            let mut kept = results::read_kept(&kept_path)?;
            let mut found = Vec::new();
            for entry in &corpus.entries {
                let kept = kept.extract_if(.., |it| it.id() == entry.id()).next();
                let result = match (CrateResult::read(&results, &entry.id()), kept) {
                    (Some(mut result), Some(kept)) => {
                        result.keep(kept);
                        Some(result)
                    }
                    (result, kept) => result.or(kept),
                };
                found.push(result.with_context(|| format!("{} has not been run", entry.id()))?);
            }
            results::write_kept(&kept_path, &found)?;
            let path = repository.join("docs/crater.md");
            fs::write(&path, table::page(&corpus.entries, &found, &fingerprint)?)?;
            println!("{}", path.display());
            let readme = fs::read_to_string(repository.join("README.md"))?;
            let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
            let statement = table::statement(&found)?;
            ensure!(readme.contains(&statement), "README.md has to say: {statement}");
            Ok(())
        }
    }
}

/// Returns a hash of all sources on which an expansion depends.
fn fingerprint(repository: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for folder in ["src", "finally-core/src", "finally-macros/src"] {
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in walkdir::WalkDir::new(repository.join(folder)) {
            let entry = entry?;
            if entry.file_type().is_file() {
                files.push(entry.into_path());
            }
        }
        files.sort();
        for file in files {
            file.strip_prefix(repository)?.hash(&mut hasher);
            fs::read(&file)?.hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn run(
    entry: &Entry,
    asked_modes: &[Mode],
    repository: &Path,
    scratch: &Path,
    fingerprint: &str,
) -> Result<CrateResult> {
    let package = corpus::prepare(entry, repository, scratch)?;
    let cargo = Cargo { entry, folder: &package.folder, scratch };
    let mut sources = Sources::default();
    for root in &package.roots {
        sources.add_root(&package.folder, root)?;
    }
    let (source, functions) = census(&cargo, &package.roots, sources.functions)?;
    let async_functions = functions.iter().filter(|it| it.is_async()).count();
    ensure!(async_functions > 0, "no async function is built");
    eprintln!("   {async_functions} async functions of {}", functions.len());

    source.write(&functions, &BTreeMap::new())?;
    let untouched = cargo.check()?;
    ensure!(untouched.passed, "it does not build untouched:\n{}", errors(&untouched));
    let before = warnings(&untouched.diagnostics);
    let tests_before = if entry.tests { Some(cargo.test("before")?) } else { None };

    let mut modes = BTreeMap::new();
    for &mode in asked_modes {
        eprintln!("   {}", mode.name());
        let trial =
            Trial { cargo: &cargo, source: &source, functions: &functions, mode, form: Form::Library };
        let asked = asked(mode, &functions);
        let annotated = asked.len();
        let deep_source = source.with_recursion_limit();
        let (trial, too_deep, mut settled) = match trial.settle(asked.clone())? {
            settled if !settled.is_too_deep => (trial, None, settled),
            _ => {
                let by_hand = Trial { form: Form::ByHand, ..trial }.settle(asked.clone())?;
                let too_deep = if by_hand.is_too_deep { TooDeep::ByHandToo } else { TooDeep::NotByHand };
                let trial = Trial { source: &deep_source, ..trial };
                (trial, Some(too_deep), trial.settle(asked)?)
            }
        };
        let refused = settled.take_refused();
        let new_warnings = new_warnings(&trial, &settled, &before)?;

        let (mut tests_after, mut broken_tests) = (None, Vec::new());
        let is_tested = !matches!(mode, Mode::Instrument | Mode::Receiver) && settled.whole.is_none();
        if let (Some(before), true) = (&tests_before, is_tested) {
            trial.write(&settled.kept)?;
            let (passed, broken) = test_again(&cargo, mode, &before.passed)?;
            (tests_after, broken_tests) = (Some(passed), broken);
        }
        let (failed, worse_than_by_hand) = compare_by_hand(&trial, &settled)?;
        modes.insert(
            mode,
            ModeResult {
                fingerprint: fingerprint.to_owned(),
                annotated: annotated - refused,
                failed,
                too_deep,
                whole: settled.whole.as_ref().map(|complaint| complaint.code.clone()),
                moving: settled.moved.keys().filter(|index| !settled.failed.contains_key(index)).count(),
                refused,
                worse_than_by_hand,
                new_warnings,
                tests_after,
                broken_tests,
            },
        );
    }
    Ok(CrateResult {
        name: entry.name.clone(),
        version: entry.version.clone(),
        edition: package.edition,
        functions: async_functions,
        modes,
        tests_before: tests_before.map(|tests| tests.passed.len()),
    })
}

/// Keeps the functions that the compiler sees, and removes those that a `cfg` leaves out.
fn census(cargo: &Cargo<'_>, roots: &[PathBuf], all: Vec<Function>) -> Result<(Source, Vec<Function>)> {
    let root = roots.first().context("a package without a target")?;
    let source = Source::read(cargo.folder, root, &all)?;
    let mark = Insertion::Attribute(mode::CENSUS.to_owned());
    let marks = (0..all.len()).map(|index| (index, mark.clone())).collect();
    let layout = source.write(&all, &marks)?;
    let check = cargo.check()?;
    ensure!(check.passed, "the census does not build:\n{}", errors(&check));
    let is_mark = |diagnostic: &&Diagnostic| {
        diagnostic.code() == mode::CENSUS_LINT && diagnostic.message.contains("crater_census")
    };
    let seen: BTreeSet<usize> =
        check.diagnostics.iter().filter(is_mark).flat_map(|it| it.functions(&layout)).collect();
    let functions: Vec<_> =
        all.into_iter().enumerate().filter(|(index, _)| seen.contains(index)).map(|(_, it)| it).collect();
    // A file that contains none of them has to be restored, too.
    source.write(&[], &BTreeMap::new())?;
    Ok((source, functions))
}

fn asked(mode: Mode, functions: &[Function]) -> BTreeMap<usize, Vec<String>> {
    let mentions = |(index, function)| Some((index, mode.mentions(function)?));
    functions.iter().enumerate().filter_map(mentions).collect()
}

/// Returns all failures, and the failures that the code by hand does not have.
fn compare_by_hand(trial: &Trial<'_>, settled: &Settled) -> Result<(Vec<Failed>, Vec<Failed>)> {
    let lossy: BTreeSet<usize> = settled.failed.keys().chain(settled.moved.keys()).copied().collect();
    if lossy.is_empty() && settled.whole.is_none() {
        return Ok((Vec::new(), Vec::new()));
    }
    let failed = |index: usize, complaints: &[Complaint], by_hand: &[Complaint]| {
        let codes = |complaints: &[Complaint]| {
            let codes: BTreeSet<_> = complaints.iter().map(|it| it.code.clone()).collect();
            codes.into_iter().collect::<Vec<_>>()
        };
        let function = trial.functions.get(index)?;
        Some(Failed {
            function: function.name.clone(),
            place: format!("{}:{}", function.file.display(), function.line),
            codes: codes(complaints),
            by_hand: codes(by_hand),
        })
    };
    if trial.mode == Mode::Instrument {
        let failed = settled.failed.iter().filter_map(|(index, complaints)| failed(*index, complaints, &[]));
        return Ok((failed.collect(), Vec::new()));
    }
    eprintln!("   {} by hand: {}", trial.mode.name(), lossy.len());
    let by_hand = Trial { form: Form::ByHand, ..*trial };
    let mut asked = asked(trial.mode, trial.functions);
    asked.retain(|index, _| settled.whole.is_some() || lossy.contains(index));
    let hand = by_hand.settle(asked)?;

    let (mut all, mut worse) = (Vec::new(), Vec::new());
    for (index, complaints) in &settled.failed {
        // If the compiler does not name the moved variable, the whole attribute was removed.
        let moved = (hand.moved.contains_key(index) && complaints.iter().all(|it| it.code == "E0382"))
            .then(|| complaints.clone());
        let by_hand = hand.failed.get(index).or(moved.as_ref());
        let found = failed(*index, complaints, by_hand.map_or(&[], Vec::as_slice));
        if by_hand.is_none() {
            worse.extend(found.clone());
            for complaint in complaints {
                eprintln!("{}", complaint.rendered);
            }
        }
        all.extend(found);
    }
    for (index, names) in &settled.moved {
        let by_hand = hand.moved.get(index);
        let same = hand.failed.contains_key(index)
            || names.iter().all(|name| by_hand.is_some_and(|by_hand| by_hand.contains(name)));
        if !same && !settled.failed.contains_key(index) {
            let names = names.iter().map(|name| format!("E0382 of `{name}`")).collect::<Vec<_>>().join(", ");
            worse.extend(failed(*index, &[Complaint { code: names, rendered: String::new() }], &[]));
        }
    }
    Ok((all, worse))
}

/// Returns the warnings that neither the plain function nor the code by hand has.
fn new_warnings(trial: &Trial<'_>, settled: &Settled, before: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut new = warnings(&settled.warnings);
    new.retain(|warning| !before.contains(warning));
    if !new.is_empty() && trial.mode != Mode::Instrument {
        let by_hand = Trial { form: Form::ByHand, ..*trial }.settle(settled.kept.clone())?;
        let by_hand = warnings(&by_hand.warnings);
        // The texts differ if a closure captures a field.
        let place = |warning: &str| warning.split(": ").next().map(str::to_owned);
        new.retain(|warning| !by_hand.iter().any(|it| place(it) == place(warning)));
    }
    Ok(new.into_iter().collect())
}

/// Runs the tests that passed before. Returns the number of tests that pass again, and the names of the others.
fn test_again(cargo: &Cargo<'_>, mode: Mode, before: &BTreeSet<String>) -> Result<(usize, Vec<String>)> {
    let mut broken: BTreeSet<String> = before.clone();
    for attempt in 1..=ATTEMPTS {
        let after = cargo.test(&format!("{}-{attempt}", mode.name()))?;
        broken.retain(|name| !after.passed.contains(name));
        if broken.is_empty() {
            break;
        }
    }
    Ok((before.len() - broken.len(), broken.into_iter().collect()))
}

/// Returns each warning as its line, code and text, separated by a colon and a space. Leaves out those of the census.
fn warnings(diagnostics: &[Diagnostic]) -> BTreeSet<String> {
    let is_warning = |it: &&Diagnostic| it.is_warning() && !it.line().is_empty();
    diagnostics
        .iter()
        .filter(is_warning)
        .map(|it| format!("{} {}: {}", it.line(), it.code(), it.message))
        .collect()
}

fn errors(check: &Check) -> String {
    let errors: Vec<_> =
        check.diagnostics.iter().filter(|it| it.is_error()).map(Diagnostic::rendered).collect();
    errors.join("\n")
}
