//! Failures that cannot be returned to a caller (P8).

use alloc::{boxed::Box, string::String, sync::Arc};
#[cfg(feature = "testing")]
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::{
    any::Any,
    error::Error,
    fmt::{self, Write as _},
    panic::Location,
};
use std::sync::{PoisonError, RwLock};

use crate::{
    engine::unwind::{self, Payload, quietly},
    macros::describe::BoxedError,
};

/// A failure that could not be returned to a caller, because an earlier failure took precedence or the caller was gone.
///
/// Every one of them reaches the failure hook exactly once. See [`set_failure_hook`].
///
/// # Texts and errors
///
/// A failure has a text for its error, and the error itself if that is [`Send`] and [`Sync`]. Both depend on where the error
/// comes from:
///
/// | the error comes from | text | [`error`](Self::error) |
/// |---|---|---|
/// | a cleanup of an attribute or a block | `Display` and the causes, else `Debug`, else the name of the type | every `Error + Send + Sync`, and every type that dereferences to an error and converts into `Box<dyn Error + Send + Sync>`, such as `anyhow::Error` |
/// | a handler of a method or a guard, or a scope | `Display` and the causes for `std::io::Error`, a `Box` of a `dyn Error`, `String` and `&str`; `Debug` for all others | `std::io::Error` and `Box<dyn Error + Send + Sync>` |
/// | the body of an attribute | as of its cleanup | none |
/// | the body of a method, or of a block | the name of the type | none |
///
/// The reasons are limits of Rust:
///
/// * A macro chooses the best trait for the types that it sees. Methods, guards and scopes are generic, and a generic
///   function cannot ask whether a type has a trait beyond the bounds
///   ([specialization](https://github.com/rust-lang/rust/issues/31844)). The bound on a handler's error is `Debug`, and there
///   is none on the output of a future.
/// * The types of a block are often not inferred yet where its cleanup stands.
/// * The error of a body may borrow, and a macro cannot ask whether it does.
///
/// To have the error and its causes from a handler too, let it fail with `Box<dyn Error + Send + Sync>`, into which `?`
/// converts any error. If a `Debug` is a report for people, as that of `anyhow::Error` is, the text is made of its messages,
/// without the backtrace. So the text of an `anyhow::Error` is the same from everywhere.
///
/// A cause that the text of the error contains already is not repeated. At most 32 causes are read.
///
/// # Examples
///
/// ```
/// use std::{fs, io, path::Path};
/// use finally::finally;
///
/// #[finally(fs::remove_file(lock))]
/// fn locked(lock: &Path) -> io::Result<()> {
///     Err(io::Error::other("no space"))
/// }
///
/// finally::set_failure_hook(|failure| {
///     let error = failure.error().and_then(|error| error.downcast_ref::<io::Error>());
///     assert_eq!(error.unwrap().kind(), io::ErrorKind::NotFound);
///     println!("{failure}"); // finally at src/main.rs:4: the cleanup failed: No such file or directory (os error 2)
/// });
/// assert_eq!(locked(Path::new("no such file")).unwrap_err().to_string(), "no space");
/// # finally::take_failure_hook();
/// ```
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
    error: Option<BoxedError>,
    payload: Option<Box<dyn Any + Send>>,
    location: &'static Location<'static>,
}

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// A cleanup returned an error, and either its body had failed before, or its caller had left.
    CleanupFailed,
    /// A cleanup panicked, and either its body had failed before, or its caller had left.
    CleanupPanicked,
    /// A body returned an error, and its caller left during the cleanup.
    BodyFailed,
    /// A body panicked and its caller left during the cleanup, or something of the body or an argument panicked when it was
    /// dropped, after an earlier failure or while the thread was panicking already.
    BodyPanicked,
    /// A cleanup could not be run to its end.
    Lost,
}

/// Defines the getters that [`Failure`] and its copy in tests, `CapturedFailure`, have in common.
macro_rules! getters {
    () => {
        /// Returns the kind of the failure.
        #[must_use]
        pub const fn kind(&self) -> FailureKind {
            self.kind
        }

        /// Returns the text of the error with its causes, the text of a panic, or the reason why a cleanup was lost.
        ///
        /// The text of an error is the best that its type [has](Failure#texts-and-errors), or the name of the type if that
        /// text panics. It may have several lines.
        #[must_use]
        pub fn message(&self) -> &str {
            &self.message
        }

        /// Returns the location of the `finally` in the source.
        #[must_use]
        pub const fn location(&self) -> &'static Location<'static> {
            self.location
        }
    };
}
#[cfg(feature = "testing")]
pub(crate) use getters;

impl Failure {
    getters!();

    /// Returns the error itself, if its type [allows](Self#texts-and-errors) it.
    ///
    /// It is dropped after the hook has returned.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.error.as_deref()
    }

    /// Returns the payload, if the failure is a panic.
    #[must_use]
    pub fn payload(&self) -> Option<&(dyn Any + Send)> {
        self.payload.as_deref()
    }
}

/// Writes one line, as the default hook prints it. Control characters and line breaks in the message are shown escaped.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FailureKind::CleanupFailed => "the cleanup failed",
            FailureKind::CleanupPanicked => "the cleanup panicked",
            FailureKind::BodyFailed => "the body failed, and its caller left during the cleanup",
            FailureKind::BodyPanicked => "the body panicked, and its caller has left",
            FailureKind::Lost => "the cleanup is lost",
        };
        write!(formatter, "finally at {}: {what}: {}", self.location, OneLine(&self.message))
    }
}

/// Its source is the [`error`](Self::error).
impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let error = self.error.as_deref()?;
        Some(error)
    }
}

/// Shows a text in one line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '\u{2028}' | '\u{2029}' => write!(formatter, "{}", char.escape_unicode()),
            char if char.is_control() => write!(formatter, "{}", char.escape_default()),
            char => formatter.write_char(char),
        })
    }
}

/// A failure hook, as [`set_failure_hook`] takes it and [`take_failure_hook`] returns it.
pub type FailureHook = Box<dyn Fn(&Failure) + Send + Sync>;

static HOOK: RwLock<Option<Arc<FailureHook>>> = RwLock::new(None);

/// Registers a hook that receives every failure that cannot be returned to a caller, replacing the previous hook.
///
/// The hook runs on the thread that detected the failure, possibly inside a destructor, so it must not block. A panic in the
/// hook is caught and ignored.
///
/// Without a hook, a failure is one line on stderr. With the feature `tracing` it is one event instead, at the level of an
/// error and with the target `finally`, if the current subscriber takes it. If there is none, or if it is filtered out, it is
/// the line on stderr.
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
    // The lock is released first: the drop of the previous hook may report a failure.
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

/// Reports a loss.
pub(crate) fn report(kind: FailureKind, message: String, location: &'static Location<'static>) {
    report_error(kind, message, None, location);
}

/// Reports an error, and returns it to be dropped.
pub(crate) fn report_error(
    kind: FailureKind,
    message: String,
    error: Option<BoxedError>,
    location: &'static Location<'static>,
) -> Option<BoxedError> {
    call_hook(Failure { kind, message, error, payload: None, location })
}

/// Reports a panic.
pub(crate) fn report_panic(kind: FailureKind, payload: Payload, location: &'static Location<'static>) {
    let payload = payload.into_inner();
    let message = unwind::text(&*payload);
    call_hook(Failure { kind, message, error: None, payload: Some(payload), location });
}

/// Calls the hook. Reports come from drops, which must not panic, so a panic of the hook or of the drop of a payload is ignored.
fn call_hook(failure: Failure) -> Option<BoxedError> {
    #[cfg(feature = "testing")]
    if failure.kind == FailureKind::Lost {
        LOST.fetch_add(1, Relaxed);
    }
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    quietly(|| match &hook {
        Some(hook) => hook(&failure),
        None => default_hook(&failure),
    });
    // This may be the last reference, if the hook was replaced meanwhile.
    quietly(|| drop(hook));
    if let Some(payload) = failure.payload {
        Payload::new(payload).discard();
    }
    failure.error
}

/// The number of cleanups that were lost since the last [`take_lost`].
#[cfg(feature = "testing")]
static LOST: AtomicUsize = AtomicUsize::new(0);

/// Returns the number of lost cleanups since the last call.
#[cfg(feature = "testing")]
pub(crate) fn take_lost() -> usize {
    LOST.swap(0, Relaxed)
}

fn default_hook(failure: &Failure) {
    use std::io::Write as _;

    #[cfg(feature = "tracing")]
    if is_traced(failure) {
        return;
    }
    // An error of stderr cannot be reported to anybody.
    let _ = writeln!(std::io::stderr(), "{failure}");
}

/// Emits an event if a subscriber takes it, and returns whether one did. The feature may be on because of another crate, and no
/// subscriber set.
#[cfg(feature = "tracing")]
fn is_traced(failure: &Failure) -> bool {
    let emit = || {
        let is_received = tracing::enabled!(target: "finally", tracing::Level::ERROR);
        if is_received {
            tracing::error!(
                target: "finally",
                kind = ?failure.kind(),
                location = %failure.location(),
                "{}",
                OneLine(failure.message()),
            );
        }
        is_received
    };
    // A subscriber is code of a user. If it panics, the failure must not be lost with that.
    unwind::catch(emit).unwrap_or_else(|payload| {
        payload.discard();
        false
    })
}
