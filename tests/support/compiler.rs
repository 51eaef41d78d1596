//! The compiler, and this library to compile against, without cargo.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

pub struct Compiler {
    /// The folder with the programs of the toolchain. The names in `PATH` may be those of rustup, which costs time at each start.
    programs: PathBuf,
    rlib: PathBuf,
    /// Stands beside those of the dependencies.
    rmeta: PathBuf,
}

impl Compiler {
    /// Builds the library with the features `std` and `macros` alone.
    pub fn new() -> Self {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let sysroot = Command::new(rustc).args(["--print", "sysroot"]).output().unwrap();
        assert!(sysroot.status.success(), "{}", String::from_utf8_lossy(&sysroot.stderr));
        let programs = Path::new(std::str::from_utf8(&sysroot.stdout).unwrap().trim_end()).join("bin");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--lib", "--no-default-features", "--features", "std,macros"])
            .args(["--message-format", "json"])
            .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let messages = String::from_utf8(built.stdout).unwrap();
        let files: Vec<PathBuf> = messages
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|message| {
                message["reason"] == "compiler-artifact" && message["target"]["name"] == "finally"
            })
            .flat_map(|message| message["filenames"].as_array().unwrap().clone())
            .map(|file| file.as_str().unwrap().into())
            .collect();
        let file = |kind: &str| {
            let is_kind = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == kind);
            files.iter().find(is_kind).unwrap().clone()
        };
        Self { programs, rlib: file("rlib"), rmeta: file("rmeta") }
    }

    /// Returns a command that checks a crate. `program` is `rustc` or `clippy-driver`.
    pub fn check(&self, program: &str, output: &Path) -> Command {
        let mut command = self.command(program, &self.rmeta);
        command.args(["--crate-type", "lib", "--emit", "metadata", "-o"]).arg(output);
        command
    }

    /// Returns a command that builds a program.
    pub fn build(&self, output: &Path) -> Command {
        let mut command = self.command("rustc", &self.rlib);
        command.args(["--crate-type", "bin", "-o"]).arg(output);
        command
    }

    /// Returns a command that documents a crate.
    pub fn document(&self, source: &Path, output: &Path) -> Command {
        let mut command = self.command("rustdoc", &self.rmeta);
        command.arg(source).arg("-o").arg(output);
        command
    }

    fn command(&self, program: &str, library: &Path) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .args(["--edition", "2024", "--extern"])
            .arg(format!("finally={}", library.display()))
            .arg("-L")
            .arg(format!("dependency={}", self.rmeta.parent().unwrap().display()))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_remove("RUSTFLAGS");
        command
    }
}

/// Calls `task` for each item, on as many threads as there are processors, and returns the results in order.
pub fn for_each<T: Sync, R: Send>(items: &[T], task: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = task(item);
                    results.lock().unwrap().push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
