//! Scenes of a test: something that is cancelled, gates that hold cleanups back, and a runtime that goes step by step.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    task::Poll,
    thread,
    time::Duration,
};

use finally::finally;
use tokio::sync::oneshot;

use super::{Log, hand::Hand, runtimes};

/// Much longer than any wait of these tests takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Polls a future once, and drops it.
pub fn cancel(future: impl Future) {
    let mut hand = Hand::new(future);
    assert!(hand.poll().is_pending(), "it ended before it was cancelled");
}

/// Has a cleanup that waits until the gate opens, and then logs its name.
#[finally(pass(log, name, gate))]
pub async fn held(log: Log, name: &'static str, gate: oneshot::Receiver<()>) {
    std::future::pending::<()>().await;
    let _uses = (&log, &name, &gate);
}

/// Waits until the gate opens, and logs its name.
pub async fn pass(log: Log, name: &'static str, gate: oneshot::Receiver<()>) {
    gate.await.unwrap();
    log.push(name);
}

/// A drain that has left its cleanup.
pub type Kept = Arc<Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>>;

/// Polls a drain once inside a cleanup, and keeps it beyond the end of that cleanup.
pub async fn keep_a_drain(kept: Kept) {
    let mut drain = Box::pin(finally::drain());
    poll_fn(|context| {
        assert!(drain.as_mut().poll(context).is_pending(), "there is nothing to wait for");
        Poll::Ready(())
    })
    .await;
    *kept.lock().unwrap() = Some(drain);
}

/// Runs a scene on a runtime of one thread, where the tasks take turns.
pub fn in_turns<F: Future>(scene: F) -> F::Output {
    runtimes::current_thread().block_on(scene)
}

/// Lets every other task of [`in_turns`] go as far as it can.
pub async fn let_others_go_on() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// Waits for all detached cleanups. Fails if they do not end.
pub fn drained() {
    assert_eq!(finally::drain_blocking(Some(PATIENCE)), Ok(()));
}

/// Runs a scene in a thread of its own. Fails if it never ends.
pub fn ends<R: Send + 'static>(scene: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    let scene = thread::spawn(move || done.send(scene()).unwrap());
    match ended.recv_timeout(PATIENCE) {
        Ok(value) => {
            scene.join().unwrap();
            value
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the scene hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match scene.join() {
            Ok(()) => unreachable!("the scene ends with a value or a panic"),
            Err(payload) => std::panic::resume_unwind(payload),
        },
    }
}

/// Runs the test of that name again in a process of its own, and returns the output on stderr.
///
/// `None` in that very process: the test goes on there.
pub fn apart(name: &str, variables: &[(&str, &str)]) -> Option<String> {
    const APART: &str = "FINALLY_TEST_APART";

    if std::env::var(APART).is_ok_and(|apart| apart == name) {
        return None;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(APART, name)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success() && stdout.contains("1 passed"), "{stderr}\n{stdout}");
    Some(stderr)
}
