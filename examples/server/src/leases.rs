//! Leases in Redis: the right to run the job of a name.

use std::time::Duration;

use redis::{AsyncConnectionConfig, Client, RedisError, aio::MultiplexedConnection};

use crate::{problem::Problem, work::JobId};

/// The time after which Redis gives up a lease by itself. It is for the server that is killed, and not for any other end.
const EXPIRES: Duration = Duration::from_secs(600);

/// Deletes a lease if it is still the one of this job.
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end";

/// A handle, which is cheap to clone.
#[derive(Clone)]
pub struct Leases(MultiplexedConnection);

pub struct Lease {
    key: String,
    holder: JobId,
}

impl Leases {
    pub async fn open(url: &str) -> Result<Self, RedisError> {
        // A response that is given up may have granted a lease, so the limit is a long one.
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
        Ok(Self(Client::open(url)?.get_multiplexed_async_connection_with_config(&config).await?))
    }

    pub async fn take(mut self, name: String, holder: JobId) -> Result<Lease, Problem> {
        let key = format!("lease:{name}");
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(holder.0).arg("NX").arg("PX").arg(EXPIRES.as_millis() as u64);
        let granted: Option<String> = set.query_async(&mut self.0).await?;
        granted.ok_or(Problem::Taken(name))?;
        Ok(Lease { key, holder })
    }

    pub async fn release(mut self, lease: Lease) -> Result<(), Problem> {
        let mut eval = redis::cmd("EVAL");
        eval.arg(RELEASE).arg(1).arg(lease.key).arg(lease.holder.0);
        Ok(eval.query_async(&mut self.0).await?)
    }
}
