//! Every form of a cleanup: a path, a closure, an expression, a block.

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
    async fn after_a_type(mut conn: Conn) -> Result<(), String> {
        conn.log.push("body");
        Ok(())
    }
    #[finally(match conn { | None => Ok(()), | Some(mut conn) => conn.close().await })]
    async fn after_a_bar(conn: Option<Conn>) -> Result<bool, String> {
        Ok(conn.is_some())
    }
    assert_eq!(block_on(after_a_type(Conn::default())), Ok(()));
    assert_eq!(cleaned(), 2);
    assert_eq!(block_on(after_a_bar(Some(Conn::default()))), Ok(true));
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
