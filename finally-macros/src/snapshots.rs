//! The formatted expansions, with a case for each form. `UPDATE_EXPECT=1 cargo test -p finally-macros` blesses them.

mod attribute;
mod block;
