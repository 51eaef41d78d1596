//! Rows in PostgreSQL: one for each job that runs.

use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::{problem::Problem, work::JobId};

/// A handle, which is cheap to clone. The methods take it by value, so that their futures borrow nothing and can go on in a
/// cleanup.
#[derive(Clone)]
pub struct Rows(PgPool);

impl Rows {
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(8).connect(url).await?;
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS running (id bigint PRIMARY KEY, since timestamptz DEFAULT now())",
        )
        .execute(&pool)
        .await?;
        Ok(Self(pool))
    }

    pub async fn insert(self, id: JobId) -> Result<(), Problem> {
        sqlx::query("INSERT INTO running (id) VALUES ($1)").bind(id.0).execute(&self.0).await?;
        Ok(())
    }

    pub async fn remove(self, id: JobId) -> Result<(), Problem> {
        sqlx::query("DELETE FROM running WHERE id = $1").bind(id.0).execute(&self.0).await?;
        Ok(())
    }

    /// Does a piece of work in the database.
    pub async fn ask(&self) -> Result<(), Problem> {
        sqlx::query("SELECT count(*) FROM running").execute(&self.0).await?;
        Ok(())
    }

    pub async fn close(self) {
        self.0.close().await;
    }
}
