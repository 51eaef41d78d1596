//! Every form of the attribute with `armed = call`.

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

    #[finally(self.close(), armed = call)]
    async fn unique(&mut self) -> usize {
        rest().await;
        self.name.push('!');
        self.name.len()
    }

    #[finally(self.close(), armed = call)]
    async fn value(mut self) -> bool {
        rest().await;
        self.open = true;
        self.open
    }

    #[finally(clean_with(&self.name), armed = call)]
    async fn shared(&self) -> usize {
        rest().await;
        self.name.len()
    }

    #[finally(clean_later(self.name.clone()), armed = call)]
    async fn future(self: Box<Self>) -> usize {
        self.name.len()
    }

    #[finally(self.close_later().await, on_cancel = block, armed = call)]
    async fn blocks(&mut self) -> Result<(), String> {
        fails()
    }

    #[finally(self.close_later().await, on_cancel = (clean_later(self.name.clone())), armed = call)]
    async fn replaces(&mut self) -> Result<(), String> {
        fails()
    }
}

trait Visit {
    async fn visit(&self, name: &str) -> usize;

    #[finally(clean_with(name), armed = call)]
    async fn visit_twice(&self, name: &str) -> usize {
        self.visit(name).await + self.visit(name).await
    }
}

impl Visit for Conn {
    #[finally(clean_with(&self.name), armed = call)]
    async fn visit(&self, name: &str) -> usize {
        self.name.len() + name.len()
    }

    #[finally(clean, armed = call)]
    async fn visit_twice(&self, name: &str) -> usize {
        self.visit(name).await
    }
}

#[finally(clean, armed = call)]
async fn path() {}

#[lastly(|| clean(), armed = call)]
async fn closure(_unused: u8) {}

#[finally(|| -> Result<(), String> { fails()?; Ok(()) }, armed = call)]
async fn closure_with_type() -> Result<u8, String> {
    Ok(1)
}

#[finally(|fate: Fate<'_, Result<u8, String>>| if let Some(error) = fate.error() { clean_with(error) }, armed = call)]
async fn fate() -> Result<u8, String> {
    let length: u8 = "five".parse().map_err(|_| "no number")?;
    rest().await;
    Ok(length)
}

#[finally(async || { rest().await; fails_later().await }, armed = call)]
async fn async_closure() -> Result<(), String> {
    rest().await;
    Ok(())
}

#[finally(async move { clean_later(name).await }, armed = call)]
async fn async_block(name: String) -> usize {
    name.len()
}

#[finally({ rest().await; clean_with(&name) }, armed = call)]
async fn block_that_awaits(name: String, mut by: u8) -> u8 {
    by += 1;
    rest().await;
    clean_with(&name);
    by
}

#[finally({ clean_with(&name) }, armed = call)]
async fn braces_around_a_mention(name: String) -> usize {
    name.len()
}

#[finally(if *flag { clean() } else { clean_with("else") }, armed = call)]
async fn expression(flag: &bool) -> bool {
    !*flag
}

#[finally(match count { 0 => clean(), 1 => clean_with("one"), _ => () }, armed = call)]
async fn pattern((count, name): (u8, String)) -> usize {
    rest().await;
    name.len() + usize::from(count)
}

#[finally(clean, armed = call)]
async fn pattern_unused((count, name): (u8, String), mut list: Vec<u8>) -> usize {
    list.push(count);
    rest().await;
    name.len() + list.len()
}

#[finally(todo!(), armed = call)]
async fn todo() {}

#[finally(fails_later(), on_cancel = skip, armed = call)]
async fn skips() -> Result<impl Sized, String> {
    Ok(1)
}

#[finally(clean, on_cancel = block, armed = call)]
async fn blocks() {}

#[finally(clean, armed = call)]
#[finally(clean_with(&name), armed = call)]
async fn twice(name: String) -> String {
    rest().await;
    name.clone()
}

#[finally(clean_with(&name), armed = call)]
#[finally(clean_with(&name), armed = call)]
async fn twice_the_same((name, _): (String, u8), mut by: usize) -> usize {
    rest().await;
    by += name.len();
    by
}

#[finally(clean)]
#[finally(clean_with(&name), armed = call)]
async fn below_one_that_is_not(name: String) -> String {
    rest().await;
    name.clone()
}

#[finally(clean, armed = call)]
async fn never() -> ! {
    rest().await;
    panic!("out")
}

#[finally(clean, armed = call)]
async fn generic<'a, T: AsRef<str> + ?Sized, const N: usize>(
    text: &'a T,
    array: [u8; N],
) -> (&'a str, usize) {
    rest().await;
    (text.as_ref(), array.len())
}

#[finally(clean_with(&name), armed = call)]
async fn takes_and_mentions(name: String, mut by: usize, _unused: u8, (one, _): (u8, u8)) -> usize {
    rest().await;
    by += name.len() + usize::from(one);
    by
}

#[finally(clean, armed = call)]
#[must_use = "it is a number"]
async fn must_be_used() -> u8 {
    1
}

#[finally(clean, armed = call)]
#[must_use]
async fn must_be_used_without_a_reason() -> u8 {
    1
}

#[finally(clean, armed = call)]
#[rustfmt::skip]
async fn awaits_in_a_line() -> u8 { 1 }

#[finally(clean, armed = call)]
async fn formats_in_lines(number: u8) -> String {
    format!("{number}")
}

#[finally(clean(), armed = call)]
async fn lifetime_in_impl_trait(numbers: impl Iterator<Item = &u8>, number: &u8) -> usize {
    rest().await;
    numbers.filter(|other| *other == number).count()
}

#[test]
fn every_form_is_there() {
    let mut conn = Conn { name: String::new(), open: true };
    drop(conn.unique());
    drop((conn.shared(), conn.visit(""), conn.visit_twice("")));
    drop(conn.blocks());
    drop(conn.replaces());
    drop(Box::new(Conn { name: String::new(), open: true }).future());
    drop(conn.value());
    drop((path(), closure(1), closure_with_type(), fate(), async_closure(), async_block(String::new())));
    drop((block_that_awaits(String::new(), 1), braces_around_a_mention(String::new()), expression(&true)));
    drop((pattern((1, String::new())), pattern_unused((1, String::new()), Vec::new())));
    assert!(std::panic::catch_unwind(|| futures::executor::block_on(todo())).is_err());
    drop((skips(), blocks(), twice(String::new()), twice_the_same((String::new(), 1), 1)));
    drop((below_one_that_is_not(String::new()), never(), generic("", [0; 1])));
    drop((takes_and_mentions(String::new(), 1, 2, (3, 4)), must_be_used(), must_be_used_without_a_reason()));
    drop((awaits_in_a_line(), formats_in_lines(1)));
    drop(lifetime_in_impl_trait([1].iter(), &1));
}
