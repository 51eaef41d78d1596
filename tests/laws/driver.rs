//! Runs a program with the library. The driver polls only when woken, drops the future after its k-th `Pending`, and then runs the
//! handed-off cleanups until nothing can go on.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    event::{self, End, Event, ROOT, What, push},
    executor,
    failure::{Failed, catch, of_payload, of_text},
    gates, nodes,
    program::Program,
    reference::Report,
};

/// The point of cancellation of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelPoint {
    Unpolled,
    /// After this number of pendings, in the same poll.
    After(u32),
    Never,
}

/// The outcome of a run, and all observations.
pub struct Run {
    pub log: Vec<Event>,
    /// The length of the log when nothing could go on for the first time, with the gates closed.
    pub at_first_rest: usize,
    pub outcome: Outcome,
    pub reports: Vec<Report>,
    pub polls: u32,
    pub pendings: u32,
    /// The number of wakes of the program itself.
    pub wakes: u64,
    /// The number of tasks that are left and that nobody wakes.
    pub stuck: usize,
    pub detached: usize,
    pub handed_off: u64,
    pub ended: u64,
    /// The texts of the panics of polls after an end.
    pub polled_again: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ended(End),
    Unpolled,
    /// The program is pending, and nobody wakes it.
    Stuck,
}

static REPORTS: Mutex<Vec<Report>> = Mutex::new(Vec::new());

/// Records all failures that reach the hook of the process from now on.
pub fn listen() {
    executor::register();
    nodes::again::be_quiet();
    finally::set_failure_hook(|failure| {
        let id = match failure.payload() {
            Some(payload) => Some(of_payload(payload)),
            None => of_text(failure.message()),
        };
        let report = Report { kind: failure.kind(), id };
        REPORTS.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    });
}

#[derive(Default)]
struct Woken {
    is: AtomicBool,
    wakes: AtomicU64,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        self.is.store(true, SeqCst);
    }
}

pub fn run(program: &Program, cancel: CancelPoint) -> Run {
    gates::close();
    nodes::forget_slots();
    event::take();
    let counts = executor::counts();
    let detached = finally::detached();
    let may_wait = program.blocks();
    let woken = Arc::<Woken>::default();
    woken.is.store(true, SeqCst);
    let waker = Waker::from(Arc::clone(&woken));
    let mut root = Some(nodes::run(program));
    let mut outcome = Outcome::Stuck;
    let (mut polls, mut pendings) = (0, 0);
    let mut at_first_rest = None;
    nodes::again::ask(cancel == CancelPoint::Never);
    if cancel == CancelPoint::Unpolled {
        executor::watched(may_wait, || drop(root.take()));
        outcome = Outcome::Unpolled;
    }
    loop {
        let mut moved = false;
        if let Some(future) = root.as_mut().filter(|_| woken.is.swap(false, SeqCst)) {
            moved = true;
            polls += 1;
            let polled = executor::watched(may_wait, || {
                catch(|| future.as_mut().poll(&mut Context::from_waker(&waker)))
            });
            match polled {
                Ok(Poll::Pending) => {
                    pendings += 1;
                    if cancel == CancelPoint::After(pendings) {
                        push(ROOT, What::Drops(0));
                        let dropped = executor::watched(may_wait, || catch(|| drop(root.take())));
                        let panic = dropped.err().map(|payload| of_payload(&*payload));
                        outcome = Outcome::Ended(End::Cancelled(panic));
                    }
                }
                ended => {
                    outcome = Outcome::Ended(match ended {
                        Ok(Poll::Ready(Err(Failed(id)))) => End::Failed(id),
                        Err(payload) => End::Panicked(of_payload(&*payload)),
                        Ok(_) => End::Ok,
                    });
                    root = None;
                }
            }
        }
        moved |= executor::watched(may_wait, executor::round);
        if !moved {
            at_first_rest.get_or_insert_with(event::len);
            if !gates::open() {
                break;
            }
        }
    }
    let stuck = executor::unfinished() + usize::from(root.is_some());
    if stuck > 0 {
        executor::forget();
        std::mem::forget(root);
    }
    let log = event::take();
    let now = executor::counts();
    Run {
        at_first_rest: at_first_rest.unwrap_or(log.len()),
        log,
        outcome,
        reports: std::mem::take(&mut *REPORTS.lock().unwrap_or_else(PoisonError::into_inner)),
        polls,
        pendings,
        wakes: woken.wakes.load(SeqCst),
        stuck,
        detached: finally::detached() - detached,
        handed_off: now.spawned - counts.spawned,
        ended: now.ended - counts.ended,
        polled_again: nodes::again::answers(),
    }
}
