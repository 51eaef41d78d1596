//! Errors, and the answers to them.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

#[derive(Debug)]
pub enum Problem {
    /// Another job of this name runs.
    Taken(String),
    /// The job itself failed.
    Failed,
    /// The deadline has come.
    TooLate,
    /// The server stops.
    Stopped,
    /// A task ended without a result.
    Task(tokio::task::JoinError),
    Postgres(sqlx::Error),
    Redis(redis::RedisError),
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken(name) => write!(formatter, "{name} runs already"),
            Self::Failed => write!(formatter, "the job failed"),
            Self::TooLate => write!(formatter, "the job took too long"),
            Self::Stopped => write!(formatter, "the server stops"),
            Self::Task(error) => write!(formatter, "{error}"),
            Self::Postgres(error) => write!(formatter, "PostgreSQL: {error}"),
            Self::Redis(error) => write!(formatter, "Redis: {error}"),
        }
    }
}

impl std::error::Error for Problem {}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<redis::RedisError> for Problem {
    fn from(error: redis::RedisError) -> Self {
        Self::Redis(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Taken(_) => StatusCode::CONFLICT,
            Self::TooLate => StatusCode::GATEWAY_TIMEOUT,
            Self::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed | Self::Task(_) | Self::Postgres(_) | Self::Redis(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, format!("{self}\n")).into_response()
    }
}
