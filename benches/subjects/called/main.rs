//! The program that is measured where a future is polled to its end. It runs one case so many times, and prints what it has counted
//! itself, a name and a number a line. Instructions are counted from outside, by valgrind.
//!
//!     called call CASE SUSPENDS TIMES      a call, polled by hand
//!     called fates CASE                    how often its cleanup runs after a value, a panic and a cancellation
//!     called nest CASE DEPTH SUSPENDS TIMES
//!     called alone CASE LAYOUT TIMES       as in `cancelled`, with the system's allocator. The text LAYOUT moves what is in memory
//!     called size CASE                     a future with an argument of 256 bytes, one and three levels deep
//!     called stack CASE DEPTH              the stack of so many levels, on a thread of 2 MiB

mod allocator;
#[path = "../cancelled/alone.rs"]
mod alone;
mod calls;
#[path = "../common.rs"]
mod common;
mod nest;
mod stack;
mod suspend;

use common::number;

fn suspends(text: &str) -> i32 {
    i32::try_from(number(text)).expect("a smaller number of suspends")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["call", case, polls, times] => calls::count(case, suspends(polls), number(times)),
        ["fates", case] => calls::fates(case),
        ["nest", case, depth, polls, times] => {
            nest::count(case, number(depth), suspends(polls), number(times));
        }
        ["alone", case, _layout, times] => alone::count(case, number(times)),
        ["size", case] => nest::sizes(case),
        ["stack", case, depth] => stack::measure(case, number(depth)),
        _ => panic!("{arguments:?}: see the head of called/main.rs"),
    }
}
