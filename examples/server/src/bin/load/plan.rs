//! The requests of a seed.

use std::time::Duration;

/// The kinds of requests. A kind begins the name of its job, so that a lease that is left shows where it comes from.
pub const KINDS: [&str; 6] = ["value", "error", "panic", "deadline", "disconnect", "reset"];

pub struct Request {
    pub path: String,
    pub client: Client,
}

/// How the client behaves.
pub enum Client {
    Waits,
    /// Closes the connection after this time.
    Disconnects(Duration),
    /// Resets it, as an operating system does for a process that dies.
    Resets(Duration),
}

impl Request {
    pub fn random(random: &mut fastrand::Rng, number: usize) -> Self {
        let kind = KINDS[random.usize(..KINDS.len())];
        let soon = Duration::from_millis(random.u64(..60));
        let end = if let "error" | "panic" = kind { kind } else { "value" };
        let ms = match kind {
            "deadline" => 60_000,
            "disconnect" | "reset" => 150,
            _ => random.u64(..100),
        };
        let client = match kind {
            "disconnect" => Client::Disconnects(soon),
            "reset" => Client::Resets(soon),
            _ => Client::Waits,
        };
        Self { path: format!("/jobs/{kind}-{number}?end={end}&ms={ms}"), client }
    }
}
