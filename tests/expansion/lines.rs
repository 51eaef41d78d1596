//! A body has the same lines, columns, callers, panics and backtraces as without the attribute.

use std::{
    backtrace::Backtrace,
    cell::Cell,
    future::Future,
    panic::{Location, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use finally::finally;

/// A place in this file.
type Position = (u32, u32);

struct Conn;

impl Conn {
    fn release(&self) {}
    async fn close(self) {}
    async fn flush(&self) {}
}

fn clean() {}

#[track_caller]
fn caller() -> Position {
    let location = Location::caller();
    (location.line(), location.column())
}

fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// Functions whose bodies are alike down to the column, the first without the attribute. Each has a constant with its first line.
mod bodies {
    use super::*;

    pub const PLAIN: u32 = line!() + 1;
    pub async fn plain() -> [Position; 3] {
        let here = (line!(), column!());
        let called = caller();
        [here, called, (line!(), caller().1)]
    }

    pub const PATH: u32 = line!() + 2;
    #[finally(clean)]
    pub async fn path() -> [Position; 3] {
        let here = (line!(), column!());
        let called = caller();
        [here, called, (line!(), caller().1)]
    }

    pub const ARGUMENT: u32 = line!() + 2;
    #[finally(conn.release())]
    pub async fn argument(conn: Conn) -> [Position; 3] {
        let here = (line!(), column!());
        let called = caller();
        [here, called, (line!(), caller().1)]
    }

    pub const AWAITED: u32 = line!() + 2;
    #[finally(conn.close().await)]
    pub async fn awaited(conn: Conn) -> [Position; 3] {
        let here = (line!(), column!());
        let called = caller();
        [here, called, (line!(), caller().1)]
    }

    pub const SKIPPED: u32 = line!() + 2;
    #[finally(conn.flush().await, on_cancel = skip)]
    pub async fn skipped(conn: &Conn) -> [Position; 3] {
        let here = (line!(), column!());
        let called = caller();
        [here, called, (line!(), caller().1)]
    }

    pub const ARMED: u32 = line!() + 2;
    #[finally(conn.release(), armed = call)]
    pub async fn armed(conn: Conn) -> [Position; 3] {
        let here = (line!(), column!());
        let called = caller();
        [here, called, (line!(), caller().1)]
    }

    pub const NOT_ASYNC: u32 = line!() + 2;
    #[finally(clean)]
    pub fn not_async() -> [Position; 3] {
        let here = (line!(), column!());
        let called = caller();
        [here, called, (line!(), caller().1)]
    }

    pub const RETURNED: u32 = line!() + 2;
    #[finally(clean)]
    pub fn returned() -> impl Future<Output = [Position; 3]> {
        let here = (line!(), column!());
        let called = caller();
        std::future::ready([here, called, (line!(), caller().1)])
    }
}

/// The places as lines from the beginning of the function.
fn relative(first: u32, places: [Position; 3]) -> [Position; 3] {
    places.map(|(line, column)| (line - first, column))
}

#[test]
fn lines_columns_and_callers_are_those_of_the_plain_function() {
    let plain = relative(bodies::PLAIN, run(bodies::plain()));
    assert_eq!(plain.map(|(line, _)| line), [1, 2, 3]);
    for (first, places) in [
        (bodies::PATH, run(bodies::path())),
        (bodies::ARGUMENT, run(bodies::argument(Conn))),
        (bodies::AWAITED, run(bodies::awaited(Conn))),
        (bodies::SKIPPED, run(bodies::skipped(&Conn))),
        (bodies::ARMED, run(bodies::armed(Conn))),
        (bodies::NOT_ASYNC, bodies::not_async()),
    ] {
        assert_eq!(relative(first, places), plain);
    }
    let returned = relative(bodies::RETURNED, run(bodies::returned()));
    assert_eq!(returned.map(|(line, _)| line), [1, 2, 3]);
}

#[finally(clean)]
async fn panics_in_a_path() {
    panic!("{}", line!());
}

#[finally(conn.close().await)]
async fn panics_beside_an_argument(conn: Conn, none: Option<u8>) -> u8 {
    LINE.set(line!() + 1);
    none.unwrap()
}

#[finally(clean)]
fn panics_in_a_function(index: usize) -> u8 {
    LINE.set(line!() + 1);
    [1, 2, 3][index]
}

thread_local! {
    static LINE: Cell<u32> = const { Cell::new(0) };
    static PANICKED_AT: Cell<Option<(bool, u32)>> = const { Cell::new(None) };
}

#[test]
fn a_panic_is_where_it_was_made() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICKED_AT.set(info.location().map(|at| (at.file() == file!(), at.line())));
        before(info);
    }));
    let payload = catch_unwind(|| run(panics_in_a_path())).expect_err("it panics");
    let line = payload.downcast_ref::<String>().expect("a formatted line").parse().expect("a number");
    assert_eq!(PANICKED_AT.take(), Some((true, line)));
    let panicking: [fn() -> u8; 2] =
        [|| run(panics_beside_an_argument(Conn, None)), || panics_in_a_function(7)];
    for panics in panicking {
        catch_unwind(panics).expect_err("it panics");
        assert_eq!(PANICKED_AT.take(), Some((true, LINE.get())));
    }
}

mod backtraces {
    use super::*;

    pub const PATH: u32 = line!() + 3;
    #[finally(clean)]
    pub async fn path() -> Backtrace {
        Backtrace::force_capture()
    }

    pub const ARGUMENT: u32 = line!() + 3;
    #[finally(conn.release())]
    pub async fn argument(conn: Conn) -> Backtrace {
        Backtrace::force_capture()
    }

    pub const ARMED: u32 = line!() + 3;
    #[finally(clean, armed = call)]
    pub async fn armed() -> Backtrace {
        Backtrace::force_capture()
    }

    pub const NOT_ASYNC: u32 = line!() + 3;
    #[finally(clean)]
    pub fn not_async() -> Backtrace {
        Backtrace::force_capture()
    }

    pub const BOXED: u32 = line!() + 3;
    #[finally(clean)]
    pub fn boxed() -> Pin<Box<dyn Future<Output = Backtrace>>> {
        Box::pin(async { Backtrace::force_capture() })
    }
}

#[test]
fn a_backtrace_names_the_function_and_the_line() {
    for (name, line, backtrace) in [
        ("backtraces::path", backtraces::PATH, run(backtraces::path())),
        ("backtraces::argument", backtraces::ARGUMENT, run(backtraces::argument(Conn))),
        ("backtraces::armed", backtraces::ARMED, run(backtraces::armed())),
        ("backtraces::not_async", backtraces::NOT_ASYNC, backtraces::not_async()),
        ("backtraces::boxed", backtraces::BOXED, run(backtraces::boxed())),
    ] {
        let text = backtrace.to_string();
        let frames: Vec<&str> = text.lines().collect();
        let at = format!("{}:{line}:", file!());
        let found = frames.windows(2).any(|frame| frame[0].contains(name) && frame[1].contains(&at));
        assert!(found, "{name} at {at}\n{text}");
    }
}

/// Functions that track their callers. Each returns the line in which it was called.
mod callers {
    use super::*;

    #[finally(clean)]
    #[track_caller]
    pub fn below() -> Position {
        caller()
    }

    #[track_caller]
    #[finally(clean)]
    pub fn above() -> Position {
        caller()
    }

    #[finally({ CLEANED.set(CLEANED.get() + usize::from(name.is_empty())); })]
    #[finally(conn.release())]
    #[track_caller]
    pub fn with_arguments(name: &str, conn: Conn, (number, mut log): (u32, Vec<u32>)) -> Position {
        log.push(number + u32::from(name.is_empty()));
        if log.len() == 1 { caller() } else { (0, 0) }
    }

    #[finally(clean)]
    #[track_caller]
    pub fn leaves(early: Option<Position>) -> Option<Position> {
        if early? == (0, 0) {
            return Some(caller());
        }
        None
    }

    impl Conn {
        #[finally(self.release())]
        #[track_caller]
        pub fn method(&self) -> Position {
            caller()
        }
    }

    #[finally(clean)]
    #[track_caller]
    pub fn future() -> impl Future<Output = Position> {
        let called = caller();
        async move { called }
    }

    #[finally(clean)]
    #[track_caller]
    pub fn boxed() -> Pin<Box<dyn Future<Output = Position>>> {
        let called = caller();
        Box::pin(async move { called })
    }

    #[finally(CLEANED.set(CLEANED.get() + 1))]
    #[track_caller]
    pub fn panics(none: Option<u8>) -> u8 {
        none.expect("nothing there")
    }

    thread_local! {
        pub static CLEANED: Cell<usize> = const { Cell::new(0) };
    }
}

#[test]
fn a_function_that_tracks_its_caller_does_so_with_a_cleanup() {
    assert_eq!(callers::below().0, line!());
    assert_eq!(callers::above().0, line!());
    assert_eq!(callers::with_arguments("", Conn, (1, vec![])).0, line!());
    assert_eq!(callers::CLEANED.take(), 1);
    assert_eq!(callers::leaves(None), None);
    assert_eq!(callers::leaves(Some((0, 0))).map(|(line, _)| line), Some(line!()));
    assert_eq!(Conn.method().0, line!());
    assert_eq!(run(callers::future()).0, line!());
    assert_eq!(run(callers::boxed()).0, line!());
}

#[test]
fn a_panic_of_a_function_that_tracks_its_caller_is_the_callers_and_is_cleaned_up_after() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICKED_AT.set(info.location().map(|at| (at.file() == file!(), at.line())));
        before(info);
    }));
    LINE.set(line!() + 1);
    catch_unwind(|| callers::panics(None)).expect_err("it panics");
    assert_eq!(PANICKED_AT.take(), Some((true, LINE.get())));
    assert_eq!(callers::CLEANED.take(), 1);
}
