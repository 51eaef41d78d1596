//! Makes a failing program smaller.

use crate::program::{Acquired, Build, Cleanup, Finally, Guarded, Node, Op, Program, Residue, Scoped};

/// Returns a small program for which `fails` still holds. Each step takes the first smaller program that fails.
pub fn shrink(program: &Program, mut fails: impl FnMut(&Program) -> bool) -> Program {
    const ATTEMPTS: usize = 3_000;

    let mut smallest = program.clone();
    let mut attempts = 0;
    'smaller: loop {
        for candidate in smaller(&smallest) {
            attempts += 1;
            if attempts > ATTEMPTS {
                return smallest;
            }
            if fails(&candidate) {
                smallest = candidate;
                continue 'smaller;
            }
        }
        return smallest;
    }
}

/// Returns programs that are one step smaller, the smallest first.
fn smaller(program: &Program) -> Vec<Program> {
    let parts: Vec<Program> = program.parts().into_iter().map(|part| part.program().clone()).collect();
    let mut candidates = parts.clone();
    if !matches!(program.op, Op::Done) {
        candidates.push(Node::new(program.id, Op::Done));
    }
    candidates.extend(simpler(&program.op).into_iter().map(|op| Node::new(program.id, op)));
    for (index, part) in parts.iter().enumerate() {
        for candidate in smaller(part) {
            let mut at = 0;
            candidates.push(program.with_parts(&mut |part| {
                let this = at == index;
                at += 1;
                if this { candidate.clone() } else { part.program().clone() }
            }));
        }
    }
    candidates
}

/// Returns smaller versions of the same node.
fn simpler(op: &Op) -> Vec<Op> {
    match op {
        Op::Yield(times, then) if *times > 1 => vec![Op::Yield(times - 1, then.clone())],
        Op::Leave(polls, then) if *polls > 0 => vec![Op::Leave(polls - 1, then.clone())],
        Op::Race { left, right, unwinds: true } => {
            vec![Op::Race { left: left.clone(), right: right.clone(), unwinds: false }]
        }
        Op::Finally(it) => {
            let mut ops: Vec<_> = simpler_cleanups(&it.cleanup)
                .into_iter()
                .map(|cleanup| Op::Finally(Finally { cleanup, ..it.clone() }))
                .collect();
            if !matches!(it.residue, Residue::Nothing) {
                ops.push(Op::Finally(Finally { residue: Residue::Nothing, ..it.clone() }));
            }
            ops
        }
        Op::Guard(it) => guarded(it).into_iter().map(Op::Guard).collect(),
        Op::Acquire(it) => guarded(&it.guarded)
            .into_iter()
            .map(|guarded| Op::Acquire(Acquired { guarded, ..it.clone() }))
            .collect(),
        Op::Scope(it) => (0..it.cleanups.len())
            .flat_map(|index| {
                let mut without = it.cleanups.clone();
                let (mode, removed) = without.remove(index);
                let simpler = simpler_cleanups(&removed).into_iter().map(move |cleanup| {
                    let mut cleanups = it.cleanups.clone();
                    cleanups[index] = (mode, cleanup);
                    cleanups
                });
                std::iter::once(without).chain(simpler)
            })
            .map(|cleanups| Op::Scope(Scoped { cleanups, ..it.clone() }))
            .collect(),
        _ => vec![],
    }
}

fn guarded(it: &Guarded) -> Vec<Guarded> {
    simpler_cleanups(&it.cleanup).into_iter().map(|cleanup| Guarded { cleanup, ..it.clone() }).collect()
}

fn simpler_cleanups(cleanup: &Cleanup) -> Vec<Cleanup> {
    let mut cleanups = Vec::new();
    if !matches!(cleanup.build, Build::Plain) {
        cleanups.push(Cleanup { build: Build::Plain, ..cleanup.clone() });
    }
    if !matches!(cleanup.residue, Residue::Nothing) {
        cleanups.push(Cleanup { residue: Residue::Nothing, ..cleanup.clone() });
    }
    cleanups
}
