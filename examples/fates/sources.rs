//! Which files to visit.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::error::{Error, cannot};

/// A file as it was found.
pub struct Source {
    pub path: PathBuf,
    pub size: u64,
}

/// Finds the files. What is named has to exist. What cannot be read in a folder is passed over, and named on stderr.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    if paths.is_empty() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
        let is_built = |entry: &DirEntry| entry.file_name() == "target" || entry.file_name() == ".git";
        search(workspace, |entry| entry.depth() == 0 || !is_built(entry), &mut sources);
    }
    for path in paths {
        let metadata = fs::metadata(path).map_err(cannot("read", path))?;
        if metadata.is_dir() {
            search(path, |_| true, &mut sources);
        } else if metadata.is_file() {
            sources.push(Source { path: path.clone(), size: metadata.len() });
        } else {
            let neither = io::Error::new(io::ErrorKind::InvalidInput, "it is neither a file nor a folder");
            return Err(cannot("read", path)(neither));
        }
    }
    Ok(sources)
}

/// Finds the files in a folder, in the order of their names. Symbolic links are not followed, as by `find -type f`.
fn search(folder: &Path, is_wanted: impl FnMut(&DirEntry) -> bool, sources: &mut Vec<Source>) {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(is_wanted) {
        match entry.and_then(|entry| Ok((entry.metadata()?, entry))) {
            Ok((metadata, entry)) if metadata.is_file() => {
                sources.push(Source { path: entry.into_path(), size: metadata.len() });
            }
            Ok(_) => {}
            Err(error) => eprintln!("passed over: {error}"),
        }
    }
}
