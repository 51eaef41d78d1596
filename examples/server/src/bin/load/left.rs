//! The databases, and counts of the rows and leases in them.

use std::{collections::BTreeMap, env, error::Error, time::Duration};

use redis::aio::MultiplexedConnection;
use sqlx::{Connection, PgConnection};
use tokio::time::sleep;

pub struct Databases {
    postgres: PgConnection,
    redis: MultiplexedConnection,
}

impl Databases {
    pub async fn open() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            postgres: PgConnection::connect(&env::var("DATABASE_URL")?).await?,
            redis: redis::Client::open(env::var("REDIS_URL")?)?.get_multiplexed_async_connection().await?,
        })
    }

    pub async fn clear(&mut self) -> Result<(), Box<dyn Error>> {
        sqlx::query("DROP TABLE IF EXISTS running").execute(&mut self.postgres).await?;
        Ok(redis::cmd("FLUSHALL").query_async(&mut self.redis).await?)
    }

    /// Keeps every statement on the table waiting.
    pub async fn stall(&mut self) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("BEGIN; LOCK TABLE running").execute(&mut self.postgres).await?;
        Ok(())
    }

    pub async fn go_on(&mut self) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.postgres).await?;
        Ok(())
    }

    pub async fn rows_left(&mut self) -> Result<usize, sqlx::Error> {
        // A statement that the server had sent when it ended may still run.
        let others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut self.postgres).await? > 0 {
            sleep(Duration::from_millis(10)).await;
        }
        let rows: i64 =
            sqlx::query_scalar("SELECT count(*) FROM running").fetch_one(&mut self.postgres).await?;
        Ok(rows as usize)
    }

    /// Counts the leases by the kind of their request.
    pub async fn leases_left(&mut self) -> Result<BTreeMap<String, usize>, redis::RedisError> {
        let keys: Vec<String> = redis::cmd("KEYS").arg("lease:*").query_async(&mut self.redis).await?;
        let mut kinds = BTreeMap::new();
        for key in keys {
            let kind = key["lease:".len()..].split('-').next().unwrap_or_default();
            *kinds.entry(kind.to_owned()).or_insert(0) += 1;
        }
        Ok(kinds)
    }
}
