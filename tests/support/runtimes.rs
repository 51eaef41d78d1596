//! The runtimes that a behaviour has to hold on.

use std::future::Future;

use super::hand;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    TokioMultiThread,
    TokioCurrentThread,
    FuturesExecutor,
    Hand,
}

impl Runtime {
    /// Runs the future, on tokio as a task of its own, and then waits for what it has handed off.
    pub fn run<F>(self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self {
            Self::TokioMultiThread => Self::run_on_tokio(&multi_thread(), future),
            Self::TokioCurrentThread => Self::run_on_tokio(&current_thread(), future),
            Self::FuturesExecutor => {
                let output = futures::executor::block_on(future);
                finally::drain_blocking(None).unwrap();
                output
            }
            Self::Hand => {
                let output = hand::run(future);
                finally::drain_blocking(None).unwrap();
                output
            }
        }
    }

    fn run_on_tokio<F>(runtime: &tokio::runtime::Runtime, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        runtime.block_on(async {
            let output = tokio::spawn(future).await.expect("the test observes panics by itself");
            finally::drain().await;
            output
        })
    }
}

pub fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// One test a runtime: `on_every_runtime!(name(runtime) { .. })`.
macro_rules! on_every_runtime {
    ($($(#[$attribute:meta])* $name:ident($runtime:ident) $body:block)*) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn check($runtime: $crate::support::runtimes::Runtime) $body

            #[test]
            fn on_tokio_multi_thread() {
                check($crate::support::runtimes::Runtime::TokioMultiThread);
            }

            #[test]
            fn on_tokio_current_thread() {
                check($crate::support::runtimes::Runtime::TokioCurrentThread);
            }

            #[test]
            fn on_a_futures_executor() {
                check($crate::support::runtimes::Runtime::FuturesExecutor);
            }

            #[test]
            fn by_hand() {
                check($crate::support::runtimes::Runtime::Hand);
            }
        }
    )*};
}
