//! Programs whose surroundings are hostile to a test beside them. Each is compiled by itself and run.

use std::{fs, path::Path, process::Command};

use crate::compiler::{Compiler, for_each};

#[test]
fn each_program_compiles_without_a_word_and_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expansion/programs");
    let programs: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!programs.is_empty());
    let compiler = Compiler::new();
    for_each(&programs, |source| {
        let name = source.file_stem().unwrap().to_str().unwrap();
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("program-{name}"));
        is_quiet(compiler.build(&program).arg(source));
        is_quiet(&mut Command::new(&program));
    });
}

fn is_quiet(command: &mut Command) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.is_empty(), "{command:?}: {}\n{stderr}", output.status);
}
