//! Polling by hand: one poll at a time, and only when woken.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Counts how often it is woken.
#[derive(Default)]
pub struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Wakes {
    pub fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// A future under the hand.
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

    /// Polls as often as it is woken, and fails where it is not.
    pub fn run(&mut self) -> F::Output {
        loop {
            let before = self.wakes.count();
            if let Poll::Ready(value) = self.poll() {
                return value;
            }
            assert!(self.wakes.count() > before, "pending, and nobody will wake it");
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
