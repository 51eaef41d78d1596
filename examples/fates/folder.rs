//! Folders that can be removed at any time, also while they are being made.

use std::{
    fs, io,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    task::{spawn_blocking, yield_now},
};
use walkdir::WalkDir;

use crate::error::{Error, cannot, is_shut_down};

/// A folder that need not exist yet.
pub struct Folder {
    path: PathBuf,
    /// Ends with the last operation that makes something in here.
    made: Option<oneshot::Receiver<()>>,
    /// Kept until the folder is gone, so that there are never more folders than permits.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Folder {
    fn new(path: PathBuf, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { path, made: None, _permit: permit }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder inside this one.
    pub fn file_folder(&self, index: usize, permit: OwnedSemaphorePermit) -> Self {
        file_folder(&self.path, index, permit)
    }

    pub async fn create(&mut self) -> Result<(), Error> {
        let created = self.make(|path| fs::create_dir(path)).await;
        created.map_err(cannot("create", &self.path))
    }

    pub async fn create_file(&mut self, name: &'static str) -> Result<tokio::fs::File, Error> {
        let created = self.make(move |path| fs::File::create_new(path.join(name))).await;
        created.map(tokio::fs::File::from_std).map_err(cannot("create", &self.path.join(name)))
    }

    /// Runs an operation that makes something in here.
    ///
    /// Operations on files run on blocking threads, and go on there when the future that waits for them is dropped: a
    /// folder might be made after it was removed. So whoever removes it waits for them, and `tokio::fs` gives nothing to
    /// wait for.
    async fn make<T: Send + 'static>(
        &mut self,
        operation: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (making, made) = oneshot::channel::<()>();
        self.made = Some(made);
        let path = self.path.clone();
        spawn_blocking(move || {
            let _making = making;
            operation(&path)
        })
        .await?
    }

    /// Removes the folder, if it is there, with everything in it.
    pub async fn remove_with_contents(mut self) -> Result<(), Error> {
        self.is_made().await;
        let removed = ended(|| tokio::fs::remove_dir_all(&self.path)).await;
        removed.map_err(cannot("remove", &self.path))
    }

    /// Removes the folder, if it is there. Fails if anything is left in it.
    pub async fn remove_if_empty(mut self) -> Result<(), Error> {
        self.is_made().await;
        let removed = ended(|| tokio::fs::remove_dir(&self.path)).await;
        removed.map_err(cannot("remove", &self.path))
    }

    /// Waits for what is under way. The sender is dropped at its end, and also if it never begins.
    async fn is_made(&mut self) {
        if let Some(made) = self.made.take() {
            let _ = made.await;
        }
    }
}

/// Repeats a removal until a blocking thread takes it up.
///
/// A cleanup goes on where it stood when its runtime is shut down, and what it had asked the blocking threads of that
/// runtime to do may be left undone.
async fn ended<F: Future<Output = io::Result<()>>>(mut remove: impl FnMut() -> F) -> io::Result<()> {
    loop {
        match remove().await {
            // A runtime that is shutting down drops us here, and then we are polled elsewhere.
            Err(error) if is_shut_down(&error) => yield_now().await,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            end => return end,
        }
    }
}

/// The folder around all others.
pub struct Workplace {
    path: PathBuf,
}

impl Workplace {
    pub fn create() -> Result<Self, Error> {
        let name = format!("fates-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let path = std::env::temp_dir().join(name);
        let mut builder = fs::DirBuilder::new();
        // Copies of private files stay private.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(cannot("create", &path))?;
        Ok(Self { path })
    }

    pub fn batch_folder(&self, number: usize) -> Folder {
        Folder::new(self.path.join(format!("batch-{number}")), None)
    }

    pub fn file_folder(&self, index: usize, permit: OwnedSemaphorePermit) -> Folder {
        file_folder(&self.path, index, permit)
    }

    /// The folders that were not removed: none, or the program has failed.
    pub fn left_behind(&self) -> Vec<PathBuf> {
        let entries = WalkDir::new(&self.path).min_depth(1).sort_by_file_name();
        entries
            .into_iter()
            // What cannot be looked into is left behind, too.
            .filter(|entry| entry.as_ref().map_or(true, |entry| entry.file_type().is_dir()))
            .map(|entry| match entry {
                Ok(entry) => entry.into_path(),
                Err(error) => error.path().unwrap_or(&self.path).to_owned(),
            })
            .collect()
    }

    /// What is left in it stays, for the user to look at.
    pub fn remove_if_empty(&self) {
        let _ = fs::remove_dir(&self.path);
    }
}

fn file_folder(parent: &Path, index: usize, permit: OwnedSemaphorePermit) -> Folder {
    Folder::new(parent.join(format!("file-{}", index + 1)), Some(permit))
}
