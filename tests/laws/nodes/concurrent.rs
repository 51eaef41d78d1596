//! Programs side by side in one task, and programs that are dropped half-way.

use std::{
    future::Future,
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll},
};

use super::{Running, end_of, run};
use crate::{
    event::{End, Id, What, push},
    failure::{Ended, Failed, Payload, catch, of_payload},
    program::Program,
};

/// Two sides that are polled in turn. A side that has ended is `None`.
struct Pair {
    id: Id,
    sides: [Option<Running>; 2],
    polled: bool,
}

impl Pair {
    fn new(id: Id, left: &Program, right: &Program) -> Self {
        Self { id, sides: [Some(run(left)), Some(run(right))], polled: false }
    }

    /// Polls one side. Returns its end, if it has ended just now.
    fn poll(&mut self, side: usize, context: &mut Context<'_>) -> Option<Result<Ended, Payload>> {
        let future = self.sides[side].as_mut()?;
        if side == 1 && !self.polled {
            self.polled = true;
            push(self.id, What::Polled);
        }
        let ended = match catch(|| future.as_mut().poll(context)) {
            Ok(Poll::Pending) => return None,
            Ok(Poll::Ready(ended)) => Ok(ended),
            Err(payload) => Err(payload),
        };
        self.sides[side] = None;
        Some(ended)
    }

    /// Drops the other side, and combines its panic with the end of this side.
    fn leave_other(&mut self, side: usize, ended: Result<Ended, Payload>, unwinds: bool) -> Ended {
        let other = self.sides[1 - side].take();
        if other.is_some() {
            push(self.id, What::Drops(1 - side as u8));
        }
        match ended {
            Err(payload) if unwinds => {
                let _dropped_by_the_unwinding = other;
                resume_unwind(payload)
            }
            ended => {
                let dropped = catch(|| drop(other));
                match (ended, dropped) {
                    (Ok(ended), Ok(())) => ended,
                    (Ok(ended), Err(payload)) => {
                        if let Err(Failed(id)) = ended {
                            push(id, What::Discarded);
                        }
                        resume_unwind(payload)
                    }
                    (Err(payload), Ok(())) => resume_unwind(payload),
                    (Err(payload), Err(second)) => {
                        push(of_payload(&*second), What::Discarded);
                        resume_unwind(payload)
                    }
                }
            }
        }
    }
}

struct Race {
    pair: Pair,
    unwinds: bool,
}

pub fn race(id: Id, left: &Program, right: &Program, unwinds: bool) -> impl Future<Output = Ended> + use<> {
    Race { pair: Pair::new(id, left, right), unwinds }
}

impl Future for Race {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        for side in 0..2 {
            if let Some(ended) = self.pair.poll(side, context) {
                let unwinds = self.unwinds;
                return Poll::Ready(self.pair.leave_other(side, ended, unwinds));
            }
        }
        Poll::Pending
    }
}

struct Join(Pair);

pub fn join(id: Id, left: &Program, right: &Program) -> impl Future<Output = Ended> + use<> {
    Join(Pair::new(id, left, right))
}

impl Future for Join {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        for side in 0..2 {
            if let Some(ended) = self.0.poll(side, context) {
                if end_of(&ended) != End::Ok {
                    return Poll::Ready(self.0.leave_other(side, ended, false));
                }
            }
        }
        if self.0.sides.iter().all(Option::is_none) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

/// Drops its program at the end of the last poll that is pending.
struct Leave {
    id: Id,
    polls: u8,
    program: Option<Running>,
}

pub fn leave(id: Id, polls: u8, program: &Program) -> impl Future<Output = Ended> + use<> {
    Leave { id, polls, program: Some(run(program)) }
}

impl Future for Leave {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        if self.polls > 0 {
            if let Some(program) = &mut self.program {
                if let Poll::Ready(ended) = program.as_mut().poll(context) {
                    return Poll::Ready(ended);
                }
            }
            self.polls -= 1;
        }
        if self.polls > 0 {
            return Poll::Pending;
        }
        push(self.id, What::Drops(0));
        let program = self.program.take();
        drop(program);
        Poll::Ready(Ok(()))
    }
}
