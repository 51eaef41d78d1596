//! A cleanup that is driven to its end inside the drop of its caller: `on_cancel = block`.

use alloc::boxed::Box;
use core::{
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    Cleanup, CleanupValue, Detach, HasEnding, Sealed, Strategy,
    boxed::{BoxedEnding, InBox, Stage, Unawaited},
};
use crate::{
    engine::{
        exit::Exit,
        unwind::Payload,
        verdict::{Rules, Texts},
    },
    failure::{self, FailureKind},
    handoff::{self, BoxFuture},
    report::Reporting,
};

/// Makes a cleanup that runs to its end inside the drop that cancels it.
///
/// It may borrow and be `!Send`, because it stays on its thread. On a value and a panic it is awaited in the same task. On
/// cancellation the thread that drops polls it until its end, so the drop takes as long as the cleanup. Its failure then goes
/// to the failure hook. It is boxed when the body ends.
///
/// On a tokio multi-thread runtime the other tasks of the thread move to another worker during the wait. If waiting would
/// deadlock, the cleanup is polled once, without the budget of the task, and is reported as lost if it has not ended:
///
/// * on a tokio current-thread runtime, and in a `LocalSet`. The background thread has a current-thread runtime too, if no crate
///   of the program turns on tokio's feature `rt-multi-thread`. In a `LocalSet` on a multi-thread runtime, tokio's own panic
///   message is printed for a cleanup that has not ended at its first poll, because tokio offers no other way to ask;
/// * on a runtime that is shutting down, also if it begins to while the drop waits.
///
/// On any other executor the drop waits. On one that runs all of its tasks on this thread, such as `LocalPool` of `futures`, a
/// cleanup that waits for one of these tasks never ends.
///
/// Return it from a handler or a [`guard`](crate::guard()), or use it as the cleanup of an attribute. A
/// [`Scope`](crate::Scope) does not accept it.
///
/// # Examples
///
/// ```
/// use finally::{FinallyExt, block_on_cancel};
///
/// async fn release(lock: &str) {
///     println!("{lock} is free");
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let lock = String::from("lock");
/// let length = async { lock.len() }.finally(|| block_on_cancel(release(&lock))).await;
/// assert_eq!(length, 4);
/// # });
/// ```
pub const fn block_on_cancel<F: IntoFuture>(cleanup: F) -> BlockOnCancel<F> {
    BlockOnCancel(cleanup)
}

/// A cleanup that blocks on cancellation, returned by [`block_on_cancel`]. It is not a future.
#[derive(Debug)]
#[must_use = "a cleanup is awaited by what it is the cleanup of"]
pub struct BlockOnCancel<F>(F);

/// Marks a cleanup of [`block_on_cancel`] in the third parameter of a [`Finally`](crate::Finally) or a [`Guard`](crate::Guard).
#[derive(Debug)]
pub enum Blocking {}

#[diagnostic::do_not_recommend]
impl<F> Cleanup<Blocking> for BlockOnCancel<F>
where
    F: IntoFuture<Output: CleanupValue>,
{
    type Value = F::Output;
    type Future = F::IntoFuture;
    type Work = BlockOnCancel<F::IntoFuture>;
    type Detached = Self::Work;

    fn into_work(self) -> Self::Work {
        BlockOnCancel(self.0.into_future())
    }

    fn into_future(self) -> F::IntoFuture {
        self.0.into_future()
    }
}

impl<F> Sealed<Blocking> for BlockOnCancel<F> {}

impl<F> Detach<Blocking, Self> for BlockOnCancel<F> {
    fn detached(self) -> Self {
        self
    }
}

impl<F: Future> HasEnding<Blocking> for BlockOnCancel<F> {
    type Ending<T> = Unawaited<T, BlockingCleanup<F>>;
}

impl<F, V> Strategy<Blocking, V> for BlockOnCancel<F>
where
    F: Future<Output = V>,
    V: CleanupValue,
{
    fn settle<T>(started: Result<Self, Payload>, exit: Exit<T>, rules: Rules<T, V>) -> Self::Ending<T> {
        let cleanup = started.map(|cleanup| BlockingCleanup::new(cleanup.0, None, &rules.texts));
        Unawaited::new(cleanup, exit, rules)
    }
}

/// Turns a cleanup into one that an executor can take. There is none if the cleanup is not `Send + 'static`.
pub type Detacher<F> = fn(Pin<Box<Reporting<F>>>) -> BoxFuture;

/// A boxed cleanup that runs to its end inside the drop. If that would deadlock, it is handed off, or reported as lost.
pub struct BlockingCleanup<F: Future> {
    cleanup: Pin<Box<Reporting<F>>>,
    detach: Option<Detacher<F>>,
}

impl<F: Future> BlockingCleanup<F> {
    pub(crate) fn new<T>(future: F, detach: Option<Detacher<F>>, texts: &Texts<T, F::Output>) -> Self {
        Self { cleanup: Box::pin(Reporting::new(future, texts.cleanup, texts.location)), detach }
    }
}

impl<F: Future> Future for BlockingCleanup<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.cleanup.as_mut().future().poll(context)
    }
}

impl<F: Future> InBox for BlockingCleanup<F> {
    fn leave<T>(ending: &mut BoxedEnding<T, Self>) {
        let mut blocked = handoff::block(ending);
        let (detach, is_started) = match &ending.stage {
            Stage::Waiting(cleanup) => (cleanup.detach, false),
            Stage::Panicked(_) => (None, false),
            Stage::Started(cleanup) => (cleanup.as_ref().and_then(|cleanup| cleanup.detach), true),
        };
        if blocked.is_err() && !is_started && detach.is_none() {
            // It waits for cleanups that wait for this very thread. Out of order is better than lost.
            ending.adopted.take().pass_on();
            blocked = handoff::block(ending);
        }
        match (blocked, detach) {
            (Ok(()), _) => {}
            (Err(_), Some(detach)) => ending.hand_off(|cleanup| detach(cleanup.cleanup)),
            (Err(reason), None) => {
                let location = ending.rules.texts.location;
                // It may have ended, and only wait for the cleanups that it has cancelled.
                if !ending.has_ended() {
                    handoff::report_lost(reason, location);
                    if let Err(payload) = ending.drop_cleanup() {
                        failure::report_panic(FailureKind::CleanupPanicked, payload, location);
                    }
                }
                ending.adopted.take().pass_on();
            }
        }
    }
}
