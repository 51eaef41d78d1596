//! Runs cargo, and reads the diagnostics of the compiler.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{corpus::Entry, source::Layout};

/// The number of seconds after which the tests of a crate count as hanging.
const TEST_LIMIT: &str = "900";

#[derive(Debug)]
pub(crate) struct Cargo<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) folder: &'a Path,
    pub(crate) scratch: &'a Path,
}

#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) passed: bool,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    message: Option<Diagnostic>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Diagnostic {
    pub(crate) message: String,
    code: Option<Code>,
    level: String,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
    rendered: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Span {
    file_name: PathBuf,
    byte_start: usize,
    line_start: usize,
    is_primary: bool,
    label: Option<String>,
    text: Vec<Text>,
    expansion: Option<Box<Expansion>>,
}

/// A line of a span. Its columns count characters from 1.
#[derive(Clone, Debug, Deserialize)]
struct Text {
    text: String,
    highlight_start: usize,
    highlight_end: usize,
}

#[derive(Clone, Debug, Deserialize)]
struct Expansion {
    span: Span,
}

impl Span {
    /// Returns the source that the span covers, if it is one line.
    fn covered(&self) -> Option<String> {
        let [Text { text, highlight_start, highlight_end }] = &*self.text else { return None };
        Some(text.chars().take(highlight_end - 1).skip(highlight_start - 1).collect())
    }

    /// Returns the place of the span, and the places of the macro calls that made it.
    fn places(&self) -> Vec<(&Path, usize)> {
        let mut places = vec![(&*self.file_name, self.byte_start)];
        if let Some(expansion) = &self.expansion {
            places.extend(expansion.span.places());
        }
        places
    }
}

impl Diagnostic {
    pub(crate) fn is_error(&self) -> bool {
        self.level == "error" && !self.message.starts_with("aborting due to")
    }

    pub(crate) fn is_warning(&self) -> bool {
        self.level == "warning"
    }

    /// Returns the number or the lint of the diagnostic, or its text if it has neither.
    pub(crate) fn code(&self) -> &str {
        self.code.as_ref().map_or(&self.message, |code| &code.code)
    }

    pub(crate) fn rendered(&self) -> &str {
        self.rendered.as_deref().unwrap_or(&self.message)
    }

    /// Returns the diagnostic in one line, with the line numbers of the untouched source.
    pub(crate) fn line(&self) -> String {
        let span = self.spans.iter().find(|span| span.is_primary);
        span.map_or_else(String::new, |span| format!("{}:{}", span.file_name.display(), span.line_start))
    }

    /// Returns the functions that contain the error itself.
    pub(crate) fn functions(&self, layout: &Layout) -> BTreeSet<usize> {
        let primary = self.spans.iter().filter(|span| span.is_primary);
        primary.flat_map(Span::places).filter_map(|(file, at)| layout.function_at(file, at)).collect()
    }

    /// Returns all functions that the diagnostic shows.
    pub(crate) fn functions_shown(&self, layout: &Layout) -> BTreeSet<usize> {
        let all = self.spans.iter().chain(self.children.iter().flat_map(|child| &child.spans));
        all.flat_map(Span::places).filter_map(|(file, at)| layout.function_at(file, at)).collect()
    }

    /// Returns the words of the code that the diagnostic shows.
    pub(crate) fn words_shown(&self) -> BTreeSet<String> {
        let all = self.spans.iter().chain(self.children.iter().flat_map(|child| &child.spans));
        let words = |Text { text, highlight_start, highlight_end }: &Text| {
            let shown: String = text.chars().take(highlight_end - 1).skip(highlight_start - 1).collect();
            shown.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned).collect::<Vec<_>>()
        };
        all.flat_map(|span| &span.text).flat_map(words).collect()
    }

    /// Returns the moved variables that the message names, or that the label of a later use names.
    pub(crate) fn moved(&self) -> Vec<String> {
        if self.code() != "E0382" {
            return Vec::new();
        }
        let used = |span: &&Span| span.label.as_ref().is_some_and(|label| label.contains(" due to use in "));
        let in_message = self.message.split('`').nth(1).map(str::to_owned);
        let in_blocks = self.spans.iter().filter(used).filter_map(Span::covered);
        let variable = |name: String| {
            let name = name.trim_start_matches(['*', '(', '&']);
            name.split(['.', '[', ')']).next().map(str::to_owned)
        };
        in_message.into_iter().chain(in_blocks).filter_map(variable).collect()
    }
}

impl Cargo<'_> {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder)
            .env("CARGO_TARGET_DIR", self.scratch.join("build"))
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_TEST_DEBUG", "0")
            // The layout of a type that an earlier build has computed makes the compiler nest less deeply.
            .env("CARGO_INCREMENTAL", "0")
            // The census needs this flag. All builds have it, so that dependencies are built once.
            .env("RUSTFLAGS", format!("--force-warn {}", crate::mode::CENSUS_LINT))
            .env_remove("RUST_LOG");
        command
    }

    fn log(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.join("logs").join(self.entry.id());
        fs::create_dir_all(&folder)?;
        Ok(folder.join(name))
    }

    pub(crate) fn check(&self) -> Result<Check> {
        let log = self.log("check.stderr")?;
        let mut command = self.command("cargo");
        command.args(["check", "--message-format=json", "--keep-going"]);
        command.args(if self.entry.tests { &["--tests"] } else { &["--lib"] });
        command.args(self.entry.feature_flags()).stderr(File::create(&log)?);
        let output = command.output().context("starting cargo")?;
        let mut diagnostics: Vec<Diagnostic> = Vec::new();
        let mut seen = BTreeSet::new();
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| line.first() == Some(&b'{')) {
            let message: Message = serde_json::from_slice(line)?;
            if let (Some(diagnostic), "compiler-message") = (message.message, message.reason.as_str()) {
                // A file that belongs to several targets is reported once for each.
                if seen.insert(diagnostic.rendered().to_owned()) {
                    diagnostics.push(diagnostic);
                }
            }
        }
        let passed = output.status.success();
        if !passed && !diagnostics.iter().any(Diagnostic::is_error) {
            bail!("cargo check failed without an error of the compiler:\n{}", fs::read_to_string(&log)?);
        }
        Ok(Check { passed, diagnostics })
    }

    /// Runs the tests. Returns the names of the tests that passed, and of the tests that failed.
    pub(crate) fn test(&self, name: &str) -> Result<Tests> {
        let log = self.log(&format!("test-{name}.log"))?;
        let both = File::create(&log)?;
        let mut command = self.command("timeout");
        command.args(["-k", "10", TEST_LIMIT, "cargo", "test", "--no-fail-fast", "--tests"]);
        command.args(self.entry.feature_flags());
        command.stdin(std::process::Stdio::null()).stdout(both.try_clone()?).stderr(both);
        let status = command.status().context("starting cargo")?;
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        if status.code() == Some(124) {
            bail!("the tests of {} hang, see {}", self.entry.id(), log.display());
        }
        if text.contains("error: could not compile") {
            bail!("the tests of {} do not compile, see {}", self.entry.id(), log.display());
        }
        let tests = Tests::parse(&text);
        if tests.passed.is_empty() {
            bail!("no test of {} passes, see {}", self.entry.id(), log.display());
        }
        Ok(tests)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tests {
    pub(crate) passed: BTreeSet<String>,
    pub(crate) failed: BTreeSet<String>,
}

impl Tests {
    fn parse(text: &str) -> Self {
        let mut tests = Self::default();
        let mut binary = "";
        for line in text.lines() {
            let line = line.trim_start();
            if let Some(rest) = line.strip_prefix("Running ") {
                binary = rest.split(" (").next().unwrap_or(rest);
            } else if let Some((name, result)) =
                line.strip_prefix("test ").and_then(|it| it.rsplit_once(" ... "))
            {
                let name = format!("{binary} {name}");
                match result {
                    "ok" => tests.passed.insert(name),
                    "FAILED" => tests.failed.insert(name),
                    _ => false,
                };
            }
        }
        tests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_by_their_binaries() {
        let tests = Tests::parse(
            "     Running unittests src/lib.rs (target/debug/deps/a-1)\ntest one ... ok\ntest two ... ignored\n\
             Running tests/x.rs (target/debug/deps/x-1)\ntest one - should panic ... ok\ntest a ... b ... FAILED\n",
        );
        let passed = ["tests/x.rs one - should panic", "unittests src/lib.rs one"];
        assert_eq!(tests.passed, passed.map(str::to_owned).into());
        assert_eq!(tests.failed, ["tests/x.rs a ... b".to_owned()].into());
    }

    #[test]
    fn the_words_of_all_shown_code_are_known() {
        let text = |text: &str, start: usize, end: usize| serde_json::json!({ "text": text, "highlight_start": start, "highlight_end": end });
        let span = |texts: serde_json::Value| {
            serde_json::json!({
                "file_name": "src/lib.rs", "byte_start": 0, "line_start": 1, "is_primary": true, "label": null,
                "text": texts, "expansion": null,
            })
        };
        let diagnostic = |spans: serde_json::Value, children: serde_json::Value| {
            serde_json::json!({
                "message": "", "code": null, "level": "error", "spans": spans, "children": children, "rendered": null,
            })
        };
        let note = diagnostic(
            serde_json::json!([span(serde_json::json!([text("  Self::f_1(x)", 3, 15)]))]),
            serde_json::json!([]),
        );
        let lines = serde_json::json!([text("a.b", 3, 4), text("c", 1, 2)]);
        let whole = diagnostic(serde_json::json!([span(lines)]), serde_json::json!([note]));
        let diagnostic = serde_json::from_value::<Diagnostic>(whole).expect("a diagnostic");
        let words = diagnostic.words_shown();
        assert!(["Self", "f_1", "x", "b", "c"].iter().all(|word| words.contains(*word)), "{words:?}");
        assert!(!words.contains("a"));
    }

    #[test]
    fn what_is_moved_is_in_the_message_or_in_a_block() {
        let told = |message: &str, label: &str| {
            let text = "f(name.field, other)";
            let span = serde_json::json!({
                "file_name": "src/lib.rs", "byte_start": 0, "line_start": 1, "is_primary": true, "label": label,
                "text": [{ "text": text, "highlight_start": 3, "highlight_end": 13 }], "expansion": null,
            });
            let diagnostic = serde_json::json!({
                "message": message, "code": { "code": "E0382" }, "level": "error", "spans": [span],
                "children": [], "rendered": null,
            });
            serde_json::from_value::<Diagnostic>(diagnostic).expect("a diagnostic").moved()
        };
        assert_eq!(told("use of moved value: `*self.inner`", ""), ["self"]);
        assert_eq!(told("use of moved value", "use occurs due to use in closure"), ["name"]);
        assert!(told("use of moved value", "value moved here").is_empty());
    }
}
