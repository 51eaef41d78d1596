//! What goes to stdout, and what does not.

use std::{
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use crate::{
    arguments::Arguments,
    batch::Run,
    error::{Error, cannot},
    ledger::Pages,
};

/// Prints to where the digests are not.
pub fn print(arguments: &Arguments, text: &str) -> Result<(), Error> {
    if arguments.digests {
        eprint!("{text}");
        Ok(())
    } else {
        write_out(text.as_bytes())
    }
}

/// Prints the digest of every file whose caller got one.
pub fn print_digests(run: &Run, pages: &Pages) -> Result<(), Error> {
    let mut lines = Vec::new();
    for (page, job) in pages.files.iter().zip(&run.plan) {
        if let Some(summary) = &page.summary {
            write_digest(&mut lines, &summary.digest, &job.source.path);
        }
    }
    write_out(&lines)
}

/// Writes one line as `sha256sum` does, which marks and escapes names that would break the line.
fn write_digest(lines: &mut Vec<u8>, digest: &[u8], path: &Path) {
    let name = path.as_os_str().as_encoded_bytes();
    if name.iter().any(|byte| b"\\\n\r".contains(byte)) {
        lines.push(b'\\');
    }
    for byte in digest {
        lines.extend(format!("{byte:02x}").bytes());
    }
    lines.extend(b"  ");
    for byte in name {
        match byte {
            b'\\' => lines.extend(b"\\\\"),
            b'\n' => lines.extend(b"\\n"),
            b'\r' => lines.extend(b"\\r"),
            _ => lines.push(*byte),
        }
    }
    lines.push(b'\n');
}

/// Writes to stdout. Whoever reads it may stop reading.
fn write_out(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(cannot("write", Path::new("the output"))(error))
        }
        _ => Ok(()),
    }
}
