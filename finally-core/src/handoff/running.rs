//! The public view of the register.

use alloc::vec::Vec;
use core::{error::Error, fmt, panic::Location, time::Duration};

use super::register;

/// Returns the cleanups that were handed off and have not ended yet, the oldest first.
///
/// It is a snapshot: it locks parts of the register one after the other, and meanwhile cleanups begin and end. A cleanup that
/// its caller still awaits is not handed off, and not in the list. One that is kept for the end of a drop comes into the list
/// then.
///
/// # Examples
///
/// ```
/// for cleanup in finally::running() {
///     println!("{cleanup}"); // src/pool.rs:52:1 (on an executor for 1.2s)
/// }
/// ```
#[must_use]
#[inline]
pub fn running() -> Vec<Running> {
    register::running(None)
}

/// A cleanup that was handed off and had not ended when [`running`] looked.
///
/// Its `Display` is one line: the location in the source, the place, and the time since the hand-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub(super) location: &'static Location<'static>,
    pub(super) since: Duration,
    pub(super) place: Place,
}

impl Running {
    /// Returns the location of the `finally` in the source: the attribute, the block, or the call of the method.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Returns the time since the hand-off, up to the moment at which this was listed.
    ///
    /// It is that of the drop which has handed the cleanup off. A cleanup that was awaited before has run for longer, and one
    /// that waits for cleanups inside its body has not begun yet. On wasm, which has no clock, it is zero.
    #[must_use]
    pub const fn since(&self) -> Duration {
        self.since
    }

    /// Returns the place where the cleanup runs.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }
}

impl fmt::Display for Running {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { location, since, place } = self;
        write!(formatter, "{location} ({place} for {since:.1?})")
    }
}

/// The place where a cleanup runs after its caller has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// On the executor that was set, or on a tokio runtime.
    Executor,
    /// On the background thread: there was no executor, or the runtime dropped the cleanup when it shut down.
    BackgroundThread,
}

impl fmt::Display for Place {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Executor => "on an executor",
            Self::BackgroundThread => "on the background thread",
        })
    }
}

/// The error of a wait whose time was over before all cleanups had ended. They keep running.
///
/// Its `Display` is one line. It lists the eight oldest cleanups, because a shutdown that leaves thousands should not write
/// thousands into one line of a log. [`running`](Self::running) has all of them.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// if let Err(still_running) = finally::drain_blocking(Some(Duration::from_secs(10))) {
///     // 1 cleanup is still running: src/pool.rs:52:1 (on an executor for 10.0s)
///     eprintln!("{still_running}");
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StillRunning {
    pub(super) count: usize,
    pub(super) running: Vec<Running>,
    pub(super) tracked: usize,
}

/// The number of cleanups that the error message lists.
const LISTED: usize = 8;

impl StillRunning {
    /// Returns how many cleanups were still running.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Returns the cleanups that were still running, the oldest first.
    #[must_use]
    #[inline]
    pub fn running(&self) -> &[Running] {
        &self.running
    }

    /// Returns how many tracked futures had not ended. It is 0 unless the wait was that of a [`Tracker`](crate::Tracker).
    #[must_use]
    pub const fn tracked(&self) -> usize {
        self.tracked
    }
}

impl fmt::Display for StillRunning {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cleanups = self.count;
        match cleanups {
            0 => {}
            1 => formatter.write_str("1 cleanup")?,
            _ => write!(formatter, "{cleanups} cleanups")?,
        }
        if cleanups > 0 && self.tracked > 0 {
            formatter.write_str(" and ")?;
        }
        match self.tracked {
            0 => {}
            1 => formatter.write_str("1 tracked future")?,
            tracked => write!(formatter, "{tracked} tracked futures")?,
        }
        formatter.write_str(if cleanups + self.tracked == 1 {
            " is still running"
        } else {
            " are still running"
        })?;
        let listed = self.running.len().min(LISTED);
        for (index, running) in self.running[..listed].iter().enumerate() {
            write!(formatter, "{}{running}", if index == 0 { ": " } else { ", " })?;
        }
        match cleanups - listed {
            0 => Ok(()),
            _ if listed == 0 => Ok(()),
            more => write!(formatter, ", and {more} more"),
        }
    }
}

impl Error for StillRunning {}
