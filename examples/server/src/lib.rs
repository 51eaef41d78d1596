//! A server that runs jobs. For as long as a job runs it has a lease in Redis and a row in PostgreSQL, and neither stays
//! when the client disconnects, the deadline comes, the job fails or panics, or the server is stopped.
//!
//! Read [`job`] first, then [`limits`], and then `main.rs` for the shutdown. [`by_hand`] has the same handler as it is
//! written without this crate.

pub mod app;
pub mod by_hand;
pub mod job;
pub mod leases;
pub mod limits;
pub mod page;
pub mod problem;
pub mod rows;
pub mod work;

/// The pages of the guide. Their programs use what this server uses, so `cargo test --doc` compiles and runs them here.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../../docs/coming-from.md")]
    mod coming_from {}

    #[doc = include_str!("../../../docs/cookbook.md")]
    mod cookbook {}

    #[doc = include_str!("../../../docs/in-flight.md")]
    mod in_flight {}

    #[doc = include_str!("../../../docs/server.md")]
    mod server {}

    #[doc = include_str!("../../../docs/shutdown.md")]
    mod shutdown {}

    #[doc = include_str!("../../../docs/which.md")]
    mod which {}

    #[doc = include_str!("../../../docs/why-not.md")]
    mod why_not {}
}
