//! Every mistake is told where it was made, with the way out, and once.
//!
//! The messages are those of one compiler, the one that `rust-toolchain.toml` pins. On another one the test fails, and says
//! so. After a change: `TRYBUILD=overwrite cargo test --test ui`, and read what came out.

use std::{fs, path::Path};

/// Mistakes with the methods, guards and scopes, which the compiler tells in the words of our traits.
const METHODS: &str = "method";

/// Mistakes with the macros, which are ours to tell.
const OURS: &[&str] = &["attribute", "block", "body", "cleanup"];

#[test]
fn mistakes_are_told() {
    let cases = trybuild::TestCases::new();
    for folder in OURS {
        cases.compile_fail(format!("tests/ui/{folder}/*.rs"));
    }
    // With these among them, the cases are not only checked but built, which some mistakes need to show.
    cases.pass("tests/ui/pass/*.rs");
}

#[cfg_attr(
    not(feature = "stream"),
    ignore = "what a message calls a method depends on whether streams have one, too"
)]
#[test]
fn mistakes_with_methods_are_told() {
    trybuild::TestCases::new().compile_fail(format!("tests/ui/{METHODS}/*.rs"));
}

/// Mistakes without the feature `std`, which `tests/no_std.rs` makes.
const NO_STD: &str = "no_std";

fn for_each_message(check: impl Fn(&str, &str)) {
    for folder in OURS.iter().chain([&METHODS, &NO_STD]) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui").join(folder);
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "stderr") {
                check(path.file_stem().unwrap().to_str().unwrap(), &fs::read_to_string(&path).unwrap());
            }
        }
    }
}

#[test]
fn once_and_nothing_beside() {
    for_each_message(|case, message| {
        let count = |start: &str| message.lines().filter(|line| line.starts_with(start)).count();
        let mistakes = match case {
            // The compiler reports an attribute on an expression twice.
            "two_mistakes" | "on_a_closure" | "on_an_expression" => 2,
            _ => 1,
        };
        assert_eq!((count("error"), count("warning")), (mistakes, 0), "{case}:\n{message}");
    });
}

#[test]
fn where_they_were_made() {
    for_each_message(|case, message| {
        // The first place in a message is its main one. What only shows when code is generated is told where that code
        // comes from, and at last who wanted it.
        let mut places = message.lines().filter_map(|line| line.trim_start().strip_prefix("--> "));
        let place =
            if message.contains("error[E0080]") { places.next_back() } else { places.next() }.unwrap();
        assert!(place.contains(&format!("/{case}.rs:")), "{case}: {place}");
    });
}

/// The component `rust-src` is not part of the toolchain that `rust-toolchain.toml` names. With it, a message that points into
/// the standard library quotes the source there, and without it, the message does not.
#[test]
fn without_the_source_of_the_standard_library() {
    for_each_message(|case, message| assert!(!message.contains("$RUST"), "{case}:\n{message}"));
}

#[test]
fn in_one_style() {
    for_each_message(|case, message| {
        // Those of the compiler have a code.
        for text in message.lines().filter_map(|line| line.strip_prefix("error: ")) {
            assert!(!text.starts_with(char::is_uppercase) && !text.ends_with('.'), "{case}: {text}");
        }
    });
}
