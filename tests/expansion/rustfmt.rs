//! rustfmt formats the comma form of the block macro. The formatted file is a module of this test, compiles, and has the same
//! results.

use std::{
    cell::Cell,
    io::Write as _,
    pin::pin,
    process::{Command, Stdio},
    task::{Context, Poll, Waker},
};

mod formatted;
#[rustfmt::skip]
mod unformatted;

const EDITIONS: [&str; 3] = ["2018", "2021", "2024"];

/// Returns a file as rustfmt formats it with the configuration of this repository.
fn rustfmt(edition: &str, source: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", edition])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    rustfmt.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    let output = rustfmt.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_comma_form_is_formatted() {
    let (unformatted, formatted) =
        (include_str!("rustfmt/unformatted.rs"), include_str!("rustfmt/formatted.rs"));
    for edition in EDITIONS {
        assert_eq!(rustfmt(edition, unformatted), formatted, "{edition}");
        assert_eq!(rustfmt(edition, formatted), formatted, "{edition}");
    }
}

#[test]
fn what_is_formatted_does_what_it_did() {
    fn results(
        in_place: fn(&str, &Cell<u32>) -> Option<u32>,
        awaited: impl AsyncFn(&Cell<u32>) -> u32,
    ) -> (Option<u32>, Option<u32>, u32, Poll<u32>, u32) {
        let open = Cell::new(0);
        let (one, none, closed) = (in_place("4", &open), in_place("x", &open), open.get());
        let awaited = pin!(awaited(&open)).poll(&mut Context::from_waker(Waker::noop()));
        (one, none, closed, awaited, open.get())
    }
    let expected = (Some(5), None, 0, Poll::Ready(5), 5);
    assert_eq!(results(unformatted::in_place, unformatted::awaited), expected);
    assert_eq!(results(formatted::in_place, formatted::awaited), expected);
}

/// As the documentation says.
#[test]
fn the_other_forms_are_left_alone() {
    for block in [
        "finally! {try{ 1 } finally{ clean( ) }}",
        "finally! {async{ 1 } finally{ clean( ) }}",
        "finally! {try{ 1 },{ clean( ) }}",
        "finally!(<u8> try{ 1 },{ clean( ) })",
        "finally!(async{ 1 },(on_cancel=skip){ clean( ) })",
    ] {
        let source = format!("fn f() {{\n    drop({block});\n}}\n");
        for edition in EDITIONS {
            assert_eq!(rustfmt(edition, &source), source, "{edition}");
        }
    }
}
