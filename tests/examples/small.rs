//! The small examples print the lines that their comments announce.

use std::process::Command;

use super::example;

/// Runs an example, which has to succeed, and returns what it prints.
fn output(name: &str) -> String {
    let output = Command::new(example(name)).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stderr, "", "{stdout}");
    stdout
}

#[test]
fn guard_awaits_on_release_and_hands_off_on_drop() {
    let want = "\
A value: `release` awaits the cleanup.
  connection 1 is closed
  the caller gets Ok(7)
An error: the drop hands the cleanup off, and the caller does not wait.
  the caller gets Err(\"invalid digit found in string\")
  connection 2 is closed
`disarm` gives the value back.
  connection 3 stays open
";
    assert_eq!(output("guard"), want);
}

#[test]
fn scope_runs_all_in_reverse_order() {
    let lines: Vec<_> = output("scope").lines().map(str::to_owned).collect();
    assert_eq!(
        lines[5..9],
        ["  remove wheel", "  remove lamp", "  remove frame", "  closed: Err(\"the lamp is stuck\")"]
    );
    assert_eq!(lines[12..14], ["  dropped", "  remove lamp"]);
    assert!(
        lines[14].starts_with("  reported: ") && lines[14].contains("the lamp is stuck"),
        "{}",
        lines[14]
    );
    assert_eq!(lines[15..], ["  remove frame"]);
}

#[test]
fn select_cleans_the_loser_up_before_the_function_around_it() {
    let want = "\
The winner awaits its cleanup, the loser's is handed off.
  slow: asked
  fast: asked
  fast: closed
  the winner is fast
  slow: closed
  the race is over
";
    assert_eq!(output("select"), want);
}

#[test]
fn settled_waits_for_the_cleanup() {
    let want = "\
A timeout drops the work, and does not wait.
  the front door is locked
  in time: false
  the front door is unlocked
A settled one waits for the cleanup.
  the back door is locked
  the back door is unlocked
  in time: false
";
    assert_eq!(output("settled"), want);
}

#[test]
fn shutdown_leaves_nothing() {
    let output = output("shutdown");
    for lease in 1..=3 {
        let after = |text: &str, of: &str| {
            text.split_once(of).unwrap_or_else(|| panic!("no `{of}` in\n{text}")).1.to_owned()
        };
        let rest = after(&output, &format!("  lease {lease} is taken\n"));
        let rest = after(&rest, "Wait for the cleanups");
        let rest = after(&rest, &format!("  lease {lease} is released\n"));
        after(&rest, "Return from `main`.\n");
    }
}

#[test]
fn smol_runs_cleanups_on_its_executor() {
    let want = "\
One that ends awaits its cleanup.
  the red balloon flies
  the red balloon has landed
One that is cancelled hands it off, here to the executor of smol.
  the blue balloon flies
  a storm comes
  the blue balloon has landed
  all are on the ground: true
";
    assert_eq!(output("smol"), want);
}

#[test]
#[cfg(feature = "tracing")]
fn tracing_gets_the_failure_of_a_cleanup_that_no_caller_gets() {
    let output = output("tracing");
    let line = |text: &str| {
        output.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("no `{text}` in\n{output}"))
    };
    assert!(line("rolling back").contains("INFO book{order=7}:"), "{output}");
    assert!(line("order 8 cannot be rolled back").starts_with("ERROR"), "{output}");
    assert!(line("order 7 cannot be rolled back").starts_with("ERROR book{order=7}:"), "{output}");
    assert!(line("the caller got: sold out").contains("INFO tracing:"), "{output}");
}
