//! The example `fates`, run on files: its output, and the files that are left.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::example;

/// A folder for one test: `input` has the files that the program reads, and `temporary` its working folders.
struct Stage(PathBuf);

impl Stage {
    fn new(test: &str) -> Self {
        let stage = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fates").join(test);
        if stage.exists() {
            fs::remove_dir_all(&stage).unwrap();
        }
        fs::create_dir_all(stage.join("input")).unwrap();
        fs::create_dir_all(stage.join("temporary")).unwrap();
        Self(stage)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join("input").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Files of none to several chunks, so that there are await points of all kinds.
    fn write_many(&self, files: usize) {
        for index in 0..files {
            let size = [0, 1, 1_000, 65_536, 200_000][index % 5];
            self.write(&format!("{}/{index}", index % 3), "some words\n".repeat(size / 11 + index % 2));
        }
    }

    /// Runs the program on `input`, and checks that no temporary file is left.
    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        let output = Command::new(example("fates"))
            .args(arguments)
            .current_dir(self.0.join("input"))
            .envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, self.0.join("temporary"))))
            .output()
            .unwrap();
        let left_behind: Vec<_> =
            fs::read_dir(self.0.join("temporary")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left_behind.is_empty(), "left behind: {left_behind:?}\n{}", text(&output.stderr));
        output
    }

    /// Runs the program where it is to succeed, and reads its table.
    fn table(&self, arguments: &[&str]) -> Table {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}\n{}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        Table::read(text(&output.stdout))
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The numbers in the table, by row and column, and the first ones of the lines below it.
#[derive(Debug)]
struct Table {
    rows: BTreeMap<String, Row>,
    notes: BTreeMap<String, usize>,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    files: usize,
    forced: usize,
    inline: usize,
    adopted: usize,
    handed_off: usize,
}

impl Table {
    const FATES: [&str; 4] = ["returned", "failed", "panicked", "cancelled"];

    fn read(output: &str) -> Self {
        let mut rows = BTreeMap::new();
        let mut notes = BTreeMap::new();
        for line in output.lines() {
            let Some((name, rest)) = line.split_at_checked(12) else { continue };
            let name = name.trim().to_owned();
            let cells: Result<Vec<usize>, _> = rest.split_whitespace().map(str::parse).collect();
            if let Ok(&[files, forced, inline, adopted, handed_off]) = cells.as_deref() {
                rows.insert(name, Row { files, forced, inline, adopted, handed_off });
            } else if let Some(Ok(number)) = rest.split_whitespace().next().map(str::parse) {
                notes.insert(name, number);
            }
        }
        let table = Self { rows, notes, text: output.to_owned() };
        table.check();
        table
    }

    fn row(&self, name: &str) -> Row {
        *self.rows.get(name).unwrap_or_else(|| panic!("no row `{name}` in\n{}", self.text))
    }

    fn note(&self, name: &str) -> usize {
        *self.notes.get(name).unwrap_or_else(|| panic!("no line `{name}` in\n{}", self.text))
    }

    /// Asserts the properties of every run.
    fn check(&self) {
        for name in Self::FATES {
            let row = self.row(name);
            assert_eq!(row.files, row.inline + row.adopted + row.handed_off, "{name}\n{}", self.text);
        }
        let sum = |cell: fn(Row) -> usize| Self::FATES.map(|name| cell(self.row(name))).iter().sum::<usize>();
        let all = self.row("all");
        assert_eq!(all.files, sum(|row| row.files) + self.row("not started").files, "{}", self.text);
        assert_eq!(all.handed_off, sum(|row| row.handed_off), "{}", self.text);
        assert_eq!(all.handed_off, self.handed_off_to_the_runtime() + self.handed_off_to_the_thread());
        assert_eq!(self.row("cancelled").inline, 0, "nobody waits for it\n{}", self.text);
        assert_eq!(self.note("left behind"), 0, "{}", self.text);
    }

    fn handed_off_to_the_runtime(&self) -> usize {
        self.note("handed off")
    }

    fn handed_off_to_the_thread(&self) -> usize {
        let line = self.text.lines().find(|line| line.starts_with("handed off"));
        let number = line.and_then(|line| line.split_once("runtime, ")?.1.split_once(' '));
        number.unwrap_or_else(|| panic!("{}", self.text)).0.parse().unwrap()
    }
}

mod digests {
    use super::*;

    /// Content, and its digest by `sha256sum`.
    const KNOWN: [(&str, &str, &str); 3] = [
        ("a name with spaces", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("folder/nested", "abc\n", "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb"),
    ];

    #[test]
    fn are_the_known_ones() {
        let stage = Stage::new("known");
        KNOWN.iter().for_each(|(name, content, _)| stage.write(name, content));
        let output = stage.run(KNOWN.map(|(name, ..)| name).iter().chain(&["--digests"]));
        let want: String = KNOWN.map(|(name, _, digest)| format!("{digest}  {name}\n")).concat();
        assert_eq!(text(&output.stdout), want);
        assert_eq!(Table::read(text(&output.stderr)).row("returned").files, 3);
        assert_eq!(output.status.code(), Some(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn are_those_of_sha256sum() {
        use std::os::unix::ffi::OsStrExt as _;

        let stage = Stage::new("sha256sum");
        stage.write_many(20);
        stage.write("empty", "");
        stage.write("a name with spaces", "x");
        stage.write("a\\name\nin lines\r", "x");
        stage.write("larger than a chunk", (0..=250).cycle().take(1 << 20).collect::<Vec<u8>>());
        let not_utf_8 = OsStr::from_bytes(b"not utf-8 \xff");
        fs::write(stage.0.join("input").join(not_utf_8), "x").unwrap();

        let output = stage.run(["--digests", "."]);
        let paths = text_lines(&output.stdout);
        assert_eq!(paths.len(), 25);
        let want = Command::new("sh")
            .args(["-c", "find . -type f -exec sha256sum {} +"])
            .current_dir(stage.0.join("input"))
            .output()
            .unwrap();
        assert!(want.status.success(), "{}", text(&want.stderr));
        assert_eq!(paths, text_lines(&want.stdout));
    }

    /// The lines are sorted, because folders are read in any order.
    #[cfg(target_os = "linux")]
    fn text_lines(bytes: &[u8]) -> Vec<String> {
        let mut lines: Vec<_> =
            bytes.split(|byte| *byte == b'\n').map(|line| line.escape_ascii().to_string()).collect();
        lines.retain(|line| !line.is_empty());
        lines.sort();
        lines
    }

    #[test]
    fn are_printed_for_files_that_returned() {
        let stage = Stage::new("returned");
        stage.write_many(60);
        let output =
            stage.run(["--digests", "--fail", "2", "--panic", "3", "--cancel", "5", "--seed", "1", "."]);
        let returned = Table::read(text(&output.stderr)).row("returned").files;
        assert!(returned > 0);
        assert_eq!(text(&output.stdout).lines().count(), returned);
    }
}

#[test]
fn counts_are_those_of_wc() {
    let stage = Stage::new("counts");
    stage.write("a", "one  two\tthree\n\nfour\x0bfive");
    stage.write("b", "\n");
    let table = stage.table(&["."]);
    assert!(table.text.contains(" 3 lines, 5 words, 26 bytes in 2 files\n"), "{}", table.text);
}

mod forced {
    use super::*;

    #[test]
    fn all_return_unless_forced() {
        let stage = Stage::new("unforced");
        stage.write_many(40);
        let table = stage.table(&["."]);
        let all = Row { files: 40, forced: 0, inline: 40, adopted: 0, handed_off: 0 };
        assert_eq!(table.row("returned"), all);
        assert_eq!(table.row("all"), all);
        assert_eq!(table.note("reported"), 0);
    }

    #[test]
    fn are_those_forced() {
        for seed in ["1", "2"] {
            for jobs in ["1", "8", "256"] {
                let stage = Stage::new(&format!("forced-{seed}-{jobs}"));
                stage.write_many(150);
                let arguments = ["--fail", "7", "--panic", "11", "--cancel", "3"];
                let table = stage.table(&[&arguments[..], &["--jobs", jobs, "--seed", seed, "."]].concat());
                assert_eq!(table.row("all").files, 150);
                for name in ["failed", "panicked", "cancelled"] {
                    let row = table.row(name);
                    assert!(row.forced > 0, "{name}\n{}", table.text);
                    assert_eq!(row.files, row.forced, "{name}\n{}", table.text);
                }
                // A cancelled one is adopted or handed off, and no other one is.
                let cancelled = table.row("cancelled");
                assert!(cancelled.adopted > 0 && cancelled.handed_off > 0, "{}", table.text);
                assert_eq!(table.row("all").adopted, cancelled.adopted);
                assert_eq!(table.row("all").handed_off, cancelled.handed_off);
                assert_eq!(table.handed_off_to_the_thread(), 0);
                assert_eq!(table.note("reported"), 0, "{}", table.text);
            }
        }
    }

    #[test]
    fn are_the_same_with_the_same_seed() {
        let stage = Stage::new("seed");
        stage.write_many(100);
        let table =
            |seed| stage.table(&["--fail", "2", "--panic", "3", "--cancel", "4", "--seed", seed, "."]);
        let rows = table("7").rows;
        assert_eq!(table("7").rows, rows);
        assert_ne!(table("8").rows, rows);
    }

    #[test]
    fn can_all_be_cancelled() {
        let stage = Stage::new("cancelled");
        // Empty, so that many are cancelled while their folders are being made.
        (0..500).for_each(|index| stage.write(&index.to_string(), ""));
        let table = stage.table(&["--cancel", "1", "--jobs", "64", "."]);
        assert_eq!(table.row("cancelled").files, 500);
        assert_eq!(table.row("all").files, 500);
    }

    #[test]
    fn of_forced_panics_make_no_noise() {
        let stage = Stage::new("noise");
        stage.write_many(20);
        let output = stage.run(["--panic", "1", "--fail", "2", "."]);
        assert_eq!(text(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn a_shutdown_in_the_middle_leaves_nothing_behind() {
    for seed in ["1", "2", "3"] {
        for jobs in ["1", "8", "64"] {
            let stage = Stage::new(&format!("shutdown-{seed}-{jobs}"));
            stage.write_many(150);
            let arguments = ["--shutdown", "--fail", "7", "--panic", "11", "--cancel", "3"];
            let table = stage.table(&[&arguments[..], &["--jobs", jobs, "--seed", seed, "."]].concat());
            assert_eq!(table.row("all").files, 150);
            assert!(table.row("not started").files <= 75, "{}", table.text);
        }
    }
}

mod input {
    use super::*;

    fn refused(test: &str, arguments: &[&str], code: i32, names: &[&str]) {
        let stage = Stage::new(test);
        stage.write("file", "x");
        let output = stage.run(arguments);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert_eq!(text(&output.stdout), "");
        for name in names {
            assert!(message.contains(name), "{message}");
        }
    }

    #[test]
    fn a_missing_path_is_named() {
        refused("missing", &["file", "no such file"], 2, &["error: cannot read no such file: "]);
    }

    #[test]
    fn a_number_that_counts_nothing_is_refused() {
        refused("zero", &["--fail", "0"], 2, &["'--fail <N>'", "there is no 0th file"]);
        refused("negative", &["--panic=-1"], 2, &["'--panic <N>'", "give a whole number, 1 or more"]);
        refused("word", &["--cancel", "all"], 2, &["'--cancel <N>'", "give a whole number, 1 or more"]);
        refused("no-jobs", &["--jobs", "0"], 2, &["'--jobs <J>'", "1..=256"]);
    }

    #[test]
    fn an_empty_folder_is_no_file() {
        let stage = Stage::new("empty");
        for arguments in [&["."][..], &["--shutdown", "."]] {
            let table = stage.table(arguments);
            assert_eq!(table.row("all").files, 0);
            assert_eq!(table.note("left behind"), 0);
        }
    }

    #[test]
    fn a_single_file_is_enough_for_a_shutdown() {
        let stage = Stage::new("single");
        stage.write("file", "x");
        assert_eq!(stage.table(&["--shutdown", "file"]).row("all").files, 1);
    }

    /// One whose reading fails for everybody, because tests may run as root.
    #[test]
    #[cfg(target_os = "linux")]
    fn an_unreadable_file_fails_and_is_named() {
        let stage = Stage::new("unreadable");
        stage.write("file", "x");
        let output = stage.run(["/proc/self/mem", "file"]);
        let table = Table::read(text(&output.stdout));
        assert_eq!((table.row("failed").files, table.row("returned").files), (1, 1));
        assert!(text(&output.stderr).contains("failed: cannot read /proc/self/mem: "));
        assert_eq!(output.status.code(), Some(0));
    }

    #[test]
    #[cfg(unix)]
    fn symbolic_links_in_folders_are_passed_over() {
        let stage = Stage::new("links");
        stage.write("file", "x");
        for (original, link) in [("file", "link"), (".", "loop"), ("nothing", "broken")] {
            std::os::unix::fs::symlink(original, stage.0.join("input").join(link)).unwrap();
        }
        assert_eq!(stage.table(&["."]).row("all").files, 1);
        assert_eq!(stage.table(&["link"]).row("all").files, 1);
    }
}
