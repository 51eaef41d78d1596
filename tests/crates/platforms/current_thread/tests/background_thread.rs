//! Without tokio's feature `rt-multi-thread`, the background thread has a current-thread runtime (P9).

use std::{
    cell::Cell,
    future::{Future, pending},
    sync::mpsc::{self, Sender},
    task::{Context, Waker},
    thread,
    time::Duration,
};

use finally::{FailureKind, FinallyExt, block_on_cancel, testing};
use tokio::{
    runtime::{Builder, Handle, RuntimeFlavor},
    task::yield_now,
    time::timeout,
};

/// Cancels a future in its first await.
fn cancel(future: impl Future) {
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// Cancels a body, and returns the output of its cleanup.
fn output<C: Future<Output: Send> + Send + 'static>(cleanup: C) -> C::Output {
    let (sender, outputs) = mpsc::channel();
    cancel(pending::<()>().finally(|| async move { sender.send(cleanup.await).unwrap() }));
    outputs.recv().unwrap()
}

#[test]
fn p9_a_cleanup_spawns_and_uses_timers() {
    let output = output(async {
        let spawned = tokio::spawn(async {
            yield_now().await;
            timeout(Duration::from_nanos(1), pending::<()>()).await.is_err()
        });
        let name = thread::current().name().map(str::to_owned);
        (Handle::current().runtime_flavor(), name, spawned.await.unwrap())
    });
    assert_eq!(output, (RuntimeFlavor::CurrentThread, Some("finally".to_owned()), true));
}

#[test]
fn p9_a_cleanup_that_its_runtime_drops_continues() {
    let (sender, sent) = mpsc::channel();
    let (opens, gate) = mpsc::channel::<()>();
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        cancel(pending::<()>().finally(|| async move {
            yield_now().await;
            let _ = gate.recv();
            sender.send(thread::current().name().map(str::to_owned)).unwrap();
        }));
    });
    drop(runtime);
    drop(opens);
    assert_eq!(sent.recv(), Ok(Some("finally".to_owned())));
}

/// There is no other thread that could drive the runtime.
#[test]
fn p9_a_drop_that_would_block_the_background_thread_reports_its_cleanup() {
    let captured = testing::capture();
    output(async { cancel(pending::<()>().finally(|| block_on_cancel(yield_now()))) });
    let failures = captured.take();
    assert_eq!(failures.iter().map(|it| it.kind()).collect::<Vec<_>>(), [FailureKind::Lost]);
    assert!(failures[0].message().contains("this thread only"), "{}", failures[0].message());
}

/// A task that a cleanup has spawned is given time to end, and then the thread ends. The next cleanup starts another one.
#[test]
fn p9_the_thread_ends_when_it_has_nothing_to_do() {
    struct AtExit(Cell<Option<Sender<&'static str>>>);

    impl Drop for AtExit {
        fn drop(&mut self) {
            self.0.take().unwrap().send("the thread ends").unwrap();
        }
    }

    thread_local! {
        static AT_EXIT: AtExit = const { AtExit(Cell::new(None)) };
    }

    const LONGER_THAN_IT_LINGERS: Duration = Duration::from_secs(4);

    for _ in 0..2 {
        let (sender, events) = mpsc::channel();
        cancel(pending::<()>().finally(|| async move {
            AT_EXIT.with(|at_exit| at_exit.0.set(Some(sender.clone())));
            drop(tokio::spawn(async move {
                tokio::time::sleep(LONGER_THAN_IT_LINGERS).await;
                sender.send("the task ends").unwrap();
            }));
        }));
        assert_eq!(events.iter().collect::<Vec<_>>(), ["the task ends", "the thread ends"]);
    }
}
