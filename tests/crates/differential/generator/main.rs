//! Writes some hundred random programs, each as blocks and by hand, in sync and in async form.
//!
//! The same seeds give the same programs everywhere.

mod by_hand;
mod program;
mod random;
mod with_blocks;

use std::{env, fmt::Write as _, fs, path::Path};

use program::{Kind, Mode, Program};

const PROGRAMS: u64 = 300;

fn main() {
    println!("cargo::rerun-if-changed=generator");
    let programs: Vec<Program> = (0..PROGRAMS).map(random::program).collect();
    let mut source = String::new();
    for (number, program) in programs.iter().enumerate() {
        for mode in [Mode::Sync, Mode::Async] {
            with_blocks::write(&mut source, number, program, mode);
            by_hand::write(&mut source, number, program, mode);
        }
    }
    source.push_str("/// Every program, in each of its forms.\n");
    for (result, kind) in [("Checked", Kind::Checked), ("Optional", Kind::Optional)] {
        let _ = writeln!(
            source,
            "/// Those of one kind.\npub const {}: &[Forms<{result}>] = &[",
            result.to_uppercase()
        );
        let of_kind = programs.iter().enumerate().filter(|(_, program)| program.kind == kind);
        for (number, program) in of_kind {
            let mut constructs: Vec<_> = program.constructs().into_iter().collect();
            constructs.sort_unstable();
            let _ = writeln!(
                source,
                "Forms {{ number: {number}, constructs: &{constructs:?}, \
                 blocks: blocks_{number}, by_hand: by_hand_{number}, \
                 async_blocks: |input, log| Box::pin(async_blocks_{number}(input, log)), \
                 async_by_hand: |input, log| Box::pin(async_by_hand_{number}(input, log)) }},"
            );
        }
        source.push_str("];\n");
    }
    let folder = env::var_os("OUT_DIR").expect("cargo tells a build script where to write");
    fs::write(Path::new(&folder).join("programs.rs"), source).expect("the folder can be written to");
}
