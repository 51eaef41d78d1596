//! Turns programs into futures, over the public API of the library.

pub mod again;
mod cleanup;
mod concurrent;
mod forms;
mod values;

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

pub use cleanup::{Handle, forget_slots};

use crate::{
    event::{End, Id, What, push},
    failure::{self, Ended, Failed, Payload, catch, of_payload},
    gates,
    program::{Leaving, Op, Program},
    support::suspend,
};

pub type Running = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// Returns the future of a program. Nothing happens before its first poll.
pub fn run(program: &Program) -> Running {
    let id = program.id;
    let again = program.clone();
    match &program.op {
        Op::Done => Box::pin(async move {
            push(id, What::Ran);
            Ok(())
        }),
        Op::Fail => Box::pin(async move { failure::fail(id) }),
        Op::Panic => Box::pin(async move { failure::panic(id) }),
        Op::Yield(times, p) => Box::pin(yields(id, *times, p.clone())),
        Op::Gate(p) => Box::pin(waits(id, gates::opened(), p.clone())),
        Op::Await(of, p) => Box::pin(waits(id, gates::signalled(*of), p.clone())),
        Op::Signal(p) => Box::pin(signals(id, p.clone())),
        Op::Seq(a, b) => Box::pin(in_turn(a.clone(), b.clone())),
        Op::Catch(p) => Box::pin(catches(p.clone())),
        Op::Hold(p) => Box::pin(holds(id, p.clone())),
        Op::Bomb(p) => Box::pin(holds_a_bomb(id, p.clone())),
        Op::Race { left, right, unwinds } => Box::pin(concurrent::race(id, left, right, *unwinds)),
        Op::Join(left, right) => Box::pin(concurrent::join(id, left, right)),
        Op::Leave(polls, p) => Box::pin(concurrent::leave(id, *polls, p)),
        Op::Finally(it) => forms::finally(id, it),
        Op::Guard(_) => Box::pin(values::guarded(again)),
        Op::Scope(_) => Box::pin(values::scoped(again)),
        Op::Acquire(_) => Box::pin(values::acquired(again)),
    }
}

async fn yields(id: Id, times: u8, then: Program) -> Ended {
    for step in 0..times {
        push(id, What::Step(step));
        suspend().await;
    }
    push(id, What::Step(times));
    run(&then).await
}

async fn waits(id: Id, gate: impl Future<Output = ()>, then: Program) -> Ended {
    push(id, What::Step(0));
    gate.await;
    push(id, What::Step(1));
    run(&then).await
}

async fn signals(id: Id, then: Program) -> Ended {
    push(id, What::Signalled);
    gates::signal(id);
    run(&then).await
}

async fn in_turn(first: Program, second: Program) -> Ended {
    run(&first).await?;
    run(&second).await
}

async fn catches(program: Program) -> Ended {
    let caught = match caught(run(&program)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(Failed(id))) => id,
        Err(payload) => of_payload(&*payload),
    };
    push(caught, What::Caught);
    Ok(())
}

async fn holds(id: Id, program: Program) -> Ended {
    let _local = Local(id);
    run(&program).await
}

/// A local variable of a body.
struct Local(Id);

impl Drop for Local {
    fn drop(&mut self) {
        push(self.0, What::Dropped);
    }
}

async fn holds_a_bomb(id: Id, program: Program) -> Ended {
    let mut bomb = Bomb { id, armed: true };
    let ended = run(&program).await;
    bomb.armed = false;
    ended
}

struct Bomb {
    id: Id,
    armed: bool,
}

impl Drop for Bomb {
    fn drop(&mut self) {
        push(self.id, What::Dropped);
        if self.armed {
            failure::panic_in_drop(self.id, false);
        }
    }
}

/// Catches a panic of a poll.
async fn caught<F: Future>(future: F) -> Result<F::Output, Payload> {
    use futures::FutureExt as _;
    std::panic::AssertUnwindSafe(future).catch_unwind().await
}

/// Returns the end of a program that has ended by itself.
fn end_of(ended: &Result<Ended, Payload>) -> End {
    match ended {
        Ok(Ok(())) => End::Ok,
        Ok(Err(Failed(id))) => End::Failed(*id),
        Err(payload) => End::Panicked(of_payload(&**payload)),
    }
}

/// Logs how a future ends, also if it panics.
struct Observed<F> {
    id: Id,
    on_entry: Option<What>,
    on_end: fn(End) -> What,
    future: F,
}

impl<F: Future<Output = Ended> + Unpin> Future for Observed<F> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        if let Some(what) = self.on_entry.take() {
            push(self.id, what);
        }
        let ended = match catch(|| Pin::new(&mut self.future).poll(context)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(ended)) => Ok(ended),
            Err(payload) => Err(payload),
        };
        push(self.id, (self.on_end)(end_of(&ended)));
        // The future of a body is not made by the library.
        if self.on_entry.is_none() && (self.on_end)(End::Ok) == What::Delivered(End::Ok) {
            again::poll(Pin::new(&mut self.future), context);
        }
        Poll::Ready(ended.unwrap_or_else(|payload| std::panic::resume_unwind(payload)))
    }
}

/// Returns the future of the body of a finally, which logs its first poll and its end.
fn body(id: Id, program: &Program) -> Running {
    Box::pin(Observed { id, on_entry: Some(What::Entered), on_end: What::Ended, future: run(program) })
}

/// Wraps the outermost future of a node, which logs the delivery to the caller.
fn whole(id: Id, future: impl Future<Output = Ended> + Send + 'static) -> Running {
    Box::pin(Observed { id, on_entry: None, on_end: What::Delivered, future: Box::pin(future) })
}

/// Polls a program once in a function that is not async, and drops it if it is pending.
fn immediately(id: Id, program: &Program) -> Ended {
    let mut future = run(program);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => ended,
        Poll::Pending => {
            push(id, What::Drops(0));
            drop(future);
            Ok(())
        }
    }
}

/// Polls a program a number of times in a function that is not async, and drops it. Discards the result.
fn leave_now(leaving: &Leaving) {
    let Leaving { id, polls, program } = leaving;
    let mut future = run(program);
    let mut discarded = None;
    for _ in 0..*polls {
        let polled = catch(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        let ended = match polled {
            Ok(Poll::Pending) => continue,
            Ok(Poll::Ready(ended)) => Ok(ended),
            Err(payload) => Err(payload),
        };
        discarded = Some(end_of(&ended));
        break;
    }
    if discarded.is_none() {
        push(*id, What::Drops(0));
        discarded = catch(|| drop(future)).err().map(|payload| End::Panicked(of_payload(&*payload)));
    }
    if let Some(End::Failed(id) | End::Panicked(id)) = discarded {
        push(id, What::Discarded);
    }
}
