//! The goals of the costs, and which of them are reached.

use crate::{
    measure::{CROWDS, Measured, Nest},
    tables::{table, whole},
};

struct Goal {
    name: &'static str,
    unit: &'static str,
    wanted: f64,
    now: f64,
}

impl Goal {
    fn reached(&self) -> bool {
        self.now.round() <= self.wanted
    }
}

/// The forms of this library that are nested.
const OURS: [&str; 9] = [
    "armed_sync",
    "path_sync",
    "argument_sync",
    "path_awaited",
    "argument_awaited",
    "argument_skip",
    "argument_block",
    "block_sync",
    "block_awaited",
];

fn goals(measured: &Measured) -> Vec<Goal> {
    let goal = |name, unit, wanted, now| Goal { name, unit, wanted, now };
    let instructions = |name, wanted, now| goal(name, "instructions", wanted, now);
    let bytes = |name, wanted, now| goal(name, "bytes", wanted, now);
    let call = |case: &str| measured.calls[case].instructions;
    let further = |case: &str| measured.calls[case].further_poll;
    let size = |case: &str| measured.calls[case].bytes;
    let nest = |case: &str| &measured.nested[case];
    let deepest = |stack: fn(&Nest) -> f64| OURS.iter().map(|case| stack(nest(case))).fold(0.0, f64::max);
    let armed = |name, size: fn(&Nest) -> f64| {
        goal(
            name,
            "hundredths of the plain one",
            60.0,
            100.0 * size(nest("armed_sync")) / size(nest("plain")),
        )
    };
    let alone = &measured.cancelled["path_awaited"];
    let tree = &measured.cancelled["tree_10"];
    let tokio = measured.cancelled["spawn"]["allocations"];
    let overflow = OURS.iter().filter(|case| !nest(case).holds).count() as f64;
    let adopted = |index: usize| measured.crowded["adopted"][index]["instructions"];
    let largest = CROWDS.len() - 1;
    vec![
        instructions("sync cleanup by path, ready at once", 220.0, call("path_sync")),
        instructions("sync cleanup with an argument, ready at once", 320.0, call("argument_sync")),
        instructions("sync method, ready at once", 230.0, call("method_sync")),
        instructions("sync block, ready at once", 320.0, call("block_sync")),
        instructions("sync cleanup by path, each further poll", 105.0, further("path_sync")),
        instructions("sync cleanup with an argument, each further poll", 145.0, further("argument_sync")),
        instructions("awaited cleanup by path, ready at once", 425.0, call("path_awaited")),
        instructions("awaited cleanup with an argument, ready at once", 440.0, call("argument_awaited")),
        instructions("function that is not async", 160.0, call("function_path")),
        instructions(
            "cancelled and handed off to tokio, mean with the system's allocator",
            2400.0,
            alone["system mean"],
        ),
        goal(
            "cancelled and handed off to tokio, beside a spawn",
            "allocations",
            2.0,
            alone["allocations"] - tokio,
        ),
        instructions("cancelled tree of ten, mean with the system's allocator", 9000.0, tree["system mean"]),
        goal("cancelled tree of ten", "allocations", 22.0, tree["allocations"]),
        goal("cancelled tree of ten", "tasks", 1.0, tree["tasks"]),
        goal(
            "one of 100,000 adopted cleanups, beside one of 1,000",
            "hundredths of the instructions",
            110.0,
            100.0 * adopted(largest) / adopted(largest - 2),
        ),
        bytes("stack of a level, release, the form that takes most", 400.0, deepest(|nest| nest.stack)),
        bytes("stack of a level, debug, the form that takes most", 1600.0, deepest(|nest| nest.stack_debug)),
        goal("1,000 levels in a debug build that overflow 2 MiB", "forms of nine", 0.0, overflow),
        bytes("future with 256 bytes of argument, by path", 550.0, nest("path_awaited").bytes_of_one),
        bytes(
            "future with 256 bytes of argument, with the argument",
            550.0,
            nest("argument_awaited").bytes_of_one,
        ),
        bytes(
            "future with 256 bytes of argument, three levels, by path",
            1600.0,
            nest("path_awaited").bytes_of_three,
        ),
        bytes(
            "future with 256 bytes of argument, three levels, with the argument",
            1600.0,
            nest("argument_awaited").bytes_of_three,
        ),
        armed("future with 256 bytes of argument, `armed = call`", |nest| nest.bytes_of_one),
        armed("future with 256 bytes of argument, three levels, `armed = call`", |nest| nest.bytes_of_three),
        bytes("future with 4 bytes of argument, awaited cleanup by path", 120.0, size("path_awaited")),
        bytes(
            "future with 4 bytes of argument, awaited cleanup with the argument",
            120.0,
            size("argument_awaited"),
        ),
        bytes("future with 4 bytes of argument, `on_cancel = block`", 200.0, size("argument_block")),
        bytes("future with 4 bytes of argument, `on_cancel = skip`", 160.0, size("argument_skip")),
    ]
}

pub fn all(measured: &Measured) -> String {
    let row = |goal: &Goal| {
        let reached = if goal.reached() { "yes" } else { "**no**" };
        let cells = [goal.name, goal.unit, &whole(goal.wanted), &whole(goal.now), reached];
        cells.map(str::to_owned).to_vec()
    };
    table(&["", "", "at most", "now", "reached"], goals(measured).iter().map(row))
}

pub fn not_reached(measured: &Measured) -> String {
    let missed = |goal: &Goal| {
        let Goal { name, unit, wanted, now } = goal;
        format!("* {name}: {} {unit}, at most {} are wanted.\n", whole(*now), whole(*wanted))
    };
    let missed: Vec<String> = goals(measured).iter().filter(|goal| !goal.reached()).map(missed).collect();
    if missed.is_empty() { "Every goal is reached.\n".to_owned() } else { missed.concat() }
}
