//! Names in scope do not change the meaning of an expansion.

#![allow(dead_code, unused_imports, unused_macros)]

mod core {}
mod std {}
mod alloc {}
mod finally_core {}
mod finally {}
mod __private {}

struct Box;
struct Pin;
struct String;
struct Infallible;
struct Fate;
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
trait Anything {
    fn describe(&self) {}
    fn detacher(&self) {}
    fn detach_probe(&self) {}
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

macro_rules! panic {
    () => {};
}

fn clean() {}

async fn clean_later() {}

fn fails() -> ::core::result::Result<(), u8> {
    ::core::result::Result::Ok(())
}

#[::finally::finally(clean)]
async fn closed() {}

#[::finally::finally(clean_later)]
async fn awaited() -> u8 {
    1
}

#[::finally::finally(fails)]
async fn fallible() -> ::core::result::Result<(), u8> {
    ::core::result::Result::Ok(())
}

#[::finally::finally({ let _ = &code; })]
async fn mentions(code: u8) -> u8 {
    code
}

#[::finally::finally(clean_later().await, on_cancel = skip)]
async fn skips() {}

#[::finally::finally(clean_later().await, on_cancel = block)]
async fn blocks() {}

#[::finally::finally(clean)]
fn not_async() {}

#[::finally::finally(clean)]
fn future() -> impl ::core::future::Future<Output = u8> {
    async { 1 }
}

#[::finally::finally(clean)]
fn boxed() -> ::core::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = u8>>> {
    ::std::boxed::Box::pin(async { 1 })
}

#[::finally::finally(clean)]
async fn never() -> ! {
    loop {}
}

fn main() {
    let _ = (closed(), awaited(), fallible(), mentions(1), skips(), blocks(), future(), boxed(), never());
    not_async();
}
