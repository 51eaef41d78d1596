//! What becomes of every file: copies, counts and hashes files in working folders of their own, and removes the folders
//! whether a file is done, fails, panics or is cancelled, and whether the runtime lives on or not.
//!
//! ```text
//! cargo run --example fates
//! cargo run --example fates -- --fail 7 --panic 11 --cancel 3 --jobs 64 FOLDER
//! cargo run --example fates -- --cancel 2 --shutdown FOLDER
//! cargo run --example fates -- --digests FOLDER | sha256sum --check
//! ```
//!
//! Three functions have a cleanup, one inside the other, and each removes a folder:
//!
//! | function | cleanup | removes |
//! |---|---|---|
//! | [`inspect::inspect`], for one file | async, sees the fate | the file's working folder and what is in it |
//! | [`batch::batch`], for many files | async | the batch's folder, which has to be empty by then |
//! | [`visit_all`], for the whole run | sync, on a sync function | the workplace around them, if it is empty |
//!
//! The rest sets the stage and looks on: `arguments` and `sources` say which files, `plan` and `await_points` force
//! fates on them, `folder` makes folders that can be removed at any time, `ledger` is told by each cleanup how it went,
//! and `report` and `output` sum up.

mod arguments;
mod await_points;
mod batch;
mod error;
mod folder;
mod inspect;
mod ledger;
mod output;
mod plan;
mod report;
mod sources;

use std::{panic, path::Path, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser as _;
use finally::finally;
use tokio::{runtime::Runtime, task::JoinHandle};

use crate::{
    arguments::Arguments,
    await_points::ForcedPanic,
    batch::{Run, batch},
    error::{Error, cannot},
    folder::Workplace,
    ledger::Ledger,
    plan::plan,
    report::{End, Report},
};

/// How long to wait for cleanups that go on after the runtime has gone. They take milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match try_main(&arguments) {
        Ok(report) => report.exit_code(),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn try_main(arguments: &Arguments) -> Result<Report, Error> {
    let sources = sources::find(&arguments.paths)?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    // First of all, so that a run that goes wrong can be repeated.
    output::print(arguments, &format!("seed {seed}\n"))?;

    let plan = plan(sources, arguments, seed);
    let ledger = Arc::new(Ledger::new(plan.len()));
    let reports = Arc::clone(&ledger);
    finally::set_failure_hook(move |failure| reports.reported(failure));
    silence_forced_panics();

    let run = Run::new(Workplace::create()?, plan, ledger, arguments.jobs.into());
    let report = visit_all(&Arc::new(run), arguments.shutdown)?;
    report.print(arguments)?;
    Ok(report)
}

/// Visits every file. Functions that are not async take the attribute too, with a cleanup that is not async either.
#[finally(run.workplace.remove_if_empty())]
fn visit_all(run: &Arc<Run>, shutdown: bool) -> Result<Report, Error> {
    let runtime = Runtime::new().map_err(cannot("start", Path::new("the runtime")))?;
    let end = runtime.block_on(async {
        let batches: Vec<_> = (1..=run.batches())
            .map(|number| tokio::spawn(batch(run.workplace.batch_folder(number), Arc::clone(run))))
            .collect();
        tokio::select! {
            () = complete(batches, &run.ledger) => End::Complete,
            () = run.ledger.half_started(), if shutdown => End::ShutDown,
            _ = tokio::signal::ctrl_c() => End::Interrupted,
        }
    });
    // Drops every task where it stands, in a body or in a cleanup. The cleanups go on elsewhere.
    drop(runtime);
    let drained = finally::drain_blocking(Some(PATIENCE));
    Ok(Report::new(Arc::clone(run), end, drained.err(), run.workplace.left_behind()))
}

/// Waits for the batches, and for the cleanups that were handed off meanwhile.
async fn complete(batches: Vec<JoinHandle<Result<(), Error>>>, ledger: &Ledger) {
    for batch in batches {
        match batch.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => ledger.complain(error.to_string()),
            Err(error) => ledger.complain(format!("a batch ended early: {error}")),
        }
    }
    finally::drain().await;
}

/// Panics are what this program is about, so those it forces are not worth a message. Any other is.
fn silence_forced_panics() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic.payload().is::<ForcedPanic>() {
            hook(panic);
        }
    }));
}
