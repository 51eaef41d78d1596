//! The log, with every event of a run in order.
//!
//! Each node of a program runs at most once, so an event occurs at most once, and has one place in the log.

use std::{
    cell::Cell,
    sync::{Mutex, PoisonError},
};

/// Names a node of a program, or a cleanup.
pub type Id = u16;

/// Names the run itself in place of a node.
pub const ROOT: Id = 0;

/// Names the origin of a failure whose origin is not known.
pub const UNKNOWN: Id = Id::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Event(pub Id, pub What);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// A node that suspends has come to this step.
    Step(u8),
    /// A leaf has run.
    Ran,
    /// A failure was raised.
    Raised(Failing),
    /// A sibling that waits for this node may go on.
    Signalled,
    /// A value that a body holds was dropped.
    Dropped,
    /// This side is dropped next, because it was cancelled or never polled.
    Drops(u8),
    /// The second side is polled for the first time.
    Polled,
    /// The body of a finally is polled for the first time.
    Entered,
    /// The body of a finally has ended by itself.
    Ended(End),
    /// An argument that the cleanup does not mention was dropped.
    Held,
    /// The cleanup was shown this fate.
    Fate(End),
    /// The expression of a cleanup is evaluated.
    Build,
    /// A cleanup is run, or polled for the first time.
    Start,
    /// A cleanup has ended.
    Done(End),
    /// The future of a body or of a cleanup, which has ended or not, is dropped.
    Residue,
    /// The wait for a resource has ended, with or without one.
    Acquired(End),
    /// The caller has the result.
    Delivered(End),
    /// This failure was caught by the program.
    Caught,
    /// This failure was discarded by the program.
    Discarded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Failing {
    Error,
    Panic,
    /// While the thread is panicking.
    SecondPanic,
}

/// The end of a body, a cleanup or a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    Ok,
    /// It failed with the error of this node.
    Failed(Id),
    /// It panicked with the payload of this node.
    Panicked(Id),
    /// It was cancelled. If the drop has panicked, the payload is that of this node.
    Cancelled(Option<Id>),
}

impl End {
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed(_) | Self::Panicked(_))
    }

    pub fn is_cancelled(self) -> bool {
        matches!(self, Self::Cancelled(_))
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "    #{} {:?}", self.0, self.1)
    }
}

/// The deepest step that a node has.
pub const MOST_STEPS: u8 = 6;

impl What {
    /// The number of kinds. Each step counts as a kind.
    pub const KINDS: usize = 26;

    /// Returns the number of its kind, regardless of its fields.
    pub fn kind(self) -> usize {
        match self {
            Self::Step(step) => {
                debug_assert!(step <= MOST_STEPS);
                step as usize
            }
            Self::Ran => 7,
            Self::Raised(_) => 8,
            Self::Signalled => 9,
            Self::Dropped => 10,
            Self::Drops(0) => 11,
            Self::Drops(_) => 12,
            Self::Polled => 13,
            Self::Entered => 14,
            Self::Ended(_) => 15,
            Self::Held => 16,
            Self::Fate(_) => 17,
            Self::Build => 18,
            Self::Start => 19,
            Self::Done(_) => 20,
            Self::Residue => 21,
            Self::Acquired(_) => 22,
            Self::Delivered(_) => 23,
            Self::Caught => 24,
            Self::Discarded => 25,
        }
    }
}

static LOG: Mutex<Vec<Event>> = Mutex::new(Vec::new());

fn log() -> std::sync::MutexGuard<'static, Vec<Event>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static PUSHED: Cell<usize> = const { Cell::new(0) };
}

/// Returns how many events this thread has appended.
pub fn pushed_here() -> usize {
    PUSHED.get()
}

/// Appends an event.
pub fn push(id: Id, what: What) {
    PUSHED.set(PUSHED.get() + 1);
    log().push(Event(id, what));
}

/// Returns whether this event has happened.
pub fn happened(id: Id, what: What) -> bool {
    log().contains(&Event(id, what))
}

/// Returns the number of events.
pub fn len() -> usize {
    log().len()
}

/// Removes and returns all events.
pub fn take() -> Vec<Event> {
    std::mem::take(&mut *log())
}

/// The place of each event of a log.
pub struct Index {
    places: Vec<u32>,
    /// The events that occur more than once.
    pub twice: Vec<Event>,
}

/// The place of an event that does not occur.
pub const NEVER: u32 = u32::MAX;

impl Index {
    pub fn new(log: &[Event]) -> Self {
        let last = log.iter().map(|event| event.0).filter(|id| *id != UNKNOWN).max().unwrap_or(0);
        let mut places = vec![NEVER; (last as usize + 1) * What::KINDS];
        let mut twice = Vec::new();
        for (at, event) in log.iter().enumerate() {
            match places.get_mut(event.0 as usize * What::KINDS + event.1.kind()) {
                Some(place) if *place == NEVER => *place = at as u32,
                _ => twice.push(*event),
            }
        }
        Self { places, twice }
    }

    /// Returns the place of the event of this kind, regardless of its fields, or [`NEVER`] if it does not occur.
    pub fn of(&self, id: Id, what: What) -> u32 {
        self.places.get(id as usize * What::KINDS + what.kind()).copied().unwrap_or(NEVER)
    }

    pub fn has(&self, id: Id, what: What) -> bool {
        self.of(id, what) != NEVER
    }
}
