//! Tests the statement of `docs/limits.md` on `panic = "abort"`: a panic runs nothing. Everything else stays as it is.

use std::process::Command;

/// Runs the program, and returns whether it ended by itself, and the lines that it wrote.
fn run(case: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_finally-abort")).arg(case).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn ends(lines: &str) -> (bool, String) {
    (true, lines.to_owned())
}

fn aborts(lines: &str) -> (bool, String) {
    (false, lines.to_owned())
}

#[test]
fn a_value_and_an_error_are_cleaned_up_after() {
    assert_eq!(run("value"), ends("body\nclean\nend\n"));
    assert_eq!(run("error"), ends("body\nclean\nend\n"));
}

#[test]
fn a_panic_of_a_body_runs_nothing() {
    assert_eq!(run("panic"), aborts("body\n"));
}

#[test]
fn a_panic_of_a_cleanup_aborts() {
    assert_eq!(run("panic-of-the-cleanup"), aborts("body\n"));
}

#[test]
fn a_cancelled_future_is_handed_off() {
    assert_eq!(run("hand-off-to-a-runtime"), ends("body\nclean\nend\n"));
    assert_eq!(run("hand-off-to-the-background-thread"), ends("body\nclean\nend\n"));
}

#[test]
fn a_drop_that_blocks_waits() {
    assert_eq!(run("block-in-a-worker"), ends("body\nclean\nend\n"));
    assert_eq!(run("block-outside-of-a-worker"), ends("body\nclean\nend\n"));
}
