#!/usr/bin/env python3
"""Compares what crates with attributes cost a package that depends on them: a build of all dependencies, from scratch.

Builds the library, with several sets of features, and the other crates by turns:

    benches/compile_time/cold.py             # prints the tables of docs/compile-time.md
    benches/compile_time/cold.py --write     # replaces them there

The measure is the time that the processors spend in the compiler and its linker, one crate at a time. It is the median of
several rounds, and only its ratios mean anything.
"""

import argparse
import collections
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "cold"
REPORT = ROOT / "docs" / "compile-time.md"
BEGIN, END = "<!-- cold -->\n", "<!-- end of cold -->\n"
PROFILES = {"debug": [], "release": ["--release"]}
LOG = "COMPILED"


def ours(*features):
    return f'async-finally = {{ path = "{ROOT}", default-features = false, features = {json.dumps(features)} }}'


DEFAULT, BASE = "`async-finally`", "`tracing` with `attributes`"
SUBJECTS = {
    BASE: 'tracing = { version = "=0.1.44", default-features = false, features = ["attributes", "std"] }',
    "`async-trait`": 'async-trait = "=0.1.89"',
    "`guarden`": 'guarden = "=0.4.4"',
    DEFAULT: f'async-finally = {{ path = "{ROOT}" }}',
    "`async-finally` without `tokio`": ours("macros", "std"),
    "`async-finally` without `macros`": ours("tokio"),
    "`async-finally` without both": ours("std"),
}


def compile_one(command):
    """Runs the compiler for cargo, and notes how long the processors took for the crate."""
    code = subprocess.run(command, close_fds=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "--crate-name" in command:
        name = command[command.index("--crate-name") + 1]
        with open(os.environ[LOG], "a") as log:
            log.write(f"{name} {used.ru_utime + used.ru_stime}\n")
    return code


def cargo(package, *arguments, **environment):
    subprocess.run(["cargo", *arguments], cwd=package, check=True, env={**os.environ, **environment})


def prepare():
    """Writes a package that depends on each subject, and fetches its dependencies."""
    packages = {}
    for at, (subject, dependency) in enumerate(SUBJECTS.items()):
        package = packages[subject] = WORK / f"subject-{at}"
        (package / "src").mkdir(parents=True, exist_ok=True)
        (package / "src" / "lib.rs").touch()
        (package / "Cargo.toml").write_text(
            f'[workspace]\n\n[package]\nname = "user"\nedition = "2024"\n\n[dependencies]\n{dependency}\n'
        )
        cargo(package, "fetch", "--quiet")
    return packages


def seconds(package, options):
    """Builds a package from scratch, and returns the seconds for each crate."""
    target, log = WORK / "target", WORK / "log"
    shutil.rmtree(target, ignore_errors=True)
    log.write_text("")
    environment = {"RUSTC_WRAPPER": __file__, LOG: str(log), "CARGO_TARGET_DIR": str(target), "CARGO_INCREMENTAL": "0"}
    cargo(package, "build", "--quiet", "--offline", "--jobs=1", *options, **environment)
    crates = collections.Counter()
    for line in log.read_text().splitlines():
        name, taken = line.split()
        crates[name] += float(taken)
    # The package itself, and a question of cargo about the compiler.
    del crates["user"], crates["___"]
    return crates


def measure(packages, rounds):
    """The medians for each profile, subject and crate."""
    runs = collections.defaultdict(list)
    for _ in range(rounds):
        for profile, options in PROFILES.items():
            for subject, package in packages.items():
                runs[profile, subject].append(seconds(package, options))
    return {
        key: {crate: statistics.median(crates[crate] for crates in every) for crate in every[0]}
        for key, every in runs.items()
    }


def tables(rounds):
    taken = measure(prepare(), rounds)
    whole = lambda profile, subject: sum(taken[profile, subject].values())
    base = {profile: whole(profile, BASE) for profile in PROFILES}
    yield f"A build from scratch, over that of {BASE}, on one machine on one day:\n"
    yield "| | debug | release |\n|---|---|---|"
    for subject in SUBJECTS:
        ratios = [whole(profile, subject) / base[profile] for profile in PROFILES]
        yield f"| {subject} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |"
    for subject in [BASE, DEFAULT]:
        yield f"\nThe crates of {subject}, as parts of the whole of {BASE}:\n"
        yield "| | debug | release |\n|---|---|---|"
        for crate in sorted(taken["debug", subject], key=lambda crate: -taken["debug", subject][crate]):
            ratios = [taken[profile, subject][crate] / base[profile] for profile in PROFILES]
            yield f"| `{crate}` | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is built")
    parser.add_argument("--write", action="store_true", help="replace the tables in docs/compile-time.md")
    options = parser.parse_args()
    lines = []
    for line in tables(options.rounds):
        print(line, flush=True)
        lines.append(line)
    if options.write:
        before, rest = REPORT.read_text().split(BEGIN)
        _, after = rest.split(END)
        REPORT.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after)


if __name__ == "__main__":
    if LOG in os.environ:
        sys.exit(compile_one(sys.argv[1:]))
    main()
