#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "testing")]
pub use finally_core::testing;
#[cfg(feature = "std")]
pub use finally_core::{
    Acquire, BoxFuture, Close, Failure, FailureHook, FailureKind, Place, Running, Scope, SetExecutorError,
    Settled, StillRunning, Tracked, Tracker, acquire, block_on_cancel, default_executor, detached, drain,
    drain_blocking, drain_timeout, give_up, running, set_executor, set_failure_hook, take_failure_hook,
    try_acquire,
};
pub use finally_core::{Fate, Finally, FinallyExt, Guard, guard, replace_on_cancel, skip_on_cancel, types};
#[cfg(feature = "stream")]
pub use finally_core::{FinallyStream, FinallyStreamExt};

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

/// Runs a cleanup after a function, exactly once, however the function ends.
///
/// `#[finally(CLEANUP)]` or `#[finally(CLEANUP, option = value, ..)]`, on an `async fn`, a plain `fn`, a method with any
/// receiver, a trait method with a body, or a function that returns `impl Future` or `Pin<Box<dyn Future>>`.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
/// use finally::finally;
///
/// static ACTIVE: AtomicUsize = AtomicUsize::new(0);
///
/// #[finally({ ACTIVE.fetch_sub(1, Relaxed); })]
/// async fn handle(request: &str) -> Result<usize, &'static str> {
///     ACTIVE.fetch_add(1, Relaxed);
///     let length = request.trim().len();
///     if length == 0 {
///         return Err("an empty request");
///     }
///     Ok(length)
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// assert_eq!(runtime.block_on(handle("GET")), Ok(3));
/// assert_eq!(runtime.block_on(handle(" ")), Err("an empty request"));
/// assert_eq!(ACTIVE.load(Relaxed), 0);
/// ```
///
/// # The cleanup
///
/// | CLEANUP | meaning |
/// |---|---|
/// | a path: `cleanup`, `Self::close`, `f::<T>` | called with no arguments |
/// | a closure: `\|\| ..`, `\|fate\| ..`, `async \|\| ..` | called at the end; with one parameter it gets the [`Fate`] |
/// | any other expression or block | evaluated at the end, with the arguments in scope |
///
/// It evaluates to `()`, to `Result<(), E>`, or to a future of one of them, which is awaited. A `?` in it ends the cleanup,
/// not the function, and a `return` is an error. A cleanup with a `?` that ends in `Ok(())` fails with the error of the function.
///
/// An expression that contains `.await` stands for `async move { .. }`: it takes what it mentions, and on cancellation none
/// of it runs inside the drop. So does one that contains `join!`, `try_join!` or `select!`. One without `.await` is
/// evaluated in place, on cancellation inside the drop, and if its value is a future, that is awaited or handed off. With
/// `on_cancel = block`, `skip` or `(..)` an expression with `.await` stands for `async { .. }`, and borrows.
///
/// # Order
///
/// * **The body returned or panicked:** what it holds is dropped, the cleanup runs in the same task, and then the result is
///   delivered, or the panic goes on with the same payload. It is not a new panic: the panic hook is not called again.
/// * **The body was cancelled,** because its future was dropped: what it holds is dropped, and a cleanup that does not await
///   runs inside that drop. One that awaits is handed off, and the drop returns at once.
/// * **The cleanup was cancelled:** it goes on elsewhere from where it stood. The option `on_cancel` can change that.
/// * **The future was dropped before its first poll:** nothing runs, unless the function is `armed = call`.
///
/// A function that returns a future makes it when it is called, as it does without the attribute: the cleanup belongs to the
/// future, and a panic before the future exists does not run the cleanup. The spelling shows that: `impl Future`,
/// `Pin<Box<dyn Future>>`, `BoxFuture` or `LocalBoxFuture`. Under another name, as `Self::Future`, a future, a `JoinHandle`,
/// a `Result` or an `Option` of one, and a stream with the feature `stream` are a compile error in a function that is not
/// async, because the cleanup would run before them. The way out is [`.finally()`](FinallyExt::finally) on what the function
/// returns. A generic type passes.
///
/// # Arguments in scope
///
/// An argument that the cleanup does not mention lives and dies with the body, in the order of a plain function. One that it
/// mentions is alive while it is evaluated and is dropped right after that: after a sync cleanup has run, before an awaited
/// one is polled, unless the cleanup took it. A name in a format string is a mention too.
///
/// # Failures
///
/// If the body failed, that is the result. If it succeeded and the cleanup failed, the result is the cleanup's error
/// by `From`, or its panic. Every failure that no caller gets goes to the failure hook, see [`set_failure_hook`], with
/// the error itself if its type allows it, see [`Failure`]. For that the error of a cleanup is `'static` if it is an
/// `Error + Send + Sync`.
///
/// # Options
///
/// * `on_cancel = detach` (the default): a cleanup that is awaited is `Send + 'static` and is handed off on cancellation:
///   to the executor of [`set_executor`], else to the current tokio runtime, else to a background thread. The cleanup of a
///   finally around it waits for it.
/// * `on_cancel = block`: it is driven to its end inside the drop, and may borrow and be `!Send`. If waiting would deadlock, on a
///   tokio current-thread runtime, in a `LocalSet` and on a runtime that is shutting down, it is polled once. If that is not
///   its end, one that uses no argument is handed off if it is `Send`, and any other is reported as lost.
///   An async block that uses no argument and is `!Send` compiles under the conditions in [`limits`].
/// * `on_cancel = skip`: it does not run on cancellation, and ends where it is when it is cancelled itself. It may borrow and be
///   `!Send`.
/// * `on_cancel = (CLEANUP)`: on cancellation another cleanup takes its place. See [below](#another-cleanup-on-cancellation).
/// * `armed = poll` (the default): a future that was never polled has nothing to clean up.
/// * `armed = call`: a future that is dropped before its first poll runs its cleanup, as one that is cancelled. See
///   [below](#armed-by-the-call).
/// * `crate = ::path`: where this crate is, if it is not `::finally`.
///
/// # Another cleanup on cancellation
///
/// A cleanup that may be handed off owns what it uses. So a method on `&mut self` cannot hand off `self.close().await`. With
/// `on_cancel = (CLEANUP)` it need not: on a value, an error and a panic the first cleanup is awaited in the same task, and
/// may borrow and be `!Send`. On cancellation the one in parentheses is evaluated inside the drop, with the arguments in
/// scope. It has any form that a cleanup has, except that it does not look at a fate. If it evaluates to a future, that is
/// handed off. Its failure goes to the failure hook.
///
/// If the first cleanup is cancelled half-way, it is dropped where it stands, and the other one is evaluated. So at most one
/// of the two runs to its end. A cleanup that has ended is not replaced. The other one starts after everything has ended that
/// the body and the first cleanup have cancelled.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use finally::finally;
///
/// #[derive(Default)]
/// struct Pool(Mutex<Vec<u64>>);
///
/// async fn release(pool: Arc<Pool>, id: u64) {
///     pool.0.lock().unwrap().push(id);
/// }
///
/// struct Lease {
///     pool: Arc<Pool>,
///     id: u64,
/// }
///
/// impl Lease {
///     async fn close(&mut self) {
///         tokio::task::yield_now().await;
///         self.pool.0.lock().unwrap().push(self.id);
///     }
///
///     #[finally(self.close().await, on_cancel = (release(self.pool.clone(), self.id)))]
///     async fn renew(&mut self) {
///         tokio::task::yield_now().await;
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let mut lease = Lease { pool: Arc::default(), id: 7 };
/// lease.renew().await;
/// assert_eq!(*lease.pool.0.lock().unwrap(), [7]);
///
/// // Cancelled: `release` is handed off to the runtime.
/// tokio::select! {
///     biased;
///     () = lease.renew() => unreachable!(),
///     () = async {} => {}
/// }
/// finally::drain().await;
/// assert_eq!(*lease.pool.0.lock().unwrap(), [7, 7]);
/// # });
/// ```
///
/// # Armed by the call
///
/// A call may hand over something that has to be cleaned up in any case: a permit, a lease, a message that was taken from a
/// queue. If its future is dropped before anybody has polled it, in a `select!` or by a task that is aborted early, only the
/// arguments are dropped. With `armed = call`, the cleanup runs then, too. None of the body runs.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
/// use finally::finally;
///
/// static FREE: AtomicUsize = AtomicUsize::new(3);
///
/// fn take_seat() -> usize {
///     FREE.fetch_sub(1, Relaxed)
/// }
///
/// #[finally({ FREE.fetch_add(1, Relaxed); }, armed = call)]
/// async fn watch(seat: usize) -> String {
///     format!("the play from seat {seat}")
/// }
///
/// let never_polled = watch(take_seat());
/// assert_eq!(FREE.load(Relaxed), 2);
/// drop(never_polled);
/// assert_eq!(FREE.load(Relaxed), 3);
/// ```
///
/// Nothing of it runs in the call itself. An attribute that needs an `async fn`, such as `#[tracing::instrument]`, does not go below
/// one with `armed = call`, which is an error. And the compiler no longer says that the value of `f().await` is not used if the
/// function is `#[must_use]`, only that the future is not.
///
/// # The function
///
/// An `async fn` becomes a `fn .. -> impl Future<Output = ..>`, as the compiler makes one of it anyway. It captures what an
/// `async fn` captures, in every edition, and is `Send` where that is, so it also implements the `async fn` of a trait. Its
/// documentation shows the `async fn`. Such a future keeps its arguments once, where an `async fn` keeps them twice: with a
/// 256-byte argument it is little more than half as large as without the attribute. Arguments that the cleanup does not mention are
/// there twice if it mentions others.
///
/// The function stays an `async fn` if an attribute below may need that: any attribute of another crate, `#[must_use]`, `#[expect(..)]`
/// and `#[track_caller]`.
///
/// # Several
///
/// Two attributes on one function run from top to bottom. If one of them is `armed = call`, those below it have to be so as
/// well. The attributes recognise each other by their names, `finally` and `lastly`. If one is renamed with `use .. as`, the
/// first may consume arguments that the second needs.
///
/// # Costs
///
/// No extra poll and no extra wake. No allocation for a cleanup that does not await or is skipped, and one, of the cleanup's
/// future, for one that does; handing it off takes a few more, which depend on who gets it. A future with a 256-byte argument
/// and one await has about 300 bytes, where it has 524 without the attribute. With `on_cancel = skip`, the cleanup has a place
/// beside the argument, and it has 632. The future of a function that stays an `async fn` is 256 bytes larger.
#[cfg(feature = "macros")]
pub use finally_macros::finally;

/// The same as [`macro@finally`], under the name that some promise libraries give it.
///
/// ```
/// use finally::lastly;
///
/// #[lastly(println!("{name} has left"))]
/// async fn visit(name: &str) -> usize {
///     name.len()
/// }
/// # assert_eq!(tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(visit("Ada")), 3);
/// ```
#[cfg(feature = "macros")]
pub use finally_macros::lastly;

#[cfg(feature = "macros")]
pub mod block;

/// Imports the methods, and the block macros beside the attributes, with one `use`.
///
/// ```
/// use finally::{finally, prelude::*};
///
/// #[finally(println!("the door is closed"))]
/// fn visit(guests: &[&str]) -> usize {
///     finally! {
///         try { guests.len() }
///         finally { println!("goodbye"); }
///     }
/// }
/// # assert_eq!(visit(&["Ada"]), 1);
/// ```
///
/// The attribute and the block macro of one name can be imported into one module since Rust 1.95. Before that, the block macro
/// is called by its path in such a module, `finally::block::finally! { .. }`, or is imported inside the function.
pub mod prelude {
    #[cfg(feature = "macros")]
    pub use crate::block::{finally, lastly};
    #[cfg(feature = "stream")]
    pub use finally_core::FinallyStreamExt;
    pub use finally_core::{Fate, FinallyExt};
}

/// The parts of the macro of this name. Not for people to call.
#[cfg(all(feature = "macros", feature = "std"))]
#[doc(hidden)]
pub use finally_macros::block as __block;
#[cfg(all(feature = "macros", not(feature = "std")))]
#[doc(hidden)]
pub use finally_macros::block_without_std as __block;

/// The names in an expansion. Not for people to call: any of it may change with every release.
#[doc(hidden)]
pub use finally_core::macros as __private;
