//! The expansion of a macro in its surroundings.

mod auto_traits;
mod block_hygiene;
#[path = "../support/compiler.rs"]
mod compiler;
mod hygiene;
mod lines;
#[cfg(all(feature = "macros", feature = "tokio"))]
mod neighbours;
mod programs;
mod rustdoc;
mod rustfmt;
