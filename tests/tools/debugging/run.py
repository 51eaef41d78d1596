#!/usr/bin/env python3
"""A debugger stops, steps, prints and walks the stack in an annotated body as it does in the plain one.

Compiles subject.rs as it stands and without the attributes, and compares what gdb shows of the two: at each line that ends
in `// stop`, and in some steps from there. Needs gdb.
"""

import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import twins

STEPS = 4


def session(program, line):
    """What gdb shows of the body around a breakpoint: places of stops, locals, the lines of our file on the stack."""
    commands = ["set confirm off", "set pagination off", "set style enabled off", "set print frame-arguments none"]
    commands += [f"break main.rs:{line}", "run", "echo \\n@frame\\n", "frame"]
    commands += ["echo \\n@stack\\n", "backtrace", "echo \\n@rest\\n"]
    for _ in range(STEPS):
        commands += ["next", "echo \\n@frame\\n", "frame"]
    commands += ["echo \\n@locals\\n", "print local", "print id"]
    arguments = [argument for command in commands for argument in ("-ex", command)]
    ended = subprocess.run(["gdb", "--batch", "--nx", *arguments, program], capture_output=True, text=True)
    sections = re.split(r"^@(\w+)$", ended.stdout, flags=re.M)[1:]
    shown = {"frame": [], "stack": [], "locals": []}
    for name, text in zip(sections[::2], sections[1::2]):
        if name == "frame":
            shown["frame"] += re.findall(r"\bmain\.rs:(\d+)$", text, flags=re.M)[:1]
        elif name == "stack":
            shown["stack"] += re.findall(r" (\S+?)(?:<.*>)? \(.*\) at \S*/main\.rs:(\d+)$", text, flags=re.M)
        elif name == "locals":
            shown["locals"] += re.findall(r"^\$\d+ = (.*)$", text, flags=re.M)
    return shown, ended.stdout + ended.stderr


def is_part_of(part, whole):
    whole = iter(whole)
    return all(line in whole for line in part)


def check(programs, line):
    (annotated, transcript), (plain, _) = (session(programs[name], line) for name in ("annotated", "plain"))
    faults = []
    if not plain["frame"] or plain["frame"][0] != str(line) or len(plain["locals"]) < 1 or len(plain["stack"]) < 2:
        faults.append(f"the plain twin itself does not stop: {plain}")
    for what in ("frame", "locals"):
        if annotated[what] != plain[what]:
            faults.append(f"{what}: {annotated[what]}, plain {plain[what]}")
    lines = {name: [line for _, line in shown["stack"]] for name, shown in (("annotated", annotated), ("plain", plain))}
    if not is_part_of(lines["plain"], lines["annotated"]):
        faults.append(f"stack: {annotated['stack']}, plain {plain['stack']}")
    for fault in faults:
        print(f"subject.rs:{line}: {fault}")
    if faults:
        print(transcript)
    return not faults


def main():
    if not shutil.which("gdb"):
        sys.exit("gdb is missing: apt-get install gdb")
    sources = twins.twins(HERE / "subject.rs")
    programs = {name: twins.build("debugging", name, source, RUSTFLAGS="-A warnings") for name, source in sources.items()}
    lines = sources["annotated"].splitlines()
    stops = [at for at, line in enumerate(lines, 1) if line.endswith("// stop")]
    ended = [check(programs, at) for at in stops]
    print(f"{len(stops)} breakpoints, {ended.count(True)} as in the plain twin")
    if not stops or not all(ended):
        sys.exit("gdb does not show annotated bodies as it shows plain ones")


if __name__ == "__main__":
    main()
