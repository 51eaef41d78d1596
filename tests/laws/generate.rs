//! Random programs. Only the programs are random, not the points of cancellation.

mod siblings;

use crate::{
    event::Id,
    program::{
        Acquired, Build, Cleanup, Finally, Form, Guarded, Leaving, Mode, Node, Op, Program, Residue, SLOTS,
        Scoped, Slot,
    },
};

/// The likelihoods of a generator.
#[derive(Clone, Copy)]
pub struct Weights {
    pub yields: u32,
    pub seq: u32,
    pub catch: u32,
    pub hold: u32,
    pub bomb: u32,
    pub race: u32,
    pub join: u32,
    pub leave: u32,
    pub finally: u32,
    pub guard: u32,
    pub scope: u32,
    pub acquire: u32,
    /// The number of leaves in a hundred that fail or panic.
    pub failures: u32,
    /// The number of cleanups in a hundred that are programs of any kind.
    pub nested_cleanups: u32,
    /// The numbers of cleanups in a hundred that panic when they are built, and that cancel something then.
    pub build: u32,
    /// The number of futures in a hundred that do something when they are dropped.
    pub residue: u32,
    pub forms: &'static [Form],
}

/// All nodes are likely.
pub const MIXED: Weights = Weights {
    yields: 24,
    seq: 10,
    catch: 3,
    hold: 5,
    bomb: 4,
    race: 5,
    join: 3,
    leave: 5,
    finally: 30,
    guard: 6,
    scope: 5,
    acquire: 5,
    failures: 35,
    nested_cleanups: 25,
    build: 15,
    residue: 12,
    forms: &Form::ALL,
};

/// Nothing runs side by side, so that the log has one correct order.
pub const PLAIN: Weights = Weights {
    race: 0,
    join: 0,
    leave: 0,
    acquire: 0,
    scope: 3,
    residue: 0,
    build: 30,
    failures: 20,
    nested_cleanups: 10,
    ..MIXED
};

pub const RACES: Weights =
    Weights { race: 40, join: 3, leave: 2, guard: 3, scope: 2, acquire: 2, residue: 30, ..MIXED };

/// Many cleanups cancel something: in a poll, in the call that builds them, or by the drop of their ended future.
pub const CANCELLING: Weights =
    Weights { race: 6, leave: 16, nested_cleanups: 70, build: 45, residue: 35, failures: 20, ..MIXED };

pub struct Generator {
    random: fastrand::Rng,
    weights: Weights,
    last: Id,
    slots: Slot,
}

/// Returns a random program.
pub fn program(seed: u64, weights: Weights) -> Program {
    let mut generator = Generator::new(seed, weights);
    let size = generator.random.u32(3..16);
    generator.node(size)
}

pub use siblings::siblings;

impl Generator {
    fn new(seed: u64, weights: Weights) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), weights, last: 0, slots: 0 }
    }

    fn id(&mut self) -> Id {
        self.last += 1;
        self.last
    }

    fn percent(&mut self, of_a_hundred: u32) -> bool {
        self.random.u32(0..100) < of_a_hundred
    }

    fn leaf(&mut self) -> Program {
        let id = self.id();
        if !self.percent(self.weights.failures) {
            return Node::new(id, Op::Done);
        }
        Node::new(id, if self.random.bool() { Op::Fail } else { Op::Panic })
    }

    fn yields(&mut self, then: Program) -> Program {
        let id = self.id();
        let times = self.random.u8(1..4);
        Node::new(id, Op::Yield(times, then))
    }

    fn node(&mut self, size: u32) -> Program {
        if size <= 1 {
            let leaf = self.leaf();
            return if self.percent(60) { self.yields(leaf) } else { leaf };
        }
        let rest = size - 1;
        let id = self.id();
        let Weights {
            yields, seq, catch, hold, bomb, race, join, leave, finally, guard, scope, acquire, ..
        } = self.weights;
        let op = match self
            .choose(&[yields, seq, catch, hold, bomb, race, join, leave, finally, guard, scope, acquire])
        {
            0 => Op::Yield(self.random.u8(1..4), self.node(rest)),
            1 => {
                let (a, b) = self.two(rest);
                Op::Seq(a, b)
            }
            2 => Op::Catch(self.node(rest)),
            3 => Op::Hold(self.node(rest)),
            4 => Op::Bomb(self.node(rest)),
            5 if self.percent(10) => self.unwinding_race(rest),
            5 => {
                let (left, right) = self.two(rest);
                Op::Race { left, right, unwinds: self.random.bool() }
            }
            6 => {
                let (a, b) = self.two(rest);
                Op::Join(a, b)
            }
            7 => {
                let polls = self.random.u8(0..4);
                Op::Leave(polls, self.node(rest))
            }
            8 => Op::Finally(self.finally(rest)),
            9 => {
                let mode = self.mode();
                Op::Guard(self.guarded(mode, rest))
            }
            10 => Op::Scope(self.scoped(rest)),
            _ => Op::Acquire(self.acquired(rest)),
        };
        Node::new(id, op)
    }

    fn choose(&mut self, weights: &[u32]) -> usize {
        let mut at = self.random.u32(0..weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if at < *weight {
                return index;
            }
            at -= weight;
        }
        unreachable!("it is below the sum")
    }

    fn two(&mut self, size: u32) -> (Program, Program) {
        let first = self.random.u32(0..=size);
        (self.node(first), self.node(size - first))
    }

    fn form(&mut self) -> Form {
        loop {
            let form = self.weights.forms[self.random.usize(0..self.weights.forms.len())];
            match form.slot() {
                None => return form,
                Some(_) if self.slots < SLOTS => {
                    self.slots += 1;
                    return form.with_slot(self.slots - 1);
                }
                // No slot for another path is left.
                Some(_) => {}
            }
        }
    }

    /// Returns a race in which one side panics, and the body of the other side panics when the unwinding drops it.
    fn unwinding_race(&mut self, size: u32) -> Op {
        const METHODS: [Form; 4] =
            [Form::MethodSync, Form::MethodAsync, Form::MethodFateSync, Form::MethodFateAsync];

        let panics = self.id();
        let panics = Node::new(panics, Op::Panic);
        let left = self.yields(panics);
        let body = self.node(size);
        let form = METHODS[self.random.usize(0..METHODS.len())];
        let is_awaited = form.mode() != Mode::Sync;
        let finally = Finally {
            form,
            body: self.yields(body),
            residue: Residue::Panics,
            cleanup: self.cleanup(is_awaited, is_awaited, is_awaited, 1),
            top: None,
        };
        let right = self.id();
        Op::Race { left, right: Node::new(right, Op::Finally(finally)), unwinds: true }
    }

    fn mode(&mut self) -> Mode {
        [Mode::Sync, Mode::Detach, Mode::Detach, Mode::Block, Mode::Skip][self.random.usize(0..5)]
    }

    fn finally(&mut self, size: u32) -> Finally {
        let form = self.form();
        let body = self.random.u32(0..=size);
        let cleanup = size - body;
        Finally {
            form,
            body: self.node(body),
            residue: if form.is_method() { self.residue(true) } else { Residue::Nothing },
            cleanup: self.cleanup(
                form.mode() != Mode::Sync,
                form.is_evaluated(),
                form.is_evaluated(),
                cleanup,
            ),
            top: form.is_stacked().then(|| self.cleanup(false, false, false, 1)),
        }
    }

    fn guarded(&mut self, mode: Mode, size: u32) -> Guarded {
        let program = self.random.u32(0..=size);
        let is_awaited = mode != Mode::Sync;
        Guarded {
            mode,
            cleanup: self.cleanup(is_awaited, is_awaited, is_awaited, size - program),
            release: self.random.bool(),
            program: self.node(program),
        }
    }

    fn scoped(&mut self, size: u32) -> Scoped {
        let program = self.random.u32(0..=size);
        let cleanups = (0..self.random.u32(1..4)).map(|_| {
            let mode = if self.percent(35) { Mode::Sync } else { Mode::Detach };
            let is_awaited = mode != Mode::Sync;
            // The scope awaits the future inside a future of its own, so this one is not dropped by itself.
            (mode, self.cleanup(is_awaited, is_awaited, false, (size - program) / 2))
        });
        let cleanups = cleanups.collect();
        Scoped { cleanups, close: self.random.bool(), program: self.node(program) }
    }

    fn acquired(&mut self, size: u32) -> Acquired {
        let source = self.random.u32(0..=size);
        let mode = if self.percent(30) { Mode::Sync } else { Mode::Detach };
        let source_program = self.node(source);
        Acquired {
            fallible: self.random.bool(),
            source: if self.percent(50) { self.yields(source_program) } else { source_program },
            guarded: self.guarded(mode, size - source),
        }
    }

    fn cleanup(&mut self, is_awaited: bool, is_built: bool, is_dropped_alone: bool, size: u32) -> Cleanup {
        let id = self.id();
        let program = if self.percent(self.weights.nested_cleanups) {
            self.node(size.max(2))
        } else {
            let leaf = self.leaf();
            if is_awaited && self.percent(75) { self.yields(leaf) } else { leaf }
        };
        let build = match self.random.u32(0..100) {
            _ if !is_built => Build::Plain,
            at if at < self.weights.build / 3 => Build::Panics,
            at if at < self.weights.build => Build::Leaves(self.leaving()),
            _ => Build::Plain,
        };
        let residue = if is_dropped_alone { self.residue(true) } else { Residue::Nothing };
        Cleanup { id, build, program, residue }
    }

    fn residue(&mut self, may_panic: bool) -> Residue {
        match self.random.u32(0..100) {
            at if at < self.weights.residue / 3 && may_panic => Residue::Panics,
            at if at < self.weights.residue => Residue::Leaves(self.leaving()),
            _ => Residue::Nothing,
        }
    }

    fn leaving(&mut self) -> Leaving {
        let id = self.id();
        let polls = self.random.u8(0..3);
        // A part that can be cancelled is a finally whose body suspends.
        let node = self.id();
        let finally = self.finally(2);
        let body = self.yields(finally.body.clone());
        let program = Node::new(node, Op::Finally(Finally { body, ..finally }));
        Leaving { id, polls, program }
    }
}
