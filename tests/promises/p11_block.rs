//! P11: `on_cancel = block` ends, or hands off, or reports. It consumes no wake that is meant for somebody else.

#![cfg_attr(not(feature = "tokio"), allow(unused, reason = "most of it is about runtimes"))]

use std::{
    cell::Cell,
    future::pending,
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use finally::{FailureKind, finally};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
    task::LocalSet,
};

use crate::support::{
    Log, exclusive, hand, runtimes,
    scene::{cancel, drained, ends, held, in_turns, let_others_go_on},
    suspend,
};

fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

/// Borrows, and needs a timer and another task to end.
#[finally({ use_the_runtime().await; log.push("clean") }, on_cancel = block)]
async fn blocks(log: &Log) {
    pending::<()>().await;
    let _uses = log;
}

async fn use_the_runtime() {
    tokio::time::sleep(Duration::from_millis(1)).await;
    tokio::spawn(suspend()).await.unwrap();
}

mod the_executor_around {
    use super::*;

    /// Begins to wait, and ends when the gate opens.
    #[finally({ begins.send(()).unwrap(); gate.await.unwrap() }, on_cancel = block)]
    async fn waits(begins: &mpsc::Sender<()>, gate: oneshot::Receiver<()>) {
        pending::<()>().await;
        let _uses = (begins, &gate);
    }

    /// One half is woken while the other half blocks.
    async fn two_halves() {
        let (begins, begun) = mpsc::channel();
        let (opens_other, other) = oneshot::channel();
        let (opens, gate) = oneshot::channel();
        let opener = thread::spawn(move || {
            begun.recv().unwrap();
            opens_other.send(()).unwrap();
            opens.send(()).unwrap();
        });
        let (other, ()) = tokio::join!(other, async { cancel(waits(&begins, gate)) });
        other.unwrap();
        opener.join().unwrap();
    }

    #[test]
    fn p11_keeps_its_wake_if_it_parks_its_thread() {
        let _turn = exclusive();
        ends(|| hand::run(two_halves()));
    }

    #[test]
    fn p11_keeps_its_wake_if_it_is_a_runtime() {
        let _turn = exclusive();
        for workers in [1, 2] {
            ends(move || multi_thread(workers).block_on(two_halves()));
        }
    }
}

#[cfg(feature = "tokio")]
mod a_runtime_that_shuts_down {
    use super::*;

    const TASKS: usize = 4;

    /// Spawns some tasks, and drops the runtime over them when they are suspended. Each cleanup ends, and says so, or is
    /// reported.
    fn shut_down_over<F>(workers: usize, task: fn(Log) -> F) -> Vec<String>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let turn = exclusive();
        let log = Log::default();
        let seen = log.clone();
        ends(move || {
            let runtime = multi_thread(workers);
            let (begins, begun) = mpsc::channel();
            for _ in 0..TASKS {
                let (task, begins) = (task(log.clone()), begins.clone());
                runtime.spawn(async move {
                    tokio::join!(task, async { begins.send(()).unwrap() });
                });
            }
            begun.iter().take(TASKS).for_each(drop);
            drop(runtime);
        });
        drained();
        let reports = turn.failures().len();
        assert_eq!(seen.events().len() + reports, TASKS, "{:?}, and {reports} reports", seen.events());
        seen.take()
    }

    /// An actor answers, if there is one.
    async fn ask(actor: &tokio::sync::mpsc::Sender<oneshot::Sender<()>>) {
        let (answers, answer) = oneshot::channel();
        if actor.send(answers).await.is_ok() {
            let _ = answer.await;
        }
    }

    fn start_actor() -> tokio::sync::mpsc::Sender<oneshot::Sender<()>> {
        let (actor, mut questions) = tokio::sync::mpsc::channel::<oneshot::Sender<()>>(1);
        tokio::spawn(async move {
            while let Some(answers) = questions.recv().await {
                let _ = answers.send(());
            }
        });
        actor
    }

    #[test]
    fn p11_it_does_not_wait_for_a_timer_that_is_gone() {
        async fn task(log: Log) {
            #[finally({ tokio::time::sleep(Duration::from_millis(1)).await; log.push("clean") }, on_cancel = block)]
            async fn f(log: &Log) {
                pending::<()>().await;
                let _uses = log;
            }
            f(&log).await;
        }
        for workers in [1, 2] {
            shut_down_over(workers, task);
        }
    }

    #[test]
    fn p11_it_does_not_wait_for_a_task_that_is_gone() {
        async fn task(log: Log) {
            #[finally({ ask(actor).await; log.push("clean") }, on_cancel = block)]
            async fn f(log: &Log, actor: &tokio::sync::mpsc::Sender<oneshot::Sender<()>>) {
                pending::<()>().await;
                let _uses = (log, actor);
            }
            let actor = start_actor();
            f(&log, &actor).await;
        }
        for workers in [1, 2] {
            shut_down_over(workers, task);
        }
    }

    /// Begins to wait in its first poll or in its second one, and never ends.
    #[finally({ for _ in 1..poll { suspend().await; } begins.send(()).unwrap(); pending::<()>().await }, on_cancel = block)]
    async fn never_ends(begins: &mpsc::Sender<()>, poll: usize) {
        pending::<()>().await;
        let _uses = (begins, poll);
    }

    fn shut_down_while_it_waits(workers: usize, poll: usize) {
        let turn = exclusive();
        ends(move || {
            let runtime = multi_thread(workers);
            let (begins, begun) = mpsc::channel();
            runtime.spawn(async move { cancel(never_ends(&begins, poll)) });
            begun.recv().unwrap();
            drop(runtime);
        });
        assert_eq!(turn.kinds(), [FailureKind::Lost], "{workers} workers, poll {poll}");
    }

    #[test]
    fn p11_it_stops_to_wait_when_its_runtime_begins_to_shut_down() {
        for workers in [1, 2] {
            shut_down_while_it_waits(workers, 2);
        }
    }

    /// A runtime begins to shut down by ending the threads of its pool that have nothing to do. From then on a worker that
    /// blocks finds nobody to go on in its place, so nobody drops the tasks.
    #[test]
    fn p11_it_does_not_wait_when_no_thread_is_left_to_end_the_runtime() {
        thread_local! {
            static HELD: Cell<Option<mpsc::Sender<()>>> = const { Cell::new(None) };
        }

        /// Holds its thread until the other ones have ended, and never ends itself.
        #[finally({ begins.send(()).unwrap(); others.recv().unwrap_err(); pending::<()>().await }, on_cancel = block)]
        async fn never_ends(begins: &mpsc::Sender<()>, others: &mut mpsc::Receiver<()>) {
            pending::<()>().await;
            let _uses = (begins, &others);
        }

        let turn = exclusive();
        ends(|| {
            let runtime = multi_thread(1);
            let (held, mut others) = mpsc::channel();
            let idle = runtime.spawn_blocking(|| HELD.set(Some(held)));
            runtime.block_on(idle).unwrap();
            let (begins, begun) = mpsc::channel();
            runtime.spawn(async move { cancel(never_ends(&begins, &mut others)) });
            begun.recv().unwrap();
            drop(runtime);
        });
        assert_eq!(turn.kinds(), [FailureKind::Lost]);
    }

    /// It needs nobody else for its second poll.
    #[test]
    fn p11_one_that_needs_no_other_task_ends() {
        async fn task(log: Log) {
            #[finally({ suspend().await; log.push("clean") }, on_cancel = block)]
            async fn f(log: &Log) {
                pending::<()>().await;
                let _uses = log;
            }
            f(&log).await;
            log.push("unreachable");
        }
        for workers in [1, 2] {
            assert_eq!(shut_down_over(workers, task), ["clean"; TASKS]);
        }
    }

    /// It can be handed off, so it is not lost.
    #[test]
    fn p11_one_that_borrows_nothing_is_handed_off() {
        static LOG: Mutex<Option<Log>> = Mutex::new(None);

        async fn clean() {
            // As long as the runtime is there, nobody but its shutdown ends this.
            std::future::poll_fn(|_| match thread::current().name() {
                Some("finally") => std::task::Poll::Ready(()),
                _ => std::task::Poll::Pending,
            })
            .await;
            LOG.lock().unwrap().as_ref().unwrap().push("clean");
        }
        async fn task(log: Log) {
            #[finally(clean(), on_cancel = block)]
            async fn f() {
                pending::<()>().await;
            }
            *LOG.lock().unwrap() = Some(log);
            f().await;
        }
        for workers in [1, 2] {
            assert_eq!(shut_down_over(workers, task), ["clean"; TASKS]);
        }
    }
}

/// A task of tokio that has used up its budget sees ready futures as pending.
#[cfg(feature = "tokio")]
mod a_spent_budget {
    use super::*;

    async fn spend_the_budget() {
        let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..128 {
            send.send(()).unwrap();
        }
        for _ in 0..128 {
            receive.recv().await;
        }
    }

    #[finally(send.send("bye").await.unwrap(), on_cancel = block)]
    async fn says_bye(send: &tokio::sync::mpsc::Sender<&'static str>) {
        pending::<()>().await;
        let _uses = send;
    }

    /// The race ends where the budget does.
    async fn scene() -> Option<&'static str> {
        let (send, mut receive) = tokio::sync::mpsc::channel(1);
        tokio::select! {
            biased;
            () = says_bye(&send) => {}
            () = spend_the_budget() => {}
        }
        receive.try_recv().ok()
    }

    #[test]
    fn p11_does_not_keep_it_from_ending_on_a_runtime_of_one_thread() {
        let _turn = exclusive();
        assert_eq!(runtimes::current_thread().block_on(scene()), Some("bye"));
        let spawned = async { tokio::spawn(scene()).await.unwrap() };
        assert_eq!(runtimes::current_thread().block_on(spawned), Some("bye"));
    }

    #[test]
    fn p11_does_not_keep_it_from_ending_on_a_runtime_of_several() {
        let _turn = exclusive();
        let spawned = async { tokio::spawn(scene()).await.unwrap() };
        assert_eq!(runtimes::multi_thread().block_on(spawned), Some("bye"));
    }

    /// It suspends once, so it is polled again later.
    #[test]
    fn p11_does_not_keep_it_from_ending_in_a_later_poll() {
        #[finally({ suspend().await; send.send("bye").await.unwrap() }, on_cancel = block)]
        async fn suspends(send: &tokio::sync::mpsc::Sender<&'static str>) {
            pending::<()>().await;
            let _uses = send;
        }
        let _turn = exclusive();
        ends(|| {
            runtimes::multi_thread().block_on(async {
                let scene = async {
                    let (send, mut receive) = tokio::sync::mpsc::channel(1);
                    tokio::select! {
                        biased;
                        () = suspends(&send) => {}
                        () = spend_the_budget() => {}
                    }
                    assert_eq!(receive.try_recv(), Ok("bye"));
                };
                tokio::spawn(scene).await.unwrap();
            });
        });
    }
}

#[cfg(feature = "tokio")]
mod a_local_set {
    use super::*;

    /// Returns how often this thread panics meanwhile, including panics that are caught.
    fn panics_seen<R>(run: impl FnOnce() -> R) -> (R, usize) {
        thread_local! {
            static PANICS: Cell<usize> = const { Cell::new(0) };
        }
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            previous(panic);
        }));
        let before = PANICS.get();
        let value = run();
        let seen = PANICS.get() - before;
        drop(std::panic::take_hook());
        (value, seen)
    }

    #[test]
    fn p11_one_that_ends_in_its_first_poll_calls_no_panic_hook() {
        #[finally({ std::future::ready(()).await; log.push("clean") }, on_cancel = block)]
        async fn ready(log: &Log) {
            pending::<()>().await;
            let _uses = log;
        }
        let _turn = exclusive();
        let log = Log::default();
        for runtime in [runtimes::multi_thread(), runtimes::current_thread()] {
            let log = log.clone();
            let ((), panics) = panics_seen(|| {
                LocalSet::new().block_on(&runtime, async {
                    cancel(ready(&log));
                    let log = log.clone();
                    tokio::task::spawn_local(async move { cancel(ready(&log)) }).await.unwrap();
                });
            });
            assert_eq!(panics, 0);
        }
        assert_eq!(log.events(), ["clean"; 4]);
    }

    #[test]
    fn p11_one_that_suspends_ends_or_is_reported() {
        let turn = exclusive();
        for workers in [1, 2] {
            let log = Log::default();
            let seen = log.clone();
            ends(move || {
                LocalSet::new().block_on(&multi_thread(workers), async {
                    cancel(blocks(&log));
                    let log = log.clone();
                    tokio::task::spawn_local(async move { cancel(blocks(&log)) }).await.unwrap();
                });
            });
            let kinds = turn.kinds();
            assert!(kinds.iter().all(|kind| *kind == FailureKind::Lost));
            assert_eq!(seen.events().len() + kinds.len(), 2);
        }
    }
}

mod a_thread_that_may_block {
    use super::*;

    #[cfg(feature = "tokio")]
    #[test]
    fn p11_of_a_pool_for_blocking_lets_it_end() {
        let _turn = exclusive();
        for runtime in [runtimes::multi_thread(), runtimes::current_thread()] {
            let log = Log::default();
            let seen = log.clone();
            ends(move || {
                runtime.block_on(async {
                    let blocking = tokio::task::spawn_blocking(move || {
                        cancel(blocks(&log));
                        log.push("dropped");
                    });
                    blocking.await.unwrap();
                });
            });
            assert_eq!(seen.events(), ["clean", "dropped"]);
        }
    }

    /// Another cleanup of the background thread ends it.
    #[test]
    fn p11_of_our_own_goes_on_with_other_cleanups() {
        #[finally({ begins.send(()).unwrap(); gate.await.unwrap(); log.push("blocked") }, on_cancel = block)]
        async fn waits(log: &Log, begins: oneshot::Sender<()>, gate: oneshot::Receiver<()>) {
            pending::<()>().await;
            let _uses = (log, &begins, &gate);
        }
        #[finally({ suspend().await; cancel(waits(&log, begins, gate)); log.push("dropped") })]
        async fn drops(log: Log, begins: oneshot::Sender<()>, gate: oneshot::Receiver<()>) {
            suspend().await;
            let _uses = (&log, &begins, &gate);
        }
        #[finally({ begun.await.unwrap(); opens.send(()).unwrap(); })]
        async fn opens(begun: oneshot::Receiver<()>, opens: oneshot::Sender<()>) {
            suspend().await;
            let _uses = (&begun, &opens);
        }
        let _turn = exclusive();
        for round in 0..4 {
            let log = Log::default();
            let (begins, begun) = oneshot::channel();
            let (gate_opens, gate) = oneshot::channel();
            if round % 2 == 0 {
                cancel(drops(log.clone(), begins, gate));
                cancel(opens(begun, gate_opens));
            } else {
                cancel(opens(begun, gate_opens));
                cancel(drops(log.clone(), begins, gate));
            }
            drained();
            assert_eq!(log.events(), ["blocked", "dropped"], "round {round}");
        }
    }

    /// Several at once, each of which needs the next one.
    #[test]
    fn p11_of_our_own_goes_on_however_many_block() {
        #[finally({ gate.await.unwrap(); opens.send(()).unwrap(); }, on_cancel = block)]
        async fn waits(gate: oneshot::Receiver<()>, opens: oneshot::Sender<()>) {
            pending::<()>().await;
            let _uses = (&gate, &opens);
        }
        #[finally({ suspend().await; cancel(waits(gate, opens)) })]
        async fn drops(gate: oneshot::Receiver<()>, opens: oneshot::Sender<()>) {
            suspend().await;
            let _uses = (&gate, &opens);
        }
        let _turn = exclusive();
        let (first, mut gate) = oneshot::channel();
        let mut row = Vec::new();
        for _ in 0..5 {
            let (opens, next) = oneshot::channel();
            row.push((gate, opens));
            gate = next;
        }
        // The last one first: it waits for the one that comes after it.
        for (gate, opens) in row.into_iter().rev() {
            cancel(drops(gate, opens));
        }
        first.send(()).unwrap();
        drained();
        assert_eq!(gate.blocking_recv(), Ok(()));
    }
}

/// A cleanup for which a blocking cleanup waits is run by an executor, like every cleanup that is handed off.
mod what_it_waits_for {
    use super::*;

    #[finally({ suspend().await; log.push(thread::current().name().unwrap_or_default()) })]
    async fn leaf(log: Log) {
        pending::<()>().await;
        let _uses = &log;
    }

    #[finally({ suspend().await; log.push("clean") }, on_cancel = block)]
    async fn around(log: &Log) {
        tokio::join!(leaf(log.clone()), leaf(log.clone()));
    }

    #[test]
    fn p11_goes_to_the_background_thread() {
        let _turn = exclusive();
        let log = Log::default();
        cancel(around(&log));
        assert_eq!(log.events(), ["finally", "finally", "clean"]);
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn p11_goes_to_the_runtime() {
        let _turn = exclusive();
        let log = Log::default();
        let runtime = Builder::new_multi_thread().thread_name("worker").worker_threads(1).build().unwrap();
        runtime.block_on(async { cancel(around(&log)) });
        assert_eq!(log.events(), ["worker", "worker", "clean"]);
    }
}

/// One that blocks inside of others.
#[cfg(feature = "tokio")]
mod nested {
    use super::*;

    #[finally({ use_the_runtime().await; log.push("outer") }, on_cancel = block)]
    async fn outer(log: &Log) {
        blocks(log).await;
    }

    #[finally({ cancel(outer(log)); use_the_runtime().await; log.push("outermost") }, on_cancel = block)]
    async fn outermost(log: &Log) {
        outer(log).await;
    }

    const WHOLE: [&str; 5] = ["clean", "outer", "clean", "outer", "outermost"];

    fn check(run: fn(&Runtime, Log)) {
        let _turn = exclusive();
        for workers in [1, 2] {
            let log = Log::default();
            let seen = log.clone();
            ends(move || run(&multi_thread(workers), log));
            assert_eq!(seen.events(), WHOLE, "{workers} workers");
        }
    }

    #[test]
    fn p11_ends_in_the_thread_that_drives_a_runtime() {
        check(|runtime, log| runtime.block_on(async { cancel(outermost(&log)) }));
    }

    #[test]
    fn p11_ends_in_a_task() {
        check(|runtime, log| {
            runtime.block_on(async { tokio::spawn(async move { cancel(outermost(&log)) }).await.unwrap() });
        });
    }

    #[test]
    fn p11_ends_in_a_thread_for_blocking() {
        check(|runtime, log| {
            let scene = || Handle::current().block_on(async move { cancel(outermost(&log)) });
            runtime.block_on(async { tokio::task::spawn_blocking(scene).await.unwrap() });
        });
    }

    #[test]
    fn p11_ends_in_a_worker_that_blocks_in_place() {
        check(|runtime, log| {
            let scene = || Handle::current().block_on(async move { cancel(outermost(&log)) });
            runtime.block_on(async {
                tokio::spawn(async { tokio::task::block_in_place(scene) }).await.unwrap();
            });
        });
    }

    #[test]
    fn p11_ends_in_a_thread_that_has_entered_a_runtime() {
        check(|runtime, log| {
            let _entered = runtime.enter();
            futures::executor::block_on(async { cancel(outermost(&log)) });
        });
    }
}

/// On a runtime of one thread, nothing goes on while that thread blocks.
#[cfg(feature = "tokio")]
mod a_runtime_of_one_thread {
    use super::*;

    /// Out of order is better than lost.
    #[test]
    fn p11_it_does_not_wait_for_what_only_this_thread_can_run() {
        #[finally({ std::future::ready(()).await; log.push("clean") }, on_cancel = block)]
        async fn ready(log: &Log, gate: oneshot::Receiver<()>) {
            cancel(held(log.clone(), "adopted", gate));
            pending::<()>().await;
        }
        let _turn = exclusive();
        let log = Log::default();
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            cancel(ready(&log, closed));
            assert_eq!(log.events(), ["clean"]);
            gate.send(()).unwrap();
            let_others_go_on().await;
        });
        assert_eq!(log.events(), ["clean", "adopted"]);
    }

    /// It can be handed off with all that it waits for.
    #[test]
    fn p11_one_that_borrows_nothing_keeps_its_order() {
        thread_local! {
            static LOG: Log = Log::default();
            static GATE: Cell<Option<oneshot::Receiver<()>>> = const { Cell::new(None) };
        }
        async fn clean() {
            LOG.with(|log| log.push("clean"));
        }
        #[finally(clean(), on_cancel = block)]
        async fn ready() {
            cancel(held(LOG.with(Log::clone), "adopted", GATE.take().unwrap()));
            pending::<()>().await;
        }
        let _turn = exclusive();
        let log = LOG.with(Log::clone);
        in_turns(async {
            let (gate, closed) = oneshot::channel();
            GATE.set(Some(closed));
            cancel(ready());
            let_others_go_on().await;
            assert!(log.events().is_empty());
            gate.send(()).unwrap();
            let_others_go_on().await;
        });
        assert_eq!(log.events(), ["adopted", "clean"]);
    }

    /// Its other tasks go on while a thread blocks that does not drive it.
    #[test]
    fn p11_lets_it_end_in_a_thread_that_does_not_drive_it() {
        let _turn = exclusive();
        let log = Log::default();
        let seen = log.clone();
        ends(move || {
            let runtime = runtimes::current_thread();
            runtime.block_on(async {
                let handle = Handle::current();
                let (done, mut is_done) = oneshot::channel();
                thread::spawn(move || {
                    let _entered = handle.enter();
                    cancel(blocks(&log));
                    log.push("dropped");
                    done.send(()).unwrap();
                });
                (&mut is_done).await.unwrap();
            });
        });
        assert_eq!(seen.events(), ["clean", "dropped"]);
    }
}

/// Whether the future of a call is `Send` is known, unlike that of an `async` block of the same function.
#[test]
fn p11_a_call_that_is_not_send_ends_in_the_drop_though_it_mentions_no_argument() {
    thread_local! {
        static ENDED: Cell<bool> = const { Cell::new(false) };
    }
    async fn clean() {
        let not_send = std::rc::Rc::new(&ENDED);
        suspend().await;
        not_send.set(true);
    }
    #[finally(clean(), on_cancel = block)]
    async fn f() {
        pending::<()>().await;
    }

    let _turn = exclusive();
    cancel(f());
    assert!(ENDED.get());
}
