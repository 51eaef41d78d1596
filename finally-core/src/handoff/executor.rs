//! Chooses the executor for a cleanup.

use alloc::boxed::Box;
use core::{cell::Cell, error::Error, fmt, future::Future};
use std::{sync::OnceLock, thread::LocalKey};

#[cfg(feature = "tokio")]
use super::runtime;
use super::{
    BoxFuture,
    inside::outside,
    task::Task,
    thread::{self, Work},
};
use crate::engine::unwind::quietly;

type Spawn = dyn Fn(BoxFuture) + Send + Sync;

static EXECUTOR: OnceLock<Box<Spawn>> = OnceLock::new();

/// Sets the executor that runs cleanups whose callers have left, once for the whole process.
///
/// Without one, [`default_executor`] runs them: on the tokio runtime that is current on the thread of the cancellation
/// (feature `tokio`), and if there is none, on a background thread. Set one to run them on another executor, or always on one
/// runtime, or to wrap each of them before it goes to the default.
///
/// `spawn` is called on the thread that drops the cancelled future, inside the drop, so it should pass the cleanup on rather
/// than run it. It is called for cleanups that are cancelled inside another finally, too: that finally's own cleanup waits for
/// them, so the executor has to go on while the caller waits. A cleanup that the executor drops before its end, or that
/// `spawn` drops, or during which it panics, moves to the background thread.
///
/// # Examples
///
/// On one runtime, from wherever they come:
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// let runtime = tokio::runtime::Runtime::new()?;
/// let handle = runtime.handle().clone();
/// finally::set_executor(move |cleanup| {
///     handle.spawn(cleanup);
/// })?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With the task-locals of the drop. `spawn` is called while they are set, if their scope is around the outermost finally that is
/// dropped, as it is if the scope is that of a task or of a request:
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// tokio::task_local! { static TENANT: u32; }
///
/// finally::set_executor(|cleanup| match TENANT.try_with(|tenant| *tenant) {
///     Ok(tenant) => finally::default_executor(TENANT.scope(tenant, cleanup)),
///     Err(_) => finally::default_executor(cleanup),
/// })?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With a limit of time. To drop the cleanup would not end it, because it would move to the background thread. [`give_up`]
/// ends it, and reports it as lost:
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use std::time::Duration;
/// use tokio::time::timeout;
///
/// finally::set_executor(|mut cleanup| {
///     finally::default_executor(async move {
///         if timeout(Duration::from_secs(30), &mut cleanup).await.is_err() {
///             finally::give_up(cleanup, "it has taken longer than 30 s");
///         }
///     });
/// })?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`SetExecutorError`] if an executor was set before. The first one stays.
pub fn set_executor(spawn: impl Fn(BoxFuture) + Send + Sync + 'static) -> Result<(), SetExecutorError> {
    EXECUTOR.set(Box::new(spawn)).map_err(|_| SetExecutorError(()))
}

/// Runs a cleanup where it runs if no executor is set, for an executor that wraps cleanups.
///
/// That is the tokio runtime that is current on this thread (feature `tokio`), and if there is none, the background thread.
/// Called in an executor of [`set_executor`], it makes the same choice for the wrapped cleanup as for the cleanup alone. A
/// wrapper that a runtime drops before its end takes nothing with it: the cleanup inside moves to the background thread,
/// without the wrapper.
///
/// # Examples
///
/// ```
/// finally::set_executor(|cleanup| {
///     finally::default_executor(async {
///         cleanup.await;
///         println!("cleaned up");
///     });
/// })?;
/// # Ok::<(), finally::SetExecutorError>(())
/// ```
pub fn default_executor(cleanup: impl Future<Output = ()> + Send + 'static) {
    #[cfg(feature = "tokio")]
    if let Some(runtime) = runtime_for(STARTS_ADOPTED.get()) {
        drop(runtime.handle.spawn(cleanup));
        return;
    }
    thread::submit(Work::Wrapped(Box::pin(cleanup)));
}

/// Gives a cleanup up that an executor has taken: drops it, and reports each part that has not ended as
/// [lost](crate::FailureKind::Lost), with a reason.
///
/// A cleanup that is just dropped is never lost, but moves to the background thread. Call this for one that takes too long. A
/// finally around it and a [`drain`](crate::drain) no longer wait for it then. They still wait for the cleanups that were handed off
/// inside it. One future may hold several cleanups, which run one after the other because they come from one cancelled call. All of
/// them are given up.
///
/// The drop runs on this thread.
///
/// # Examples
///
/// See [`set_executor`].
pub fn give_up(cleanup: impl Future<Output = ()>, reason: &'static str) {
    let _losing = SetVariable::set(&LOSES, Some(reason));
    drop(cleanup);
}

std::thread_local! {
    /// The reason that was passed to [`give_up`], while it drops a cleanup. A task that is dropped meanwhile
    /// is lost for this reason, and does not move to the background thread.
    static LOSES: Cell<Option<&'static str>> = const { Cell::new(None) };
    /// Whether the task that the executor is called with counts in the group of an enclosing finally.
    #[cfg(feature = "tokio")]
    static STARTS_ADOPTED: Cell<bool> = const { Cell::new(false) };
}

/// Sets a variable of the thread. The drop restores the previous value, also while the thread unwinds.
struct SetVariable<T: Copy + 'static> {
    variable: &'static LocalKey<Cell<T>>,
    outer: T,
}

impl<T: Copy> SetVariable<T> {
    fn set(variable: &'static LocalKey<Cell<T>>, value: T) -> Self {
        Self { variable, outer: variable.replace(value) }
    }
}

impl<T: Copy + 'static> Drop for SetVariable<T> {
    fn drop(&mut self) {
        self.variable.set(self.outer);
    }
}

/// The error that [`set_executor`] returns if an executor was set before. The first executor stays in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetExecutorError(());

impl fmt::Display for SetExecutorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the executor for cleanups is already set")
    }
}

impl Error for SetExecutorError {}

/// Starts a task on the first executor that is available. The thread is inside no finally.
///
/// This may run inside a drop, so a panic of the executor is caught. The task is safe in any case: if it is
/// dropped, it moves to the background thread.
#[inline(always)]
pub(super) fn start_inline(task: impl FnOnce() -> Task) {
    quietly(|| spawn(task(), false));
}

/// Like [`start_inline`], for a task that may count in the group of an enclosing finally.
pub(super) fn start(task: Task, adopted: bool) {
    outside(|| quietly(|| spawn(task, adopted)));
}

#[inline(always)]
fn spawn(task: Task, adopted: bool) {
    if let Some(spawn) = EXECUTOR.get() {
        return spawn_with(spawn, task, adopted);
    }
    #[cfg(feature = "tokio")]
    if let Some(runtime) = runtime_for(adopted) {
        drop(runtime.handle.spawn(task));
        return;
    }
    thread::submit(Work::Task(task));
}

/// Passes a task to the executor that was set. It is not inlined, because the boxed task is compiled with it.
#[inline(never)]
fn spawn_with(spawn: &Spawn, task: Task, adopted: bool) {
    // An executor may hand off another cleanup before it passes its own on, and it may panic.
    #[cfg(feature = "tokio")]
    let _adopted = SetVariable::set(&STARTS_ADOPTED, adopted);
    #[cfg(not(feature = "tokio"))]
    let _ = adopted;
    spawn(Box::pin(task));
}

/// Returns whether an executor was set.
#[inline]
pub(super) fn is_set() -> bool {
    EXECUTOR.get().is_some()
}

/// Returns the current runtime if it may run the task.
#[cfg(feature = "tokio")]
#[inline]
fn runtime_for(adopted: bool) -> Option<runtime::CurrentRuntime> {
    // Something on this thread will wait for an adopted task, so the runtime has to make progress meanwhile.
    runtime::current().filter(|runtime| !adopted || runtime.is_driven())
}

/// Starts a task that an executor has dropped before its end.
#[cold]
pub(super) fn start_dropped(task: Task) {
    // The reason is cleared during the loss: a task that is dropped along with a lost one is not lost.
    match LOSES.get() {
        Some(reason) => {
            let _cleared = SetVariable::set(&LOSES, None);
            task.lose(reason);
        }
        None => thread::submit(Work::Task(task)),
    }
}
