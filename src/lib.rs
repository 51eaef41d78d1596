pub use finally_core::*;
