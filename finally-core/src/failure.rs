//! Failures that have no caller left to go to (P8).

use alloc::{boxed::Box, string::String, sync::Arc};
#[cfg(feature = "testing")]
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::{any::Any, fmt, panic::Location};
use std::sync::{PoisonError, RwLock};

use crate::unwind::{self, Payload, quietly};

/// A failure that no caller gets: the second one of two, or any after the caller has left.
///
/// Every one of them reaches the failure hook exactly once. See [`set_failure_hook`].
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
    payload: Option<Box<dyn Any + Send>>,
    location: &'static Location<'static>,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// A cleanup returned an error, and either its body had failed before, or its caller had left.
    CleanupFailed,
    /// A cleanup panicked, and either its body had failed before, or its caller had left.
    CleanupPanicked,
    /// A body returned an error, and its caller left during the cleanup.
    BodyFailed,
    /// A body panicked and its caller left during the cleanup, or a drop in the body panicked while the thread was
    /// panicking already.
    BodyPanicked,
    /// A cleanup could not be run to its end.
    Lost,
}

impl Failure {
    /// What failed.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Returns the error as its `Display` shows it, or its `Debug`, or the name of its type if it has neither or panics; the
    /// text of a panic; or the reason why a cleanup was lost.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The payload of a panic.
    #[must_use]
    pub fn payload(&self) -> Option<&(dyn Any + Send)> {
        self.payload.as_deref()
    }

    /// Where the `finally` stands in the source.
    #[must_use]
    pub const fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

/// One line, as the default hook prints it.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FailureKind::CleanupFailed => "the cleanup failed",
            FailureKind::CleanupPanicked => "the cleanup panicked",
            FailureKind::BodyFailed => "the body failed, and its caller left during the cleanup",
            FailureKind::BodyPanicked => "the body panicked, and its caller has left",
            FailureKind::Lost => "the cleanup is lost",
        };
        write!(formatter, "finally at {}: {what}: {}", self.location, self.message)
    }
}

/// What [`set_failure_hook`] takes and [`take_failure_hook`] gives back.
pub type FailureHook = Box<dyn Fn(&Failure) + Send + Sync>;

static HOOK: RwLock<Option<Arc<FailureHook>>> = RwLock::new(None);

/// Registers a hook that receives every failure that cannot be returned to a caller, replacing the previous hook.
///
/// The hook runs on the thread that detected the failure, possibly inside a destructor, so it must not block. A panic in the
/// hook is caught and ignored. Without a hook, a failure is one line on stderr, and with the feature `tracing` one event.
///
/// # Examples
///
/// ```
/// finally::set_failure_hook(|failure| {
///     eprintln!("{:?} at {}: {}", failure.kind(), failure.location(), failure.message());
/// });
/// # finally::take_failure_hook();
/// ```
pub fn set_failure_hook(hook: impl Fn(&Failure) + Send + Sync + 'static) {
    let hook: Arc<FailureHook> = Arc::new(Box::new(hook));
    let previous = HOOK.write().unwrap_or_else(PoisonError::into_inner).replace(hook);
    // Without the lock: what the previous hook owns may report something when it is dropped.
    drop(previous);
}

/// Unregisters the current hook and returns it, restoring the default.
///
/// # Examples
///
/// ```
/// finally::set_failure_hook(|_| {});
/// assert!(finally::take_failure_hook().is_some());
/// assert!(finally::take_failure_hook().is_none());
/// ```
pub fn take_failure_hook() -> Option<FailureHook> {
    let hook = HOOK.write().unwrap_or_else(PoisonError::into_inner).take()?;
    // A report may be calling it right now.
    Some(Arc::try_unwrap(hook).unwrap_or_else(|shared| Box::new(move |failure| shared(failure))))
}

/// Reports an error or a loss.
pub(crate) fn report(kind: FailureKind, message: String, location: &'static Location<'static>) {
    call_hook(Failure { kind, message, payload: None, location });
}

/// Reports a panic.
pub(crate) fn report_panic(kind: FailureKind, payload: Payload, location: &'static Location<'static>) {
    let payload = payload.into_inner();
    call_hook(Failure { kind, message: unwind::text(&*payload), payload: Some(payload), location });
}

/// Reports come out of drops, which must not panic: not on account of the hook, nor of a payload that is dropped here.
fn call_hook(failure: Failure) {
    #[cfg(feature = "testing")]
    if failure.kind == FailureKind::Lost {
        LOST.fetch_add(1, Relaxed);
    }
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    quietly(|| match &hook {
        Some(hook) => hook(&failure),
        None => default_hook(&failure),
    });
    // The last one, if the hook was replaced meanwhile.
    quietly(|| drop(hook));
    if let Some(payload) = failure.payload {
        Payload::new(payload).discard();
    }
}

/// How many cleanups were lost, for tests to ask.
#[cfg(feature = "testing")]
static LOST: AtomicUsize = AtomicUsize::new(0);

/// How many cleanups were lost since the last call.
#[cfg(feature = "testing")]
pub(crate) fn take_lost() -> usize {
    LOST.swap(0, Relaxed)
}

#[cfg(feature = "tracing")]
fn default_hook(failure: &Failure) {
    let location = failure.location();
    tracing::error!(kind = ?failure.kind(), location = %location, "{}", failure.message());
}

#[cfg(not(feature = "tracing"))]
fn default_hook(failure: &Failure) {
    use std::io::Write as _;

    // There is nobody left to tell that stderr is gone.
    let _ = writeln!(std::io::stderr(), "{failure}");
}
