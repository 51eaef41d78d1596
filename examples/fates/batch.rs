//! Many files, one after the other. As many batches as there are jobs share the files.

use std::{
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use finally::finally;
use futures::FutureExt as _;
use tokio::sync::{Notify, Semaphore};

use crate::{
    await_points::AwaitPoints,
    error::Error,
    folder::{Folder, Workplace},
    inspect::inspect,
    ledger::Ledger,
    plan::{Job, Place},
};

/// What the batches share.
pub struct Run {
    pub workplace: Workplace,
    pub plan: Vec<Job>,
    pub ledger: Arc<Ledger>,
    next: AtomicUsize,
    jobs: usize,
    /// One for each folder of a file. A folder that is still being removed keeps its own.
    permits: Arc<Semaphore>,
}

impl Run {
    pub fn new(workplace: Workplace, plan: Vec<Job>, ledger: Arc<Ledger>, jobs: usize) -> Self {
        Self {
            workplace,
            plan,
            ledger,
            next: AtomicUsize::new(0),
            jobs,
            permits: Arc::new(Semaphore::new(jobs)),
        }
    }

    /// How many batches there is work for.
    pub fn batches(&self) -> usize {
        self.jobs.min(self.plan.len())
    }

    fn next_job(&self) -> Option<&Job> {
        self.plan.get(self.next.fetch_add(1, Relaxed))
    }
}

/// Inspects one file after the other, until none is left.
///
/// A file that is cancelled in here has its cleanup adopted: the runtime runs it while the body goes on with the next
/// file, and the cleanup of this function starts after it has ended. Otherwise that would fail, because the folder would
/// not be empty.
#[finally(folder.remove_if_empty().await)]
pub async fn batch(mut folder: Folder, run: Arc<Run>) -> Result<(), Error> {
    folder.create().await?;
    while let Some(job) = run.next_job() {
        visit(job, &folder, &run).await;
    }
    Ok(())
}

/// Inspects one file, and leaves early if it is to be cancelled.
async fn visit(job: &Job, batch_folder: &Folder, run: &Run) {
    let permit = Arc::clone(&run.permits).acquire_owned().await;
    let permit = permit.expect("the semaphore is never closed");
    let folder = match job.place {
        Place::Batch => batch_folder.file_folder(job.index, permit),
        // It may outlive the batch and its folder.
        Place::Task => run.workplace.file_folder(job.index, permit),
    };
    let cancel = Arc::new(Notify::new());
    let (witness, caller) = run.ledger.witness(job.index, job.place == Place::Batch);
    let inspection =
        inspect(job.source.path.clone(), folder, witness, AwaitPoints::new(job.forced, Arc::clone(&cancel)));
    let call = async move {
        let inspection = pin!(inspection);
        // The last to be declared is the first to be dropped, so it is noted that the caller leaves before anything
        // comes of it.
        let _caller = caller;
        inspection.await
    };
    let result = match job.place {
        Place::Batch => tokio::select! {
            result = AssertUnwindSafe(call).catch_unwind() => result.ok(),
            () = cancel.notified() => None,
        },
        Place::Task => {
            let mut task = tokio::spawn(call);
            tokio::select! {
                result = &mut task => result.ok(),
                () = cancel.notified() => {
                    task.abort();
                    // Ends when the call is dropped, which hands its cleanup off, so that whoever drains knows of it.
                    let _ = task.await;
                    None
                }
            }
        }
    };
    if let Some(result) = result {
        run.ledger.delivered(job.index, result);
    }
}
