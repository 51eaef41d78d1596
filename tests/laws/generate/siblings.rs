//! Siblings are cleanups of which none is nested in another one. They are cancelled together or at different times. Some do not end
//! until nothing else can go on, and some wait for each other.

use super::{Generator, MIXED, Weights};
use crate::{
    event::Id,
    program::{Build, Cleanup, Finally, Form, Guarded, Mode, Node, Op, Program, Residue},
};

const FORMS: [Form; 14] = [
    Form::PathAsync(0),
    Form::FateAsync,
    Form::Evaluated,
    Form::Await,
    Form::AwaitQuestion,
    Form::AwaitUnit,
    Form::AsyncClosure,
    Form::ReturnsFuture,
    Form::ReturnsBoxed,
    Form::MethodAsync,
    Form::MethodFateAsync,
    Form::InPlaceAwait,
    Form::InPlaceFateAsync,
    Form::AsFuture,
];

const WEIGHTS: Weights = Weights { failures: 10, residue: 0, build: 0, forms: &FORMS, ..MIXED };

/// Returns a program of two to four siblings.
pub fn siblings(seed: u64) -> Program {
    let mut generator = Generator::new(seed, WEIGHTS);
    let count = generator.random.usize(2..5);
    let mut cleanups: Vec<_> = (0..count).map(|_| generator.simple()).collect();
    match generator.random.u8(0..3) {
        0 => {
            let never_ends = generator.random.usize(0..count);
            cleanups[never_ends] = generator.with(&cleanups[never_ends], Op::Gate);
        }
        1 => generator.shake_hands(&mut cleanups),
        _ => {}
    }
    let group = generator.group(cleanups);
    generator.around(group)
}

impl Generator {
    fn simple(&mut self) -> Program {
        let leaf = self.leaf();
        self.yields(leaf)
    }

    fn with(&mut self, program: &Program, op: impl FnOnce(Program) -> Op) -> Program {
        let id = self.id();
        Node::new(id, op(program.clone()))
    }

    /// Makes two cleanups wait for each other's progress.
    fn shake_hands(&mut self, cleanups: &mut [Program]) {
        let first = self.random.usize(0..cleanups.len());
        let second = (first + self.random.usize(1..cleanups.len())) % cleanups.len();
        let signals: [Id; 2] = [self.id(), self.id()];
        for (one, (mine, other)) in [(first, (signals[0], signals[1])), (second, (signals[1], signals[0]))] {
            let waits = self.with(&cleanups[one].clone(), |program| Op::Await(other, program));
            cleanups[one] = Node::new(mine, Op::Signal(waits));
            if self.random.bool() {
                cleanups[one] = self.yields(cleanups[one].clone());
            }
        }
    }

    /// Makes a program that runs the cleanups side by side.
    fn group(&mut self, mut cleanups: Vec<Program>) -> Program {
        let Some(cleanup) = cleanups.pop() else {
            let leaf = self.leaf();
            return self.yields(leaf);
        };
        if self.percent(35) {
            // Guards in one body are dropped together.
            let guarded = Guarded {
                mode: Mode::Detach,
                cleanup: self.cleanup_of(cleanup),
                release: false,
                program: self.group(cleanups),
            };
            return self.with_op(Op::Guard(guarded));
        }
        let body = self.simple();
        let finally = self.finally_of(body, cleanup);
        if cleanups.is_empty() {
            return self.left(finally);
        }
        let rest = self.group(cleanups);
        let (one, other) = (self.left(finally), self.left(rest));
        let op = match self.random.u8(0..3) {
            0 => Op::Join(one, other),
            1 => Op::Race { left: one, right: other, unwinds: self.random.bool() },
            _ => Op::Seq(one, other),
        };
        self.with_op(op)
    }

    /// Cancels the program at a time of its own, or leaves it unchanged.
    fn left(&mut self, program: Program) -> Program {
        match self.random.u8(0..3) {
            0 => program,
            _ => {
                let polls = self.random.u8(1..4);
                self.with(&program, |program| Op::Leave(polls, program))
            }
        }
    }

    fn with_op(&mut self, op: Op) -> Program {
        let id = self.id();
        Node::new(id, op)
    }

    fn cleanup_of(&mut self, program: Program) -> Cleanup {
        Cleanup { id: self.id(), build: Build::Plain, program, residue: Residue::Nothing }
    }

    fn finally_of(&mut self, body: Program, cleanup: Program) -> Program {
        let form = self.form();
        let cleanup = self.cleanup_of(cleanup);
        self.with_op(Op::Finally(Finally { form, body, residue: Residue::Nothing, cleanup, top: None }))
    }

    /// Puts a node around all siblings, or none.
    fn around(&mut self, group: Program) -> Program {
        let group = if self.random.bool() {
            let rest = self.simple();
            self.with_op(Op::Seq(group, rest))
        } else {
            group
        };
        if !self.percent(65) {
            return group;
        }
        let cleanup = self.simple();
        self.finally_of(group, cleanup)
    }
}
