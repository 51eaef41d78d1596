//! Which executor takes a cleanup.

use alloc::boxed::Box;
use core::{error::Error, fmt};
use std::sync::OnceLock;

#[cfg(feature = "tokio")]
use super::runtime;
use super::{BoxFuture, chain::Chain, inside::outside, thread};
use crate::unwind::quietly;

type Spawn = dyn Fn(BoxFuture) + Send + Sync;

static EXECUTOR: OnceLock<Box<Spawn>> = OnceLock::new();

/// Sets the executor that runs cleanups whose callers have left, once for the whole process.
///
/// Without one they go to the tokio runtime that is current on the thread of the cancellation (feature `tokio`), and if there
/// is none, to a background thread. Set one to run them on another executor, or always on one runtime.
///
/// `spawn` is called on the thread that drops the cancelled future, inside the drop, so it should pass the cleanup on rather
/// than run it. It is called for cleanups that are cancelled inside another finally, too: that finally's own cleanup waits for
/// them, so the executor has to go on while the caller waits. A cleanup that the executor drops before its end, or that
/// `spawn` drops, or during which it panics, moves to the background thread.
///
/// # Examples
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
/// # Errors
///
/// [`AlreadySet`] if an executor was set before. The first one stays.
pub fn set_executor(spawn: impl Fn(BoxFuture) + Send + Sync + 'static) -> Result<(), AlreadySet> {
    EXECUTOR.set(Box::new(spawn)).map_err(|_| AlreadySet(()))
}

/// The error of [`set_executor`] if an executor was set before, which stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadySet(());

impl fmt::Display for AlreadySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the executor for cleanups is already set")
    }
}

impl Error for AlreadySet {}

/// Starts a chain on the first executor there is.
///
/// The drop that this may be in must not panic on account of the executor, and the chain is safe either way: dropped, it
/// moves to the background thread.
#[inline]
pub(super) fn start(chain: Chain) {
    outside(|| start_outside(chain));
}

/// The same on a thread that is inside of no finally.
#[inline]
pub(super) fn start_outside(mut chain: Chain) {
    chain.register();
    quietly(|| spawn(chain));
}

#[inline]
fn spawn(chain: Chain) {
    if let Some(spawn) = EXECUTOR.get() {
        return spawn(Box::pin(chain));
    }
    #[cfg(feature = "tokio")]
    if let Some(runtime) = runtime::current() {
        // Somebody here is going to wait for an adopted chain, and may be the one who drives the runtime.
        if !chain.is_adopted() || runtime.is_driven() {
            drop(runtime.handle.spawn(chain));
            return;
        }
    }
    thread::submit(chain);
}
