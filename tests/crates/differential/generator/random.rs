//! Random programs.

use fastrand::Rng;

use crate::program::{
    Asked, Block, Cleanup, Jump, Kind, LoopKind, Program, Statement, Target, Value, Wrapped,
};

pub fn program(seed: u64) -> Program {
    let mut rng = Rng::with_seed(seed);
    let kind = if rng.u8(..3) == 0 { Kind::Optional } else { Kind::Checked };
    let mut random = Random { rng, kind, targets: 0, blocks: 0, logs: 0 };
    let mut body = random.statements(&[], 3);
    // A program without a block tests nothing, and most jumps need a loop around the block.
    let (target, labelled) = (random.target(), random.rng.bool());
    let around = [LoopKind::Loop, LoopKind::While, LoopKind::For][random.rng.usize(..3)];
    let block = random.block(&[Around { target, kind: Some(around), labelled }], 3);
    body.push(Statement::Loop { target, kind: around, labelled, body: vec![Statement::Block(block)] });
    Program { kind, body }
}

/// An enclosing target of a statement.
#[derive(Clone, Copy)]
struct Around {
    target: Target,
    /// The kind of a loop. `None` for a labelled block.
    kind: Option<LoopKind>,
    labelled: bool,
}

struct Random {
    rng: Rng,
    kind: Kind,
    targets: usize,
    blocks: usize,
    logs: usize,
}

impl Random {
    fn statements(&mut self, around: &[Around], depth: usize) -> Vec<Statement> {
        (0..self.rng.usize(1..3)).map(|_| self.statement(around, depth)).collect()
    }

    fn statement(&mut self, around: &[Around], depth: usize) -> Statement {
        let deep = if depth == 0 { 12 } else { 20 };
        match self.rng.u8(..deep) {
            0 if self.rng.bool() => self.log(),
            0 => Statement::Count,
            1 | 2 => Statement::Await,
            3..=5 => Statement::Jump(self.jump(around)),
            6 => Statement::Else(self.jump(around)),
            7 => Statement::JumpInMacro(self.jump(around)),
            8 => match self.rng.u8(..4) {
                0 => Statement::HiddenReturn,
                // Its jumps may leave the block, so there must be a loop around the block.
                1 if around
                    .last()
                    .is_some_and(|it| matches!(it.kind, Some(LoopKind::While | LoopKind::For))) =>
                {
                    Statement::HiddenLoop
                }
                2 => Statement::Closure,
                _ => Statement::Future,
            },
            9..=11 => self.question(),
            12 => {
                let one = self.statements(around, depth - 1);
                Statement::If(one, self.statements(around, depth - 1))
            }
            13 => Statement::Match((0..3).map(|_| self.statements(around, depth - 1)).collect()),
            14 | 15 => {
                let kind = [LoopKind::Loop, LoopKind::While, LoopKind::For][self.rng.usize(..3)];
                let (target, labelled) = (self.target(), self.rng.bool());
                let body = self.inside(around, Around { target, kind: Some(kind), labelled }, depth);
                Statement::Loop { target, kind, labelled, body }
            }
            16 => {
                let target = self.target();
                let body = self.inside(around, Around { target, kind: None, labelled: true }, depth);
                Statement::LabelledBlock { target, body }
            }
            _ => Statement::Block(self.block(around, depth)),
        }
    }

    fn inside(&mut self, around: &[Around], target: Around, depth: usize) -> Vec<Statement> {
        let mut inside = around.to_vec();
        inside.push(target);
        self.statements(&inside, depth - 1)
    }

    fn block(&mut self, around: &[Around], depth: usize) -> Block {
        let number = self.blocks;
        self.blocks += 1;
        let value = match self.rng.u8(..5) {
            0 => Value::Unit,
            1 => Value::Text,
            2 if self.kind == Kind::Checked => Value::Result,
            _ => Value::Number,
        };
        let body = self.statements(around, depth - 1);
        let tail = (self.rng.u8(..8) == 0).then(|| self.jump(around));
        let cleanup = match self.rng.u8(..8) {
            0 | 1 => Cleanup::Fate,
            2 if self.kind == Kind::Checked => Cleanup::Fallible,
            3 => Cleanup::Panics,
            4 | 5 => Cleanup::Awaits,
            _ => Cleanup::Plain,
        };
        let nests = cleanup == Cleanup::Plain && depth > 1 && self.rng.u8(..3) == 0;
        let cleanup_body = if nests { vec![Statement::Block(self.block_in_cleanup())] } else { Vec::new() };
        let is_apart = !nests && number % 2 == 0;
        Block { number, value, body, tail, cleanup, is_apart, cleanup_body }
    }

    /// Returns a block that no jump leaves.
    fn block_in_cleanup(&mut self) -> Block {
        let number = self.blocks;
        self.blocks += 1;
        Block {
            number,
            value: Value::Number,
            body: vec![self.log(), Statement::Closure],
            tail: None,
            cleanup: Cleanup::Plain,
            is_apart: false,
            cleanup_body: Vec::new(),
        }
    }

    fn log(&mut self) -> Statement {
        self.logs += 1;
        Statement::Log(self.logs)
    }

    fn target(&mut self) -> Target {
        self.targets += 1;
        self.targets
    }

    fn jump(&mut self, around: &[Around]) -> Jump {
        let choice = self.rng.u8(..10);
        let Some(innermost) = around.last().filter(|_| choice > 2) else {
            return if choice == 0 { Jump::Panic } else { Jump::Return };
        };
        let reachable: Vec<_> =
            around.iter().filter(|it| it.labelled || it.target == innermost.target).collect();
        let chosen = if self.rng.bool() { innermost } else { reachable[self.rng.usize(..reachable.len())] };
        let Around { target, kind, labelled } = *chosen;
        // Without a label it goes to the innermost loop, which is not a labelled block.
        let needs_label = target != innermost.target || kind.is_none();
        let labelled = labelled && (needs_label || self.rng.u8(..3) == 0);
        match kind {
            Some(_) if choice > 6 => Jump::Continue { target, labelled },
            kind => Jump::Break { target, labelled, has_value: kind == Some(LoopKind::Loop) },
        }
    }

    fn question(&mut self) -> Statement {
        let asked = match self.kind {
            Kind::Checked => [Asked::Narrow, Asked::Other, Asked::Wide][self.rng.usize(..3)],
            Kind::Optional => Asked::Option,
        };
        let wrapped = match self.rng.u8(..8) {
            0 => Wrapped::Format,
            1 => Wrapped::Assert,
            2 => Wrapped::Vec,
            3 => Wrapped::InMacro,
            _ => Wrapped::Plain,
        };
        Statement::Question(asked, wrapped)
    }
}
