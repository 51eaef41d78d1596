//! P11: a wake is harmless at any time, from any thread, during and after the last poll. A cleanup that keeps no waker costs
//! no polls.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
};

use finally::finally;
use tokio::{
    runtime::Runtime,
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
};

use crate::support::{
    Log, exclusive, runtimes,
    scene::{apart, cancel, drained, held},
    suspend,
};

/// The last poll of a cleanup, which may keep its waker in the second argument.
type LastPoll = fn(&mut Context<'_>, &Mutex<Option<Waker>>);

/// Has to be polled twice. The second poll is the last one.
#[finally(async move {
    suspend().await;
    poll_fn(|context| { last_poll(context, &kept); Poll::Ready(()) }).await;
    ended.send(()).unwrap();
})]
async fn subject(last_poll: LastPoll, kept: Arc<Mutex<Option<Waker>>>, ended: UnboundedSender<()>) {
    suspend().await;
    let _uses = (&last_poll, &kept, &ended);
}

/// Sees to it that a cleanup ends once, however it is woken, and that it harms none beside it and none after it.
fn check(last_poll: LastPoll) {
    let _turn = exclusive();
    let (multi_thread, current_thread) = (runtimes::multi_thread(), runtimes::current_thread());
    for runtime in [None, Some(&multi_thread), Some(&current_thread)] {
        let cancel_on_it = |log: &Log, gate, last_poll, kept: &Arc<_>, ended: &UnboundedSender<()>| {
            let entered = runtime.map(Runtime::enter);
            if let Some(gate) = gate {
                cancel(held(log.clone(), "beside", gate));
            }
            cancel(subject(last_poll, Arc::clone(kept), ended.clone()));
            drop(entered);
        };
        let (log, kept) = (Log::default(), Arc::<Mutex<Option<Waker>>>::default());
        let (ended, mut ends) = unbounded_channel();
        let mut wait = || match runtime {
            Some(runtime) => runtime.block_on(ends.recv()),
            None => ends.blocking_recv(),
        };
        let (gate, closed) = oneshot::channel();
        cancel_on_it(&log, Some(closed), last_poll, &kept, &ended);
        wait().unwrap();
        if let Some(waker) = kept.lock().unwrap().take() {
            waker.wake_by_ref();
            from_another_thread(waker.clone());
            waker.wake();
        }
        cancel_on_it(&log, None, |_, _| {}, &kept, &ended);
        wait().unwrap();
        gate.send(()).unwrap();
        match runtime {
            Some(runtime) => runtime.block_on(finally::drain()),
            None => drained(),
        }
        assert_eq!(log.events(), ["beside"]);
        drop(ended);
        assert_eq!(wait(), None, "each of them has ended once");
    }
}

fn from_another_thread(waker: Waker) {
    thread::spawn(|| waker.wake()).join().unwrap();
}

#[test]
fn p11_a_wake_in_the_last_poll_is_harmless() {
    check(|context, _| context.waker().wake_by_ref());
}

#[test]
fn p11_two_wakes_in_the_last_poll_are_harmless() {
    check(|context, _| {
        context.waker().wake_by_ref();
        context.waker().wake_by_ref();
    });
}

#[test]
fn p11_a_wake_from_another_thread_in_the_last_poll_is_harmless() {
    check(|context, _| from_another_thread(context.waker().clone()));
}

#[test]
fn p11_wakes_after_the_last_poll_are_harmless() {
    check(|context, kept| *kept.lock().unwrap() = Some(context.waker().clone()));
}

#[test]
fn p11_wakes_in_the_last_poll_and_after_it_are_harmless() {
    check(|context, kept| {
        context.waker().wake_by_ref();
        from_another_thread(context.waker().clone());
        *kept.lock().unwrap() = Some(context.waker().clone());
    });
}

/// The thread may look at the cleanup just when the wake comes.
#[test]
fn p11_a_wake_that_meets_the_last_poll_is_harmless() {
    #[finally(async move { let (one, other) = tokio::join!(one, other); one.and(other).unwrap() })]
    async fn hears_both(one: oneshot::Receiver<()>, other: oneshot::Receiver<()>) {
        suspend().await;
        let _uses = (&one, &other);
    }
    let _turn = exclusive();
    let (give, take) = mpsc::channel::<oneshot::Sender<()>>();
    let speaker = thread::spawn(move || take.into_iter().for_each(|say| say.send(()).unwrap()));
    for _ in 0..1_000 {
        let (say_one, one) = oneshot::channel();
        let (say_other, other) = oneshot::channel();
        cancel(hears_both(one, other));
        give.send(say_one).unwrap();
        say_other.send(()).unwrap();
        drained();
    }
    drop(give);
    speaker.join().unwrap();
}

/// It never ends, so it has a process of its own.
#[test]
fn p11_a_cleanup_that_keeps_no_waker_stays_detached_and_is_not_polled_again() {
    static POLLS: AtomicUsize = AtomicUsize::new(0);

    #[finally(poll_fn(move |_| { POLLS.fetch_add(1, SeqCst); begun.send(()).unwrap(); Poll::<()>::Pending }))]
    async fn forgets_its_waker(begun: mpsc::Sender<()>) {
        suspend().await;
        let _uses = &begun;
    }
    #[finally(async move { suspend().await; done.send(()).unwrap(); })]
    async fn another(done: mpsc::Sender<()>) {
        suspend().await;
        let _uses = &done;
    }
    let name = "p11_wakes::p11_a_cleanup_that_keeps_no_waker_stays_detached_and_is_not_polled_again";
    if apart(name, &[]).is_some() {
        return;
    }
    let (begun, begins) = mpsc::channel();
    cancel(forgets_its_waker(begun));
    begins.recv().unwrap();
    let (done, ends) = mpsc::channel();
    for _ in 0..20 {
        cancel(another(done.clone()));
        ends.recv().unwrap();
    }
    assert_eq!(POLLS.load(SeqCst), 1);
    assert!(finally::detached() > 0);
}
