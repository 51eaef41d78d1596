//! What can be asked of the program.

use std::{num::NonZeroU64, path::PathBuf};

use clap::{Parser, value_parser};

/// Copies, counts and hashes files in working folders that are always removed.
///
/// Each file is copied into a working folder of its own. There its lines, words and bytes are counted, as by wc, and
/// its SHA-256 is computed. Whatever becomes of the file, its folder is removed. A table tells how the files ended and how
/// their cleanups went. Ctrl-C cancels them all, and leaves nothing behind either.
#[derive(Parser)]
#[command(
    name = "fates",
    after_help = "Exit status: 0 if no working folder is left behind, 1 if one is or a cleanup is lost, 2 if the \
                  program cannot run, 130 after Ctrl-C."
)]
pub struct Arguments {
    /// Files, and folders to search for files, links left aside [default: the sources of this workspace]
    #[arg(value_name = "FILE|FOLDER")]
    pub paths: Vec<PathBuf>,

    /// Make every N-th file fail, at a random await point
    #[arg(long, value_name = "N", value_parser = every)]
    pub fail: Option<NonZeroU64>,

    /// Make every N-th file panic, at a random await point
    #[arg(long, value_name = "N", value_parser = every)]
    pub panic: Option<NonZeroU64>,

    /// Cancel every N-th file, at a random await point
    #[arg(long, value_name = "N", value_parser = every)]
    pub cancel: Option<NonZeroU64>,

    /// How many files are visited at a time, from 1 to 256
    #[arg(long, value_name = "J", default_value = "16", value_parser = value_parser!(u16).range(1..=256))]
    pub jobs: u16,

    /// Drop the runtime when half of the files have been started
    #[arg(long)]
    pub shutdown: bool,

    /// Force the same fates as the run that printed this seed
    #[arg(long)]
    pub seed: Option<u64>,

    /// Print the digests as sha256sum does, and everything else on stderr
    #[arg(long)]
    pub digests: bool,
}

fn every(text: &str) -> Result<NonZeroU64, String> {
    match text.parse() {
        Ok(number) => {
            NonZeroU64::new(number).ok_or_else(|| "there is no 0th file; 1 stands for every file".to_owned())
        }
        Err(error) => Err(format!("{error}; give a whole number, 1 or more")),
    }
}
