#!/usr/bin/env python3
"""Coverage shows the lines of an annotated body as it shows those of the plain one.

Compiles subject.rs with the flags of `cargo llvm-cov`, as it stands and without the attributes, runs both and compares how
often each line ran. Needs the component llvm-tools.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "tools" / "coverage"
MANIFEST = """\
[package]
name = "{name}"
edition = "2024"

[workspace]

[dependencies]
async-finally = {{ path = "{root}" }}
"""


def output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def lines_of_twins(source):
    lines = source.splitlines()
    return range(lines.index("// The twins.") + 2, lines.index("// The end of the twins.") + 1)


def counts(name, source, llvm):
    """How often each line of the program ran."""
    package = WORK / name
    shutil.rmtree(package, ignore_errors=True)
    (package / "src").mkdir(parents=True)
    (package / "src" / "main.rs").write_text(source)
    (package / "Cargo.toml").write_text(MANIFEST.format(name=name, root=ROOT))
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(WORK / "target"),
        "RUSTFLAGS": "-C instrument-coverage -A warnings",
        "LLVM_PROFILE_FILE": str(package / "build-%p.profraw"),
    }
    subprocess.run(["cargo", "build", "--quiet"], cwd=package, env=environment, check=True)
    program = WORK / "target" / "debug" / name
    raw, merged = package / "run.profraw", package / "run.profdata"
    subprocess.run([program], env={**environment, "LLVM_PROFILE_FILE": str(raw)}, check=True)
    output(llvm / "llvm-profdata", "merge", "-sparse", raw, "-o", merged)
    report = output(llvm / "llvm-cov", "export", "--format=lcov", f"--instr-profile={merged}", program)
    (package / "run.lcov").write_text(report)
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
    host = next(line for line in output("rustc", "-vV", cwd=ROOT).splitlines() if line.startswith("host: "))[6:]
    llvm = pathlib.Path(output("rustc", "--print", "sysroot", cwd=ROOT).strip()) / "lib/rustlib" / host / "bin"
    if not (llvm / "llvm-cov").exists():
        sys.exit("llvm-cov is missing: rustup component add llvm-tools")
    annotated = (HERE / "subject.rs").read_text()
    is_ours = lambda line: line.strip().startswith("#[finally(")
    plain = "\n".join("" if is_ours(line) else line for line in annotated.splitlines()) + "\n"
    lines = annotated.splitlines()
    with_ours, without = counts("annotated", annotated, llvm), counts("plain", plain, llvm)
    compared = [at for at in lines_of_twins(annotated) if not is_ours(lines[at - 1])]
    differ = [at for at in compared if with_ours.get(at) != without.get(at)]
    for at in differ:
        print(f"subject.rs:{at}: ran {with_ours.get(at)}, plain {without.get(at)}: {lines[at - 1]}")
    covered = sum(without.get(at, 0) > 0 for at in compared)
    missed = sum(without.get(at) == 0 for at in compared)
    print(f"{covered} lines covered, {missed} missed, {len(differ)} differ from the plain twin")
    if differ or not covered or not missed:
        sys.exit("the coverage of annotated bodies is not that of plain ones")


if __name__ == "__main__":
    main()
