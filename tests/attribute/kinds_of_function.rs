//! Every kind of function accepts the attribute.

use super::*;

#[test]
fn lastly_is_the_same() {
    #[lastly(clean)]
    async fn f() {}
    block_on(f());
    assert_eq!(cleaned(), 1);
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
    async fn f<'a, T: AsRef<str> + ?Sized, const N: usize>(text: &'a T, array: [u8; N]) -> (&'a str, usize)
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
    assert_eq!((block_on(mentioned((1, 2))), block_on(not_mentioned((1, 2))), not_async((1, 2))), (3, 3, 3));
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
