//! The futures that bodies await, and the driver that polls them.

use std::{
    future::Future,
    hint::black_box,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

/// Is pending so many times, without a wake. If the number is negative, it panics.
pub struct Suspend(pub i32);

impl Future for Suspend {
    type Output = ();

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        black_box(&*context);
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        if self.0 < 0 {
            panic!("as asked for");
        }
        Poll::Pending
    }
}

struct Unheard;

impl Wake for Unheard {
    fn wake(self: Arc<Self>) {}
}

pub fn waker() -> Waker {
    Arc::new(Unheard).into()
}

/// Polls a future to its end as an executor does it, which knows nothing of the future's type.
#[inline(never)]
pub fn drive<T>(mut future: Pin<&mut dyn Future<Output = T>>, context: &mut Context<'_>) -> T {
    loop {
        if let Poll::Ready(value) = black_box(&mut future).as_mut().poll(black_box(&mut *context)) {
            return value;
        }
    }
}

/// Makes a future and polls it to its end, so many times.
#[inline(never)]
pub fn repeat<F: Future>(make: fn(i32) -> F, suspends: i32, times: usize) {
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    for _ in 0..times {
        let future = pin!(make(black_box(suspends)));
        black_box(drive(future, &mut context));
    }
}
