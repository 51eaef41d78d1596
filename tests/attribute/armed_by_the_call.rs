//! `armed = call` turns an `async fn` into a function that returns a future. Its callers see no difference.

use std::{marker::PhantomData, ops::Deref};

use super::*;

#[test]
fn a_method_with_any_receiver() {
    struct S(u8);
    impl S {
        #[finally(clean, armed = call)]
        async fn shared(&self) -> u8 {
            yield_now().await;
            self.0
        }
        #[finally(clean, armed = call)]
        async fn unique(&mut self) -> &mut u8 {
            yield_now().await;
            self.0 += 1;
            &mut self.0
        }
        #[finally({ let _ = self.0; clean() }, armed = call)]
        async fn value(mut self) -> u8 {
            self.0 += 1;
            yield_now().await;
            self.0
        }
        #[finally(clean_async(), armed = call)]
        async fn boxed(self: Box<Self>) -> u8 {
            yield_now().await;
            self.0
        }
        #[finally({ let _ = self.0; clean() }, armed = call)]
        async fn pinned(self: Pin<&mut Self>, by: &u8) -> u8 {
            yield_now().await;
            self.0 + by
        }
        #[finally(clean, armed = call)]
        async fn counted(self: Arc<Self>) -> u8 {
            yield_now().await;
            self.0
        }
        #[finally(clean, armed = call)]
        async fn none() -> Self {
            Self(9)
        }
    }
    let mut s = S(1);
    assert_eq!(block_on(s.shared()), 1);
    *block_on(s.unique()) += 1;
    assert_eq!(block_on(Pin::new(&mut s).pinned(&1)), 4);
    assert_eq!(block_on(s.value()), 4);
    assert_eq!(block_on(Box::new(S(1)).boxed()), 1);
    assert_eq!(block_on(Arc::new(S(1)).counted()), 1);
    assert_eq!(block_on(S::none()).0, 9);
    assert_eq!(cleaned(), 7);
    drop((S(1).shared(), S(1).unique(), S(1).value(), Pin::new(&mut S(1)).pinned(&1), S::none()));
    assert_eq!(cleaned(), 5);
}

trait Visit {
    async fn visit(&self, name: &str) -> usize;

    fn visit_and_send(&self, name: &str) -> impl Future<Output = usize> + Send;

    #[finally({ let _ = self.size(); clean() }, armed = call)]
    async fn visit_twice(&self, name: &str) -> usize {
        self.visit(name).await + self.visit(name).await
    }

    fn size(&self) -> usize {
        1
    }
}

struct Guest<'a>(&'a str);

impl Visit for Guest<'_> {
    #[finally({ let _ = self.0; clean() }, armed = call)]
    async fn visit(&self, name: &str) -> usize {
        yield_now().await;
        self.0.len() + name.len()
    }

    #[finally(clean, armed = call)]
    async fn visit_and_send(&self, name: &str) -> usize {
        yield_now().await;
        self.0.len() + name.len()
    }
}

#[test]
fn a_method_of_a_trait_and_of_its_impl() {
    async fn of_any<V: Visit>(visit: V) -> usize {
        visit.visit("name").await + visit.visit_twice("name").await
    }
    let name = String::from("guest");
    assert_eq!(block_on(of_any(Guest(&name))), 27);
    assert_eq!(cleaned(), 4);
    let guest = Guest(&name);
    assert_eq!(
        std::thread::scope(|scope| scope.spawn(|| block_on(guest.visit_and_send(""))).join().unwrap()),
        5
    );
    drop((guest.visit(""), guest.visit_and_send(""), guest.visit_twice("")));
    assert_eq!(cleaned(), 3);
}

#[test]
fn generics_and_lifetimes() {
    struct Hidden<'a>(&'a str);

    #[finally(clean, armed = call)]
    async fn elided(one: &str) -> &str {
        yield_now().await;
        one
    }
    #[finally(clean, armed = call)]
    async fn several(one: &str, two: &mut String, three: Hidden<'_>) -> usize {
        yield_now().await;
        two.push('!');
        one.len() + two.len() + three.0.len()
    }
    #[finally({ let _ = one; clean() }, armed = call)]
    async fn named<'a, 'b: 'a>(one: &'a str, two: &'b str) -> &'a str {
        yield_now().await;
        if one.is_empty() { two } else { one }
    }
    #[finally({ let _ = &value; clean() }, armed = call)]
    async fn typed<T, const N: usize>(value: T, array: [u8; N], _kind: PhantomData<T>) -> (T::Target, usize)
    where
        T: Deref,
        T::Target: Clone,
    {
        yield_now().await;
        ((*value).clone(), array.len())
    }
    #[finally(clean, armed = call)]
    async fn anonymous(value: impl Display, call: impl AsyncFnOnce(String) -> usize) -> usize {
        call(value.to_string()).await
    }
    #[finally(clean, armed = call)]
    async fn opaque(value: u8) -> impl Display {
        yield_now().await;
        value
    }
    #[finally(clean, armed = call)]
    async fn higher<F>(call: F) -> usize
    where
        F: for<'a> Fn(&'a str) -> &'a str,
    {
        yield_now().await;
        call("four").len()
    }
    let mut text = String::from("text");
    assert_eq!(block_on(elided(&text)), "text");
    assert_eq!(block_on(several("one", &mut text, Hidden("three"))), 13);
    assert_eq!(block_on(named("", &text)), "text!");
    assert_eq!(block_on(typed(Rc::new(1), [0; 4], PhantomData)), (1, 4));
    assert_eq!(block_on(anonymous(12, async |text: String| text.len())), 2);
    assert_eq!(block_on(opaque(12)).to_string(), "12");
    assert_eq!(block_on(higher(|text| text)), 4);
    assert_eq!(cleaned(), 7);
}

/// Two borrows that end together with the future, of which the type shows one.
#[test]
fn every_lifetime_is_captured() {
    #[finally(clean, armed = call)]
    async fn f<'a>(one: &'a str, two: &mut usize) -> &'a str {
        yield_now().await;
        *two += one.len();
        one
    }
    fn passed<'a>(one: &'a str, two: &'a mut usize) -> impl Future<Output = &'a str> {
        f(one, two)
    }
    let mut length = 0;
    let one = {
        let one = String::from("one");
        block_on(passed(&one, &mut length)).len()
    };
    assert_eq!((one, length, cleaned()), (3, 3, 1));
}

#[test]
fn patterns_and_mutable_arguments() {
    struct Point {
        x: u8,
        y: u8,
    }
    #[finally(clean, armed = call)]
    async fn in_the_body((a, mut b): (u8, u8), Point { x, y }: Point, [first, ..]: [u8; 3], mut c: u8) -> u8 {
        yield_now().await;
        b += 1;
        c += 1;
        a + b + c + x + y + first
    }
    #[finally({ let _ = (a, x, &name); clean() }, armed = call)]
    async fn before_it((a, mut b): (u8, u8), Point { x, y: _ }: Point, ref name: String, mut c: u8) -> usize {
        b += a;
        yield_now().await;
        c += b;
        usize::from(c + x) + name.len()
    }
    #[finally({ list.push(1); clean() }, armed = call)]
    async fn by_mutable_reference((ref mut list, by): (Vec<u8>, u8)) -> usize {
        yield_now().await;
        list.push(by);
        list.len()
    }
    #[finally(clean, armed = call)]
    async fn unused(_: u8, _named: String, (_, _part): (u8, String)) {}
    assert_eq!(block_on(in_the_body((1, 2), Point { x: 3, y: 4 }, [5, 6, 7], 8)), 25);
    assert_eq!(block_on(before_it((1, 2), Point { x: 3, y: 4 }, "name".into(), 5)), 15);
    assert_eq!(block_on(by_mutable_reference((vec![], 1))), 1);
    block_on(unused(1, String::new(), (1, String::new())));
    assert_eq!(cleaned(), 4);
}

mod qualified {
    use super::*;

    #[finally(clean, armed = call)]
    pub(super) async unsafe fn unsafe_function(pointer: *const u8) -> u8 {
        yield_now().await;
        // SAFETY: the caller says so.
        unsafe { *pointer }
    }

    /// Documented.
    #[finally(clean, armed = call)]
    #[inline]
    #[must_use = "it is a test"]
    #[allow(clippy::unused_async, reason = "a test")]
    #[cfg_attr(all(), doc = "twice")]
    pub(in super::super) async fn with_attributes() -> u8 {
        1
    }
}

#[test]
fn qualifiers_and_attributes() {
    // SAFETY: the pointer comes from a reference.
    assert_eq!(unsafe { block_on(qualified::unsafe_function(&1)) }, 1);
    assert_eq!(block_on(qualified::with_attributes()), 1);
    assert_eq!(cleaned(), 2);
}

#[test]
fn one_that_never_returns() {
    #[finally({ let _ = code; clean() }, armed = call)]
    #[finally(clean, armed = call)]
    async fn f(code: u8) -> ! {
        yield_now().await;
        panic!("{code}")
    }
    async fn picks(code: u8) -> u8 {
        if code > 0 { f(code).await } else { 0 }
    }
    assert!(std::panic::catch_unwind(|| block_on(picks(1))).is_err());
    assert_eq!((block_on(picks(0)), cleaned()), (0, 2));
    drop(f(1));
    assert_eq!(cleaned(), 2);
}

#[test]
fn one_that_calls_itself() {
    #[finally({ let _ = n; clean() }, armed = call)]
    async fn f(n: usize) -> usize {
        if n == 0 {
            return 0;
        }
        1 + Box::pin(f(n - 1)).await
    }
    assert_eq!((block_on(f(3)), cleaned()), (3, 4));
}

#[test]
fn one_that_a_macro_makes() {
    macro_rules! functions {
        ($($name:ident($argument:ident: $type:ty) -> $output:ty $body:block $cleanup:expr;)*) => { $(
            #[finally($cleanup, armed = call)]
            async fn $name($argument: $type) -> $output $body
        )* };
    }
    functions! {
        mentions(text: String) -> usize { text.len() } { drop(text); clean() };
        borrows(text: &str) -> &str { text } clean();
    }
    assert_eq!((block_on(mentions("four".into())), block_on(borrows("text"))), (4, "text"));
    assert_eq!(cleaned(), 2);
}
