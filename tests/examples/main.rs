//! The examples, run as users run them.

#![cfg(all(feature = "macros", feature = "tokio"))]

mod fates;
mod small;

use std::{
    env::{self, consts::EXE_SUFFIX},
    path::{Path, PathBuf},
};

/// Returns the example beside the test: `target/debug/examples/guard` for `target/debug/deps/examples-0123456789abcdef`.
fn example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let example = profile.join("examples").join(format!("{name}{EXE_SUFFIX}"));
    assert!(
        example.is_file(),
        "{} is missing: `cargo test` builds it, `cargo test --test examples` needs a `cargo build --examples` before",
        example.display()
    );
    example
}
