//! Every kind of function takes the attribute.

#![allow(clippy::multiple_bound_locations, clippy::needless_arbitrary_self_type, reason = "odd on purpose")]
#![allow(unsafe_code, reason = "unsafe functions take it too")]

use std::{
    cell::Cell,
    fmt::Display,
    future::{Future, ready},
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use finally::{FinallyExt, finally, lastly};
use futures::executor::block_on;

thread_local! {
    static CLEANED: Cell<usize> = const { Cell::new(0) };
}

fn clean() {
    CLEANED.set(CLEANED.get() + 1);
}

async fn clean_async() {
    yield_now().await;
    clean();
}

fn cleaned() -> usize {
    CLEANED.replace(0)
}

async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            std::task::Poll::Ready(())
        } else {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

#[derive(Debug, Default, PartialEq)]
struct Conn {
    log: Vec<&'static str>,
}

impl Conn {
    async fn close(&mut self) -> Result<(), String> {
        yield_now().await;
        self.log.push("close");
        clean();
        Ok(())
    }

    fn close_now(&mut self) {
        self.log.push("close");
        clean();
    }
}

mod forms_of_cleanup {
    use super::*;

    #[test]
    fn a_path() {
        #[finally(clean)]
        async fn f() -> u8 {
            yield_now().await;
            1
        }
        assert_eq!((block_on(f()), cleaned()), (1, 1));
    }

    #[test]
    fn a_path_with_type_arguments() {
        fn clean_for<T: Default>() {
            let _ = T::default();
            clean();
        }
        #[finally(clean_for::<u8>)]
        async fn f() {}
        block_on(f());
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn an_associated_function() {
        struct S;
        impl S {
            fn close() {
                clean();
            }
            #[finally(Self::close)]
            async fn f(&self) {}
        }
        block_on(S.f());
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn a_path_to_an_async_function() {
        #[finally(clean_async)]
        async fn f() {}
        block_on(f());
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn a_path_to_an_argument() {
        #[finally(at_exit)]
        async fn f(at_exit: impl FnOnce()) {}
        block_on(f(clean));
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn a_closure() {
        #[finally(|| clean())]
        async fn f() {}
        block_on(f());
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn a_closure_that_sees_the_fate_and_an_argument() {
        #[finally(|fate| if fate.error() == Some(&want) { clean() })]
        async fn f(want: String) -> Result<(), String> {
            Err("no".into())
        }
        assert_eq!(block_on(f("no".into())), Err("no".into()));
        assert_eq!(cleaned(), 1);
        let _ = block_on(f("yes".into()));
        assert_eq!(cleaned(), 0);
    }

    #[test]
    fn an_async_closure() {
        #[finally(async || { yield_now().await; clean_async().await })]
        async fn f() {}
        block_on(f());
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn an_async_block() {
        #[finally(async { conn.close().await })]
        async fn f(mut conn: Conn) -> Result<(), String> {
            conn.log.push("body");
            Ok(())
        }
        block_on(f(Conn::default())).unwrap();
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn a_block_that_awaits() {
        #[finally({ yield_now().await; clean() })]
        async fn f() {}
        block_on(f());
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn an_expression_that_awaits_takes_what_it_mentions() {
        #[finally(conn.close().await)]
        async fn f(mut conn: Conn) -> Result<(), String> {
            conn.log.push("body");
            yield_now().await;
            conn.close().await
        }
        block_on(f(Conn::default())).unwrap();
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn an_expression_that_evaluates_to_a_future() {
        async fn release(_: Arc<str>, _: u8) {
            yield_now().await;
            clean();
        }
        struct Pool {
            pool: Arc<str>,
            id: u8,
        }
        impl Pool {
            #[finally(release(self.pool.clone(), self.id))]
            async fn f(&self) -> u8 {
                yield_now().await;
                self.id
            }
        }
        assert_eq!(block_on(Pool { pool: "pool".into(), id: 3 }.f()), 3);
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn an_expression_in_place() {
        #[finally(conn.close_now())]
        async fn f(conn: &mut Conn) -> usize {
            conn.log.push("body");
            yield_now().await;
            conn.log.len()
        }
        let mut conn = Conn::default();
        assert_eq!(block_on(f(&mut conn)), 1);
        assert_eq!(conn.log, ["body", "close"]);
    }

    #[test]
    fn a_name_in_a_format_string_is_a_mention() {
        #[finally(assert_eq!(format!("{id}"), "x"))]
        async fn f(id: String) {
            let _ = id.len();
        }
        block_on(f("x".into()));
    }

    #[test]
    fn the_type_of_a_function_hides_no_await() {
        #[finally({ let clean: fn() = clean; clean(); conn.close().await })]
        async fn behind_a_type(mut conn: Conn) -> Result<(), String> {
            conn.log.push("body");
            Ok(())
        }
        #[finally(match conn { | None => Ok(()), | Some(mut conn) => conn.close().await })]
        async fn behind_a_bar(conn: Option<Conn>) -> Result<bool, String> {
            Ok(conn.is_some())
        }
        assert_eq!(block_on(behind_a_type(Conn::default())), Ok(()));
        assert_eq!(cleaned(), 2);
        assert_eq!(block_on(behind_a_bar(Some(Conn::default()))), Ok(true));
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn macros_that_await_are_known() {
        #[finally({ tokio::join!(clean_async(), clean_async()); })]
        async fn join() {}
        #[finally(tokio::try_join!(conn.close(), ready(Ok(()))).map(drop))]
        async fn try_join(mut conn: Conn) -> Result<(), String> {
            conn.log.push("body");
            Ok(())
        }
        #[finally(tokio::select! { () = clean_async() => {} () = std::future::pending() => {} }, on_cancel = skip)]
        async fn select() {}

        block_on(join());
        assert_eq!(cleaned(), 2);
        assert_eq!(block_on(try_join(Conn::default())), Ok(()));
        block_on(select());
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn a_function_that_is_not_async_has_macros_of_their_names() {
        macro_rules! join {
            ($($text:expr),*) => { [$($text),*].concat() }
        }
        #[finally({ assert_eq!(join!("a", "b"), "ab"); clean() })]
        fn f() {}
        f();
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn a_question_mark_ends_the_cleanup() {
        fn fails() -> Result<(), String> {
            Err("cleanup".into())
        }
        #[finally({ fails()?; clean(); Ok::<(), String>(()) })]
        async fn f() -> Result<u8, String> {
            Ok(1)
        }
        assert_eq!(block_on(f()), Err("cleanup".into()));
        assert_eq!(cleaned(), 0);
    }

    #[test]
    fn skip_borrows() {
        #[finally(conn.close().await, on_cancel = skip)]
        async fn f(conn: &mut Conn) -> Result<usize, String> {
            conn.log.push("body");
            Ok(conn.log.len())
        }
        let mut conn = Conn::default();
        assert_eq!(block_on(f(&mut conn)), Ok(1));
        assert_eq!(conn.log, ["body", "close"]);
    }

    #[test]
    fn block_borrows_what_is_not_send() {
        #[finally({ yield_now().await; cell.set(cell.get() + 1) }, on_cancel = block)]
        async fn f(cell: &Rc<Cell<u8>>) {
            cell.set(1);
            yield_now().await;
        }
        let cell = Rc::new(Cell::new(0));
        block_on(f(&cell));
        assert_eq!(cell.get(), 2);
    }
}

mod kinds_of_function {
    use super::*;

    #[test]
    fn lastly_is_the_same() {
        #[lastly(clean)]
        async fn f() {}
        block_on(f());
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn two_attributes_run_top_to_bottom() {
        #[finally(log.lock().unwrap().push(1))]
        #[finally(log.lock().unwrap().push(2))]
        async fn f(log: &std::sync::Mutex<Vec<u8>>) {
            log.lock().unwrap().push(0);
        }
        let log = std::sync::Mutex::default();
        block_on(f(&log));
        assert_eq!(*log.lock().unwrap(), [0, 1, 2]);
    }

    #[test]
    fn every_receiver() {
        #[derive(Clone)]
        struct S(u8);
        impl S {
            #[finally(clean_with(self.0))]
            async fn shared(&self) -> u8 {
                yield_now().await;
                self.0
            }
            #[finally({ self.0 += 1; clean() })]
            async fn unique(&mut self) -> u8 {
                yield_now().await;
                self.0 += 1;
                self.0
            }
            #[finally(clean_with(self.0))]
            async fn value(self) -> u8 {
                yield_now().await;
                self.0
            }
            #[finally(clean)]
            async fn value_unused(mut self) -> u8 {
                self.0 += 1;
                self.0
            }
            #[finally(clean_with(self.0))]
            async fn boxed(self: Box<Self>) -> u8 {
                self.0
            }
            #[finally(clean_with(self.0))]
            async fn arc(self: Arc<Self>) -> u8 {
                self.0
            }
            #[finally(clean_with(self.0))]
            async fn pinned(self: Pin<&mut Self>) -> u8 {
                self.0
            }
            #[finally(clean_with(self.0))]
            async fn typed(self: &Self) -> u8 {
                self.0
            }
        }
        fn clean_with(_: u8) {
            clean();
        }
        let mut s = S(1);
        assert_eq!(block_on(s.shared()), 1);
        assert_eq!(block_on(s.unique()), 2);
        assert_eq!(s.0, 3);
        assert_eq!(block_on(s.clone().value()), 3);
        assert_eq!(block_on(s.clone().value_unused()), 4);
        assert_eq!(block_on(Box::new(s.clone()).boxed()), 3);
        assert_eq!(block_on(Arc::new(s.clone()).arc()), 3);
        assert_eq!(block_on(Pin::new(&mut s).pinned()), 3);
        assert_eq!(block_on(s.typed()), 3);
        assert_eq!(cleaned(), 8);
    }

    #[test]
    fn patterns() {
        struct Point {
            x: u8,
            y: u8,
        }
        #[finally(clean)]
        async fn unused((a, mut b): (u8, u8), Point { x, y: z }: Point, _: String, &c: &u8) -> u8 {
            b += 1;
            yield_now().await;
            a + b + x + z + c
        }
        #[finally(assert_eq!(a, 1))]
        async fn used((a, b): (u8, String), Point { x, .. }: Point) -> usize {
            yield_now().await;
            usize::from(a) + b.len() + usize::from(x)
        }
        assert_eq!(block_on(unused((1, 2), Point { x: 3, y: 4 }, String::new(), &5)), 16);
        assert_eq!(block_on(used((1, "b".into()), Point { x: 2, y: 3 })), 4);
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn impl_trait_in_both_positions() {
        #[finally(clean)]
        async fn f(shown: impl Display + Clone) -> Result<impl Display, impl Display> {
            if shown.to_string().is_empty() {
                return Err(String::new());
            }
            Ok(shown)
        }
        let shown = block_on(f("x"));
        assert_eq!(shown.map(|it| it.to_string()).map_err(|it| it.to_string()), Ok("x".into()));
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn impl_trait_in_arrays() {
        #[finally(clean)]
        fn called() -> [impl Display; 2] {
            ["a", "b"]
        }
        #[finally(clean)]
        async fn awaited(items: &mut [u8]) -> Result<(&mut [impl Display], [(u8, impl Display); 1]), ()> {
            Ok((items, [(1, 2)]))
        }
        assert_eq!(called().map(|it| it.to_string()), ["a", "b"]);
        assert!(block_on(awaited(&mut [1])).is_ok_and(|(items, _)| items.len() == 1));
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn generics_and_lifetimes() {
        #[finally(clean)]
        async fn f<'a, T: AsRef<str> + ?Sized, const N: usize>(
            text: &'a T,
            array: [u8; N],
        ) -> (&'a str, usize)
        where
            T: 'a,
        {
            yield_now().await;
            (text.as_ref(), array.len())
        }
        assert_eq!(block_on(f("x", [0; 3])), ("x", 3));
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn a_borrow_out_of_self() {
        struct S(Vec<u8>, u8);
        impl S {
            #[finally(clean)]
            async fn first(&mut self) -> &mut u8 {
                yield_now().await;
                &mut self.0[0]
            }
            #[finally(clean)]
            async fn maybe(&mut self) -> Option<&mut u8> {
                let first = self.0.first_mut()?;
                *first += 1;
                Some(first)
            }
            #[finally(clean_with(self.1))]
            async fn shared(&self) -> &u8 {
                yield_now().await;
                &self.0[0]
            }
        }
        fn clean_with(_: u8) {
            clean();
        }
        let mut s = S(vec![1], 2);
        *block_on(s.first()) = 5;
        assert_eq!(block_on(s.maybe()), Some(&mut 6));
        assert_eq!(*block_on(s.shared()), 6);
        assert_eq!(cleaned(), 3);
    }

    #[test]
    fn a_reborrow_of_a_field_of_self_by_value() {
        struct Lease<'a>(&'a mut Vec<u8>);
        impl<'a> Lease<'a> {
            #[finally(clean)]
            async fn get(self, at: &usize) -> &'a mut u8 {
                yield_now().await;
                &mut self.0[*at]
            }
        }
        let mut data = vec![1, 2];
        *block_on(Lease(&mut data).get(&1)) = 3;
        assert_eq!(data, [1, 3]);
        assert_eq!(cleaned(), 1);
    }

    #[test]
    fn never_returning() {
        #[finally(clean)]
        async fn f() -> ! {
            yield_now().await;
            panic!("out")
        }
        #[finally(clean)]
        fn g() -> ! {
            panic!("out")
        }
        let mut future = Box::pin(f());
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(&mut future))).unwrap_err();
        std::panic::catch_unwind(|| g()).unwrap_err();
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn unsafe_and_extern() {
        /// # Safety
        ///
        /// Always sound.
        #[finally(clean)]
        async unsafe fn f(value: *const u8) -> u8 {
            unsafe { *value }
        }
        #[finally(clean)]
        extern "C" fn g(value: u8) -> u8 {
            value
        }
        assert_eq!(block_on(unsafe { f(&1) }), 1);
        assert_eq!(g(2), 2);
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn recursion_through_a_box() {
        #[finally(clean)]
        async fn f(depth: u8) -> u8 {
            if depth == 0 { 0 } else { 1 + Box::pin(f(depth - 1)).await }
        }
        assert_eq!(block_on(f(5)), 5);
        assert_eq!(cleaned(), 6);
    }

    #[test]
    fn functions_that_are_not_async() {
        #[finally(conn.close_now())]
        fn f(conn: &mut Conn, early: bool) -> Result<usize, String> {
            if early {
                return Ok(0);
            }
            conn.log.push("body");
            Err("late".to_owned())
        }
        let mut conn = Conn::default();
        assert_eq!(f(&mut conn, true), Ok(0));
        assert_eq!(f(&mut conn, false), Err("late".into()));
        assert_eq!(conn.log, ["close", "body", "close"]);

        struct S(Vec<u8>);
        impl S {
            #[finally(clean)]
            fn first(&mut self) -> &mut u8 {
                &mut self.0[0]
            }
        }
        *S(vec![1]).first() = 2;
    }

    #[test]
    fn what_a_plain_function_returns_may_be_anything_that_is_there() {
        #[finally(clean)]
        fn generic<T>(value: T) -> T {
            value
        }
        #[finally(clean)]
        fn borrowed<F: Future + Unpin>(future: &mut F) -> &mut F {
            future
        }
        #[finally(clean)]
        fn failed() -> Result<std::convert::Infallible, Box<dyn std::error::Error>> {
            Err("failed".into())
        }
        #[finally(clean)]
        fn opaque() -> Option<impl Iterator<Item = impl Display>> {
            Some([1, 2].into_iter())
        }
        assert_eq!(block_on(generic(ready(1))), 1);
        assert_eq!(block_on(borrowed(&mut ready(1))), 1);
        assert!(failed().is_err());
        assert_eq!(opaque().map(Iterator::count), Some(2));
        assert_eq!(cleaned(), 4);
    }

    #[test]
    fn functions_that_return_a_future() {
        #[finally(clean)]
        fn f(value: u8) -> impl Future<Output = u8> + Send + use<> {
            if value == 0 {
                clean();
            }
            async move {
                yield_now().await;
                value
            }
        }
        #[finally(clean_with(&shared))]
        fn g(shared: Arc<AtomicUsize>) -> impl Future<Output = usize> {
            let inner = shared.clone();
            async move { inner.fetch_add(1, Relaxed) }
        }
        #[finally(clean)]
        fn h<'a>(value: &'a u8) -> Pin<Box<dyn Future<Output = &'a u8> + Send + 'a>> {
            if *value == 0 {
                return Box::pin(async move { value });
            }
            Box::pin(async move {
                yield_now().await;
                value
            })
        }
        fn clean_with(shared: &AtomicUsize) {
            shared.fetch_add(10, Relaxed);
        }
        let future = f(0);
        assert_eq!(cleaned(), 1, "the block runs when the function is called");
        assert_eq!((block_on(future), cleaned()), (0, 1));
        let shared = Arc::new(AtomicUsize::new(0));
        assert_eq!(block_on(g(shared.clone())), 0);
        assert_eq!(shared.load(Relaxed), 11);
        assert_eq!((block_on(h(&0)), block_on(h(&1))), (&0, &1));
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn methods_under_async_trait() {
        #[async_trait::async_trait]
        trait Work {
            async fn work(&self, by: u8) -> u8;

            #[finally(clean)]
            async fn provided(&mut self, text: &str) -> usize {
                yield_now().await;
                text.len()
            }
        }
        struct S(u8);
        #[async_trait::async_trait]
        impl Work for S {
            #[finally(clean_with(self.0))]
            async fn work(&self, by: u8) -> u8 {
                yield_now().await;
                self.0 + by
            }
        }
        fn clean_with(_: u8) {
            clean();
        }
        assert_eq!(block_on(S(1).work(2)), 3);
        assert_eq!(block_on(S(1).provided("text")), 4);
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn patterns_with_alternatives_and_names_of_every_kind() {
        #[finally(seen(&text))]
        fn alternatives((Ok(text) | Err(text)): Result<String, String>) -> usize {
            text.len()
        }
        #[finally(seen_later(text).await)]
        async fn alternatives_awaited((Ok(text) | Err(text)): Result<String, String>) -> usize {
            text.len()
        }
        #[finally(seen_later(text).await, on_cancel = skip)]
        async fn alternatives_skipped((Ok(text) | Err(text)): Result<String, String>) -> usize {
            text.len()
        }
        #[allow(non_snake_case)]
        #[finally(seen(&N.to_string()))]
        fn upper_case((mut N, _other): (u8, u8)) -> usize {
            N += 1;
            usize::from(N)
        }
        #[finally(seen(&foo.to_string()))]
        fn raw(mut r#foo: u8) -> usize {
            foo += 1;
            usize::from(foo)
        }
        #[finally(seen(&format!("{\u{66}oo}")))]
        async fn escaped(mut foo: u8) -> usize {
            foo += 1;
            usize::from(foo)
        }

        thread_local! {
            static SEEN: Cell<usize> = const { Cell::new(0) };
        }
        fn seen(text: &str) {
            SEEN.set(text.parse().unwrap_or(text.len()));
        }
        async fn seen_later(text: String) {
            yield_now().await;
            seen(&text);
        }
        let check = |value: usize| assert_eq!(SEEN.take(), value);

        check(alternatives(Ok("abc".to_owned())));
        check(block_on(alternatives_awaited(Err("abcd".to_owned()))));
        check(block_on(alternatives_skipped(Err("abcde".to_owned()))));
        check(upper_case((6, 0)));
        check(raw(7));
        check(block_on(escaped(8)));
    }

    #[test]
    fn the_parts_of_arguments_are_dropped_in_the_order_of_the_function() {
        struct Noisy<'a>(u8, &'a Cell<Vec<u8>>);
        impl Drop for Noisy<'_> {
            fn drop(&mut self) {
                let mut order = self.1.take();
                order.push(self.0);
                self.1.set(order);
            }
        }
        type Pair<'a> = (Noisy<'a>, Noisy<'a>);

        fn plain<'a>(a: Noisy<'a>, (b, mut c): Pair<'a>, d: Noisy<'a>, [e, f]: [Noisy<'a>; 2]) {
            c.0 += a.0 + b.0 + d.0 + e.0 + f.0;
        }
        #[finally(clean)]
        fn with<'a>(a: Noisy<'a>, (b, mut c): Pair<'a>, d: Noisy<'a>, [e, f]: [Noisy<'a>; 2]) {
            c.0 += a.0 + b.0 + d.0 + e.0 + f.0;
        }
        #[finally(order.set(vec![0]))]
        fn with_rest<'a>(order: &Cell<Vec<u8>>, (a, _): Pair<'a>) {
            drop(a);
        }
        #[finally({ clean(); drop(c) })]
        fn mentioned<'a>(a: Noisy<'a>, (b, mut c): Pair<'a>, d: Noisy<'a>, [e, f]: [Noisy<'a>; 2]) {
            c.0 += a.0 + b.0 + d.0 + e.0 + f.0;
        }

        let order = Cell::new(Vec::new());
        let noisy = |number| Noisy(number, &order);
        let pair = |number| (noisy(number), noisy(number + 1));
        plain(noisy(1), pair(2), noisy(4), [noisy(5), noisy(6)]);
        let plain = order.take();
        with(noisy(1), pair(2), noisy(4), [noisy(5), noisy(6)]);
        assert_eq!(order.take(), plain);
        mentioned(noisy(1), pair(2), noisy(4), [noisy(5), noisy(6)]);
        assert_eq!(order.take(), [6, 5, 4, 2, 1, 21]);
        with_rest(&order, pair(1));
        assert_eq!(order.take(), [0]);
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn patterns_that_borrow_from_the_argument() {
        #[finally(assert_eq!(*a, 3))]
        async fn mentioned((ref mut a, ref b): (u8, u8)) -> u8 {
            *a += *b;
            yield_now().await;
            *a
        }
        #[finally(clean)]
        async fn not_mentioned((ref mut a, ref b): (u8, u8)) -> u8 {
            *a += *b;
            yield_now().await;
            *a
        }
        #[finally(clean)]
        fn not_async((ref mut a, ref b): (u8, u8)) -> u8 {
            *a += *b;
            *a
        }
        assert_eq!(
            (block_on(mentioned((1, 2))), block_on(not_mentioned((1, 2))), not_async((1, 2))),
            (3, 3, 3)
        );
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn methods_under_async_trait_see_their_arguments() {
        #[async_trait::async_trait]
        trait Work {
            async fn unique(&mut self, by: u8) -> u8;
            async fn shared(&self, name: String) -> usize;
            async fn parts(&self, two: (u8, Vec<u8>), array: [u8; 2]);
            async fn borrowed(&mut self, text: &str) -> Result<usize, String>;
            async fn twice(&mut self, by: u8) -> u8;
            async fn borrows(&mut self) -> &mut u8;
            async fn owned(self) -> u8;
            async fn boxed(self: Box<Self>) -> u8;
            async fn binding(&mut self);
            async fn borrowed_part(&self, part: (u8, u8));
        }
        struct S(u8);
        fn saw(expected: &[u8], seen: &[u8]) {
            assert_eq!(expected, seen);
            clean();
        }
        #[async_trait::async_trait]
        impl Work for S {
            #[finally(saw(&[3, 2], &[self.0, by]))]
            async fn unique(&mut self, by: u8) -> u8 {
                yield_now().await;
                self.0 += by;
                self.0
            }
            #[finally(saw(b"text", name.as_bytes()))]
            async fn shared(&self, mut name: String) -> usize {
                name.push_str("xt");
                yield_now().await;
                name.len() + usize::from(self.0)
            }
            #[finally(saw(&[1, 2, 5], &[one, two[0], two[1]]))]
            async fn parts(&self, (one, mut two): (u8, Vec<u8>), [three, _]: [u8; 2]) {
                yield_now().await;
                two.push(one + three + 1);
            }
            #[finally(saw(&[self.0], &[3]))]
            async fn borrowed(&mut self, text: &str) -> Result<usize, String> {
                yield_now().await;
                self.0 = u8::try_from(text.len()).map_err(|error| error.to_string())?;
                Ok(text.len())
            }
            #[finally(saw(&[self.0], &[5]))]
            #[finally(saw(&[self.0, by], &[5, 2]))]
            async fn twice(&mut self, by: u8) -> u8 {
                self.0 = 5;
                yield_now().await;
                self.0 + by
            }
            #[finally(saw(&[self.0], &[6]))]
            async fn owned(mut self) -> u8 {
                self.0 += 1;
                yield_now().await;
                self.0
            }
            #[finally(saw(&[self.0], &[6]))]
            async fn boxed(mut self: Box<Self>) -> u8 {
                self.0 += 1;
                yield_now().await;
                self.0
            }
            #[finally(saw(&[self.0], &[5]))]
            async fn binding(&mut self) {
                let _ = &mut self;
            }
            #[finally(saw(&[*a], &[3]))]
            async fn borrowed_part(&self, (ref mut a, ref b): (u8, u8)) {
                *a += *b;
            }
            #[finally(clean)]
            async fn borrows(&mut self) -> &mut u8 {
                yield_now().await;
                &mut self.0
            }
        }
        let mut s = S(1);
        assert_eq!(block_on(s.unique(2)), 3);
        assert_eq!(block_on(s.shared("te".to_owned())), 7);
        block_on(s.parts((1, vec![2]), [3, 4]));
        assert_eq!(block_on(s.borrowed("one")), Ok(3));
        assert_eq!(block_on(s.twice(2)), 7);
        assert_eq!(block_on(s.borrows()), &5);
        assert_eq!((block_on(S(5).owned()), block_on(Box::new(S(5)).boxed())), (6, 6));
        block_on(s.binding());
        block_on(s.borrowed_part((1, 2)));
        assert_eq!(cleaned(), 11);
    }

    #[test]
    fn a_block_in_a_box_takes_what_it_takes_without_the_attribute() {
        struct Job<'a> {
            id: Arc<u8>,
            _local: Rc<u8>,
            _borrowed: &'a str,
        }
        #[finally(clean)]
        fn field(job: Job<'_>) -> Pin<Box<dyn Future<Output = u8> + Send>> {
            Box::pin(async move { *job.id })
        }
        #[finally(clean, on_cancel = skip)]
        fn part((id, _unused): (Arc<u8>, Rc<u8>)) -> Pin<Box<dyn Future<Output = u8> + Send>> {
            Box::pin(async move { *id })
        }
        let (id, local, text) = (Arc::new(1), Rc::new(2), "text".to_owned());
        let job = Job { id: id.clone(), _local: local.clone(), _borrowed: &text };
        let futures = [field(job), part((id, local.clone()))];
        drop(text);
        assert_eq!(Rc::strong_count(&local), 1);
        assert_eq!(futures.map(block_on), [1, 1]);
        assert_eq!(cleaned(), 2);
    }

    #[test]
    fn functions_that_box_a_block_see_their_arguments() {
        type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
        #[finally(assert_eq!((&*list, name.len()), (&vec![1, 2], 4)))]
        fn push<'a>(list: &'a mut Vec<u8>, name: String, _unused: &str) -> BoxFuture<'a, usize> {
            Box::pin(async move {
                let list = list;
                yield_now().await;
                list.push(2);
                name.len()
            })
        }
        let mut list = vec![1];
        let future = {
            let unused = String::new();
            push(&mut list, "name".to_owned(), &unused)
        };
        assert_eq!(block_on(future), 4);
        assert_eq!(list, [1, 2]);
    }

    #[test]
    fn methods_under_async_trait_that_return_an_impl_trait() {
        #[async_trait::async_trait]
        trait Work {
            async fn work(&self) -> Result<impl Display + Send, ()>;
        }
        #[async_trait::async_trait]
        impl Work for u8 {
            #[finally(clean)]
            async fn work(&self) -> Result<impl Display + Send, ()> {
                yield_now().await;
                Ok(*self)
            }
        }
        assert_eq!(block_on(7_u8.work()).map(|value| value.to_string()), Ok("7".to_owned()));
        assert_eq!(cleaned(), 1);
    }

    /// Above it: below, it would see the plain function that these make.
    #[test]
    fn above_an_attribute_that_needs_an_async_function() {
        #[finally(clean_async)]
        #[tokio::main(flavor = "current_thread")]
        async fn main() -> u8 {
            tokio::task::yield_now().await;
            1
        }
        assert_eq!((main(), cleaned()), (1, 1));
    }

    #[test]
    fn trait_methods() {
        trait Work {
            fn id(&self) -> u8;
            #[allow(async_fn_in_trait)]
            #[finally(assert_eq!(self.id(), 1))]
            async fn provided(&self, value: u8) -> u8 {
                yield_now().await;
                value
            }
        }
        struct S;
        impl Work for S {
            fn id(&self) -> u8 {
                1
            }
        }
        assert_eq!(block_on(S.provided(2)), 2);
    }

    #[test]
    fn inner_attributes_and_arguments_under_cfg() {
        #[finally(clean)]
        async fn f(#[cfg(not(any()))] kept: u8, #[cfg(any())] gone: Missing) -> u8 {
            #![allow(unused_variables)]
            let unused = 1;
            kept
        }
        assert_eq!(block_on(f(1)), 1);
        assert_eq!(cleaned(), 1);
    }
}

/// A `?` converts into any type of error, and `Ok(())` says none.
mod cleanups_that_fail_by_a_question_mark {
    use super::*;

    struct OfCleanup;

    #[derive(Debug, PartialEq)]
    enum Failure {
        OfCleanup,
    }

    impl From<OfCleanup> for Failure {
        fn from(_: OfCleanup) -> Self {
            Self::OfCleanup
        }
    }

    impl From<std::fmt::Error> for Failure {
        fn from(_: std::fmt::Error) -> Self {
            unreachable!("so that there are two")
        }
    }

    type Result<T> = std::result::Result<T, Failure>;

    fn fails() -> std::result::Result<(), OfCleanup> {
        Err(OfCleanup)
    }

    async fn fails_later() -> std::result::Result<(), OfCleanup> {
        fails()
    }

    #[test]
    fn fail_as_their_functions_do() {
        #[finally({ fails()?; Ok(()) })]
        async fn in_place() -> Result<u8> {
            Ok(1)
        }
        #[finally({ fails_later().await?; Ok(()) })]
        async fn awaits(mut argument: String) -> std::result::Result<String, Failure> {
            argument.push('x');
            Ok(argument)
        }
        #[finally(async { fails_later().await?; Ok(()) }, on_cancel = skip)]
        async fn skips() -> Result<u8> {
            Ok(1)
        }
        #[finally({ fails()?; Ok(()) })]
        fn not_async() -> Result<u8> {
            Ok(1)
        }
        #[finally({ fails()?; Ok(()) })]
        fn opaque() -> impl Future<Output = Result<u8>> {
            async { Ok(1) }
        }
        #[finally({ fails()?; Ok(()) })]
        fn boxed() -> Pin<Box<dyn Future<Output = Result<u8>>>> {
            Box::pin(async { Ok(1) })
        }
        assert_eq!(block_on(in_place()), Err(Failure::OfCleanup));
        assert_eq!(block_on(awaits(String::new())), Err(Failure::OfCleanup));
        assert_eq!(block_on(skips()), Err(Failure::OfCleanup));
        assert_eq!(not_async(), Err(Failure::OfCleanup));
        assert_eq!(block_on(opaque()), Err(Failure::OfCleanup));
        assert_eq!(block_on(boxed()), Err(Failure::OfCleanup));
        let future = finally::block::finally! { <Result<u8>> async { Ok(1) } finally { fails()?; Ok(()) } };
        assert_eq!(block_on(future), Err(Failure::OfCleanup));
    }

    #[test]
    fn fail_as_their_functions_do_from_a_closure() {
        #[finally(|| { fails()?; Ok(()) })]
        async fn closure() -> Result<u8> {
            Ok(1)
        }
        #[finally(|fate| { if fate.is_returned() { fails()?; } Ok(()) })]
        fn with_the_fate() -> Result<u8> {
            Ok(1)
        }
        #[finally(async || { fails_later().await?; Ok(()) })]
        async fn async_closure() -> Result<u8> {
            Ok(1)
        }
        #[finally(|_| async { fails_later().await?; Ok(()) })]
        async fn that_returns_a_block() -> Result<u8> {
            Ok(1)
        }
        assert_eq!(block_on(closure()), Err(Failure::OfCleanup));
        assert_eq!(with_the_fate(), Err(Failure::OfCleanup));
        assert_eq!(block_on(async_closure()), Err(Failure::OfCleanup));
        assert_eq!(block_on(that_returns_a_block()), Err(Failure::OfCleanup));
    }
}

mod types {
    use super::*;

    fn send<T: Send>(future: T) -> T {
        future
    }

    #[test]
    fn a_send_argument_that_is_not_sync_leaves_the_future_send() {
        #[finally(receiver.set(1))]
        async fn f(receiver: Cell<u8>) -> u8 {
            yield_now().await;
            receiver.get()
        }
        #[finally(cell.set(1))]
        async fn g(cell: &mut Cell<u8>) -> u8 {
            let seen = cell.get();
            yield_now().await;
            seen
        }
        assert_eq!(block_on(send(f(Cell::new(3)))), 3);
        assert_eq!(block_on(send(g(&mut Cell::new(3)))), 3);
    }

    /// A value that is `Copy` is captured by a borrow, and a shared one asks `Sync` of it.
    #[test]
    fn a_copy_argument_that_is_not_sync_and_not_used_leaves_the_future_send() {
        type CopyNotSync = std::marker::PhantomData<dyn Fn() + Send>;

        #[finally(cleaned.set(1))]
        async fn f(cleaned: &mut Cell<u8>, _: CopyNotSync, _unused: CopyNotSync) {
            yield_now().await;
        }
        #[finally(cleaned.set(1))]
        async fn g(cleaned: &mut Cell<u8>, given: CopyNotSync) -> (CopyNotSync, u8) {
            let given = given;
            (given, cleaned.get())
        }
        #[finally(cleaned.set(1))]
        #[allow(unused_variables)]
        async fn h(cleaned: &mut Cell<u8>, unused: CopyNotSync) {}

        let marker = std::marker::PhantomData;
        for run in [
            |cell: &mut Cell<u8>, marker| block_on(send(f(cell, marker, marker))),
            |cell: &mut Cell<u8>, marker| _ = block_on(send(g(cell, marker))),
            |cell: &mut Cell<u8>, marker| block_on(send(h(cell, marker))),
        ] {
            let mut cell = Cell::new(0);
            run(&mut cell, marker);
            assert_eq!(cell.get(), 1);
        }
    }

    #[test]
    fn an_output_that_is_not_send_leaves_the_future_send() {
        #[finally(clean)]
        async fn f() -> *const u8 {
            yield_now().await;
            std::ptr::null()
        }
        #[finally(clean_with(by))]
        async fn g(by: u8) -> *const u8 {
            yield_now().await;
            std::ptr::null()
        }
        fn clean_with(_: u8) {}
        assert!(block_on(send(f())).is_null());
        assert!(block_on(send(g(1))).is_null());
    }

    /// The type of a coroutine does not name its output, so the output need not outlive the lifetime that bounds the future.
    #[test]
    fn an_output_need_not_outlive_the_future() {
        #[finally(clean)]
        fn attribute<'a, R, F: FnOnce() -> R + 'a>(_: &'a u8, make: F) -> impl Future<Output = R> + 'a {
            async move { make() }
        }
        #[finally({ let _ = number; clean() })]
        fn mentions<'a, R, F: FnOnce() -> R + 'a>(number: &'a u8, make: F) -> impl Future<Output = R> + 'a {
            async move { make() }
        }
        #[finally(clean)]
        fn boxed<'a, R, F: FnOnce() -> R + 'a>(_: &'a u8, make: F) -> Pin<Box<dyn Future<Output = R> + 'a>> {
            Box::pin(async move { make() })
        }
        fn block<'a, R, F: FnOnce() -> R + 'a>(_: &'a u8, make: F) -> impl Future<Output = R> + 'a {
            finally::block::finally! { async move { make() } finally { clean(); } }
        }
        fn method<'a, R, F: FnOnce() -> R + 'a>(_: &'a u8, make: F) -> impl Future<Output = R> + 'a {
            async move { make() }.finally(clean)
        }
        fn method_with_fate<'a, R, F: FnOnce() -> R + 'a>(
            _: &'a u8,
            make: F,
        ) -> impl Future<Output = R> + 'a {
            async move { make() }.finally_with(|fate| assert!(fate.is_returned())).finally(clean_async)
        }
        let sum = async {
            attribute(&1, || 1).await
                + mentions(&1, || 1).await
                + boxed(&1, || 1).await
                + block(&1, || 1).await
                + method(&1, || 1).await
                + method_with_fate(&1, || 1).await
        };
        assert_eq!((block_on(sum), cleaned()), (6, 6));
    }

    /// Each level puts types between a future and the one inside of it, and the compiler stops at a depth of 128.
    #[test]
    fn twelve_levels_are_within_the_recursion_limit() {
        macro_rules! nest {
            ($last:ident) => {
                async fn $last() -> u8 {
                    0
                }
            };
            ($outer:ident $inner:ident $($rest:ident)*) => {
                #[finally(clean)]
                async fn $outer() -> u8 {
                    $inner().await + 1
                }
                nest!($inner $($rest)*);
            };
        }
        nest!(a b c d e f g h i j k l m);
        assert_eq!((block_on(a()), cleaned()), (12, 12));
    }

    /// The compiler forgets which lifetimes inside a future are the same
    /// (<https://github.com/rust-lang/rust/issues/110338>), so the type of a guard must not depend on that.
    #[test]
    fn a_future_whose_output_borrows_is_send_inside_another_one() {
        struct Pool(u8);
        struct Lease<'a>(&'a u8);
        impl Pool {
            #[finally(clean)]
            async fn plain(&self) -> Result<Lease<'_>, String> {
                yield_now().await;
                Ok(Lease(&self.0))
            }
            #[finally(|fate| assert!(fate.is_returned()))]
            async fn fate(&self) -> Lease<'_> {
                Lease(&self.0)
            }
            #[finally(clean_async)]
            async fn awaits(&self) -> Lease<'_> {
                Lease(&self.0)
            }
            #[finally(assert_eq!(self.0, 1))]
            async fn mentions(&self) -> Lease<'_> {
                Lease(&self.0)
            }
            #[finally({ let id = self.0; async move { assert_eq!(id, 1); clean_async().await } })]
            async fn mentions_and_awaits(&self) -> Lease<'_> {
                Lease(&self.0)
            }
            #[finally(|fate| { let id = (self.0, fate.is_returned()); async move { assert_eq!(id, (1, true)); clean_async().await } })]
            async fn fate_and_awaits(&self) -> Result<Lease<'_>, String> {
                Ok(Lease(&self.0))
            }
            #[finally({ let _ = self.0; clean_async().await }, on_cancel = skip)]
            async fn borrows(&self) -> Lease<'_> {
                Lease(&self.0)
            }
            #[finally(clean_async, on_cancel = block)]
            async fn blocks(&self) -> Lease<'_> {
                Lease(&self.0)
            }
            #[finally(clean_async, on_cancel = skip)]
            async fn skips(&self) -> Lease<'_> {
                Lease(&self.0)
            }
            #[finally(clean)]
            fn future<'a>(&'a self) -> impl Future<Output = Lease<'a>> {
                async move { Lease(&self.0) }
            }
            #[finally(clean)]
            fn boxed<'a>(&'a self) -> Pin<Box<dyn Future<Output = Lease<'a>> + Send + 'a>> {
                Box::pin(async move { Lease(&self.0) })
            }
        }
        let outer = send(async move {
            let pool = Pool(1);
            let plain = pool.plain().await.unwrap();
            let all = [
                pool.fate().await,
                pool.awaits().await,
                pool.mentions().await,
                pool.mentions_and_awaits().await,
                pool.fate_and_awaits().await.unwrap(),
                pool.borrows().await,
                pool.blocks().await,
                pool.skips().await,
                pool.future().await,
                pool.boxed().await,
            ];
            yield_now().await;
            *plain.0 + all.iter().map(|lease| *lease.0).sum::<u8>()
        });
        assert_eq!(block_on(outer), 11);
        assert_eq!(cleaned(), 9);
    }
}

/// `armed = call` makes a function that returns a future of an `async fn`, which nobody else notices.
mod armed_by_the_call {
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
        async fn typed<T, const N: usize>(
            value: T,
            array: [u8; N],
            _kind: PhantomData<T>,
        ) -> (T::Target, usize)
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
        async fn in_the_body(
            (a, mut b): (u8, u8),
            Point { x, y }: Point,
            [first, ..]: [u8; 3],
            mut c: u8,
        ) -> u8 {
            yield_now().await;
            b += 1;
            c += 1;
            a + b + c + x + y + first
        }
        #[finally({ let _ = (a, x, &name); clean() }, armed = call)]
        async fn before_it(
            (a, mut b): (u8, u8),
            Point { x, y: _ }: Point,
            ref name: String,
            mut c: u8,
        ) -> usize {
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
}
