//! Every form raises no lint.

#![deny(
    warnings,
    unused,
    nonstandard_style,
    future_incompatible,
    let_underscore,
    keyword_idents,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    missing_docs,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unsafe_code,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]

use finally::{Fate, finally, lastly};
use std::{future::Future, pin::Pin};

fn clean() {}

fn clean_with(_: &str) {}

async fn clean_later(_: String) {}

fn fails() -> Result<(), String> {
    Ok(())
}

async fn fails_later() -> Result<(), String> {
    Ok(())
}

async fn rest() {}

struct Conn {
    name: String,
    open: bool,
}

impl Conn {
    fn close(&mut self) {
        self.open = false;
    }

    async fn close_later(&mut self) -> Result<(), String> {
        self.close();
        Ok(())
    }

    #[finally(self.close())]
    async fn unique(&mut self) -> usize {
        rest().await;
        self.name.push('!');
        self.name.len()
    }

    #[finally(self.close())]
    async fn value(mut self) -> bool {
        rest().await;
        self.open = true;
        self.open
    }

    #[finally(clean_with(&self.name))]
    async fn shared(&self) -> usize {
        rest().await;
        self.name.len()
    }

    #[finally(clean_later(self.name.clone()))]
    async fn future(self: Box<Self>) -> usize {
        self.name.len()
    }

    #[finally(self.close_later().await, on_cancel = block)]
    async fn blocks(&mut self) -> Result<(), String> {
        fails()
    }

    #[finally(Self::forget)]
    fn not_async(&mut self) -> &mut Self {
        self
    }

    fn forget() {}
}

#[finally(clean)]
async fn path() {}

#[lastly(|| clean())]
async fn closure(_unused: u8) {}

#[finally(|| -> Result<(), String> { fails()?; Ok(()) })]
async fn closure_with_type() -> Result<u8, String> {
    Ok(1)
}

#[finally(|fate: Fate<'_, Result<u8, String>>| if let Some(error) = fate.error() { clean_with(error) })]
async fn fate() -> Result<u8, String> {
    let length: usize = "five".parse().map_err(|_| "no number")?;
    rest().await;
    Ok(u8::try_from(length).unwrap_or(1))
}

#[finally(async || { rest().await; fails_later().await })]
async fn async_closure() -> Result<(), String> {
    rest().await;
    Ok(())
}

#[finally(async move { clean_later(name).await })]
async fn async_block(name: String) -> usize {
    name.len()
}

#[finally({ rest().await; clean_with(&name) })]
async fn block_that_awaits(name: String, mut by: u8) -> u8 {
    by += 1;
    rest().await;
    clean_with(&name);
    by
}

#[finally({ clean() })]
async fn block() {}

#[finally({ clean(); })]
async fn block_of_statements() {}

#[finally(if *flag { clean() } else { clean_with("else") })]
async fn expression(flag: &bool) -> bool {
    !*flag
}

#[finally(match count { 0 => clean(), _ => () })]
async fn pattern((count, name): (u8, String)) -> usize {
    rest().await;
    name.len() + usize::from(count)
}

#[finally(clean)]
async fn pattern_unused((count, name): (u8, String), mut list: Vec<u8>) -> usize {
    list.push(count);
    rest().await;
    name.len() + list.len()
}

#[finally(todo!())]
async fn todo() {}

#[finally(async || { rest().await; todo!() })]
async fn todo_later() {}

#[finally({ fails_later().await })]
async fn fallible() -> Result<(), String> {
    fails()
}

#[finally(fails_later(), on_cancel = skip)]
async fn skips() -> Result<impl Sized, String> {
    Ok(1)
}

#[finally(clean, on_cancel = block)]
async fn blocks() {}

#[finally(clean)]
#[finally(clean_with(&name))]
async fn twice(name: String) -> String {
    rest().await;
    name.clone()
}

#[finally(clean)]
async fn never() -> ! {
    rest().await;
    panic!("out")
}

#[finally(clean)]
async fn generic<'a, T: AsRef<str> + ?Sized, const N: usize>(
    text: &'a T,
    array: [u8; N],
) -> (&'a str, usize) {
    rest().await;
    (text.as_ref(), array.len())
}

#[finally(clean_with(name))]
fn not_async(name: &str) -> Result<usize, String> {
    if name.is_empty() {
        return Err("empty".to_owned());
    }
    fails()?;
    Ok(name.len())
}

#[finally(clean)]
fn not_async_never() -> ! {
    panic!("out")
}

#[finally(clean)]
fn returns_future(by: u8) -> impl Future<Output = Result<u8, String>> + Send {
    async move { if by == 0 { Err("zero".to_owned()) } else { Ok(by) } }
}

#[finally(clean_with(name))]
fn returns_boxed<'a>(name: &'a str) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    Box::pin(async move { name.len() })
}

fn main() {
    let mut conn = Conn { name: String::new(), open: true };
    drop(conn.unique());
    drop(conn.shared());
    drop(conn.blocks());
    drop(Box::new(Conn { name: String::new(), open: conn.not_async().open }).future());
    drop(conn.value());
    drop((path(), closure(1), closure_with_type(), fate(), async_closure(), async_block(String::new())));
    drop((block_that_awaits(String::new(), 1), block(), block_of_statements(), expression(&true)));
    drop((pattern((1, String::new())), pattern_unused((1, String::new()), Vec::new()), todo(), todo_later()));
    drop((fallible(), skips(), blocks(), twice(String::new()), never(), generic("", [0; 1])));
    drop((not_async("name"), returns_future(1), returns_boxed("name")));
    let _: fn() -> ! = not_async_never;
}
