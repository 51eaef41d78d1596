// Each function stands in a macro that puts a cleanup on it, or none: `later!` for an async function, `future!` for one that returns a
// future, `at_once!` for any other. In brackets are those arguments that a cleanup can mention, because the body does not move them.
// A `D` carries the name of the argument that holds it.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use super::{log, wait, Case, D};

// Arguments.

later! { [a b] async fn in_reverse_order(a: D, b: D) {
    let _x = D("x");
    log("body");
} }

later! { [] async fn without_a_name(_: D, _: D) {
    wait().await;
    log("body");
} }

later! { [] async fn that_are_not_used(_a: D, _b: D) {
    wait().await;
    log("body");
} }

later! { [b] async fn in_a_tuple((a, b): (D, D), c: D) {
    wait().await;
    drop(a);
    log(c.name());
} }

later! { [b] async fn in_part((a, _): (D, D), (_, b): (D, D)) {
    wait().await;
    log(a.name());
} }

later! { [first] async fn in_a_rest([first, ref mut rest @ ..]: [D; 3], c: D) {
    rest[1] = D("new");
    wait().await;
    log(first.name());
    log(rest[0].name());
} }

later! { [b] async fn of_type_unit(_: (), b: D) {
    wait().await;
    log(b.name());
} }

macro_rules! of_fragments {
    ($name:ident, $argument:ident: $type:ty, $pattern:pat, $value:ty, $body:tt) => {
        later! { [$argument] async fn $name($argument: $type, $pattern: (D, D), c: D) -> $value $body }
    };
}

of_fragments!(of_fragments_by_value, a: D, (mut b, _), Option<u8>, {
    b = D("new");
    wait().await;
    a.some(1)?;
    log(b.name());
    Some(1)
});

of_fragments!(of_fragments_by_reference, a: &mut D, _, Result<u8, String>, {
    wait().await;
    if a.name() == "error" {
        Err("error")?
    }
    a.0 = "changed";
    wait().await;
    Ok(1)
});

macro_rules! of_plain_fragments {
    ($name:ident, $argument:ident: $type:ty, $pattern:pat, $value:ty, $body:tt) => {
        at_once! { [$argument] fn $name($argument: $type, $pattern: (D, D), c: D) -> $value $body }
    };
}

of_plain_fragments!(of_fragments_at_once, a: &D, (_, ref mut b), usize, {
    *b = D("new");
    log(b.name());
    a.name().len()
});

struct Pair {
    first: D,
    second: D,
}

later! { [second] async fn in_a_struct(Pair { first, second }: Pair, c: D) {
    wait().await;
    log(first.name());
    drop(first);
} }

later! { [] async fn in_a_struct_with_a_rest(Pair { first, .. }: Pair) {
    wait().await;
    log(first.name());
} }

later! { [a] async fn that_are_changed(mut a: D, mut b: D) -> &'static str {
    a.0 = "a";
    b = D("b");
    wait().await;
    log(a.name());
    b.name()
} }

later! { [b] async fn that_are_shadowed(a: D, b: D) {
    let a = (D("x"), a);
    wait().await;
    log(b.name());
    let a = a.0;
    log(a.name());
} }

later! { [b] async fn that_are_moved(a: D, b: D) -> usize {
    let all = vec![a];
    wait().await;
    all.len()
} }

later! { [c] async fn that_are_moved_in_part(a: (D, D), c: D) {
    drop(a.1);
    wait().await;
    log("body");
} }

later! { [b] async fn that_are_moved_perhaps(a: D, b: D, moves: bool) {
    if moves {
        drop(a);
    }
    wait().await;
    log("body");
} }

later! { [b] async fn that_are_returned(a: D, b: D) -> D {
    wait().await;
    a
} }

later! { [] async fn by_reference(ref a: D, ref mut b: D) {
    b.0 = "b";
    wait().await;
    log(a.name());
} }

later! { [a] async fn at_a_binding(a @ D(_): D, n @ 0..=255: u8) -> u8 {
    wait().await;
    log(a.name());
    n
} }

later! { [] async fn in_an_array([a, b, ..]: [D; 4]) {
    wait().await;
    drop(b);
    log(a.name());
} }

later! { [n] async fn behind_a_reference(&n: &u8, a: &D) -> u8 {
    wait().await;
    log(a.name());
    n
} }

later! { [n] async fn in_either((Ok(n) | Err(n)): Result<u8, u8>) -> u8 {
    wait().await;
    n
} }

later! { [a] async fn of_a_number_of_things<const N: usize>(a: [D; N]) -> usize {
    wait().await;
    a.len()
} }

later! { [a] async fn with_attributes(#[allow(unused_variables)] a: D, #[allow(unused_mut)] mut b: D) {
    wait().await;
} }

later! { [r#type] async fn with_a_raw_name(r#type: D, r#match: u8) -> u8 {
    wait().await;
    log(r#type.name());
    r#match
} }

later! { [größe] async fn with_letters_of_all_kinds(größe: D) -> usize {
    wait().await;
    größe.name().len()
} }

later! { [a] async fn after_a_let_else(a: D, value: Option<D>) -> usize {
    let Some(b) = value else {
        log("none");
        return 0;
    };
    wait().await;
    b.name().len()
} }

at_once! { [a b] fn of_a_plain_function(a: D, b: D) {
    let _x = D("x");
    log("body");
} }

at_once! { [b] fn of_a_plain_function_in_a_tuple((a, b): (D, D), _: D) -> usize {
    drop(a);
    b.name().len()
} }

at_once! { [] fn of_a_plain_function_without_a_name(_: D, _b: D, Pair { first, .. }: Pair) {
    log(first.name());
} }

at_once! { [b] fn of_a_plain_function_that_are_moved(a: D, b: D, moves: bool) -> Option<D> {
    if moves {
        return Some(a);
    }
    log(b.name());
    None
} }

// Temporaries.

later! { [a] async fn in_the_last_expression(a: D) -> usize {
    let _x = D("x");
    D("t").name().len()
} }

later! { [a] async fn in_the_scrutinee_of_the_last_match(a: D) -> usize {
    let _x = D("x");
    match D("t").name() {
        "t" => {
            log("arm");
            1
        }
        _ => 2,
    }
} }

later! { [a] async fn in_the_scrutinee_of_an_if_let(a: D, value: u8) -> usize {
    let _x = D("x");
    if let Some("t") = D("t").some(value) {
        log("then");
        1
    } else {
        log("else");
        2
    }
} }

later! { [a] async fn in_the_scrutinee_of_a_while_let(a: D) {
    let mut n = 0;
    while let Some(name) = D("t").some(2 - n) {
        log(name);
        wait().await;
        n += 1;
    }
} }

later! { [a] async fn across_an_await(a: D) -> usize {
    take(D("t").name(), { wait().await; 2 }, D("u"))
} }

fn take(name: &str, n: usize, _u: D) -> usize {
    log("take");
    name.len() + n
}

later! { [a] async fn that_live_on(a: D) -> usize {
    let t = &D("t");
    let whole = Pair { first: D("f"), second: D("s") };
    let (u, _) = (&D("u"), D("v"));
    wait().await;
    t.name().len() + u.name().len() + whole.second.name().len()
} }

later! { [a] async fn of_a_return(a: D) -> usize {
    let _x = D("x");
    return D("t").name().len();
} }

later! { [a] async fn in_a_macro(a: D) -> String {
    let _x = D("x");
    format!("{}{}", D("t").name(), { wait().await; D("u").name() })
} }

later! { [a] async fn in_a_block_at_the_end(a: D) -> usize {
    let _x = D("x");
    {
        let _y = D("y");
        D("t").name().len()
    }
} }

at_once! { [a] fn in_the_last_expression_of_a_plain_function(a: D) -> usize {
    let _x = D("x");
    D("t").name().len()
} }

at_once! { [a] fn in_the_last_match_of_a_plain_function(a: D, value: u8) -> usize {
    let _x = D("x");
    match D("t").some(value) {
        Some(name) => name.len(),
        None => {
            log("none");
            0
        }
    }
} }

at_once! { [a] fn in_an_if_let_of_a_plain_function(a: D, value: u8) -> usize {
    if let Some(_) = D("t").some(value) {
        return 1;
    } else {
        log("else");
    }
    2
} }

// Control flow.

later! { [a] async fn returns_early(a: D, early: bool) -> u8 {
    let _x = D("x");
    if early {
        return 1;
    }
    wait().await;
    2
} }

later! { [a] async fn tries(a: D, text: &str) -> Result<u8, std::num::ParseIntError> {
    let _x = D("x");
    let n: u8 = text.parse()?;
    wait().await;
    Ok(n + 1)
} }

later! { [a] async fn tries_an_option(a: D, text: Option<&str>) -> Option<usize> {
    let _x = D("x");
    let text = text?;
    wait().await;
    Some(text.len())
} }

later! { [a] async fn tries_what_it_awaits(a: D, text: &str) -> Result<u8, Box<dyn std::error::Error>> {
    let n = tries(D("t"), text).await? + tries(D("u"), "1").await?;
    Ok(n)
} }

later! { [a] async fn breaks_with_a_value(a: D) -> u8 {
    let mut n = 0;
    loop {
        let _x = D("x");
        n += 1;
        wait().await;
        if n == 2 {
            break n;
        }
    }
} }

later! { [a] async fn breaks_out_of_an_outer_loop(a: D) -> u8 {
    'outer: for n in 0..3 {
        let _x = D("x");
        loop {
            let _y = D("y");
            if n == 1 {
                break 'outer;
            }
            continue 'outer;
        }
    }
    3
} }

later! { [a] async fn breaks_out_of_a_block(a: D, early: bool) -> u8 {
    let n = 'block: {
        let _x = D("x");
        if early {
            break 'block 1;
        }
        wait().await;
        2
    };
    n + 1
} }

later! { [a] async fn continues(a: D) -> u8 {
    let mut sum = 0;
    for n in 0..4 {
        let _x = D("x");
        if n % 2 == 0 {
            continue;
        }
        wait().await;
        sum += n;
    }
    sum
} }

later! { [a] async fn matches_with_a_guard(a: D, n: Option<u8>) -> u8 {
    match n {
        Some(n) if D("t").some(n).is_some() => {
            wait().await;
            n
        }
        Some(0) => 10,
        Some(_) | None => 20,
    }
} }

later! { [a] async fn returns_from_a_closure_only(a: D) -> u8 {
    let closure = |n: u8| {
        if n > 1 {
            return n;
        }
        0
    };
    wait().await;
    closure(1) + closure(2)
} }

later! { [a] async fn returns_from_an_async_block_only(a: D) -> u8 {
    let block = async {
        wait().await;
        if true {
            return 1;
        }
        2
    };
    block.await + 1
} }

later! { [a] async fn tries_in_an_async_block_only(a: D, text: &str) -> u8 {
    let parsed: Result<u8, std::num::ParseIntError> = async {
        wait().await;
        Ok(text.parse::<u8>()? + 1)
    }
    .await;
    parsed.unwrap_or(0)
} }

later! { [a] async fn panics(a: D, text: &str) -> u8 {
    let _x = D("x");
    wait().await;
    panic!("no {}", text)
} }

later! { [a] async fn panics_at_once(a: D) {
    let _x = D("x");
    if a.name() == "a" {
        panic!("at once");
    }
} }

later! { [a] async fn never_returns(a: D) -> ! {
    wait().await;
    panic!("never")
} }

at_once! { [a] fn returns_early_from_a_plain_function(a: D, early: bool) -> u8 {
    let _x = D("x");
    if early {
        return 1;
    }
    2
} }

at_once! { [a] fn tries_in_a_plain_function(a: D, text: &str) -> Result<u8, std::num::ParseIntError> {
    let _x = D("x");
    Ok(text.parse::<u8>()? + 1)
} }

at_once! { [a] fn panics_in_a_plain_function(a: D) -> u8 {
    let _x = D("x");
    panic!("{}", a.name())
} }

at_once! { [a] fn loops_in_a_plain_function(a: D) -> u8 {
    let mut n = 0;
    'outer: loop {
        while n < 5 {
            let _x = D("x");
            n += 1;
            if n == 3 {
                break 'outer n;
            }
        }
    }
} }

// Methods.

struct Subject {
    name: D,
    n: u8,
}

impl Subject {
    const ONE: u8 = 1;

    fn new(name: &'static str) -> Self {
        Self { name: D(name), n: Self::ONE }
    }

    later! { [self a] async fn borrowed(&self, a: D) -> &str {
        wait().await;
        self.name.name()
    } }

    later! { [] async fn borrowed_uniquely(&mut self, n: u8) -> &mut u8 {
        wait().await;
        self.n += n;
        &mut self.n
    } }

    later! { [] async fn by_value(self, n: u8) -> Self {
        wait().await;
        Self { n: self.n + n, ..self }
    } }

    later! { [self] async fn by_value_and_kept(mut self, a: D) -> u8 {
        self.n += Self::ONE;
        wait().await;
        self.n
    } }

    later! { [self] async fn in_a_box(self: Box<Self>, a: D) -> u8 {
        wait().await;
        self.n
    } }

    later! { [] async fn in_an_rc(self: Rc<Self>) -> usize {
        wait().await;
        Rc::strong_count(&self)
    } }

    later! { [self] async fn in_an_arc(self: Arc<Self>) -> usize {
        wait().await;
        Arc::strong_count(&self)
    } }

    later! { [] async fn pinned(mut self: Pin<&mut Self>, n: u8) -> u8 {
        wait().await;
        self.n += n;
        self.n
    } }

    later! { [n] async fn without_a_receiver(n: u8) -> Self {
        wait().await;
        Self { n, ..Self::new("s") }
    } }

    at_once! { [] fn plainly(&mut self, a: D) -> &mut D {
        self.n += 1;
        &mut self.name
    } }

    at_once! { [] fn plainly_by_value(self) -> D {
        self.name
    } }
}

trait Acts {
    const NAME: &'static str;

    fn name(&self) -> &str;

    later! { [self a] async fn by_default(&self, a: D) -> String {
        wait().await;
        format!("{} {}", self.name(), Self::NAME)
    } }

    at_once! { [self] fn plainly_by_default(&self, a: D) -> String {
        format!("{} {}", self.name(), Self::NAME)
    } }

    fn future(&self) -> impl Future<Output = usize>;
}

impl Acts for Subject {
    const NAME: &'static str = "subject";

    fn name(&self) -> &str {
        self.name.name()
    }

    later! { [self] async fn future(&self) -> usize {
        wait().await;
        self.name().len()
    } }
}

struct Wrapper<T>(T);

impl<T: Debug + Clone> Wrapper<T> {
    later! { [self] async fn generic<U: From<T>>(&self, a: D) -> U {
        wait().await;
        U::from(self.0.clone())
    } }

    later! { [] async fn generic_by_value(self, a: D) -> (T, String) {
        wait().await;
        let text = format!("{:?}", self.0);
        (self.0, text)
    } }
}

// The contents of a body.

later! { [a] async fn items(a: D) -> u8 {
    use std::cell::Cell;
    const TWO: u8 = 2;
    static THREE: u8 = 3;
    struct Local(D);
    impl Drop for Local {
        fn drop(&mut self) {
            log("local");
        }
    }
    fn double(n: u8) -> u8 {
        n * TWO
    }
    macro_rules! plus {
        ($n:expr) => {
            $n + THREE
        };
    }
    let local = Local(D("x"));
    let cell = Cell::new(1);
    wait().await;
    cell.set(double(cell.get()));
    log(local.0.name());
    plus!(cell.get())
} }

later! { [a] async fn attributes_and_statements(a: D) -> u8 {
    #[allow(unused_variables)]
    let unused = 1;
    let mut n = 1;
    #[cfg(any())]
    {
        n = 2;
    }
    #[rustfmt::skip]
    let sum = n
      + 1;
    wait().await;
    sum
} }

later! { [a] async fn an_unsafe_block(a: D) -> u8 {
    let n = 1_u8;
    let pointer = &n as *const u8 as usize;
    wait().await;
    unsafe { *(pointer as *const u8) }
} }

later! { [a] async fn strings_of_all_kinds(a: D, value: u8) -> String {
    let name = "n";
    wait().await;
    format!("{value:>3}{name}{0}\u{e4}{1}{2}", r#"r"aw"#, 'c', '\'')
} }

// Closures.

later! { [a] async fn a_closure_that_borrows(a: D, mut n: u8) -> u8 {
    let mut add = |m: u8| {
        n += m;
        log(a.name());
    };
    add(1);
    wait().await;
    add(2);
    n
} }

later! { [b] async fn a_closure_that_takes(a: D, b: D) -> usize {
    let length = move || a.name().len();
    wait().await;
    length() + b.name().len()
} }

later! { [a] async fn a_closure_as_an_argument(a: D, mut call: impl FnMut(u8) -> u8) -> u8 {
    let first = call(1);
    wait().await;
    first + call(2)
} }

later! { [a] async fn a_closure_as_an_object(a: D, call: &dyn Fn(u8) -> u8, boxed: Box<dyn FnOnce() -> D>) -> u8 {
    let d = boxed();
    wait().await;
    log(d.name());
    call(1)
} }

later! { [a call] async fn a_function_pointer(a: D, call: fn(&str) -> usize) -> usize {
    wait().await;
    call("four")
} }

later! { [a] async fn an_async_closure(a: D) -> usize {
    let closure = async |n: usize| {
        wait().await;
        n + a.name().len()
    };
    closure(1).await + closure(2).await
} }

at_once! { [a] fn closures_of_a_plain_function(a: D, mut list: Vec<u8>) -> u8 {
    let mut push = |n| list.push(n);
    push(1);
    push(2);
    let sum = || list.iter().sum();
    sum()
} }

at_once! { [n] fn a_closure_that_is_returned(n: u8) -> Box<dyn Fn(u8) -> u8> {
    Box::new(move |m| n + m)
} }

at_once! { [n] fn a_closure_of_a_type_that_is_not_named(n: u8) -> impl Fn(u8) -> u8 {
    move |m: u8| n + m
} }

// Types.

later! { [a] async fn an_impl_argument(a: D, text: impl Display + Clone) -> String {
    wait().await;
    text.clone().to_string()
} }

later! { [a] async fn an_impl_argument_without_a_lifetime(a: D, mut texts: impl Iterator<Item = &str>) -> String {
    wait().await;
    texts.next().unwrap_or_default().to_owned()
} }

later! { [a] async fn an_impl_result(a: D, n: u8) -> Result<impl Display, String> {
    wait().await;
    if n == 0 {
        return Err("zero".to_owned());
    }
    Ok(n)
} }

later! { [a] async fn impl_types_in_a_tuple(a: D) -> (impl Display, impl Iterator<Item = u8>) {
    wait().await;
    ("text", 0..3)
} }

later! { [a] async fn an_object(a: D, n: u8) -> Box<dyn Debug> {
    wait().await;
    if n == 0 { Box::new("zero") } else { Box::new(n) }
} }

later! { [b] async fn a_borrow_of_an_argument<'a, 'b: 'a>(a: &'a str, b: &'b str) -> &'a str {
    wait().await;
    if a.is_empty() { b } else { a }
} }

later! { [text] async fn a_bound_of_higher_rank<F>(text: String, get: F) -> usize
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    wait().await;
    get(&text).len()
} }

later! { [a] async fn a_default_type<T: Default + Debug>(a: D) -> T {
    wait().await;
    Default::default()
} }

later! { [a] async fn an_inferred_type(a: D) -> Vec<u8> {
    let mut list = Vec::new();
    wait().await;
    list.push(1);
    list.extend("23".bytes().map(|byte| byte - b'0'));
    list.into_iter().rev().collect()
} }

later! { [a] async fn a_coercion(a: D, n: usize) -> &'static [u8] {
    wait().await;
    if n == 0 {
        return &[];
    }
    &[1, 2]
} }

later! { [a] async fn calls_itself(a: D, n: u8) -> u8 {
    if n == 0 {
        return 0;
    }
    wait().await;
    1 + Box::pin(calls_itself(D("n"), n - 1)).await
} }

at_once! { [list] fn an_iterator(list: &[u8]) -> impl Iterator<Item = u8> + '_ {
    list.iter().map(|n| n + 1)
} }

at_once! { [] fn a_borrow_from_a_plain_function<'a>(a: &'a mut Vec<u8>, n: u8) -> &'a mut u8 {
    a.push(n);
    let last = a.len() - 1;
    &mut a[last]
} }

at_once! { [a] extern "C" fn of_another_convention(a: u8) -> u8 {
    a + 1
} }

at_once! { [a] unsafe fn of_an_unsafe_function(a: *const u8) -> u8 {
    #[allow(unused_unsafe)]
    unsafe { *a }
} }

// Futures that are made at once.

future! { [] fn a_future(a: D) -> impl Future<Output = usize> {
    log("call");
    let _x = D("x");
    async move {
        wait().await;
        a.name().len()
    }
} }

future! { [a] fn a_future_that_borrows<'a>(a: &'a D, b: D) -> impl Future<Output = &'a str> + 'a {
    log("call");
    drop(b);
    async move {
        wait().await;
        a.name()
    }
} }

future! { [n] fn a_future_in_a_box(a: D, n: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    if n == 0 {
        return Box::pin(std::future::ready(0));
    }
    Box::pin(async move {
        wait().await;
        log(a.name());
        n
    })
} }

future! { [] fn a_future_that_is_a_block_in_a_box(a: D, n: u8) -> Pin<Box<dyn Future<Output = Result<u8, String>>>> {
    Box::pin(async move {
        let _x = D("x");
        if n == 0 {
            return Err(a.name().to_owned());
        }
        wait().await;
        Ok(n)
    })
} }

future! { [a] fn a_future_whose_making_panics(a: &'static str) -> impl Future<Output = ()> {
    if a == "a" {
        panic!("made");
    }
    async {}
} }

// Awaits.

later! { [a] async fn locals_across_awaits(a: D) -> usize {
    let x = D("x");
    wait().await;
    let y = D("y");
    wait().await;
    drop(x);
    wait().await;
    y.name().len()
} }

later! { [a] async fn in_the_arms_of_a_match(a: D, n: u8) -> u8 {
    match n {
        0 => {
            let _x = D("x");
            wait().await;
            1
        }
        n => {
            wait().await;
            wait().await;
            n
        }
    }
} }

later! { [a] async fn side_by_side(a: D) -> u8 {
    let mut one = Box::pin(waits("one", 1));
    let mut two = Box::pin(waits("two", 2));
    let mut ended = (None, None);
    std::future::poll_fn(move |context| {
        if ended.0.is_none() {
            ended.0 = poll(&mut one, context);
        }
        if ended.1.is_none() {
            ended.1 = poll(&mut two, context);
        }
        match ended {
            (Some(one), Some(two)) => std::task::Poll::Ready(one + two),
            _ => std::task::Poll::Pending,
        }
    })
    .await
} }

fn poll(future: &mut Pin<Box<impl Future<Output = u8>>>, context: &mut std::task::Context<'_>) -> Option<u8> {
    match future.as_mut().poll(context) {
        std::task::Poll::Ready(n) => Some(n),
        std::task::Poll::Pending => None,
    }
}

later! { [name] async fn waits(name: &'static str, n: u8) -> u8 {
    let _x = D("x");
    for _ in 0..n {
        log(name);
        wait().await;
    }
    n
} }

later! { [a] async fn cancelled_inside(a: D) -> u8 {
    let mut inner = Box::pin(waits("inner", 5));
    std::future::poll_fn(|context| {
        poll(&mut inner, context);
        std::task::Poll::Ready(())
    })
    .await;
    wait().await;
    drop(inner);
    log("after");
    1
} }

later! { [a] async fn never_polled_inside(a: D) -> u8 {
    drop(waits("inner", 1));
    wait().await;
    1
} }

#[cfg(edition_2024)]
later! { [a] async fn with_a_chain_of_lets(a: D, n: Option<u8>) -> u8 {
    if let Some(n) = n
        && let Some(name) = D("t").some(n)
        && name == "t"
    {
        wait().await;
        return n;
    }
    0
} }

fn four() -> [D; 4] {
    [D("p"), D("q"), D("r"), D("s")]
}

fn pair() -> Pair {
    Pair { first: D("first"), second: D("second") }
}

pub fn cases() -> Vec<Case> {
    vec![
        case!(in_reverse_order(D("a"), D("b")).await),
        case!(without_a_name(D("a"), D("b")).await),
        case!(that_are_not_used(D("_a"), D("_b")).await),
        case!(in_a_tuple((D("a"), D("b")), D("c")).await),
        case!(in_part((D("a"), D("w")), (D("v"), D("b"))).await),
        case!(in_a_struct(pair(), D("c")).await),
        case!(in_a_struct_with_a_rest(pair()).await),
        case!(in_a_rest([D("a"), D("b"), D("d")], D("c")).await),
        case!(of_type_unit((), D("b")).await),
        case!(of_fragments_by_value(D("a"), (D("u"), D("v")), D("c")).await),
        case!(of_fragments_by_reference(&mut D("a"), (D("u"), D("v")), D("c")).await),
        case!(of_fragments_by_reference(&mut D("error"), (D("u"), D("v")), D("c")).await),
        case!(of_fragments_at_once(&D("a"), (D("u"), D("v")), D("c"))),
        case!(that_are_changed(D("a"), D("b")).await),
        case!(that_are_shadowed(D("a"), D("b")).await),
        case!(that_are_moved(D("a"), D("b")).await),
        case!(that_are_moved_in_part((D("u"), D("v")), D("c")).await),
        case!(that_are_moved_perhaps(D("a"), D("b"), true).await),
        case!(that_are_moved_perhaps(D("a"), D("b"), false).await),
        case!(that_are_returned(D("a"), D("b")).await),
        case!(by_reference(D("a"), D("b")).await),
        case!(at_a_binding(D("a"), 7).await),
        case!(in_an_array(four()).await),
        case!(behind_a_reference(&1, &D("a")).await),
        case!(in_either(Err(1)).await),
        case!(of_a_number_of_things([D("a"), D("a")]).await),
        case!(with_attributes(D("a"), D("b")).await),
        case!(with_a_raw_name(D("type"), 1).await),
        case!(with_letters_of_all_kinds(D("größe")).await),
        case!(after_a_let_else(D("a"), Some(D("b"))).await),
        case!(after_a_let_else(D("a"), None).await),
        case!(of_a_plain_function(D("a"), D("b"))),
        case!(of_a_plain_function_in_a_tuple((D("a"), D("b")), D("c"))),
        case!(of_a_plain_function_without_a_name(D("a"), D("_b"), pair())),
        case!(of_a_plain_function_that_are_moved(D("a"), D("b"), true)),
        case!(of_a_plain_function_that_are_moved(D("a"), D("b"), false)),
        case!(in_the_last_expression(D("a")).await),
        case!(in_the_scrutinee_of_the_last_match(D("a")).await),
        case!(in_the_scrutinee_of_an_if_let(D("a"), 0).await),
        case!(in_the_scrutinee_of_an_if_let(D("a"), 1).await),
        case!(in_the_scrutinee_of_a_while_let(D("a")).await),
        case!(across_an_await(D("a")).await),
        case!(that_live_on(D("a")).await),
        case!(of_a_return(D("a")).await),
        case!(in_a_macro(D("a")).await),
        case!(in_a_block_at_the_end(D("a")).await),
        case!(in_the_last_expression_of_a_plain_function(D("a"))),
        case!(in_the_last_match_of_a_plain_function(D("a"), 0)),
        case!(in_the_last_match_of_a_plain_function(D("a"), 1)),
        case!(in_an_if_let_of_a_plain_function(D("a"), 0)),
        case!(in_an_if_let_of_a_plain_function(D("a"), 1)),
        case!(returns_early(D("a"), true).await),
        case!(returns_early(D("a"), false).await),
        case!(tries(D("a"), "1").await),
        case!(tries(D("a"), "one").await),
        case!(tries_an_option(D("a"), None).await),
        case!(tries_an_option(D("a"), Some("1")).await),
        case!(tries_what_it_awaits(D("a"), "1").await),
        case!(tries_what_it_awaits(D("a"), "one").await),
        case!(breaks_with_a_value(D("a")).await),
        case!(breaks_out_of_an_outer_loop(D("a")).await),
        case!(breaks_out_of_a_block(D("a"), true).await),
        case!(breaks_out_of_a_block(D("a"), false).await),
        case!(continues(D("a")).await),
        case!(matches_with_a_guard(D("a"), Some(0)).await),
        case!(matches_with_a_guard(D("a"), Some(1)).await),
        case!(matches_with_a_guard(D("a"), None).await),
        case!(returns_from_a_closure_only(D("a")).await),
        case!(returns_from_an_async_block_only(D("a")).await),
        case!(tries_in_an_async_block_only(D("a"), "one").await),
        case!(panics(D("a"), "good").await),
        case!(panics_at_once(D("a")).await),
        case!({ never_returns(D("a")).await }),
        case!(returns_early_from_a_plain_function(D("a"), true)),
        case!(returns_early_from_a_plain_function(D("a"), false)),
        case!(tries_in_a_plain_function(D("a"), "1")),
        case!(tries_in_a_plain_function(D("a"), "one")),
        case!(panics_in_a_plain_function(D("a"))),
        case!(loops_in_a_plain_function(D("a"))),
        case!(Subject::new("s").borrowed(D("a")).await.len()),
        case!(*Subject::new("s").borrowed_uniquely(2).await),
        case!(Subject::new("s").by_value(2).await.n),
        case!(Subject::new("self").by_value_and_kept(D("a")).await),
        case!(Box::new(Subject::new("self")).in_a_box(D("a")).await),
        case!(Rc::new(Subject::new("self")).in_an_rc().await),
        case!(Arc::new(Subject::new("self")).in_an_arc().await),
        case!(Box::pin(Subject::new("s")).as_mut().pinned(2).await),
        case!(Subject::without_a_receiver(2).await.n),
        case!(Subject::new("s").plainly(D("a")).name().len()),
        case!(Subject::new("s").plainly_by_value().name().len()),
        case!(Subject::new("s").by_default(D("a")).await),
        case!(Subject::new("s").plainly_by_default(D("a"))),
        case!(Acts::future(&Subject::new("s")).await),
        case!(Wrapper(1_u8).generic::<u32>(D("a")).await),
        case!(Wrapper("text").generic_by_value(D("a")).await),
        case!(items(D("a")).await),
        case!(attributes_and_statements(D("a")).await),
        case!(an_unsafe_block(D("a")).await),
        case!(strings_of_all_kinds(D("a"), 1).await),
        case!(a_closure_that_borrows(D("a"), 1).await),
        case!(a_closure_that_takes(D("a"), D("b")).await),
        case!({
            let mut sum = 0;
            a_closure_as_an_argument(D("a"), move |n| {
                sum += n;
                sum
            })
            .await
        }),
        case!(a_closure_as_an_object(D("a"), &|n| n + 1, Box::new(|| D("d"))).await),
        case!(a_function_pointer(D("a"), str::len).await),
        case!(an_async_closure(D("a")).await),
        case!(closures_of_a_plain_function(D("a"), vec![3])),
        case!(a_closure_that_is_returned(1)(2)),
        case!(a_closure_of_a_type_that_is_not_named(1)(2)),
        case!(an_impl_argument(D("a"), 1.5).await),
        case!(an_impl_argument_without_a_lifetime(D("a"), Some("b").into_iter()).await),
        case!(an_impl_result(D("a"), 0).await.map(|shown| shown.to_string())),
        case!(an_impl_result(D("a"), 1).await.map(|shown| shown.to_string())),
        case!({
            let (shown, numbers) = impl_types_in_a_tuple(D("a")).await;
            (shown.to_string(), numbers.sum::<u8>())
        }),
        case!(an_object(D("a"), 0).await),
        case!(an_object(D("a"), 1).await),
        case!(a_borrow_of_an_argument("", "b").await),
        case!(a_bound_of_higher_rank(" text".to_owned(), str::trim).await),
        case!(a_default_type::<Option<u8>>(D("a")).await),
        case!(an_inferred_type(D("a")).await),
        case!(a_coercion(D("a"), 0).await),
        case!(a_coercion(D("a"), 1).await),
        case!(calls_itself(D("a"), 2).await),
        case!(an_iterator(&[1, 2]).collect::<Vec<_>>()),
        case!(*a_borrow_from_a_plain_function(&mut vec![1], 2)),
        case!(of_another_convention(1)),
        case!(unsafe { of_an_unsafe_function(&1) }),
        case!(a_future(D("a")).await),
        case!(a_future_that_borrows(&D("a"), D("b")).await.len()),
        case!(a_future_in_a_box(D("a"), 0).await),
        case!(a_future_in_a_box(D("a"), 1).await),
        case!(a_future_that_is_a_block_in_a_box(D("a"), 0).await),
        case!(a_future_that_is_a_block_in_a_box(D("a"), 1).await),
        case!(a_future_whose_making_panics("a").await),
        case!(a_future_whose_making_panics("b").await),
        case!(locals_across_awaits(D("a")).await),
        case!(in_the_arms_of_a_match(D("a"), 0).await),
        case!(in_the_arms_of_a_match(D("a"), 1).await),
        case!(side_by_side(D("a")).await),
        case!(cancelled_inside(D("a")).await),
        case!(never_polled_inside(D("a")).await),
        #[cfg(edition_2024)]
        case!(with_a_chain_of_lets(D("a"), Some(0)).await),
        #[cfg(edition_2024)]
        case!(with_a_chain_of_lets(D("a"), Some(1)).await),
    ]
}
