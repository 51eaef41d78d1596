#!/usr/bin/env python3
"""rust-analyzer has no diagnostic for a crate with every form of a cleanup.

The subject beside this script is compiled and run first, because rust-analyzer says less than the compiler, and then given to
`rust-analyzer diagnostics`. With a mistake in each kind of place it has to say something, or it would not have looked there. Needs
the components rust-analyzer and rust-src.
"""

import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import twins

TOKIO = 'tokio = { version = "1", features = ["macros", "rt-multi-thread"] }\n'


def package(name, source):
    written = twins.write("diagnostics", name, source)
    with open(written / "Cargo.toml", "a") as manifest:
        manifest.write(TOKIO)
    return written


# Between them it draws a line of progress again and again.
DIAGNOSTIC = re.compile(r"at crate \w+, file (?P<file>[^\n]+?): (?P<text>(?:Error|Warning|WeakWarning) [^\n]+)")


def diagnostics(package):
    """The diagnostics of the package itself. The library is scanned along, and has code that its features leave out."""
    # The component of the toolchain that the project pins, whatever else is installed.
    program = subprocess.run(
        ["rustup", "which", "rust-analyzer"], cwd=twins.ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    ended = subprocess.run([program, "diagnostics", "."], cwd=package, capture_output=True, text=True)
    if "diagnostic scan complete" not in ended.stdout + ended.stderr:
        sys.exit(f"rust-analyzer has not scanned the package:\n{ended.stdout}{ended.stderr}")
    found = DIAGNOSTIC.finditer(ended.stdout)
    return [it["text"] for it in found if pathlib.Path(it["file"]).is_relative_to(package)]


# Each is a mistake in another kind of place, which shows that rust-analyzer looks there.
MISTAKES = {
    "the body of an attribute": ("self.id += 1;\n        self.id\n    }", "self.missing += 1;\n        self.id\n    }"),
    "a block": ("number.checked_sub(1)?", "number.missing(1)?"),
    "an import": ("use finally::{\n    Fate,", "use finally::{\n    Missing, Fate,"),
}


def with_mistakes(source):
    for place, (right, wrong) in MISTAKES.items():
        if right not in source:
            sys.exit(f"the subject has no place for the mistake in {place}")
        source = source.replace(right, wrong, 1)
    return source


def main():
    source = (HERE / "subject.rs").read_text()
    target = twins.WORK / "diagnostics" / "target"
    subject = package("subject", source)
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    subprocess.run(["cargo", "run", "--quiet"], cwd=subject, env=environment, check=True, stdout=subprocess.DEVNULL)
    found = diagnostics(subject)
    print(f"{len(found)} diagnostics", *found, sep="\n")
    if found:
        sys.exit("rust-analyzer marks code that compiles")
    found = diagnostics(package("mistakes", with_mistakes(source)))
    print(f"{len(found)} diagnostics of {len(MISTAKES)} mistakes", *found, sep="\n")
    if len(found) < len(MISTAKES):
        sys.exit("rust-analyzer does not look at all of the subject")


if __name__ == "__main__":
    main()
