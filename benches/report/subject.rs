//! Runs the programs that are measured.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use anyhow::{Context, Result, bail, ensure};

/// Where futures are polled to their end.
pub const CALLED: &str = env!("CARGO_BIN_EXE_called");
/// Where they are dropped before.
pub const CANCELLED: &str = env!("CARGO_BIN_EXE_cancelled");

/// Names and numbers, as the subject prints them.
pub type Counts = BTreeMap<String, f64>;

/// Installs valgrind if there is none.
pub fn require_valgrind() -> Result<()> {
    if Command::new("valgrind").arg("--version").output().is_ok() {
        return Ok(());
    }
    for arguments in [&["update"][..], &["install", "--yes", "valgrind"]] {
        let status = Command::new("apt-get").args(arguments).status();
        ensure!(
            status.is_ok_and(|status| status.success()),
            "instructions are counted with valgrind, and `apt-get {}` has failed: install it by hand",
            arguments.join(" "),
        );
    }
    Ok(())
}

/// Returns the output of a program.
pub fn run(program: impl AsRef<Path>, arguments: &[&str]) -> Result<Counts> {
    let output = Command::new(program.as_ref()).args(arguments).output()?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    parse(&output.stdout)
}

/// Returns the output of a program and, as `instructions`, how many it has executed.
fn run_counted(program: &str, arguments: &[&str]) -> Result<Counts> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", program])
        .args(arguments)
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {log}");
    let mut counts = parse(&output.stdout)?;
    let collected = log.lines().find_map(|line| line.split_once("Collected : "));
    let (_, instructions) = collected.with_context(|| format!("no count in what valgrind says: {log}"))?;
    counts.insert("instructions".into(), instructions.trim().parse()?);
    Ok(counts)
}

fn parse(output: &[u8]) -> Result<Counts> {
    let line = |line: &str| {
        let (name, number) = line.rsplit_once(' ').context("no number in a line of the program")?;
        Ok((name.to_owned(), number.parse()?))
    };
    std::str::from_utf8(output)?.lines().map(line).collect()
}

/// Counts one more time: the difference between twice as many times and so many. The start of the program, and all
/// that happens the first time only, is in both, and so in none.
pub fn count_once(program: &str, arguments: &[&str], times: usize) -> Result<Counts> {
    let with = |times: usize| run_counted(program, &[arguments, &[&times.to_string()]].concat());
    let (less, more) = (with(times)?, with(2 * times)?);
    let once = |(name, count): (&String, &f64)| (name.clone(), (count - less[name]) / times as f64);
    Ok(more.iter().map(once).collect())
}

/// Builds [`CALLED`] without optimization.
pub fn build_debug() -> Result<PathBuf> {
    // The target directory has a folder for each profile.
    let profile = Path::new(CALLED).parent().context("no folder of the profile")?;
    let target = profile.parent().context("no target directory")?;
    let status = Command::new(env!("CARGO"))
        .args(["build", "--bin", "called", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .status()?;
    ensure!(status.success(), "the debug build has failed");
    Ok(target.join("debug/called"))
}

/// Measures items side by side, one for each processor: no count depends on what else runs.
pub fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    measure: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<Result<R>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((item, result)) = {
                    let index = next.fetch_add(1, Relaxed);
                    items.get(index).zip(results.get(index))
                } {
                    *result.lock().unwrap() = Some(measure(item));
                }
            });
        }
    });
    let mut measured = Vec::new();
    for result in results {
        match result.into_inner().unwrap() {
            Some(result) => measured.push(result?),
            None => bail!("an item was not measured"),
        }
    }
    Ok(measured)
}
