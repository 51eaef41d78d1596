//! The compiler and clippy report a mistake in the same words and at the same places with the attribute as without it.
//!
//! `tests/messages/diagnostics/*.rs` hold functions with a mistake, each after a line `//# name: codes`. Each is compiled without the
//! attribute and with each of several, as an async function and as one that is not. The diagnostics are compared as people read
//! them and as tools apply them. `tests/messages/diagnostics/differences/` holds the differences that the compiler forces, and the
//! case has the reason after `//~`.
//!
//! After a change: `UPDATE_EXPECT=1 cargo test --test diagnostics`, and read the changes.

#![cfg(feature = "macros")]

use std::{
    collections::BTreeSet,
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;

#[path = "../support/compiler.rs"]
mod compiler;

use compiler::{Compiler, for_each};

const MARK: &str = "#[finally]";
/// Stands in the place of the attribute in the plain function, so that the lines are the same.
const PLAIN: &str = "// plain";
/// The cleanups that the attributes call. They stand after the case, so that its lines are those of its file.
const CLEANUPS: &str = "
mod __cleanups {
    #![allow(dead_code)]
    pub fn nothing() {}
    pub fn of(_: u8) {}
    pub async fn nothing_later() {}
    pub async fn of_later(_: u8) {}
}
";

/// Attributes for any function, and those for async ones alone.
const ATTRIBUTES: &[(&str, bool, &str)] = &[
    ("nothing", true, "#[finally::finally(__cleanups::nothing)]"),
    ("argument", true, "#[finally::finally(__cleanups::of(_kept))]"),
    ("detached", false, "#[finally::finally(__cleanups::nothing_later)]"),
    ("detached_argument", false, "#[finally::finally(__cleanups::of_later(_kept).await)]"),
    ("skip", false, "#[finally::finally(__cleanups::of_later(_kept).await, on_cancel = skip)]"),
    ("block", false, "#[finally::finally(__cleanups::nothing_later().await, on_cancel = block)]"),
    ("armed", false, "#[finally::finally(__cleanups::nothing, armed = call)]"),
    ("armed_argument", false, "#[finally::finally(__cleanups::of(_kept), armed = call)]"),
];

struct Case {
    name: String,
    /// The codes that the compiler reports without the attribute: of errors, as `E0308`, of lints, or `error` for a diagnostic that
    /// has none. The first list is for the async function, the second one for the other function.
    codes: [Vec<String>; 2],
    is_async: bool,
    is_sync: bool,
    /// Why the diagnostics have to differ.
    reason: Option<String>,
    source: String,
}

impl Case {
    fn parse(text: &str) -> Self {
        let (head, source) = text.split_once('\n').unwrap();
        let (name, codes) = head.split_once(": ").unwrap_or_else(|| panic!("no codes: {head}"));
        let (name, kind) = name.split_once(" (").unwrap_or((name, ""));
        let (async_codes, sync_codes) = codes.split_once('|').unwrap_or((codes, codes));
        let (reason, source) = match source.strip_prefix("//~ ") {
            Some(rest) => {
                rest.split_once('\n').map(|(reason, source)| (Some(reason.to_owned()), source)).unwrap()
            }
            None => (None, source),
        };
        assert_eq!(source.matches(MARK).count(), 1, "{name}");
        Self {
            name: name.to_owned(),
            codes: [async_codes, sync_codes]
                .map(|codes| codes.split_whitespace().map(str::to_owned).collect()),
            is_async: kind != "fn)",
            is_sync: kind != "async)",
            reason,
            source: source.trim_end().to_owned() + "\n",
        }
    }

    fn all() -> Vec<Self> {
        let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
        files.sort();
        let texts: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        texts.split("//# ").skip(1).map(Self::parse).collect()
    }

    /// Returns the lints of clippy that the case is about.
    fn lints(&self) -> BTreeSet<&str> {
        let codes = self.codes.iter().flatten();
        codes.map(String::as_str).filter(|code| code.starts_with("clippy::")).collect()
    }

    fn with(&self, attribute: &str, is_async: bool) -> String {
        let (before, after) = self.source.split_once(MARK).unwrap();
        let after = if is_async { after.to_owned() } else { after.replacen("async fn", "fn", 1) };
        format!("{before}{attribute}{after}{CLEANUPS}")
    }

    /// Returns the differences between the diagnostics of the plain function and of the others, for each form of the function. Fails
    /// if the plain function has other diagnostics than the case says.
    fn differences(&self, compilation: &dyn Compilation) -> Result<String, String> {
        let mut differences = String::new();
        for is_async in [true, false] {
            if !(if is_async { self.is_async } else { self.is_sync }) {
                continue;
            }
            let attributes: Vec<_> =
                ATTRIBUTES.iter().filter(|(_, is_for_all, _)| *is_for_all || is_async).collect();
            let all = [PLAIN].into_iter().chain(attributes.iter().map(|(.., attribute)| *attribute));
            let sources: Vec<_> = all.map(|attribute| (attribute, self.with(attribute, is_async))).collect();
            let reports = compilation.reports(&sources, &self.lints());
            let (plain, others) = reports.split_first().unwrap();
            if plain.codes != self.codes[usize::from(!is_async)] {
                let codes = plain.codes.join(" ");
                return Err(format!("without the attribute it is `{codes}`:\n{}", plain.text));
            }
            let mut seen: Vec<(String, Vec<&str>)> = Vec::new();
            for ((name, ..), report) in attributes.iter().zip(others) {
                let difference = difference(&plain.text, &report.text);
                match seen.iter_mut().find(|(other, _)| *other == difference) {
                    Some((_, names)) => names.push(name),
                    None => seen.push((difference, vec![name])),
                }
            }
            for (difference, names) in seen.into_iter().filter(|(difference, _)| !difference.is_empty()) {
                let form = if is_async { "async fn" } else { "fn" };
                writeln!(differences, "=== {form}: {}\n{difference}", names.join(", ")).unwrap();
            }
        }
        Ok(differences)
    }

    /// Returns the file with the expected differences.
    fn file(&self) -> PathBuf {
        folder().join("differences").join(format!("{}.diff", self.name))
    }

    /// Returns whether the differences are as expected, when all functions are one crate.
    fn is_as_expected(&self, compiler: &Compiler) -> bool {
        let together = Together { compiler, folder: scratch().join(&self.name) };
        let expected = fs::read_to_string(self.file()).unwrap_or_default();
        expected.is_empty() == self.reason.is_none() && self.differences(&together) == Ok(expected)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/diagnostics")
}

fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagnostics")
}

/// The diagnostics of one function.
#[derive(Default)]
struct Report {
    codes: Vec<String>,
    text: String,
}

impl Report {
    fn push(&mut self, diagnostic: &Value, attribute: &str) {
        self.codes.push(diagnostic["code"]["code"].as_str().unwrap_or("error").to_owned());
        self.text += &diagnostic["rendered"].as_str().unwrap().replace(attribute, PLAIN);
        suggestions(diagnostic, &mut self.text);
    }
}

/// A way to compile functions, given by their attributes and sources.
trait Compilation {
    fn reports(&self, sources: &[(&str, String)], lints: &BTreeSet<&str>) -> Vec<Report>;
}

/// Each function is a crate.
struct Alone<'a> {
    compiler: &'a Compiler,
    folder: PathBuf,
}

impl Compilation for Alone<'_> {
    fn reports(&self, sources: &[(&str, String)], lints: &BTreeSet<&str>) -> Vec<Report> {
        let report = |(attribute, source): &(&str, String)| {
            let mut report = Report::default();
            for diagnostic in diagnostics(self.compiler, &self.folder, source, lints) {
                report.push(&diagnostic, attribute);
            }
            report
        };
        sources.iter().map(report).collect()
    }
}

/// All functions are modules of one crate, which takes a tenth of the time. The diagnostics of one module may depend on the others. So
/// this can confirm the expected differences, and any other result is worth a second look with [`Alone`].
struct Together<'a> {
    compiler: &'a Compiler,
    folder: PathBuf,
}

impl Compilation for Together<'_> {
    fn reports(&self, sources: &[(&str, String)], lints: &BTreeSet<&str>) -> Vec<Report> {
        // The first module is the plain function once more. The compiler explains a lint at its first occurrence alone.
        let sources: Vec<_> = sources.first().into_iter().chain(sources).collect();
        fs::create_dir_all(&self.folder).unwrap();
        let mut root = String::new();
        for (index, (_, source)) in sources.iter().enumerate() {
            fs::write(self.folder.join(format!("module_{index}.rs")), source).unwrap();
            writeln!(root, "#[path = \"module_{index}.rs\"] pub mod module_{index};").unwrap();
        }
        let mut reports: Vec<Report> = sources.iter().map(|_| Report::default()).collect();
        for diagnostic in diagnostics(self.compiler, &self.folder, &root, lints) {
            let spans = diagnostic["spans"].as_array().unwrap();
            let main = spans.iter().find(|span| span["is_primary"] == true).unwrap_or(&spans[0]);
            let is_in = |index: usize| main["file_name"] == format!("module_{index}.rs");
            let Some(index) = (0..sources.len()).find(|index| is_in(*index)) else { continue };
            let text = diagnostic.to_string();
            let text = text.replace(&format!("module_{index}.rs"), "<anon>");
            let text = text.replace(&format!("module_{index}::"), "");
            reports[index].push(&serde_json::from_str(&text).unwrap(), sources[index].0);
        }
        reports.split_off(1)
    }
}

/// Compiles a crate, and returns its diagnostics.
fn diagnostics(compiler: &Compiler, folder: &Path, source: &str, lints: &BTreeSet<&str>) -> Vec<Value> {
    fs::create_dir_all(folder).unwrap();
    let program = if lints.is_empty() { "rustc" } else { "clippy-driver" };
    let mut driver = compiler
        .check(program, &folder.join("case.rmeta"))
        .args(["-", "--crate-name", "case", "--error-format", "json"])
        .args((!lints.is_empty()).then_some("-Aclippy::all"))
        .args(lints.iter().map(|lint| format!("-W{lint}")))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    driver.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    let output = driver.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stderr).unwrap();
    let diagnostics =
        lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")));
    // Without a place, a diagnostic counts the others.
    diagnostics
        .filter(|diagnostic: &Value| {
            diagnostic.get("level").is_some() && diagnostic["spans"] != Value::Array(Vec::new())
        })
        .collect()
}

/// Writes the changes that a tool would make. The text does not show all of them.
fn suggestions(diagnostic: &Value, text: &mut String) {
    for span in diagnostic["spans"].as_array().unwrap() {
        if let (Some(replacement), Some(applicability)) =
            (span["suggested_replacement"].as_str(), span["suggestion_applicability"].as_str())
        {
            let [from, to] = ["start", "end"]
                .map(|end| format!("{}:{}", span[format!("line_{end}")], span[format!("column_{end}")]));
            writeln!(text, "{applicability}: {from}-{to} {replacement:?}").unwrap();
        }
    }
    for child in diagnostic["children"].as_array().unwrap() {
        suggestions(child, text);
    }
}

/// Returns all lines, with a sign before each line that only one text has. Returns `None` if the texts are equal.
fn difference(one: &str, two: &str) -> String {
    if one == two {
        return String::new();
    }
    let (one, two): (Vec<_>, Vec<_>) = (one.lines().collect(), two.lines().collect());
    // The length of the longest common subsequence from each pair of lines on.
    let mut common = vec![vec![0_usize; two.len() + 1]; one.len() + 1];
    for (i, left) in one.iter().enumerate().rev() {
        for (j, right) in two.iter().enumerate().rev() {
            common[i][j] =
                if left == right { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut difference) = (0, 0, String::new());
    while i < one.len() || j < two.len() {
        let (sign, line) = if i < one.len() && j < two.len() && one[i] == two[j] {
            (i, j) = (i + 1, j + 1);
            (' ', one[i - 1])
        } else if j == two.len() || (i < one.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', one[i - 1])
        } else {
            j += 1;
            ('+', two[j - 1])
        };
        difference += format!("{sign} {line}").trim_end();
        difference.push('\n');
    }
    difference
}

#[test]
fn a_mistake_reads_the_same_with_the_attribute() {
    let compiler = Compiler::new();
    let filter = env::var("CASE").unwrap_or_default();
    let is_blessed = env::var_os("UPDATE_EXPECT").is_some();
    let mut cases = Case::all();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(names.len(), cases.len(), "cases of one name");
    cases.retain(|case| case.name.contains(&filter));
    let wrong = for_each(&cases, |case| {
        if !is_blessed && case.is_as_expected(&compiler) {
            return None;
        }
        let alone = Alone { compiler: &compiler, folder: scratch().join(&case.name) };
        let differences = match case.differences(&alone) {
            Ok(differences) => differences,
            Err(error) => return Some(format!("##### {}: {error}", case.name)),
        };
        let file = case.file();
        if is_blessed {
            if differences.is_empty() {
                let _ = fs::remove_file(&file);
            } else {
                fs::write(&file, &differences).unwrap();
            }
        }
        if differences != fs::read_to_string(&file).unwrap_or_default() {
            return Some(format!("##### {}\n{differences}", case.name));
        }
        (differences.is_empty() == case.reason.is_some())
            .then(|| format!("##### {}: a difference, and only then, has a reason: `//~ ..`", case.name))
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_of_cases_that_are_gone() {
    let names: BTreeSet<_> = Case::all().into_iter().map(|case| case.name).collect();
    for file in fs::read_dir(folder().join("differences")).unwrap() {
        let file = file.unwrap().path();
        assert!(names.contains(file.file_stem().unwrap().to_str().unwrap()), "{}", file.display());
    }
}
