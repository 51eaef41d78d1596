//! The types and lifetimes of arguments, values and futures.

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
    fn method_with_fate<'a, R, F: FnOnce() -> R + 'a>(_: &'a u8, make: F) -> impl Future<Output = R> + 'a {
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

/// Each level puts types between a future and the one inside of it, and the compiler stops at a depth of 128. A proof that the future
/// is `Send` goes deepest. If the outermost function is declared first, the compiler also lays it out before it knows the layout of
/// the ones inside.
mod nests_are_within_the_recursion_limit {
    use super::*;

    fn send<F: Future + Send>(future: F) -> F {
        future
    }

    async fn clean_later() {
        clean();
    }

    fn clean_with(_: u8) {
        clean();
    }

    async fn clean_later_with(_: u8) {
        clean();
    }

    macro_rules! nest {
        ($name:ident, $order:ident, |$argument:ident| $cleanup:tt: $($level:ident)*) => {
            mod $name {
                use super::*;

                nest!(@ $order $argument $cleanup $($level)*);

                #[test]
                fn compile() {
                    let levels = [$(stringify!($level)),*].len() - 1;
                    assert_eq!((block_on(send(a(1))), cleaned()), (levels, levels));
                }
            }
        };
        (@ $order:ident $argument:ident $cleanup:tt $last:ident) => {
            async fn $last(_: u8) -> usize {
                0
            }
        };
        (@ outermost_first $argument:ident $cleanup:tt $outer:ident $($inner:ident)*) => {
            nest!(@ level $argument $cleanup $outer $($inner)*);
            nest!(@ outermost_first $argument $cleanup $($inner)*);
        };
        (@ innermost_first $argument:ident $cleanup:tt $outer:ident $($inner:ident)*) => {
            nest!(@ innermost_first $argument $cleanup $($inner)*);
            nest!(@ level $argument $cleanup $outer $($inner)*);
        };
        (@ level $argument:ident [$($cleanup:tt)*] $outer:ident $inner:ident $($rest:ident)*) => {
            #[finally($($cleanup)*)]
            async fn $outer($argument: u8) -> usize {
                $inner($argument).await + 1
            }
        };
    }

    nest!(thirty_one_levels_by_path, innermost_first, |argument| [clean]: a b c d e f g h i j k l m n o p q r s t u v w x y z aa ab ac ad ae af);
    nest!(twenty_four_levels_by_path, outermost_first, |argument| [clean]: a b c d e f g h i j k l m n o p q r s t u v w x y);
    nest!(seventeen_levels_with_an_argument, innermost_first, |argument| [clean_with(argument)]: a b c d e f g h i j k l m n o p q r);
    nest!(twelve_levels_with_an_argument, outermost_first, |argument| [clean_with(argument)]: a b c d e f g h i j k l m);
    nest!(thirty_one_awaited_levels_by_path, innermost_first, |argument| [clean_later]: a b c d e f g h i j k l m n o p q r s t u v w x y z aa ab ac ad ae af);
    nest!(twenty_four_awaited_levels_by_path, outermost_first, |argument| [clean_later]: a b c d e f g h i j k l m n o p q r s t u v w x y);
    nest!(seventeen_awaited_levels_with_an_argument, innermost_first, |argument| [clean_later_with(argument).await]: a b c d e f g h i j k l m n o p q r);
    nest!(twelve_awaited_levels_with_an_argument, outermost_first, |argument| [clean_later_with(argument).await]: a b c d e f g h i j k l m);
    nest!(sixteen_levels_that_skip, innermost_first, |argument| [clean_later_with(argument).await, on_cancel = skip]: a b c d e f g h i j k l m n o p q);
    nest!(twelve_levels_that_skip, outermost_first, |argument| [clean_later_with(argument).await, on_cancel = skip]: a b c d e f g h i j k l m);
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

/// Only an `async fn` may leave out the lifetimes inside of an `impl Trait`, and the expansion is none.
#[test]
fn a_lifetime_inside_of_an_impl_trait_need_not_be_named() {
    trait Total {
        async fn total(&self, numbers: impl IntoIterator<Item = &u8>) -> usize;
        async fn length(&self, text: impl Into<&str>) -> usize;
    }
    impl Total for u8 {
        #[finally(clean)]
        async fn total(&self, numbers: impl IntoIterator<Item = &u8>) -> usize {
            usize::from(numbers.into_iter().sum::<u8>() + self)
        }
        #[finally(clean, armed = call)]
        async fn length(&self, text: impl Into<&str>) -> usize {
            text.into().len()
        }
    }
    #[finally(clean)]
    async fn first<'a>(
        numbers: &'a [u8],
        each: &mut impl Iterator<Item = (&u8, [Box<dyn Display + '_>; 2])>,
        choose: impl Fn(&u8) -> Option<&u8>,
    ) -> Option<&'a u8> {
        let found = each.next().map(|(number, others)| format!("{number}{}{}", others[0], others[1]));
        numbers.iter().find(|number| found.is_none() && choose(number).is_some())
    }
    assert_eq!(block_on(1_u8.total(&[1, 2])), 4);
    assert_eq!(block_on(1_u8.length("ab")), 2);
    let mut none = std::iter::empty::<(&u8, [Box<dyn Display>; 2])>();
    assert_eq!(block_on(first(&[3], &mut none, |number| Some(number))), Some(&3));
}
