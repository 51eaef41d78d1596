//! The grammar of the programs.

use std::collections::BTreeMap;

/// The return type of a function, which decides the types that a `?` accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Result<u8, Wide>`
    Checked,
    /// `Option<u8>`
    Optional,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Sync,
    Async,
}

pub struct Program {
    pub kind: Kind,
    pub body: Vec<Statement>,
}

/// The number of a loop or a labelled block, which a jump may have as its target.
pub type Target = usize;

pub enum Statement {
    Log(usize),
    /// Changes a variable that body and cleanup share.
    Count,
    Await,
    If(Vec<Statement>, Vec<Statement>),
    Match(Vec<Vec<Statement>>),
    /// `if .. { jump }`
    Jump(Jump),
    /// `let Some(..) = .. else { jump };`
    Else(Jump),
    /// `if .. { identity!(jump) }` with a macro that takes an expression.
    JumpInMacro(Jump),
    /// `if .. { leave!(..) }` with a macro that hides the `return`.
    HiddenReturn,
    /// `forever!(..)` with a macro that hides a loop with jumps of its own.
    HiddenLoop,
    Question(Asked, Wrapped),
    Loop {
        target: Target,
        kind: LoopKind,
        labelled: bool,
        body: Vec<Statement>,
    },
    LabelledBlock {
        target: Target,
        body: Vec<Statement>,
    },
    Block(Block),
    /// A closure with a `return` and a `?` of its own.
    Closure,
    /// An async block with a `return` of its own.
    Future,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LoopKind {
    /// A loop that ends with a value.
    Loop,
    While,
    For,
}

#[derive(Clone, Copy)]
pub enum Jump {
    Return,
    Panic,
    Break { target: Target, labelled: bool, has_value: bool },
    Continue { target: Target, labelled: bool },
}

/// The expression before a `?`.
#[derive(Clone, Copy)]
pub enum Asked {
    /// A `Result` with another error, which converts.
    Narrow,
    /// A `Result` with a third error.
    Other,
    /// A `Result` with the error of the function.
    Wide,
    Option,
}

/// The position of a `?`.
#[derive(Clone, Copy)]
pub enum Wrapped {
    Plain,
    Format,
    Assert,
    Vec,
    InMacro,
}

pub struct Block {
    pub number: usize,
    pub value: Value,
    pub body: Vec<Statement>,
    /// The jump by which the body always leaves. Such a body has no value.
    pub tail: Option<Jump>,
    pub cleanup: Cleanup,
    /// Whether the cleanup uses variables that the body does not use.
    pub is_apart: bool,
    pub cleanup_body: Vec<Statement>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Value {
    Unit,
    Number,
    Text,
    Result,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    Plain,
    /// A cleanup that looks at the fate.
    Fate,
    /// A cleanup that ends in a `Result`.
    Fallible,
    Panics,
    /// A cleanup that awaits in the async form.
    Awaits,
}

impl Program {
    /// Returns how often each construct occurs, by its name and the number of blocks around it, up to two.
    pub fn constructs(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        count(&self.body, 0, &mut counts);
        counts
    }
}

fn count(statements: &[Statement], depth: usize, counts: &mut BTreeMap<String, usize>) {
    for statement in statements {
        let name = match statement {
            Statement::Log(_) | Statement::Count => continue,
            Statement::Await => "await",
            Statement::If(..) => "if",
            Statement::Match(_) => "match",
            Statement::Jump(jump) => jump.name(),
            Statement::Else(_) => "let else",
            Statement::JumpInMacro(_) => "jump in a macro",
            Statement::HiddenReturn => "hidden return",
            Statement::HiddenLoop => "hidden loop",
            Statement::Question(_, wrapped) => wrapped.name(),
            Statement::Loop { kind, .. } => kind.name(),
            Statement::LabelledBlock { .. } => "labelled block",
            Statement::Block(block) => block.cleanup.name(),
            Statement::Closure => "closure",
            Statement::Future => "future",
        };
        *counts.entry(format!("{name} in {}", depth.min(2))).or_default() += 1;
        match statement {
            Statement::If(one, other) => {
                count(one, depth, counts);
                count(other, depth, counts);
            }
            Statement::Match(arms) => arms.iter().for_each(|arm| count(arm, depth, counts)),
            Statement::Loop { body, .. } | Statement::LabelledBlock { body, .. } => {
                count(body, depth, counts);
            }
            Statement::Block(block) => {
                count(&block.body, depth + 1, counts);
                count(&block.cleanup_body, depth, counts);
                if let Some(tail) = block.tail {
                    *counts.entry(format!("{} as the tail", tail.name())).or_default() += 1;
                }
                *counts.entry(block.value.name().to_owned()).or_default() += 1;
            }
            _ => {}
        }
    }
}

impl Jump {
    fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Panic => "panic",
            Self::Break { has_value: true, .. } => "break with a value",
            Self::Break { labelled: true, .. } => "labelled break",
            Self::Break { .. } => "break",
            Self::Continue { labelled: true, .. } => "labelled continue",
            Self::Continue { .. } => "continue",
        }
    }
}

impl Wrapped {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "question mark",
            Self::Format => "question mark in format",
            Self::Assert => "question mark in assert",
            Self::Vec => "question mark in vec",
            Self::InMacro => "question mark in a macro",
        }
    }
}

impl LoopKind {
    fn name(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::While => "while",
            Self::For => "for",
        }
    }
}

impl Value {
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "()",
            Self::Number => "u8",
            Self::Text => "String",
            Self::Result => "Result<u8, Wide>",
        }
    }
}

impl Cleanup {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "block",
            Self::Fate => "block that sees its fate",
            Self::Fallible => "block whose cleanup fails",
            Self::Panics => "block whose cleanup panics",
            Self::Awaits => "block whose cleanup awaits",
        }
    }
}
