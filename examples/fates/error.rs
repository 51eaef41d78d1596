//! What goes wrong with files.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

#[derive(Debug)]
pub enum Error {
    /// It was to fail, and it did.
    Forced,
    /// The runtime was shut down under it.
    ShutDown,
    Cannot {
        act: &'static str,
        path: PathBuf,
        cause: io::Error,
    },
}

/// Says what could not be done, and to what: `.map_err(cannot("read", &path))`.
pub fn cannot(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |cause| if is_shut_down(&cause) { Error::ShutDown } else { Error::Cannot { act, path, cause } }
}

/// Whether an operation was never taken up, because the runtime that was to run it on a blocking thread was shut down.
/// That is all that `tokio::fs` uses this kind of error for, and the operating system does not use it at all.
pub fn is_shut_down(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Other
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forced => formatter.write_str("forced to fail"),
            Self::ShutDown => formatter.write_str("the runtime was shut down"),
            Self::Cannot { act, path, cause } => {
                write!(formatter, "cannot {act} {}: {cause}", path.display())
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Forced | Self::ShutDown => None,
            Self::Cannot { cause, .. } => Some(cause),
        }
    }
}
