#!/usr/bin/env python3
"""What the attribute costs at compile time, beside `#[tracing::instrument(skip_all)]`, with a plain build as zero.

Writes the same functions three times (plain, instrumented, with a cleanup) and compiles them by turns:

    benches/compile_time/measure.py             # prints the tables of docs/compile-time.md
    benches/compile_time/measure.py --write     # replaces them there
    benches/compile_time/measure.py --rounds 0 --write     # replaces the counts alone, --no-instructions the times

Two measures. Times are medians of rounds in which all variants take their turn, and only their ratios mean anything.
Instructions are counted by valgrind: the cost of one more function, from the difference between two sizes. They are the same
on every machine, and what to look at when something is changed.
"""

import argparse
import os
import pathlib
import re
import resource
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "compile-time"
REPORT = ROOT / "docs" / "compile-time.md"
MARKER = "<!-- tables -->\n"
VARIANTS = ["plain", "instrument", "finally"]
COMMANDS = ["check", "build", "build --release"]
# How many functions are compiled to count instructions: a round of all shapes and outputs, and two.
SIZES = (32, 64)

# What the functions return, and how they make it out of a number: a crate has more than one type.
OUTPUTS = [
    ("u64", "sum"),
    ("String", "sum.to_string()"),
    ("Option<u64>", "Some(sum)"),
    ("Vec<u64>", "vec![sum]"),
    ("()", "assert_ne!(sum, 7)"),
    ("bool", "sum == 7"),
    ("(u64, u64)", "(sum, sum)"),
    ("[u64; 2]", "[sum, sum]"),
]

ASYNC = """\
pub async fn {name}(conn: Conn, order: u64) -> Result<{output}, Error> {{
    conn.begin(order).await?;
    if order == {at} {{
        return Err(Error);
    }}
    let sum = conn.execute(order + {at}).await?;
    Ok({value})
}}
"""
SYNC = """\
pub fn {name}(conn: Conn, order: u64) -> Result<{output}, Error> {{
    conn.prepare(order)?;
    if order == {at} {{
        return Err(Error);
    }}
    let sum = conn.prepare(order + {at})?;
    Ok({value})
}}
"""

# The shapes of a function, each with its cleanup.
SHAPES = {
    "path": ("async, sync cleanup by path", "clean", ASYNC),
    "argument": ("async, sync cleanup that mentions an argument", "conn.release()", ASYNC),
    "awaited": ("async, cleanup that is awaited", "conn.close().await", ASYNC),
    "sync": ("not async, cleanup by path", "clean", SYNC),
}
MIX = "all four, by turns"

PRELUDE = """\
use std::{future::Future, pin::Pin};

#[derive(Debug)]
pub struct Error;

pub struct Conn(pub u64);

impl Conn {
    pub async fn begin(&self, order: u64) -> Result<(), Error> {
        self.prepare(order).map(drop)
    }
    pub async fn execute(&self, order: u64) -> Result<u64, Error> {
        self.prepare(order)
    }
    pub async fn close(self) {}
    pub fn prepare(&self, order: u64) -> Result<u64, Error> {
        if order == self.0 { Err(Error) } else { Ok(order) }
    }
    pub fn release(&self) {}
}

pub fn clean() {}

pub type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

"""

DEPENDENCIES = {
    "plain": "",
    "instrument": 'tracing = "=0.1.44"\n',
    "finally": f'async-finally = {{ path = "{ROOT}" }}\n',
}


def attribute(variant, cleanup):
    return {
        "plain": "",
        "instrument": "#[tracing::instrument(skip_all)]\n",
        "finally": f"#[finally::finally({cleanup})]\n",
    }[variant]


def source(variant, shapes, count):
    """The functions, and what makes the compiler generate code for all of them: an async function that nobody polls has
    none."""
    parts, calls = [PRELUDE], [[] for _ in OUTPUTS]
    for at in range(count):
        shape, kind = shapes[at % len(shapes)], at // len(shapes) % len(OUTPUTS)
        (_, cleanup, function), (output, value) = SHAPES[shape], OUTPUTS[kind]
        name = f"{shape}_{at}"
        parts.append(attribute(variant, cleanup) + function.format(name=name, at=at, output=output, value=value))
        if function is ASYNC:
            calls[kind].append(f"Box::pin({name}(Conn({at}), {at}))")
    for kind, (output, _) in enumerate(OUTPUTS):
        for at in range(0, len(calls[kind]), 25):
            these = ", ".join(calls[kind][at : at + 25])
            parts.append(f"pub fn all_{kind}_{at}() -> Vec<Boxed<{output}>> {{\n    vec![{these}]\n}}\n")
    return "\n".join(parts)


def write_workspace(shapes, count):
    for variant in VARIANTS:
        package = WORK / variant
        (package / "src").mkdir(parents=True, exist_ok=True)
        (package / "src" / "lib.rs").write_text(source(variant, shapes, count))
        (package / "Cargo.toml").write_text(
            f'[package]\nname = "{variant}_functions"\nedition = "2024"\n\n[dependencies]\n{DEPENDENCIES[variant]}'
        )
    members = ", ".join(f'"{variant}"' for variant in VARIANTS)
    (WORK / "Cargo.toml").write_text(f'[workspace]\nmembers = [{members}]\nresolver = "3"\n')


def cargo(command, variant, **environment):
    """Compiles one package anew. What it depends on is compiled already, but for the first time."""
    os.utime(WORK / variant / "src" / "lib.rs")
    arguments = ["cargo", *command.split(), "--quiet", "-p", f"{variant}_functions"]
    subprocess.run(arguments, cwd=WORK, check=True, env={**os.environ, "CARGO_INCREMENTAL": "0", **environment})


def time_of(command, variant):
    """Seconds, of the clock and of the processors."""
    user = lambda: resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    before, start = user(), time.monotonic()
    cargo(command, variant)
    return time.monotonic() - start, user() - before


def times(rounds):
    taken = {(command, variant): [] for command in COMMANDS for variant in VARIANTS}
    for command, variant in taken:
        cargo(command, variant)
    for _ in range(rounds):
        for command, variant in taken:
            taken[command, variant].append(time_of(command, variant))
    return {key: [statistics.median(column) for column in zip(*runs)] for key, runs in taken.items()}


# Counts where the compiler compiles one of the packages, and leaves it alone where cargo asks it something.
WRAPPER = """\
#!/usr/bin/env bash
set -euo pipefail
shift
if [[ " $* " == *" --crate-name ${COUNTED}_functions "* ]]; then
  exec valgrind --quiet --tool=callgrind --callgrind-out-file="$COUNTS" "$COMPILER" "$@"
fi
exec "$COMPILER" "$@"
"""

# The phase that expands macros, those of the standard library included, and resolves names on the way.
EXPANSION = "fully_expand_fragment"


def instructions_of(command, variant):
    """How many instructions the compiler takes: in all, and to expand macros."""
    wrapper, counts = WORK / "count.sh", WORK / f"{command.replace(' ', '')}-{variant}.callgrind"
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd=ROOT, check=True, capture_output=True, text=True)
    cargo(
        command,
        variant,
        RUSTC_WORKSPACE_WRAPPER=str(wrapper),
        COMPILER=f"{sysroot.stdout.strip()}/bin/rustc",
        COUNTED=variant,
        COUNTS=str(counts),
    )
    annotated = subprocess.run(
        ["callgrind_annotate", "--inclusive=yes", "--threshold=99.9", counts], check=True, capture_output=True, text=True
    ).stdout
    number = lambda pattern: int(re.search(pattern, annotated, re.M)[1].replace(",", ""))
    return number(r"^ *([\d,]+) .*PROGRAM TOTALS"), number(rf"^ *([\d,]+) .*{EXPANSION}(?!.*'2)")


def instructions(shapes):
    """The cost of one more function."""
    counted = {}
    for size in SIZES:
        write_workspace(shapes, size)
        for variant in VARIANTS:
            counted[size, "check", variant], counted[size, "expansion", variant] = instructions_of("check", variant)
            for command in COMMANDS[1:]:
                counted[size, command, variant], _ = instructions_of(command, variant)
    (small, large), steps = SIZES, ["expansion", *COMMANDS]
    return {
        (step, variant): (counted[large, step, variant] - counted[small, step, variant]) / (large - small)
        for step in steps
        for variant in VARIANTS
    }


def row(name, plain, instrument, ours):
    """The two costs over the plain one, and ours as a part of the other."""
    return f"| {name} | {instrument - plain:.2f} | {ours - plain:.2f} | **{(ours - plain) / (instrument - plain):.2f}** |"


COUNTED = "Millions of instructions"
HEAD = "| {} | `#[instrument(skip_all)]` | `#[finally(..)]` | ratio |\n|---|---|---|---|"


def tables(options):
    title, shapes = (SHAPES[options.only][0], [options.only]) if options.only else (MIX, list(SHAPES))
    if options.rounds:
        write_workspace(shapes, options.count)
        taken = times(options.rounds)
        yield f"Seconds for {options.count} functions ({title}) over those of plain ones, on one machine on one day:\n"
        yield HEAD.format("")
        for command in COMMANDS:
            for at, clock in enumerate(["of the clock", "of the processors"]):
                yield row(f"`cargo {command}`, {clock}", *(taken[command, variant][at] for variant in VARIANTS))
        yield ""
    if not options.no_instructions:
        yield f"{COUNTED} for one more function ({title}) over those of a plain one:\n"
        yield HEAD.format("")
        counted = instructions(shapes)
        for step in ["expansion", *COMMANDS]:
            step_title = "expansion alone" if step == "expansion" else f"`cargo {step}`"
            yield row(step_title, *(counted[step, variant] / 1e6 for variant in VARIANTS))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=SHAPES, help="functions of one shape")
    parser.add_argument("--count", type=int, default=1000, help="how many functions are timed")
    parser.add_argument("--rounds", type=int, default=5, help="how often they are timed")
    parser.add_argument("--no-instructions", action="store_true", help="times alone")
    parser.add_argument("--write", action="store_true", help="replace the tables in docs/compile-time.md")
    options = parser.parse_args()
    lines = []
    for line in tables(options):
        print(line, flush=True)
        lines.append(line)
    if options.write:
        before, tables_before = REPORT.read_text().split(MARKER)
        times, counts = tables_before.split(COUNTED)
        # What was not measured stays as it is.
        parts = ["\n".join(lines)]
        if not options.rounds:
            parts.insert(0, times)
        if options.no_instructions:
            parts.append(COUNTED + counts)
        REPORT.write_text(before + MARKER + "\n" + "\n\n".join(part.strip("\n") for part in parts) + "\n")


if __name__ == "__main__":
    main()
