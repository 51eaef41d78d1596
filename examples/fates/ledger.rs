//! Who tells what became of the files: the cleanups themselves, when they end.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    thread,
};

use finally::{Failure, FailureKind, Fate};
use indicatif::ProgressBar;
use tokio::sync::Notify;

use crate::{await_points::ForcedPanic, error::Error, inspect::Summary};

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Returned,
    Failed,
    Panicked,
    Cancelled,
}

impl Ending {
    pub fn of<T>(fate: Fate<'_, Result<T, Error>>) -> Self {
        match fate {
            Fate::Returned(Ok(_)) => Self::Returned,
            Fate::Returned(Err(_)) => Self::Failed,
            Fate::Panicked(_) => Self::Panicked,
            Fate::Cancelled => Self::Cancelled,
        }
    }
}

/// Who ran a cleanup to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// The caller, which awaited it.
    Caller,
    /// The runtime, in a task of its own that the cleanup of the batch waits for.
    Adopted,
    /// The runtime, in a task of its own.
    Runtime,
    /// The background thread of the library.
    Thread,
}

/// What is known about one file.
#[derive(Default)]
pub struct Page {
    /// Whether its body was entered.
    pub entered: bool,
    /// One entry for each cleanup that ended: one, if the body was entered.
    pub cleanups: Vec<(Ending, Driver)>,
    /// What the caller got, if it was there to get it.
    pub summary: Option<Summary>,
}

/// All that is known.
#[derive(Default)]
pub struct Pages {
    pub files: Vec<Page>,
    pub entered: usize,
    /// What reached the failure hook.
    pub reported: Vec<FailureKind>,
    /// How many bodies failed because the runtime was shut down under them.
    pub shut_down: usize,
    /// Failures that nobody brought about.
    pub complaints: Vec<String>,
}

impl Pages {
    pub fn not_started(&self) -> usize {
        self.files.len() - self.entered
    }
}

pub struct Ledger {
    pages: Mutex<Pages>,
    half_started: Notify,
    /// Draws on stderr, and only if that is a terminal.
    progress: ProgressBar,
}

impl Ledger {
    pub fn new(files: usize) -> Self {
        let mut pages = Pages::default();
        pages.files.resize_with(files, Page::default);
        Self {
            pages: Mutex::new(pages),
            half_started: Notify::new(),
            progress: ProgressBar::new(files as u64),
        }
    }

    pub fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when half of the files have been started.
    pub async fn half_started(&self) {
        self.half_started.notified().await;
    }

    /// The witness of one call, and what stands for its caller.
    /// Prepares one call. `in_batch` says whether the finally of a batch encloses it.
    pub fn witness(self: &Arc<Self>, index: usize, in_batch: bool) -> (Witness, Caller) {
        let left = Arc::new(AtomicBool::new(false));
        let witness = Witness { ledger: Arc::clone(self), index, in_batch, caller_left: Arc::clone(&left) };
        (witness, Caller(left))
    }

    /// The caller got its result.
    pub fn delivered(&self, index: usize, result: Result<Summary, Error>) {
        match result {
            Ok(summary) => self.pages().files[index].summary = Some(summary),
            Err(error) => self.failed(&error.to_string()),
        }
    }

    /// The failure hook: a failure has no caller to go to.
    pub fn reported(&self, failure: &Failure) {
        self.pages().reported.push(failure.kind());
        let is_forced_panic = matches!(failure.payload(), Some(panic) if panic.is::<ForcedPanic>());
        match failure.kind() {
            FailureKind::BodyFailed => self.failed(failure.message()),
            FailureKind::BodyPanicked if is_forced_panic => {}
            _ => self.complain(failure.to_string()),
        }
    }

    fn failed(&self, message: &str) {
        if message == Error::ShutDown.to_string() {
            self.pages().shut_down += 1;
        } else if message != Error::Forced.to_string() {
            self.complain(message.to_owned());
        }
    }

    pub fn complain(&self, complaint: String) {
        self.pages().complaints.push(complaint);
    }

    pub fn finish_progress(&self) {
        self.progress.finish_and_clear();
    }
}

/// Stands for a caller: dropped as soon as the caller drops the call.
pub struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Release);
    }
}

/// Goes through one call, and tells the ledger.
pub struct Witness {
    ledger: Arc<Ledger>,
    index: usize,
    in_batch: bool,
    caller_left: Arc<AtomicBool>,
}

impl Witness {
    pub fn body_entered(&self) {
        let mut pages = self.ledger.pages();
        pages.files[self.index].entered = true;
        pages.entered += 1;
        if pages.entered * 2 >= pages.files.len() {
            self.ledger.half_started.notify_one();
        }
    }

    /// Notes the end of the cleanup, which calls this as the last thing it does, and who runs it at that moment.
    pub fn cleanup_ended(self, ending: Ending) {
        let driver = if !self.caller_left.load(Acquire) {
            Driver::Caller
        } else if thread::current().name() == Some("finally") {
            Driver::Thread
        } else if self.in_batch {
            Driver::Adopted
        } else {
            Driver::Runtime
        };
        self.ledger.pages().files[self.index].cleanups.push((ending, driver));
        self.ledger.progress.inc(1);
    }
}
