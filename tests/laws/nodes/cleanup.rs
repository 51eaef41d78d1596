//! Cleanups: their evaluation, and the future that is awaited.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use finally::{Fate, block::End as BlockEnd};

use super::{Running, end_of, immediately, leave_now, run};
use crate::{
    event::{self, End, Id, What, push},
    failure::{self, Ended, Failed, catch, of_payload},
    program::{Build, Cleanup, Program, Residue, SLOTS, Slot},
};

/// A handle to a cleanup that is still to be run. The function to which the cleanup belongs has it.
#[derive(Clone)]
pub struct Handle(Arc<Cleanup>);

impl Handle {
    pub fn new(cleanup: &Cleanup) -> Self {
        Self(Arc::new(cleanup.clone()))
    }

    fn id(&self) -> Id {
        self.0.id
    }

    /// Logs the fate that the cleanup sees.
    pub fn shown(self, fate: impl Shown) -> Self {
        push(self.id(), What::Fate(fate.end()));
        self
    }

    /// Runs it without awaiting.
    pub fn now(&self) -> Ended {
        push(self.id(), What::Start);
        let ended = catch(|| immediately(self.id(), &self.0.program));
        push(self.id(), What::Done(end_of(&ended)));
        ended.unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    }

    /// Does the same for a cleanup that cannot fail.
    pub fn now_unit(&self) {
        discard(self.now());
    }

    /// Evaluates it to a future.
    pub fn begin(&self) -> CleanupFuture {
        push(self.id(), What::Build);
        match &self.0.build {
            Build::Plain => {}
            Build::Panics => failure::panic(self.id()),
            Build::Leaves(leaving) => leave_now(leaving),
        }
        self.future()
    }

    fn future(&self) -> CleanupFuture {
        CleanupFuture {
            id: self.id(),
            stage: Stage::New(self.0.program.clone()),
            residual: Residual::new(self.id(), &self.0.residue),
        }
    }

    /// Runs it, and moves the variables that it uses.
    pub async fn run(self) -> Ended {
        self.future().await
    }

    /// Does the same for a cleanup that cannot fail.
    pub async fn run_unit(self) {
        discard(self.future().await);
    }

    /// Runs it, and borrows the variables that it uses.
    pub async fn run_borrowed(&self) -> Ended {
        self.future().await
    }
}

fn discard(ended: Ended) {
    if let Err(Failed(id)) = ended {
        push(id, What::Discarded);
    }
}

/// The future of a cleanup.
pub struct CleanupFuture {
    id: Id,
    stage: Stage,
    residual: Residual,
}

enum Stage {
    New(Program),
    Running(Running),
    Ended,
}

impl Future for CleanupFuture {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        if let Stage::New(program) = &self.stage {
            push(self.id, What::Start);
            let running = run(program);
            self.stage = Stage::Running(running);
            self.residual.armed = true;
        }
        let Stage::Running(running) = &mut self.stage else { panic!("a cleanup is polled after its end") };
        let ended = match catch(|| running.as_mut().poll(context)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(ended)) => Ok(ended),
            Err(payload) => Err(payload),
        };
        self.stage = Stage::Ended;
        push(self.id, What::Done(end_of(&ended)));
        Poll::Ready(ended.unwrap_or_else(|payload| std::panic::resume_unwind(payload)))
    }
}

impl Drop for CleanupFuture {
    fn drop(&mut self) {
        self.stage = Stage::Ended;
        self.residual.is_alone = true;
    }
}

/// Does something when a future that was polled is dropped.
struct Residual {
    id: Id,
    residue: Residue,
    armed: bool,
    /// The rest of the future was dropped and has not panicked, so that the library catches a panic of this drop.
    is_alone: bool,
}

impl Residual {
    fn new(id: Id, residue: &Residue) -> Self {
        Self { id, residue: residue.clone(), armed: false, is_alone: false }
    }
}

impl Drop for Residual {
    fn drop(&mut self) {
        if !self.armed || matches!(self.residue, Residue::Nothing) {
            return;
        }
        push(self.id, What::Residue);
        match &self.residue {
            Residue::Nothing => {}
            Residue::Panics => failure::panic_in_drop(self.id, self.is_alone),
            Residue::Leaves(leaving) => leave_now(leaving),
        }
    }
}

/// A body whose future logs its drop.
pub struct WithResidue {
    running: Option<Running>,
    residual: Residual,
}

impl WithResidue {
    pub fn new(id: Id, running: Running, residue: &Residue) -> Self {
        Self { running: Some(running), residual: Residual::new(id, residue) }
    }
}

impl Drop for WithResidue {
    fn drop(&mut self) {
        self.running = None;
        self.residual.is_alone = true;
    }
}

impl Future for WithResidue {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        self.residual.armed = true;
        let Some(running) = &mut self.running else { unreachable!("it is there until it is dropped") };
        running.as_mut().poll(context)
    }
}

/// A fate that can be converted into an end.
pub trait Shown {
    fn end(self) -> End;
}

impl Shown for Fate<'_, Ended> {
    fn end(self) -> End {
        match self {
            Fate::Returned(Ok(())) => End::Ok,
            Fate::Returned(Err(Failed(id))) => End::Failed(*id),
            Fate::Panicked(payload) => End::Panicked(of_payload(payload)),
            Fate::Cancelled => End::Cancelled(None),
        }
    }
}

impl<R, J> Shown for Fate<'_, BlockEnd<Ended, R, J>> {
    fn end(self) -> End {
        match self {
            Fate::Returned(BlockEnd::Value(Ok(()))) => End::Ok,
            Fate::Returned(BlockEnd::Value(Err(Failed(id)))) => End::Failed(*id),
            Fate::Returned(_) => unreachable!("these bodies do not leave by another way"),
            Fate::Panicked(payload) => End::Panicked(of_payload(payload)),
            Fate::Cancelled => End::Cancelled(None),
        }
    }
}

/// An argument that the cleanup does not mention. Its drop is not logged if the function was never polled.
pub struct Held(pub Id);

impl Drop for Held {
    fn drop(&mut self) {
        if event::happened(self.0, What::Entered) {
            push(self.0, What::Held);
        }
    }
}

static IN_SLOTS: Mutex<[Option<Handle>; SLOTS as usize]> = Mutex::new([const { None }; SLOTS as usize]);

fn slots() -> MutexGuard<'static, [Option<Handle>; SLOTS as usize]> {
    IN_SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a cleanup into the slot of a path.
pub fn put(slot: Slot, clean: Handle) {
    slots()[slot as usize] = Some(clean);
}

/// Returns the cleanup in the slot of a path.
pub fn in_slot(slot: Slot) -> Handle {
    slots()[slot as usize].clone().expect("it was put there by the function around")
}

/// Empties the slots, for a new run.
pub fn forget_slots() {
    *slots() = [const { None }; SLOTS as usize];
}
