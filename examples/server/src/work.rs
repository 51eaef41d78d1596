//! The work itself, which ends as the client has ordered.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::sleep;

use crate::{problem::Problem, rows::Rows};

/// The number of a job. It is chosen here, so that a row and a lease can be removed even if nobody knows whether they exist.
#[derive(Clone, Copy)]
pub struct JobId(pub i64);

impl JobId {
    pub fn random() -> Self {
        Self(fastrand::i64(..))
    }
}

/// The query of a request: `?end=value&ms=20`.
#[derive(Deserialize)]
pub struct Order {
    end: End,
    ms: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Value,
    Error,
    Panic,
}

impl Order {
    pub async fn work(self, rows: &Rows) -> Result<String, Problem> {
        rows.ask().await?;
        sleep(Duration::from_millis(self.ms)).await;
        rows.ask().await?;
        match self.end {
            End::Value => Ok(format!("done in {} ms\n", self.ms)),
            End::Error => Err(Problem::Failed),
            End::Panic => panic!("the job panicked"),
        }
    }
}
