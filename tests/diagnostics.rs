//! What the compiler and clippy say about a function, they say in the same words and at the same places with the attribute.
//!
//! `tests/diagnostics/*.rs` hold functions with something wrong, each behind a line `//# name: codes`. Each is compiled
//! without the attribute and with each of several, as an async function and as one that is not, and the diagnostics are
//! compared as people read them and as tools apply them. What the compiler forces to differ stands in
//! `tests/diagnostics/differences/`, and the reason behind `//~` in the case.
//!
//! After a change: `UPDATE_EXPECT=1 cargo test --test diagnostics`, and read what came out.

#![cfg(feature = "macros")]

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

const MARK: &str = "#[finally]";
/// What stands there in the function that is compared with. It has a line, too.
const PLAIN: &str = "// plain";
/// What the attributes call. Cases stand above it, so that their lines are their own.
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
    /// `E0308`, the name of a lint, clippy's among them, or `error` for what has no code; what the compiler says without the attribute.
    codes: [Vec<String>; 2],
    is_async: bool,
    is_sync: bool,
    /// Why the compiler cannot say the same.
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

    /// What clippy is asked for, where it is clippy's to say.
    fn lints(&self) -> BTreeSet<&str> {
        let codes = self.codes.iter().flatten();
        codes.map(String::as_str).filter(|code| code.starts_with("clippy::")).collect()
    }

    fn with(&self, attribute: &str, is_async: bool) -> String {
        let (before, behind) = self.source.split_once(MARK).unwrap();
        let behind = if is_async { behind.to_owned() } else { behind.replacen("async fn", "fn", 1) };
        format!("{before}{attribute}{behind}{CLEANUPS}")
    }

    /// How each form of the function reads, by what differs. An error where the case is another one than it says.
    fn differences(&self, compiler: &Compiler) -> Result<String, String> {
        let mut differences = String::new();
        for is_async in [true, false] {
            if !(if is_async { self.is_async } else { self.is_sync }) {
                continue;
            }
            let plain = compiler.says(&self.with(PLAIN, is_async), PLAIN, self.lints());
            if plain.codes != self.codes[usize::from(!is_async)] {
                let codes = plain.codes.join(" ");
                return Err(format!("without the attribute it is `{codes}`:\n{}", plain.text));
            }
            let mut seen: Vec<(String, Vec<&str>)> = Vec::new();
            for (name, _, attribute) in ATTRIBUTES.iter().filter(|(_, is_for_all, _)| *is_for_all || is_async)
            {
                let said = compiler.says(&self.with(attribute, is_async), attribute, self.lints());
                let difference = difference(&plain.text, &said.text);
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
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

struct Said {
    codes: Vec<String>,
    text: String,
}

/// The compiler, and the library to compile against.
struct Compiler {
    rustc: OsString,
    library: PathBuf,
    runs: AtomicUsize,
}

impl Compiler {
    fn new() -> Self {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--lib", "--no-default-features", "--features", "std,macros"])
            .args([
                "--message-format",
                "json",
                "--manifest-path",
                concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            ])
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let messages = String::from_utf8(built.stdout).unwrap();
        let library = messages
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|message| {
                message["reason"] == "compiler-artifact" && message["target"]["name"] == "finally"
            })
            .flat_map(|message| message["filenames"].as_array().unwrap().clone())
            .map(|file| PathBuf::from(file.as_str().unwrap()))
            .find(|file| file.extension().is_some_and(|extension| extension == "rmeta"))
            .unwrap();
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        Self { rustc, library, runs: AtomicUsize::new(0) }
    }

    fn says(&self, source: &str, attribute: &str, lints: BTreeSet<&str>) -> Said {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("diagnostics-{run}.rmeta"));
        let driver = if lints.is_empty() { self.rustc.clone() } else { "clippy-driver".into() };
        let mut driver = Command::new(driver)
            .args(["-", "--crate-name", "case", "--crate-type", "lib", "--edition", "2024"])
            .args(["--emit", "metadata", "--error-format", "json", "-o"])
            .arg(&output)
            .arg("--extern")
            .arg(format!("finally={}", self.library.display()))
            .arg("-L")
            .arg(format!("dependency={}", self.library.parent().unwrap().display()))
            .args((!lints.is_empty()).then_some("-Aclippy::all"))
            .args(lints.iter().map(|lint| format!("-W{lint}")))
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        driver.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
        let said = driver.wait_with_output().unwrap();
        let _ = fs::remove_file(&output);
        let mut codes = Vec::new();
        let mut text = String::new();
        for line in String::from_utf8(said.stderr).unwrap().lines() {
            let diagnostic: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            if diagnostic.get("level").is_none() || diagnostic["spans"] == Value::Array(Vec::new()) {
                continue; // how many there were
            }
            codes.push(diagnostic["code"]["code"].as_str().unwrap_or("error").to_owned());
            text += &diagnostic["rendered"].as_str().unwrap().replace(attribute, PLAIN);
            suggestions(&diagnostic, &mut text);
        }
        Said { codes, text }
    }
}

/// What a tool would change, which is not all in what people read.
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

/// The lines that only one of them has, and those around.
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
fn a_function_reads_the_same_with_the_attribute() {
    let compiler = Compiler::new();
    let filter = env::var("CASE").ok();
    let mut cases = Case::all();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(names.len(), cases.len(), "cases of one name");
    if let Some(filter) = &filter {
        cases.retain(|case| case.name.contains(filter));
    }
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let differences = case.differences(&compiler);
                    found.lock().unwrap().push((case, differences));
                }
            });
        }
    });
    let mut wrong = String::new();
    for (case, differences) in found.into_inner().unwrap() {
        let differences = match differences {
            Ok(differences) => differences,
            Err(error) => {
                writeln!(wrong, "##### {}: {error}", case.name).unwrap();
                continue;
            }
        };
        let file = folder().join("differences").join(format!("{}.diff", case.name));
        if env::var_os("UPDATE_EXPECT").is_some() {
            if differences.is_empty() {
                let _ = fs::remove_file(&file);
            } else {
                fs::write(&file, &differences).unwrap();
            }
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if differences != expected {
            writeln!(wrong, "##### {}\n{differences}", case.name).unwrap();
        } else if differences.is_empty() == case.reason.is_some() {
            writeln!(wrong, "##### {}: a difference, and only then, has a reason: `//~ ..`", case.name)
                .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nothing_is_left_of_cases_that_are_gone() {
    let names: BTreeSet<_> = Case::all().into_iter().map(|case| case.name).collect();
    for file in fs::read_dir(folder().join("differences")).unwrap() {
        let file = file.unwrap().path();
        assert!(names.contains(file.file_stem().unwrap().to_str().unwrap()), "{}", file.display());
    }
}
