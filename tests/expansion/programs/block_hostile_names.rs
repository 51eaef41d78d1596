//! Names in scope do not change the meaning of the expansion of a block.

#![allow(dead_code, unused_imports, unused_macros)]

mod core {}
mod std {}
mod alloc {}
mod finally_core {}
mod finally_macros {}
mod finally {}
mod __private {}
mod __finally {}

struct Box;
struct Pin;
struct String;
struct Infallible;
struct Fate;
struct Types;
struct End;
struct Or;
enum Option {
    None,
    Some,
}
enum Result {
    Ok,
    Err,
}
use self::{
    Option::{None, Some},
    Result::{Err, Ok},
};

trait Future {}
trait Send {}
trait Sync {}
trait FnOnce {}
trait From {}
trait Into {}
trait Drop {}
trait Default {}
trait Anything {
    fn describe(&self) {}
    fn diverge(&self) {}
    fn value(&self) {}
    fn result(&self) {}
    fn end(&self) {}
    fn typed(&self) {}
    fn returned(&self) {}
    fn route(&self) {}
    fn leave(&self) {}
    fn fallible(&self) {}
    fn fallible_by(&self) {}
    fn probe(&self) {}
    fn is_cancelled(&self) {}
    fn build(self)
    where
        Self: Sized,
    {
    }
}

impl<T> Anything for T {}

fn drop() {}
fn call() {}
fn run() {}
fn guard() {}
fn body() {}

macro_rules! panic {
    () => {};
}

fn clean() {}

async fn clean_later() {}

fn fails() -> ::core::result::Result<(), u8> {
    ::core::result::Result::Ok(())
}

fn at_once(early: bool) -> u8 {
    let one = ::finally::block::finally! { try { 1 } finally { clean() } };
    let two = ::finally::block::finally! {
        <u8> try {
            if early {
                return 1;
            }
            one + 1
        }
        finally |fate| { let _ = fate; }
    };
    loop {
        ::finally::block::finally! { try { if early { continue } break } finally { clean() } }
    }
    ::finally::block::lastly!(try { two }, { clean() })
}

fn leaves(five: ::core::option::Option<u8>) -> ::core::option::Option<u8> {
    let five = ::finally::block::finally! { try { five? } finally { clean() } };
    ::core::option::Option::Some(five)
}

fn fallible() -> ::core::result::Result<u8, u8> {
    let one = ::finally::block::finally! { try { fails()?; 1 } finally { fails() } };
    ::finally::block::finally! {
        try { ::core::result::Result::Ok(one) }
        finally {
            fails()?;
            ::core::result::Result::<(), u8>::Ok(())
        }
    }
}

async fn awaited(early: bool) -> u8 {
    ::finally::block::finally! {
        try {
            clean_later().await;
            if early {
                return 1;
            }
        }
        finally { clean_later().await }
    }
    ::finally::block::finally! { try { clean() } finally(on_cancel = skip) { clean_later().await } }
    ::finally::block::finally! { try { clean() } finally(on_cancel = block) { clean_later().await } }
    ::finally::block::finally! { <u8> async { 2 } finally { clean() } }.await
        + ::finally::block::finally! { async move { early as u8 } finally { clean_later().await } }.await
}

fn never() -> ! {
    ::finally::block::finally! { try { loop {} } finally { clean() } }
}

fn main() {
    assert_eq!((at_once(false), at_once(true)), (2, 1));
    assert!(leaves(::core::option::Option::None).is_none());
    assert!(fallible().is_ok());
    let _ = (awaited(true), never as fn() -> !);
}
