"""Compiles a program twice: as it stands, and without the attributes. The lines stay where they are."""

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "tools"
MANIFEST = """\
[package]
name = "{name}"
edition = "2024"

[workspace]

[dependencies]
async-finally = {{ path = "{root}" }}
"""


def is_ours(line):
    return line.strip().startswith("#[finally(")


def write(tool, name, source):
    """A package, with what is measured as its program."""
    package = WORK / tool / name
    shutil.rmtree(package, ignore_errors=True)
    (package / "src").mkdir(parents=True)
    (package / "src" / "main.rs").write_text(source)
    (package / "Cargo.toml").write_text(MANIFEST.format(name=name, root=ROOT))
    return package


def build(tool, name, source, **environment):
    """The program."""
    package, target = write(tool, name, source), WORK / tool / "target"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target), **environment}
    subprocess.run(["cargo", "build", "--quiet"], cwd=package, env=environment, check=True)
    return target / "debug" / name


def twins(subject):
    """The two sources by name."""
    annotated = subject.read_text()
    plain = "\n".join("" if is_ours(line) else line for line in annotated.splitlines()) + "\n"
    return {"annotated": annotated, "plain": plain}
