//! Wakes from other threads: late, twice, and after the end of the task.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Condvar, LazyLock, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    thread,
};

use crate::random::Random;

/// The number of threads that wake. With two, one task may be woken twice at the same time.
const THREADS: u64 = 2;

/// The wakers that were given to the threads.
#[derive(Default)]
struct Given {
    wakers: Mutex<Wakers>,
    changed: Condvar,
}

#[derive(Default)]
struct Wakers {
    /// Wakers that a thread wakes as soon as possible.
    now: Vec<Waker>,
    /// Wakers that a thread wakes after the end of their tasks.
    late: Vec<Waker>,
}

static GIVEN: LazyLock<Given> = LazyLock::new(|| {
    for thread in 0..THREADS {
        thread::spawn(move || wake_for_ever(Random::new(thread)));
    }
    Given::default()
});

impl Given {
    fn lock(&self) -> MutexGuard<'_, Wakers> {
        self.wakers.lock().unwrap()
    }

    fn give(&self, waker: Waker) {
        self.lock().now.push(waker);
        self.changed.notify_one();
    }

    /// Waits for wakers, and takes all of them.
    fn take(&self) -> Vec<Waker> {
        let given = self.changed.wait_while(self.lock(), |wakers| wakers.now.is_empty()).unwrap();
        mem::take(&mut { given }.now)
    }
}

fn wake_for_ever(mut random: Random) {
    loop {
        for waker in GIVEN.take() {
            match random.below(8) {
                // Wakes twice. Any of the threads does that the second time.
                0 | 1 => GIVEN.give(waker.clone()),
                2 => waker.wake_by_ref(),
                3 => GIVEN.lock().late.push(waker.clone()),
                _ => {}
            }
            waker.wake();
        }
    }
}

/// Wakes all tasks again that have ended since the last call.
pub fn wake_the_ended() {
    let late = mem::take(&mut GIVEN.lock().late);
    late.into_iter().for_each(Waker::wake);
}

/// Returns a future that is pending for less than `limit` polls. Each time, it wakes its task at once or lets another thread do so.
pub fn pause(random: &mut Random, limit: usize) -> Pause {
    let mut random = random.fork();
    Pause { pendings: random.below(limit), random }
}

pub struct Pause {
    pendings: usize,
    random: Random,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.pendings == 0 {
            // This poll may be the last one of its task, and the wake comes during it or after it.
            if self.random.one_in(8) {
                GIVEN.give(context.waker().clone());
            }
            return Poll::Ready(());
        }
        self.pendings -= 1;
        if self.random.one_in(3) {
            context.waker().wake_by_ref();
        } else {
            GIVEN.give(context.waker().clone());
        }
        Poll::Pending
    }
}
