//! A mistake is reported once, at its place, and with the way out.
//!
//! The messages are those of the compiler that `rust-toolchain.toml` pins. With another compiler the test fails, and says
//! so. After a change: `TRYBUILD=overwrite cargo test --test ui`, and read the changes.

use std::{fs, path::Path};

#[cfg(feature = "macros")]
#[path = "../support/compiler.rs"]
mod compiler;

/// Mistakes with the macros.
const OF_MACROS: &[&str] = &["attribute", "block", "body", "cleanup"];

/// Mistakes with the methods, guards and scopes. The compiler reports them in the words of our traits.
const OF_METHODS: &str = "method";

// The cases must only fail, and not run: trybuild checks such cases with one call of cargo, and all others with one call for each.
#[test]
fn mistakes_are_reported() {
    let cases = trybuild::TestCases::new();
    for folder in OF_MACROS {
        cases.compile_fail(format!("tests/messages/ui/{folder}/*.rs"));
    }
}

#[cfg_attr(
    not(feature = "stream"),
    ignore = "a message names a method in another way if streams have it, too"
)]
#[test]
fn mistakes_with_methods_are_reported() {
    trybuild::TestCases::new().compile_fail(format!("tests/messages/ui/{OF_METHODS}/*.rs"));
}

/// The compiler finds this mistake when it generates code, so a check of the program passes.
#[cfg(feature = "macros")]
#[test]
fn an_await_that_a_macro_hides_is_reported_in_a_build() {
    let compiler = compiler::Compiler::new();
    for (case, place) in [("hidden_await", "13:13"), ("hidden_await_and_question_mark", "13:13")] {
        let source = format!("tests/messages/ui/built/{case}.rs");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(case);
        let output = compiler.build(&program).arg(&source).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        let starts = ["error", "warning"];
        let reports: Vec<_> =
            message.lines().filter(|line| starts.iter().any(|start| line.starts_with(start))).collect();
        let wanted = "error[E0080]: evaluation panicked: a macro in the body of a `finally!` awaits, which `finally!` cannot see: \
                      write the `.await` outside of that macro, or put the body into an `async` block";
        assert_eq!(reports, [wanted, "error: aborting due to 1 previous error"], "{message}");
        let mut places = message.lines().filter_map(|line| line.trim_start().strip_prefix("--> "));
        assert_eq!(places.next_back(), Some(&*format!("{source}:{place}")), "{message}");
    }
}

/// Mistakes without the feature `std`, which `tests/process/no_std.rs` checks.
const WITHOUT_STD: &str = "no_std";

fn for_each_message(check: impl Fn(&str, &str)) {
    for folder in OF_MACROS.iter().chain([&OF_METHODS, &WITHOUT_STD]) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/ui").join(folder);
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "stderr") {
                check(path.file_stem().unwrap().to_str().unwrap(), &fs::read_to_string(&path).unwrap());
            }
        }
    }
}

#[test]
fn a_message_is_one_error_and_no_warning() {
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
fn a_message_points_at_the_case() {
    for_each_message(|case, message| {
        // The first place in a message is its main one.
        let place = message.lines().find_map(|line| line.trim_start().strip_prefix("--> ")).unwrap();
        assert!(place.contains(&format!("/{case}.rs:")), "{case}: {place}");
    });
}

/// With the component `rust-src`, a message that points into the standard library quotes the source there. `rust-toolchain.toml` names
/// no such component, so the messages would differ from one machine to another.
#[test]
fn no_message_quotes_the_standard_library() {
    for_each_message(|case, message| assert!(!message.contains("$RUST"), "{case}:\n{message}"));
}

#[test]
fn messages_have_one_style() {
    for_each_message(|case, message| {
        // An error of the compiler has a code.
        for text in message.lines().filter_map(|line| line.strip_prefix("error: ")) {
            assert!(!text.starts_with(char::is_uppercase) && !text.ends_with('.'), "{case}: {text}");
        }
    });
}
