//! The program that is measured where futures are dropped before their end. It runs one case so many times, and prints what it has
//! counted itself, a name and a number a line. Instructions are counted from outside, by valgrind.
//!
//!     cancelled alone CASE TIMES           a future, polled once and dropped, and its cleanup, on a tokio runtime
//!     cancelled crowd CASE FUTURES TIMES   so many futures alive at once, cancelled together
//!     cancelled busy FUTURES TIMES         a poll of a body that has cancelled so many, whose cleanups are pending
//!     cancelled wake FUTURES TIMES         a wake of one of so many detached cleanups

mod allocator;
mod alone;
#[path = "../common.rs"]
mod common;
mod crowd;

use common::number;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["alone", case, times] => alone::count(case, number(times)),
        ["crowd", case, futures, times] => crowd::cancel(case, number(futures), number(times)),
        ["busy", futures, times] => crowd::busy(number(futures), number(times)),
        ["wake", futures, times] => crowd::wake(number(futures), number(times)),
        _ => panic!("{arguments:?}: see the head of cancelled/main.rs"),
    }
}
