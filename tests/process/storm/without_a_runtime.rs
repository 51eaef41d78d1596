//! Threads that drive tasks without a runtime, so that all cleanups are handed off to the background thread.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Wake, Waker},
    thread::{self, Thread},
};

use crate::{
    books::Task,
    round::{Round, rounds_of},
};

const THREADS: usize = 3;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a task when it is woken, to its end or a number of times.
fn drive(task: Task, polls: usize) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut task = pin!(task);
    for _ in 0..polls {
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
        thread::park();
    }
}

#[test]
fn threads_that_drop_their_tasks_anywhere() {
    let some =
        |round: &mut Round| -> Vec<_> { (0..40).map(|_| (round.task(), round.random.below(20))).collect() };
    rounds_of(move |round| {
        round.site.in_task = false;
        // A cleanup on the background thread may have to wait in a drop, and without tokio that thread has no substitute.
        round.site.drop_can_wait = cfg!(feature = "tokio");
        let work: Vec<_> = (0..THREADS).map(|_| some(round)).collect();
        thread::scope(|scope| {
            for tasks in work {
                scope.spawn(|| tasks.into_iter().for_each(|(task, polls)| drive(task, polls)));
            }
        });
    });
}
