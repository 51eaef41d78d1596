//! Finds the functions that cannot have the code of a mode. It removes the code where the compiler complains until the rest
//! compiles, and restores it in the functions that were not at fault.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::{
    compile::{Cargo, Check, Diagnostic},
    functions::Function,
    mode::Mode,
    source::{Layout, Source},
};

/// The errors that are reported inside the function at fault.
const LOCAL: &[&str] = &[
    "E0382", "E0499", "E0502", "E0503", "E0505", "E0506", "E0507", "E0515", "E0597", "E0716", "E0373",
    "E0521",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Library,
    ByHand,
}

/// The functions that keep their attribute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    /// The variables that each cleanup mentions in the end.
    pub(crate) kept: BTreeMap<usize, Vec<String>>,
    /// The arguments that a body moves away, so that its cleanup cannot mention them.
    pub(crate) moved: BTreeMap<usize, BTreeSet<String>>,
    /// The functions that fail, and their errors.
    pub(crate) failed: BTreeMap<usize, Vec<Complaint>>,
    /// Whether types nest more deeply than the recursion limit of the crate allows. Nothing else is known then.
    pub(crate) is_too_deep: bool,
    /// An error that is in no function. No function keeps its attribute then.
    pub(crate) whole: Option<Complaint>,
    pub(crate) warnings: Vec<Diagnostic>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) code: String,
    pub(crate) rendered: String,
}

/// The words with which the attribute refuses a function whose value runs later.
const RUNS_LATER: &str = "runs after this function has returned, and the cleanup would run before";

/// The errors of types that nest too deeply.
const TOO_DEEP: &[&str] = &["E0275", "queries overflow the depth limit!"];

impl Complaint {
    fn new(diagnostic: &Diagnostic) -> Self {
        Self { code: diagnostic.code().to_owned(), rendered: diagnostic.rendered().to_owned() }
    }

    /// Returns whether the attribute refuses the function because its value runs later.
    fn refuses(&self) -> bool {
        self.rendered.contains(RUNS_LATER)
    }

    fn is_local(&self) -> bool {
        LOCAL.contains(&self.code.as_str()) || self.refuses()
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial<'a> {
    pub(crate) cargo: &'a Cargo<'a>,
    pub(crate) source: &'a Source,
    pub(crate) functions: &'a [Function],
    pub(crate) mode: Mode,
    pub(crate) form: Form,
}

impl Trial<'_> {
    pub(crate) fn write(&self, kept: &BTreeMap<usize, Vec<String>>) -> Result<Layout> {
        let library = self.cargo.entry.library();
        let mut insertions = BTreeMap::new();
        for (index, mentioned) in kept {
            let Some(function) = self.functions.get(*index) else { continue };
            let insertion = match self.form {
                Form::Library => self.mode.written(library, mentioned),
                Form::ByHand => self.mode.by_hand(function, mentioned),
            };
            insertions.insert(*index, insertion);
        }
        self.source.write(self.functions, &insertions)
    }

    fn check(&self, kept: &BTreeMap<usize, Vec<String>>) -> Result<(Check, Layout)> {
        let layout = self.write(kept)?;
        Ok((self.cargo.check()?, layout))
    }

    pub(crate) fn settle(&self, asked: BTreeMap<usize, Vec<String>>) -> Result<Settled> {
        let mut settled = Settled { kept: asked, ..Settled::default() };
        loop {
            let (check, layout) = self.check(&settled.kept)?;
            if check.passed {
                settled.warnings = check.diagnostics;
                break;
            }
            let errors: Vec<_> = check.diagnostics.iter().filter(|it| it.is_error()).collect();
            if !self.source.is_deep() && errors.iter().any(|error| TOO_DEEP.contains(&error.code())) {
                return Ok(Settled { is_too_deep: true, ..Settled::default() });
            }
            let at_fault = settled.blame(&errors, |error| error.functions(&layout))
                || settled.blame(&errors, |error| error.functions_shown(&layout))
                || settled.blame(&errors, |error| self.functions_named(error));
            if !at_fault {
                settled.kept.clear();
                settled.whole = errors.first().map(|error| Complaint::new(error));
                return Ok(settled);
            }
            eprintln!("      {} fail so far", settled.failed.len());
        }
        let doubtful: Vec<usize> = settled
            .failed
            .iter()
            .filter(|(_, complaints)| !complaints.iter().any(Complaint::is_local))
            .map(|(index, _)| *index)
            .collect();
        if !doubtful.is_empty() {
            eprintln!("      {} of them to be tried again", doubtful.len());
            self.give_back(&mut settled, &doubtful)?;
            self.write(&settled.kept)?;
        }
        Ok(settled)
    }

    /// Returns the functions with a name that the shown code mentions. If the future of a function is not `Send`, the
    /// compiler may show a call of it, and not the function.
    fn functions_named(&self, error: &Diagnostic) -> BTreeSet<usize> {
        let words = error.words_shown();
        let is_named = |function: &Function| {
            let name = function.name.rsplit("::").next();
            name.is_some_and(|name| words.contains(name))
        };
        (0..).zip(self.functions).filter(|(_, function)| is_named(function)).map(|(index, _)| index).collect()
    }

    /// Restores the doubtful functions, and keeps those that compile: they were not at fault.
    fn give_back(&self, settled: &mut Settled, doubtful: &[usize]) -> Result<()> {
        let mut kept = settled.kept.clone();
        for index in doubtful {
            let moved = settled.moved.get(index);
            if let Some(mut mentioned) = self.functions.get(*index).and_then(|it| self.mode.mentions(it)) {
                mentioned.retain(|name| !moved.is_some_and(|moved| moved.contains(name)));
                kept.insert(*index, mentioned);
            }
        }
        let (check, _) = self.check(&kept)?;
        if check.passed {
            settled.kept = kept;
            settled.warnings = check.diagnostics;
            settled.failed.retain(|index, _| !doubtful.contains(index));
        } else if let [index] = doubtful {
            let complaints =
                check.diagnostics.iter().filter(|it| it.is_error()).map(Complaint::new).collect();
            settled.failed.insert(*index, complaints);
        } else {
            let (first, second) = doubtful.split_at(doubtful.len() / 2);
            self.give_back(settled, first)?;
            self.give_back(settled, second)?;
        }
        Ok(())
    }
}

impl Settled {
    /// Removes the functions that the attribute refuses because their value runs later, and returns their number.
    pub(crate) fn take_refused(&mut self) -> usize {
        let all = self.failed.len();
        self.failed.retain(|_, complaints| !complaints.iter().any(Complaint::refuses));
        all - self.failed.len()
    }

    /// Removes the code from the functions of some errors. Returns whether there was any.
    fn blame(&mut self, errors: &[&Diagnostic], functions: impl Fn(&Diagnostic) -> BTreeSet<usize>) -> bool {
        let mut taken = false;
        let mut removed = BTreeSet::new();
        for error in errors {
            for index in functions(error) {
                let Some(mentioned) = self.kept.get_mut(&index) else {
                    if removed.contains(&index) {
                        self.failed.entry(index).or_default().push(Complaint::new(error));
                    }
                    continue;
                };
                let already = |name: &str| self.moved.get(&index).is_some_and(|moved| moved.contains(name));
                let moved = error.moved();
                match moved.iter().find(|name| mentioned.contains(name)) {
                    Some(name) => {
                        mentioned.retain(|it| it != name);
                        self.moved.entry(index).or_default().insert(name.clone());
                    }
                    None if moved.iter().any(|name| already(name)) => {}
                    _ => {
                        self.kept.remove(&index);
                        removed.insert(index);
                        self.failed.entry(index).or_default().push(Complaint::new(error));
                    }
                }
                taken = true;
            }
        }
        taken
    }
}
