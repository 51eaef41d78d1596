//! One file: the function that this program is about.

use std::path::PathBuf;

use finally::finally;
use futures::TryFutureExt as _;
use sha2::{Digest as _, Sha256};
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncWriteExt as _},
};

use crate::{
    await_points::AwaitPoints,
    error::{Error, cannot},
    folder::Folder,
    ledger::{Ending, Witness},
};

/// How much of a file is in memory at a time.
const CHUNK: usize = 64 * 1024;

/// What there is to know about a file.
pub struct Summary {
    pub lines: u64,
    /// What white space separates.
    pub words: u64,
    pub bytes: u64,
    pub digest: [u8; 32],
}

/// Copies a file into a working folder, and counts and hashes the copy.
///
/// Body and cleanup share the arguments: the body makes the folder and tells the witness that it runs, and the cleanup
/// takes both at exit. On cancellation `clean_up` is only called inside the drop, and awaited elsewhere.
#[finally(|fate| clean_up(folder, witness, Ending::of(fate)))]
pub async fn inspect(
    source: PathBuf,
    mut folder: Folder,
    witness: Witness,
    mut await_points: AwaitPoints,
) -> Result<Summary, Error> {
    witness.body_entered();
    let mut original = await_points.pass(File::open(&source).map_err(cannot("read", &source))).await?;
    await_points.pass(folder.create()).await?;
    let mut copy = await_points.pass(folder.create_file("copy")).await?;
    let copy_path = folder.path().join("copy");

    let mut buffer = vec![0; CHUNK];
    loop {
        let read = original.read(&mut buffer).map_err(cannot("read", &source));
        let length = await_points.pass(read).await?;
        if length == 0 {
            break;
        }
        let write = copy.write_all(&buffer[..length]);
        await_points.pass(write.map_err(cannot("write", &copy_path))).await?;
    }
    await_points.pass(copy.flush().map_err(cannot("write", &copy_path))).await?;
    drop((original, copy));

    let mut copy = await_points.pass(File::open(&copy_path).map_err(cannot("read", &copy_path))).await?;
    let mut counter = Counter::default();
    loop {
        let read = copy.read(&mut buffer).map_err(cannot("read", &copy_path));
        let length = await_points.pass(read).await?;
        if length == 0 {
            break Ok(counter.finish());
        }
        counter.count(&buffer[..length]);
    }
}

/// How many await points the function passes for a file of this size.
pub fn count_await_points(size: u64) -> u64 {
    let chunks = size.div_ceil(CHUNK as u64);
    let (copying, counting) = (2 * chunks + 1, chunks + 1);
    // Besides: open, create, create, flush, open.
    copying + counting + 5
}

/// The cleanup. It owns all that it uses, so that it can go on when the caller is gone.
async fn clean_up(folder: Folder, witness: Witness, ending: Ending) -> Result<(), Error> {
    let removed = folder.remove_with_contents().await;
    witness.cleanup_ended(ending);
    removed
}

/// Counts a file that comes in pieces.
#[derive(Default)]
struct Counter {
    lines: u64,
    words: u64,
    bytes: u64,
    in_word: bool,
    hasher: Sha256,
}

impl Counter {
    fn count(&mut self, piece: &[u8]) {
        for &byte in piece {
            self.lines += u64::from(byte == b'\n');
            // The vertical tab is white space to C, and not to Rust.
            let is_space = byte.is_ascii_whitespace() || byte == b'\x0b';
            self.words += u64::from(!is_space && !self.in_word);
            self.in_word = !is_space;
        }
        self.bytes += piece.len() as u64;
        self.hasher.update(piece);
    }

    fn finish(self) -> Summary {
        Summary {
            lines: self.lines,
            words: self.words,
            bytes: self.bytes,
            digest: self.hasher.finalize().into(),
        }
    }
}
