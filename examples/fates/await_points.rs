//! Makes a function meet its fate at one of its await points.

use std::{
    future::{Future, pending, poll_fn},
    panic::panic_any,
    pin::pin,
    sync::Arc,
    task::Poll,
};

use tokio::sync::Notify;

use crate::{
    error::Error,
    plan::{Forced, ForcedFate},
};

/// The payload of a panic that was forced.
pub struct ForcedPanic;

/// The await points of one call.
pub struct AwaitPoints {
    forced: Option<Forced>,
    passed: u64,
    cancel: Arc<Notify>,
}

impl AwaitPoints {
    /// Notifies `cancel` when the time has come to cancel the call.
    pub fn new(forced: Option<Forced>, cancel: Arc<Notify>) -> Self {
        Self { forced, passed: 0, cancel }
    }

    /// Awaits an operation, unless this is where the call ends.
    pub async fn pass<T>(&mut self, operation: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let here = self.forced.filter(|forced| forced.await_point == self.passed);
        self.passed += 1;
        match here.map(|forced| forced.fate) {
            None => operation.await,
            Some(ForcedFate::Fail) => operation.await.and(Err(Error::Forced)),
            Some(ForcedFate::Panic) => {
                operation.await?;
                panic_any(ForcedPanic)
            }
            Some(ForcedFate::Cancel) => {
                // The operation is under way when the call is cancelled: the worst of all moments.
                let mut operation = pin!(operation);
                let begun = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await;
                if let Poll::Ready(Err(error)) = begun {
                    return Err(error);
                }
                self.cancel.notify_one();
                pending().await
            }
        }
    }
}
