//! Every form of the attribute.

use std::{future::Future, pin::Pin};

use finally::{finally, lastly, Fate};

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

#[finally(clean())]
async fn unit_without_a_name(_: (), name: String) -> usize {
    rest().await;
    name.len()
}

#[finally(clean())]
fn not_async_unit_without_a_name(_: (), name: &str) -> usize {
    name.len()
}

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

    #[finally(self.close_later().await, on_cancel = (clean_later(self.name.clone())))]
    async fn replaces(&mut self) -> Result<(), String> {
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
    let length: u8 = "five".parse().map_err(|_| "no number")?;
    rest().await;
    Ok(length)
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

#[finally({ clean_with(&name) })]
async fn braces_around_a_mention(name: String) -> usize {
    name.len()
}

#[finally({ clean() })]
async fn block() {}

#[finally({ clean(); })]
async fn block_of_statements() {}

#[finally(if *flag { clean() } else { clean_with("else") })]
async fn expression(flag: &bool) -> bool {
    !*flag
}

#[finally(match count { 0 => clean(), 1 => clean_with("one"), _ => () })]
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

#[finally(clean_with(&name))]
#[track_caller]
fn tracks(name: String, mut by: usize, _unused: u8, (one, _): (u8, u8)) -> Result<usize, String> {
    fails()?;
    by += name.len() + usize::from(one);
    Ok(by)
}

#[finally(clean)]
#[track_caller]
fn tracks_and_returns_a_future(name: &str) -> impl Future<Output = usize> + '_ {
    async move { name.len() }
}

#[finally({ rest().await; clean_with(&name) }, on_cancel = ({ clean_later(name).await }))]
async fn replaces(name: String, by: usize, _unused: u8) -> usize {
    rest().await;
    name.len() + by
}

#[finally(fails_later(), on_cancel = (fails()))]
#[finally(clean, on_cancel = (|| clean()))]
async fn replaces_nothing_mentioned() -> Result<impl Sized, String> {
    Ok(1)
}

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
    async move {
        if by == 0 {
            Err("zero".to_owned())
        } else {
            Ok(by)
        }
    }
}

#[finally(clean_with(name))]
fn returns_boxed<'a>(name: &'a str) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    Box::pin(async move { name.len() })
}

#[finally(clean)]
fn takes(by: u8, mut list: Vec<u8>, _unused: u8, (one, _): (u8, u8)) -> Vec<u8> {
    list.push(by);
    list.push(one);
    list
}

#[finally(clean_with(&name))]
fn takes_and_mentions(name: String, mut by: usize) -> usize {
    by += name.len();
    by
}

#[finally(clean_with(&name))]
async fn takes_and_mentions_later(name: String, mut by: usize, _unused: u8, (one, _): (u8, u8)) -> usize {
    rest().await;
    by += name.len() + usize::from(one);
    by
}

#[finally(|fate: Fate<'_, Result<u8, String>>| assert!(fate.is_returned()))]
#[finally(clean)]
#[finally(clean_later(String::new()), on_cancel = skip)]
async fn several() -> Result<u8, String> {
    rest().await;
    Ok(1)
}

#[async_trait::async_trait]
trait Work {
    async fn work(&self);
}

#[async_trait::async_trait]
impl Work for u8 {
    #[finally(clean)]
    async fn work(&self) {}
}

#[finally(clean)]
#[rustfmt::skip]
fn returns_boxed_in_a_line() -> Pin<Box<dyn Future<Output = u8>>> { Box::pin(async { 1 }) }

#[finally(clean)]
#[rustfmt::skip]
fn returns_future_in_a_line() -> impl Future<Output = u8> { async { 1 } }

#[finally(clean)]
#[rustfmt::skip]
async fn awaits_in_a_line() -> u8 { 1 }

#[finally(clean)]
#[rustfmt::skip]
fn calls_in_a_line() -> u8 { 1 }

#[finally(clean)]
#[rustfmt::skip]
async fn formats_in_a_line(number: u8) -> String { format!("{number}") }

#[finally(clean)]
async fn formats_in_lines(number: u8) -> String {
    format!("{number}")
}

#[finally(clean())]
async fn lifetime_in_impl_trait(numbers: impl Iterator<Item = &u8>, number: &u8) -> usize {
    rest().await;
    numbers.filter(|other| *other == number).count()
}

#[test]
fn every_form_is_there() {
    let mut conn = Conn { name: String::new(), open: true };
    drop(conn.unique());
    drop(conn.shared());
    drop(conn.blocks());
    drop(conn.replaces());
    drop(Box::new(Conn { name: String::new(), open: conn.not_async().open }).future());
    drop(conn.value());
    drop((path(), closure(1), closure_with_type(), fate(), async_closure(), async_block(String::new())));
    drop((block_that_awaits(String::new(), 1), braces_around_a_mention(String::new()), block()));
    drop((block_of_statements(), expression(&true)));
    drop((pattern((1, String::new())), pattern_unused((1, String::new()), Vec::new()), todo(), todo_later()));
    drop((replaces(String::new(), 1, 1), replaces_nothing_mentioned()));
    drop((tracks(String::new(), 1, 1, (1, 1)), tracks_and_returns_a_future("")));
    drop((fallible(), skips(), blocks(), twice(String::new()), never(), generic("", [0; 1])));
    drop((not_async("name"), returns_future(1), returns_boxed("name")));
    let _: fn() -> ! = not_async_never;
    drop((Work::work(&1), returns_boxed_in_a_line(), returns_future_in_a_line(), awaits_in_a_line()));
    drop((formats_in_a_line(1), formats_in_lines(1)));
    assert_eq!(calls_in_a_line(), 1);
    drop(unit_without_a_name((), String::new()));
    assert_eq!(not_async_unit_without_a_name((), "name"), 4);
    assert_eq!((takes(1, vec![2], 3, (4, 5)), takes_and_mentions("name".to_owned(), 1)), (vec![2, 1, 4], 5));
    drop((takes_and_mentions_later(String::new(), 1, 2, (3, 4)), several()));
    drop(lifetime_in_impl_trait([1].iter(), &1));
}
