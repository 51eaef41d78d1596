#!/usr/bin/env python3
"""Coverage shows the lines of an annotated body as it shows those of the plain one.

Compiles subject.rs with the flags of `cargo llvm-cov`, as it stands and without the attributes, runs both and compares how
often each line ran. Needs the component llvm-tools.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import twins


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=twins.ROOT).stdout


def lines_of_twins(source):
    lines = source.splitlines()
    return range(lines.index("// The twins.") + 2, lines.index("// The end of the twins.") + 1)


def counts(name, source, llvm):
    """How often each line of the program ran."""
    work = twins.WORK / "coverage"
    flags = {"RUSTFLAGS": "-C instrument-coverage -A warnings", "LLVM_PROFILE_FILE": str(work / "build-%p.profraw")}
    program = twins.build("coverage", name, source, **flags)
    raw, merged = work / f"{name}.profraw", work / f"{name}.profdata"
    subprocess.run([program], env={**os.environ, "LLVM_PROFILE_FILE": str(raw)}, check=True)
    output(llvm / "llvm-profdata", "merge", "-sparse", raw, "-o", merged)
    report = output(llvm / "llvm-cov", "export", "--format=lcov", f"--instr-profile={merged}", program)
    ran, inside = {}, False
    for line in report.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            inside = value.endswith(f"{name}/src/main.rs")
        elif key == "DA" and inside:
            number, count = value.split(",")[:2]
            ran[int(number)] = int(count)
    return ran


def main():
    host = next(line[6:] for line in output("rustc", "-vV").splitlines() if line.startswith("host: "))
    llvm = pathlib.Path(output("rustc", "--print", "sysroot").strip()) / "lib/rustlib" / host / "bin"
    if not (llvm / "llvm-cov").exists():
        sys.exit("llvm-cov is missing: rustup component add llvm-tools")
    sources = twins.twins(HERE / "subject.rs")
    ran = {name: counts(name, source, llvm) for name, source in sources.items()}
    lines = sources["annotated"].splitlines()
    compared = [at for at in lines_of_twins(sources["annotated"]) if not twins.is_ours(lines[at - 1])]
    differ = [at for at in compared if ran["annotated"].get(at) != ran["plain"].get(at)]
    for at in differ:
        print(f"subject.rs:{at}: ran {ran['annotated'].get(at)}, plain {ran['plain'].get(at)}: {lines[at - 1]}")
    covered = sum(ran["plain"].get(at, 0) > 0 for at in compared)
    missed = sum(ran["plain"].get(at) == 0 for at in compared)
    print(f"{covered} lines covered, {missed} missed, {len(differ)} differ from the plain twin")
    if differ or not covered or not missed:
        sys.exit("the coverage of annotated bodies is not that of plain ones")


if __name__ == "__main__":
    main()
