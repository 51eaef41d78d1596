//! The table, and the verdict.

use std::{
    fmt::{self, Display, Write as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use finally::{FailureKind, StillRunning};

use crate::{
    arguments::Arguments,
    batch::Run,
    error::Error,
    ledger::{Driver, Ending, Pages},
    output,
    plan::ForcedFate,
};

/// Why the run ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Complete,
    ShutDown,
    Interrupted,
}

/// What is known when everything has ended.
pub struct Report {
    run: Arc<Run>,
    end: End,
    still_running: Option<StillRunning>,
    left_behind: Vec<PathBuf>,
}

impl Report {
    pub fn new(
        run: Arc<Run>,
        end: End,
        still_running: Option<StillRunning>,
        left_behind: Vec<PathBuf>,
    ) -> Self {
        run.ledger.finish_progress();
        Self { run, end, still_running, left_behind }
    }

    pub fn print(&self, arguments: &Arguments) -> Result<(), Error> {
        let pages = self.run.ledger.pages();
        if arguments.digests {
            output::print_digests(&self.run, &pages)?;
        }
        let mut table = String::new();
        // A string takes everything.
        let _ = self.write_table(&pages, &mut table);
        output::print(arguments, &table)?;
        for complaint in &pages.complaints {
            eprintln!("failed: {complaint}");
        }
        for fault in self.faults(&pages) {
            eprintln!("error: {fault}");
        }
        Ok(())
    }

    pub fn exit_code(&self) -> ExitCode {
        if !self.faults(&self.run.ledger.pages()).is_empty() {
            ExitCode::FAILURE
        } else if self.end == End::Interrupted {
            // What a shell says of a program that Ctrl-C has ended.
            ExitCode::from(130)
        } else {
            ExitCode::SUCCESS
        }
    }

    fn write_table(&self, pages: &Pages, table: &mut String) -> fmt::Result {
        write_row(table, "fate", ["files", "forced", "inline", "adopted", "handed off"])?;
        let mut sums = [0; 5];
        for (name, ending, forced) in [
            ("returned", Ending::Returned, None),
            ("failed", Ending::Failed, Some(ForcedFate::Fail)),
            ("panicked", Ending::Panicked, Some(ForcedFate::Panic)),
            ("cancelled", Ending::Cancelled, Some(ForcedFate::Cancel)),
        ] {
            let by = |driver| count(pages, |cleanup| *cleanup == (ending, driver));
            let inline = by(Driver::Caller);
            let adopted = by(Driver::Adopted);
            let handed_off = by(Driver::Runtime) + by(Driver::Thread);
            let files = inline + adopted + handed_off;
            let forced = forced.map_or(0, |fate| self.count_forced(fate));
            let cells = [files, forced, inline, adopted, handed_off];
            write_row(table, name, cells)?;
            sums = std::array::from_fn(|column| sums[column] + cells[column]);
        }
        let not_started = pages.not_started();
        write_row(table, "not started", [not_started, 0, 0, 0, 0])?;
        sums[0] += not_started;
        write_row(table, "all", sums)?;

        let by = |driver| count(pages, |cleanup| cleanup.1 == driver);
        writeln!(
            table,
            "\nhanded off   {} to the runtime, {} to the background thread",
            by(Driver::Runtime),
            by(Driver::Thread)
        )?;
        let reported = |kind| pages.reported.iter().filter(|reported| **reported == kind).count();
        writeln!(
            table,
            "reported     {} (bodies: {} failed, {} panicked; cleanups: {} failed, {} panicked, {} lost)",
            pages.reported.len(),
            reported(FailureKind::BodyFailed),
            reported(FailureKind::BodyPanicked),
            reported(FailureKind::CleanupFailed),
            reported(FailureKind::CleanupPanicked),
            reported(FailureKind::Lost),
        )?;
        if self.end != End::Complete {
            writeln!(table, "shut down    {} bodies failed because the runtime was gone", pages.shut_down)?;
        }
        let summaries: Vec<_> = pages.files.iter().filter_map(|page| page.summary.as_ref()).collect();
        writeln!(
            table,
            "counted      {} lines, {} words, {} bytes in {} files",
            summaries.iter().map(|summary| summary.lines).sum::<u64>(),
            summaries.iter().map(|summary| summary.words).sum::<u64>(),
            summaries.iter().map(|summary| summary.bytes).sum::<u64>(),
            summaries.len(),
        )?;
        writeln!(table, "left behind  {} working folders", self.left_behind.len())
    }

    fn count_forced(&self, fate: ForcedFate) -> usize {
        let forced = self.run.plan.iter().filter_map(|job| job.forced);
        forced.filter(|forced| forced.fate == fate).count()
    }

    /// What must not be, whatever becomes of the files.
    fn faults(&self, pages: &Pages) -> Vec<String> {
        let mut faults = Vec::new();
        for folder in &self.left_behind {
            faults.push(format!("left behind: {}", folder.display()));
        }
        for (page, job) in pages.files.iter().zip(&self.run.plan) {
            let (ended, due) = (page.cleanups.len(), usize::from(page.entered));
            if ended != due {
                let path = job.source.path.display();
                faults.push(format!("{path}: {due} cleanups were due, and {ended} ended"));
            }
        }
        let (fates, not_started) = (count(pages, |_| true), pages.not_started());
        if fates + not_started != pages.files.len() {
            let files = pages.files.len();
            faults.push(format!("{fates} fates and {not_started} files not started are not {files} files"));
        }
        if not_started > 0 && self.end == End::Complete {
            faults.push(format!("{not_started} files were never started"));
        }
        let lost = pages.reported.iter().filter(|kind| **kind == FailureKind::Lost).count();
        if lost > 0 {
            faults.push(format!("{lost} cleanups are lost"));
        }
        if let Some(still_running) = &self.still_running {
            faults.push(still_running.to_string());
        }
        faults
    }
}

fn count(pages: &Pages, matches: impl Fn(&(Ending, Driver)) -> bool) -> usize {
    let cleanups = pages.files.iter().flat_map(|page| &page.cleanups);
    cleanups.filter(|cleanup| matches(cleanup)).count()
}

fn write_row<T: Display>(table: &mut String, name: &str, cells: [T; 5]) -> fmt::Result {
    let [files, forced, inline, adopted, handed_off] = cells;
    writeln!(table, "{name:<12}{files:>8}{forced:>8}{inline:>10}{adopted:>10}{handed_off:>12}")
}
