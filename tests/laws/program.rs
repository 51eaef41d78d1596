//! The grammar of the random programs.

use std::{fmt, sync::Arc};

use crate::event::Id;

/// A program, which is shared between the futures of its parts.
pub type Program = Arc<Node>;

pub struct Node {
    pub id: Id,
    pub op: Op,
}

#[derive(Clone)]
pub enum Op {
    Done,
    Fail,
    Panic,
    /// Suspends this number of times, and goes on.
    Yield(u8, Program),
    /// Suspends until nothing else can go on. It makes a cleanup that never ends while anything depends on its end.
    Gate(Program),
    /// Lets the sibling that waits for this node go on, and goes on.
    Signal(Program),
    /// Waits for the signal of that node, and goes on.
    Await(Id, Program),
    /// The second part runs if the first one succeeds.
    Seq(Program, Program),
    /// Catches an error and a panic.
    Catch(Program),
    /// Holds a value whose drop is an event.
    Hold(Program),
    /// Holds a value that panics if it is dropped by a cancellation, unless the thread panics already.
    Bomb(Program),
    /// Polls both sides in turn. The first side that ends is the result, and the other side is dropped. If the first side panics and
    /// `unwinds` is set, the unwinding drops the other side.
    Race {
        left: Program,
        right: Program,
        unwinds: bool,
    },
    /// Polls both sides until both succeed, or one side fails and the other side is dropped.
    Join(Program, Program),
    /// Drops the program at the end of the n-th poll that is pending.
    Leave(u8, Program),
    /// One of the forms of a finally.
    Finally(Finally),
    /// A guarded value, beside a program.
    Guard(Guarded),
    /// A scope with cleanups, beside a program.
    Scope(Scoped),
    /// A resource that is acquired and guarded, and a program that runs after that.
    Acquire(Acquired),
}

#[derive(Clone)]
pub struct Finally {
    pub form: Form,
    pub body: Program,
    /// The effect of the drop of the future of the body. Only the methods have that future.
    pub residue: Residue,
    pub cleanup: Cleanup,
    /// The first of two attributes.
    pub top: Option<Cleanup>,
}

#[derive(Clone)]
pub struct Guarded {
    pub mode: Mode,
    pub cleanup: Cleanup,
    /// Whether the guard is released if the program succeeds. Otherwise it is dropped.
    pub release: bool,
    pub program: Program,
}

#[derive(Clone)]
pub struct Scoped {
    /// The cleanups in the order in which they are deferred.
    pub cleanups: Vec<(Mode, Cleanup)>,
    /// Whether the scope is closed if the program succeeds. Otherwise it is dropped.
    pub close: bool,
    pub program: Program,
}

#[derive(Clone)]
pub struct Acquired {
    pub fallible: bool,
    pub source: Program,
    pub guarded: Guarded,
}

#[derive(Clone)]
pub struct Cleanup {
    pub id: Id,
    pub build: Build,
    pub program: Program,
    pub residue: Residue,
}

/// A program that is polled a number of times with a waker that does nothing, and then dropped, in one call that is not async.
#[derive(Clone)]
pub struct Leaving {
    pub id: Id,
    pub polls: u8,
    pub program: Program,
}

/// The evaluation of a cleanup whose value is a future.
#[derive(Clone)]
pub enum Build {
    Plain,
    Panics,
    Leaves(Leaving),
}

/// The drop of a future that was polled.
#[derive(Clone)]
pub enum Residue {
    Nothing,
    Panics,
    Leaves(Leaving),
}

/// The fate of a cleanup whose caller leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is not awaited at all.
    Sync,
    Detach,
    Block,
    Skip,
}

/// The number of a cleanup that a path names. A path takes no argument, so each number has a path of its own.
pub type Slot = u8;
pub const SLOTS: Slot = 4;

/// The spellings of a finally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    PathSync(Slot),
    PathAsync(Slot),
    PathBlock(Slot),
    PathSkip(Slot),
    ClosureSync,
    ClosureUnit,
    ClosureSkip,
    FateSync,
    FateAsync,
    FateBlock,
    FateSkip,
    AsyncClosure,
    Evaluated,
    Await,
    AwaitQuestion,
    AwaitUnit,
    BorrowBlock,
    BorrowSkip,
    ReturnsFuture,
    ReturnsBoxed,
    Plain,
    Stacked,
    ArmedSync,
    ArmedAsync,
    ArmedAwait,
    ArmedBlock,
    ArmedSkip,
    ArmedStacked,
    MethodSync,
    MethodUnit,
    MethodAsync,
    MethodBlock,
    MethodSkip,
    MethodFateSync,
    MethodFateAsync,
    MethodFateBlock,
    MethodFateSkip,
    InPlaceSync,
    InPlaceAwait,
    InPlaceQuestion,
    InPlaceFate,
    InPlaceFateAsync,
    InPlaceBlock,
    InPlaceSkip,
    AsFuture,
}

impl Form {
    /// All forms, with the first slot for a path.
    pub const ALL: [Self; 45] = [
        Self::PathSync(0),
        Self::PathAsync(0),
        Self::PathBlock(0),
        Self::PathSkip(0),
        Self::ClosureSync,
        Self::ClosureUnit,
        Self::ClosureSkip,
        Self::FateSync,
        Self::FateAsync,
        Self::FateBlock,
        Self::FateSkip,
        Self::AsyncClosure,
        Self::Evaluated,
        Self::Await,
        Self::AwaitQuestion,
        Self::AwaitUnit,
        Self::BorrowBlock,
        Self::BorrowSkip,
        Self::ReturnsFuture,
        Self::ReturnsBoxed,
        Self::Plain,
        Self::Stacked,
        Self::ArmedSync,
        Self::ArmedAsync,
        Self::ArmedAwait,
        Self::ArmedBlock,
        Self::ArmedSkip,
        Self::ArmedStacked,
        Self::MethodSync,
        Self::MethodUnit,
        Self::MethodAsync,
        Self::MethodBlock,
        Self::MethodSkip,
        Self::MethodFateSync,
        Self::MethodFateAsync,
        Self::MethodFateBlock,
        Self::MethodFateSkip,
        Self::InPlaceSync,
        Self::InPlaceAwait,
        Self::InPlaceQuestion,
        Self::InPlaceFate,
        Self::InPlaceFateAsync,
        Self::InPlaceBlock,
        Self::InPlaceSkip,
        Self::AsFuture,
    ];

    pub fn mode(self) -> Mode {
        match self {
            Self::PathSync(_)
            | Self::ClosureSync
            | Self::ClosureUnit
            | Self::ClosureSkip
            | Self::FateSync
            | Self::Plain
            | Self::ArmedSync
            | Self::MethodSync
            | Self::MethodUnit
            | Self::MethodFateSync
            | Self::InPlaceSync
            | Self::InPlaceFate => Mode::Sync,
            Self::PathBlock(_)
            | Self::FateBlock
            | Self::BorrowBlock
            | Self::ArmedBlock
            | Self::MethodBlock
            | Self::MethodFateBlock
            | Self::InPlaceBlock => Mode::Block,
            Self::PathSkip(_)
            | Self::FateSkip
            | Self::BorrowSkip
            | Self::ArmedSkip
            | Self::MethodSkip
            | Self::MethodFateSkip
            | Self::InPlaceSkip => Mode::Skip,
            Self::PathAsync(_)
            | Self::FateAsync
            | Self::AsyncClosure
            | Self::Evaluated
            | Self::Await
            | Self::AwaitQuestion
            | Self::AwaitUnit
            | Self::ReturnsFuture
            | Self::ReturnsBoxed
            | Self::Stacked
            | Self::ArmedAsync
            | Self::ArmedAwait
            | Self::ArmedStacked
            | Self::MethodAsync
            | Self::MethodFateAsync
            | Self::InPlaceAwait
            | Self::InPlaceQuestion
            | Self::InPlaceFateAsync
            | Self::AsFuture => Mode::Detach,
        }
    }

    /// Returns whether the cleanup is an expression whose value is awaited, as opposed to an async block.
    pub fn is_evaluated(self) -> bool {
        self.mode() != Mode::Sync
            && !matches!(
                self,
                Self::AsyncClosure
                    | Self::Await
                    | Self::AwaitQuestion
                    | Self::AwaitUnit
                    | Self::BorrowBlock
                    | Self::BorrowSkip
                    | Self::Stacked
                    | Self::ArmedAwait
                    | Self::ArmedBlock
                    | Self::ArmedSkip
                    | Self::ArmedStacked
                    | Self::InPlaceAwait
                    | Self::InPlaceQuestion
                    | Self::InPlaceBlock
                    | Self::InPlaceSkip
            )
    }

    /// Returns whether the cleanup does not start if the body was cancelled.
    pub fn skips_at_once(self) -> bool {
        self == Self::ClosureSkip || (self.mode() == Mode::Skip && !self.is_method())
    }

    pub fn shows_fate(self) -> bool {
        matches!(
            self,
            Self::FateSync
                | Self::FateAsync
                | Self::FateBlock
                | Self::FateSkip
                | Self::ArmedSync
                | Self::ArmedAsync
                | Self::MethodFateSync
                | Self::MethodFateAsync
                | Self::MethodFateBlock
                | Self::MethodFateSkip
                | Self::InPlaceFate
                | Self::InPlaceFateAsync
        )
    }

    /// Returns whether the cleanup also runs if the future is dropped before its first poll.
    pub fn is_armed(self) -> bool {
        matches!(
            self,
            Self::ArmedSync
                | Self::ArmedAsync
                | Self::ArmedAwait
                | Self::ArmedBlock
                | Self::ArmedSkip
                | Self::ArmedStacked
        )
    }

    /// Returns whether there are two attributes.
    pub fn is_stacked(self) -> bool {
        matches!(self, Self::Stacked | Self::ArmedStacked)
    }

    pub fn is_method(self) -> bool {
        matches!(
            self,
            Self::MethodSync
                | Self::MethodUnit
                | Self::MethodAsync
                | Self::MethodBlock
                | Self::MethodSkip
                | Self::MethodFateSync
                | Self::MethodFateAsync
                | Self::MethodFateBlock
                | Self::MethodFateSkip
        )
    }

    pub fn is_block(self) -> bool {
        matches!(
            self,
            Self::InPlaceSync
                | Self::InPlaceAwait
                | Self::InPlaceQuestion
                | Self::InPlaceFate
                | Self::InPlaceFateAsync
                | Self::InPlaceBlock
                | Self::InPlaceSkip
                | Self::AsFuture
        )
    }

    pub fn is_attribute(self) -> bool {
        !self.is_method() && !self.is_block()
    }

    /// Returns whether the function has an argument that the cleanup does not mention.
    pub fn holds_argument(self) -> bool {
        self.is_attribute()
    }

    /// Returns whether the cleanup discards its errors and evaluates to `()`.
    pub fn is_unit(self) -> bool {
        matches!(self, Self::ClosureUnit | Self::AwaitUnit | Self::MethodUnit)
    }

    pub fn slot(self) -> Option<Slot> {
        match self {
            Self::PathSync(slot) | Self::PathAsync(slot) | Self::PathBlock(slot) | Self::PathSkip(slot) => {
                Some(slot)
            }
            _ => None,
        }
    }

    pub fn with_slot(self, slot: Slot) -> Self {
        match self {
            Self::PathSync(_) => Self::PathSync(slot),
            Self::PathAsync(_) => Self::PathAsync(slot),
            Self::PathBlock(_) => Self::PathBlock(slot),
            Self::PathSkip(_) => Self::PathSkip(slot),
            other => other,
        }
    }
}

/// A part of a program, and its role.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// A part that runs as the body of the node.
    Inside(&'a Program),
    /// A part that runs as a cleanup of the node, or when a cleanup is built or dropped.
    Cleanup(&'a Program),
}

impl<'a> Part<'a> {
    pub fn program(self) -> &'a Program {
        match self {
            Self::Inside(program) | Self::Cleanup(program) => program,
        }
    }
}

impl Residue {
    pub fn program(&self) -> Option<&Program> {
        match self {
            Self::Leaves(leaving) => Some(&leaving.program),
            Self::Nothing | Self::Panics => None,
        }
    }

    fn with_parts(&self, part: &mut dyn FnMut(&Program) -> Program) -> Self {
        match self {
            Self::Leaves(leaving) => {
                Self::Leaves(Leaving { program: part(&leaving.program), ..leaving.clone() })
            }
            other => other.clone(),
        }
    }
}

impl Cleanup {
    fn with_parts(&self, part: &mut dyn FnMut(Part<'_>) -> Program) -> Self {
        let mut part = |program: &Program| part(Part::Cleanup(program));
        Self {
            id: self.id,
            program: part(&self.program),
            build: match &self.build {
                Build::Leaves(leaving) => {
                    Build::Leaves(Leaving { program: part(&leaving.program), ..leaving.clone() })
                }
                other => other.clone(),
            },
            residue: self.residue.with_parts(&mut part),
        }
    }

    pub fn parts(&self) -> Vec<&Program> {
        let mut parts = vec![&self.program];
        if let Build::Leaves(leaving) = &self.build {
            parts.push(&leaving.program);
        }
        if let Residue::Leaves(leaving) = &self.residue {
            parts.push(&leaving.program);
        }
        parts
    }
}

impl Node {
    pub fn new(id: Id, op: Op) -> Program {
        Arc::new(Self { id, op })
    }

    /// Returns the programs that this one is made of.
    pub fn parts(&self) -> Vec<Part<'_>> {
        use Part::{Cleanup as C, Inside as I};
        match &self.op {
            Op::Done | Op::Fail | Op::Panic => vec![],
            Op::Yield(_, p)
            | Op::Gate(p)
            | Op::Signal(p)
            | Op::Await(_, p)
            | Op::Catch(p)
            | Op::Hold(p)
            | Op::Bomb(p)
            | Op::Leave(_, p) => vec![I(p)],
            Op::Seq(a, b) | Op::Join(a, b) | Op::Race { left: a, right: b, .. } => vec![I(a), I(b)],
            Op::Finally(it) => {
                let mut parts = vec![I(&it.body)];
                if let Residue::Leaves(leaving) = &it.residue {
                    parts.push(I(&leaving.program));
                }
                parts.extend(it.cleanup.parts().into_iter().map(C));
                parts.extend(it.top.iter().flat_map(Cleanup::parts).map(C));
                parts
            }
            Op::Guard(it) => {
                let mut parts = vec![I(&it.program)];
                parts.extend(it.cleanup.parts().into_iter().map(C));
                parts
            }
            Op::Scope(it) => {
                let mut parts = vec![I(&it.program)];
                parts.extend(it.cleanups.iter().flat_map(|(_, cleanup)| cleanup.parts()).map(C));
                parts
            }
            Op::Acquire(it) => {
                let mut parts = vec![I(&it.source), I(&it.guarded.program)];
                parts.extend(it.guarded.cleanup.parts().into_iter().map(C));
                parts
            }
        }
    }

    /// Returns the cleanups of this node itself.
    pub fn cleanups(&self) -> Vec<(Mode, &Cleanup)> {
        match &self.op {
            Op::Finally(it) => {
                let mut cleanups = vec![(it.form.mode(), &it.cleanup)];
                cleanups.extend(it.top.iter().map(|top| (Mode::Sync, top)));
                cleanups
            }
            Op::Guard(it) => vec![(it.mode, &it.cleanup)],
            Op::Scope(it) => it.cleanups.iter().map(|(mode, cleanup)| (*mode, cleanup)).collect(),
            Op::Acquire(it) => vec![(it.guarded.mode, &it.guarded.cleanup)],
            _ => vec![],
        }
    }

    /// Returns the same node with other programs as its parts, in the order of [`parts`](Self::parts).
    pub fn with_parts(&self, part: &mut dyn FnMut(Part<'_>) -> Program) -> Program {
        let mut inside = |program: &Program| part(Part::Inside(program));
        let op = match &self.op {
            Op::Done => Op::Done,
            Op::Fail => Op::Fail,
            Op::Panic => Op::Panic,
            Op::Yield(times, p) => Op::Yield(*times, inside(p)),
            Op::Gate(p) => Op::Gate(inside(p)),
            Op::Signal(p) => Op::Signal(inside(p)),
            Op::Await(of, p) => Op::Await(*of, inside(p)),
            Op::Catch(p) => Op::Catch(inside(p)),
            Op::Hold(p) => Op::Hold(inside(p)),
            Op::Bomb(p) => Op::Bomb(inside(p)),
            Op::Leave(polls, p) => Op::Leave(*polls, inside(p)),
            Op::Seq(a, b) => Op::Seq(inside(a), inside(b)),
            Op::Join(a, b) => Op::Join(inside(a), inside(b)),
            Op::Race { left, right, unwinds } => {
                Op::Race { left: inside(left), right: inside(right), unwinds: *unwinds }
            }
            Op::Finally(it) => Op::Finally(Finally {
                form: it.form,
                body: inside(&it.body),
                residue: it.residue.with_parts(&mut inside),
                cleanup: it.cleanup.with_parts(part),
                top: it.top.as_ref().map(|top| top.with_parts(part)),
            }),
            Op::Guard(it) => Op::Guard(Guarded {
                program: inside(&it.program),
                cleanup: it.cleanup.with_parts(part),
                ..it.clone()
            }),
            Op::Scope(it) => Op::Scope(Scoped {
                program: inside(&it.program),
                cleanups: it
                    .cleanups
                    .iter()
                    .map(|(mode, cleanup)| (*mode, cleanup.with_parts(part)))
                    .collect(),
                close: it.close,
            }),
            Op::Acquire(it) => Op::Acquire(Acquired {
                fallible: it.fallible,
                source: inside(&it.source),
                guarded: Guarded {
                    program: inside(&it.guarded.program),
                    cleanup: it.guarded.cleanup.with_parts(part),
                    ..it.guarded.clone()
                },
            }),
        };
        Self::new(self.id, op)
    }

    /// Returns the same program with every cleanup changed.
    pub fn with_cleanups(&self, change: &mut dyn FnMut(&Cleanup) -> Cleanup) -> Program {
        let node = self.with_parts(&mut |part| part.program().with_cleanups(change));
        let op = match &node.op {
            Op::Finally(it) => Op::Finally(Finally {
                cleanup: change(&it.cleanup),
                top: it.top.as_ref().map(&mut *change),
                ..it.clone()
            }),
            Op::Guard(it) => Op::Guard(Guarded { cleanup: change(&it.cleanup), ..it.clone() }),
            Op::Scope(it) => Op::Scope(Scoped {
                cleanups: it.cleanups.iter().map(|(mode, cleanup)| (*mode, change(cleanup))).collect(),
                ..it.clone()
            }),
            Op::Acquire(it) => Op::Acquire(Acquired {
                guarded: Guarded { cleanup: change(&it.guarded.cleanup), ..it.guarded.clone() },
                ..it.clone()
            }),
            _ => return node,
        };
        Self::new(self.id, op)
    }

    /// Returns the cleanups of this node and of all its parts.
    pub fn all_cleanups(&self) -> Vec<(Mode, Id)> {
        let mut cleanups = Vec::new();
        self.visit(&mut |node| cleanups.extend(node.cleanups().iter().map(|(mode, it)| (*mode, it.id))));
        cleanups
    }

    /// Returns the greatest number in it.
    pub fn last_id(&self) -> Id {
        let mut last = 0;
        self.visit(&mut |node| last = last.max(node.id));
        self.all_cleanups().iter().map(|(_, id)| *id).max().unwrap_or(0).max(last)
    }

    /// Calls `visit` with each node, this one first.
    pub fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        for part in self.parts() {
            part.program().visit(visit);
        }
    }

    /// Returns whether `is` holds for any node.
    pub fn any(&self, mut is: impl FnMut(&Self) -> bool) -> bool {
        let mut found = false;
        self.visit(&mut |node| found = found || is(node));
        found
    }

    /// Returns whether a drop may wait.
    pub fn blocks(&self) -> bool {
        self.any(|node| node.cleanups().iter().any(|(mode, _)| *mode == Mode::Block))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id;
        match &self.op {
            Op::Done => write!(f, "done#{id}"),
            Op::Fail => write!(f, "fail#{id}"),
            Op::Panic => write!(f, "panic#{id}"),
            Op::Yield(times, p) => write!(f, "yield#{id}({times}, {p})"),
            Op::Gate(p) => write!(f, "gate#{id}({p})"),
            Op::Signal(p) => write!(f, "signal#{id}({p})"),
            Op::Await(of, p) => write!(f, "await#{id}(#{of}, {p})"),
            Op::Seq(a, b) => write!(f, "seq#{id}({a}, {b})"),
            Op::Catch(p) => write!(f, "catch#{id}({p})"),
            Op::Hold(p) => write!(f, "hold#{id}({p})"),
            Op::Bomb(p) => write!(f, "bomb#{id}({p})"),
            Op::Race { left, right, unwinds } => {
                write!(f, "race{}#{id}({left}, {right})", if *unwinds { "-unwinding" } else { "" })
            }
            Op::Join(a, b) => write!(f, "join#{id}({a}, {b})"),
            Op::Leave(polls, p) => write!(f, "leave#{id}({polls}, {p})"),
            Op::Finally(it) => {
                write!(f, "finally#{id}({:?}, {}, {}", it.form, it.body, it.cleanup)?;
                if let Some(top) = &it.top {
                    write!(f, ", top {top}")?;
                }
                write!(f, "{})", it.residue)
            }
            Op::Guard(it) => write!(f, "guard#{id}({it})"),
            Op::Scope(it) => {
                write!(f, "scope#{id}(")?;
                for (mode, cleanup) in &it.cleanups {
                    write!(f, "{mode:?} {cleanup}, ")?;
                }
                write!(f, "{}, {})", it.program, if it.close { "closed" } else { "dropped" })
            }
            Op::Acquire(it) => {
                write!(f, "{}acquire#{id}(", if it.fallible { "try-" } else { "" })?;
                write!(f, "{}, {})", it.source, it.guarded)
            }
        }
    }
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.release { "released" } else { "dropped" };
        write!(f, "{:?} {}, {}, {end}", self.mode, self.cleanup, self.program)
    }
}

impl fmt::Display for Cleanup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cleanup#{}(", self.id)?;
        match &self.build {
            Build::Plain => {}
            Build::Panics => write!(f, "panics when built, ")?,
            Build::Leaves(leaving) => write!(f, "built over {leaving}, ")?,
        }
        write!(f, "{}{})", self.program, self.residue)
    }
}

impl fmt::Display for Residue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Panics => write!(f, ", panics when dropped"),
            Self::Leaves(leaving) => write!(f, ", dropped over {leaving}"),
        }
    }
}

impl fmt::Display for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leave-now#{}({}, {})", self.id, self.polls, self.program)
    }
}
