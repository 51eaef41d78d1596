//! Counts how often each construct occurs in the programs of a generator.

use std::{collections::BTreeMap, fmt};

use crate::{
    event::End,
    program::{Form, Node, Op},
};

#[derive(Default)]
pub struct Coverage {
    counts: BTreeMap<&'static str, u64>,
    /// For each form, how often its body returned, failed, panicked, and was cancelled.
    fates: BTreeMap<usize, [u64; 4]>,
}

impl Coverage {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn fate(&mut self, form: Form, end: End) {
        let index = Form::ALL.iter().position(|it| *it == form.with_slot(0)).expect("all of them are there");
        let fate = match end {
            End::Ok => 0,
            End::Failed(_) => 1,
            End::Panicked(_) => 2,
            End::Cancelled(_) => 3,
        };
        self.fates.entry(index).or_default()[fate] += 1;
    }

    /// Counts the nodes of a program.
    pub fn program(&mut self, program: &Node) {
        program.visit(&mut |node| self.count(kind(&node.op)));
    }

    /// Returns the names of the constructs that occur less often than required.
    pub fn below(&self, minimum: u64, required: &[&'static str], forms: &[Form]) -> Vec<String> {
        let counted = required.iter().filter_map(|what| {
            let count = self.counts.get(what).copied().unwrap_or(0);
            (count < minimum).then(|| format!("{what}: {count}"))
        });
        let formed = forms.iter().filter_map(|form| {
            let index = Form::ALL.iter().position(|it| it == form)?;
            let fates = self.fates.get(&index).copied().unwrap_or_default();
            // A function that is not async cannot be cancelled.
            let fates = if *form == Form::Plain { &fates[..3] } else { &fates[..] };
            fates.iter().any(|count| *count < minimum).then(|| format!("{form:?}: {fates:?}"))
        });
        counted.chain(formed).collect()
    }
}

pub fn kind(op: &Op) -> &'static str {
    match op {
        Op::Done => "node: done",
        Op::Fail => "node: fail",
        Op::Panic => "node: panic",
        Op::Yield(..) => "node: yield",
        Op::Gate(_) => "node: gate",
        Op::Signal(_) => "node: signal",
        Op::Await(..) => "node: await",
        Op::Seq(..) => "node: seq",
        Op::Catch(_) => "node: catch",
        Op::Hold(_) => "node: hold",
        Op::Bomb(_) => "node: bomb",
        Op::Race { .. } => "node: race",
        Op::Join(..) => "node: join",
        Op::Leave(..) => "node: leave",
        Op::Finally(_) => "node: finally",
        Op::Guard(_) => "node: guard",
        Op::Scope(_) => "node: scope",
        Op::Acquire(_) => "node: acquire",
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.counts {
            writeln!(f, "{count:>12}  {what}")?;
        }
        writeln!(f, "    returned      failed    panicked   cancelled  form")?;
        for (index, [returned, failed, panicked, cancelled]) in &self.fates {
            let form = Form::ALL[*index];
            writeln!(f, "{returned:>12}{failed:>12}{panicked:>12}{cancelled:>12}  {form:?}")?;
        }
        Ok(())
    }
}
