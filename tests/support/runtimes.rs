//! The runtimes that a behaviour has to hold on.

use std::future::Future;

use futures::{
    executor::{LocalPool, ThreadPool},
    task::{LocalSpawnExt, SpawnExt},
};
use tokio::task::LocalSet;

use super::hand;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    TokioMultiThread,
    TokioCurrentThread,
    TokioLocalSet,
    Smol,
    FuturesExecutor,
    FuturesThreadPool,
    FuturesLocalPool,
    Hand,
}

impl Runtime {
    /// Runs the future, as a task of its own if the runtime has tasks, and then waits for the cleanups that it has handed off.
    pub fn run<F>(self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self {
            Self::TokioMultiThread => Self::run_on_tokio(&multi_thread(), future),
            Self::TokioCurrentThread => Self::run_on_tokio(&current_thread(), future),
            Self::TokioLocalSet => LocalSet::new().block_on(&current_thread(), async {
                let output =
                    tokio::task::spawn_local(future).await.expect("the test observes panics by itself");
                finally::drain().await;
                output
            }),
            Self::Smol => smol::block_on(async {
                let output = smol::spawn(future).await;
                finally::drain().await;
                output
            }),
            Self::FuturesThreadPool => {
                let pool = ThreadPool::builder().pool_size(2).create().unwrap();
                let drained = async {
                    let output = future.await;
                    finally::drain().await;
                    output
                };
                futures::executor::block_on(pool.spawn_with_handle(drained).unwrap())
            }
            Self::FuturesLocalPool => {
                let mut pool = LocalPool::new();
                let task = pool.spawner().spawn_local_with_handle(future).unwrap();
                pool.run_until(async {
                    let output = task.await;
                    finally::drain().await;
                    output
                })
            }
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

/// Declares a test for each runtime: `on_every_runtime!(name(runtime) { .. })`.
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
            fn on_a_tokio_local_set() {
                check($crate::support::runtimes::Runtime::TokioLocalSet);
            }

            #[test]
            fn on_smol() {
                check($crate::support::runtimes::Runtime::Smol);
            }

            #[test]
            fn on_a_futures_executor() {
                check($crate::support::runtimes::Runtime::FuturesExecutor);
            }

            #[test]
            fn on_a_futures_thread_pool() {
                check($crate::support::runtimes::Runtime::FuturesThreadPool);
            }

            #[test]
            fn on_a_futures_local_pool() {
                check($crate::support::runtimes::Runtime::FuturesLocalPool);
            }

            #[test]
            fn by_hand() {
                check($crate::support::runtimes::Runtime::Hand);
            }
        }
    )*};
}
