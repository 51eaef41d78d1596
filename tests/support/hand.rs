//! Polling by hand: one poll at a time, and only when woken.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Condvar, Mutex},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

/// Counts how often it is woken.
#[derive(Default)]
pub struct Wakes {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        *self.count.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}

impl Wakes {
    /// Much longer than any wake of these tests takes to come.
    const PATIENCE: Duration = Duration::from_secs(30);

    pub fn count(&self) -> usize {
        *self.count.lock().unwrap()
    }

    /// Waits for one more than `before`, which may come from another thread.
    pub fn wait(&self, before: usize) {
        let count = self.count.lock().unwrap();
        let waited = self.changed.wait_timeout_while(count, Self::PATIENCE, |count| *count == before);
        assert!(!waited.unwrap().1.timed_out(), "pending, and nobody wakes it");
    }
}

/// A future that is polled by hand.
pub struct Hand<F> {
    future: Pin<Box<F>>,
    pub wakes: Arc<Wakes>,
    pub polls: usize,
}

impl<F: Future> Hand<F> {
    pub fn new(future: F) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default(), polls: 0 }
    }

    pub fn poll(&mut self) -> Poll<F::Output> {
        self.polls += 1;
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls as often as it is woken, and fails if it is not.
    pub fn run(&mut self) -> F::Output {
        loop {
            let before = self.wakes.count();
            if let Poll::Ready(value) = self.poll() {
                return value;
            }
            self.wakes.wait(before);
        }
    }
}

/// Runs a future to its end in this thread. Waits for wakes from other threads, such as those of the background thread.
pub fn run<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::park();
    }
}
