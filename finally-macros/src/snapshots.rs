//! What the attribute writes, formatted. `UPDATE_EXPECT=1 cargo test -p finally-macros` blesses.

use expect_test::{Expect, expect};

fn check(arguments: &str, item: &str, expected: Expect) {
    let tokens = |source: &str| source.parse().expect("tokens");
    let expansion = crate::attribute::expand("finally", tokens(arguments), tokens(item));
    let file = syn::parse2(expansion).expect("an item");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_cleanup_that_uses_no_argument_is_a_handler_behind_the_body() {
    check(
        "clean",
        "async fn f(url: Url) -> Result<Page, Error> { fetch(&url).await }",
        expect![[r#"
        async fn f(url: Url) -> Result<Page, Error> {
            ::finally::__private::finally(
                    async move {
                        if false {
                            ::finally::__private::take(url);
                            return ::finally::__private::never::<Result<Page, Error>>();
                        }
                        { fetch(&url).await }
                    },
                    |__finally_exit| {
                        let __finally_cleanup = ::finally::__private::build(
                            &__finally_exit,
                            |_| clean(),
                        );
                        let (__finally_body, __finally_cleanup_value) = {
                            use ::finally::__private::{
                                DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                                DescribeNothing as _,
                            };
                            (
                                (&&&&__finally_exit.probe()).describe(),
                                (&&&&__finally_cleanup.probe()).describe(),
                            )
                        };
                        ::finally::__private::settle(
                            __finally_exit,
                            __finally_cleanup,
                            __finally_body,
                            __finally_cleanup_value,
                        )
                    },
                )
                .await
        }
    "#]],
    );
}

#[test]
fn one_that_uses_arguments_is_the_end_of_a_coroutine_that_owns_them() {
    check(
        "conn.close().await",
        "async fn f(mut conn: Conn, order: Order) -> Result<(), Error> { conn.execute(&order).await }",
        expect![[r#"
            async fn f(mut conn: Conn, order: Order) -> Result<(), Error> {
                ::finally::__private::guard(async move {
                        let mut __finally_exit = ::finally::__private::body(async {
                                if false {
                                    ::finally::__private::take(order);
                                    let _ = &mut conn;
                                    return ::finally::__private::never::<Result<(), Error>>();
                                }
                                { conn.execute(&order).await }
                            })
                            .await;
                        let __finally_cleanup = ::finally::__private::build_and_drop(
                            &mut __finally_exit,
                            |__finally_builder| {
                                if false {
                                    ::finally::__private::take(conn);
                                    return ::finally::__private::never();
                                }
                                __finally_builder.build(|_| async move { conn.close().await })
                            },
                        );
                        let (__finally_body, __finally_cleanup_value) = {
                            use ::finally::__private::{
                                DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                                DescribeNothing as _,
                            };
                            (
                                (&&&&__finally_exit.probe()).describe(),
                                (&&&&__finally_cleanup.probe()).describe(),
                            )
                        };
                        ::finally::__private::settle(
                            __finally_exit,
                            __finally_cleanup,
                            __finally_body,
                            __finally_cleanup_value,
                        )
                    })
                    .await
            }
        "#]],
    );
}

#[test]
fn a_shared_self_is_borrowed_uniquely_by_the_body() {
    check(
        "self.close()",
        "async fn f(&mut self, id: u64) { self.run(id).await }",
        expect![[r#"
        async fn f(&mut self, id: u64) {
            ::finally::__private::guard(async move {
                    let mut __finally_exit = ::finally::__private::body(async {
                            if false {
                                ::finally::__private::take(id);
                                let _ = &mut *self;
                                return ::finally::__private::never::<()>();
                            }
                            { self.run(id).await }
                        })
                        .await;
                    let __finally_cleanup = ::finally::__private::build_and_drop(
                        &mut __finally_exit,
                        |__finally_builder| {
                            if false {
                                ::finally::__private::take(self);
                                return ::finally::__private::never();
                            }
                            __finally_builder.build(|_| self.close())
                        },
                    );
                    let (__finally_body, __finally_cleanup_value) = {
                        use ::finally::__private::{
                            DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                            DescribeNothing as _,
                        };
                        (
                            (&&&&__finally_exit.probe()).describe(),
                            (&&&&__finally_cleanup.probe()).describe(),
                        )
                    };
                    ::finally::__private::settle(
                        __finally_exit,
                        __finally_cleanup,
                        __finally_body,
                        __finally_cleanup_value,
                    )
                })
                .await
        }
    "#]],
    );
}

#[test]
fn skip_awaits_the_cleanup_in_the_coroutine() {
    check(
        "conn.close().await, on_cancel = skip",
        "async fn f(conn: &mut Conn) {}",
        expect![[r#"
        async fn f(conn: &mut Conn) {
            ::finally::__private::guard(async move {
                    let __finally_exit = ::finally::__private::body(async {
                            if false {
                                let _ = &mut *conn;
                                return ::finally::__private::never::<()>();
                            }
                            {}
                        })
                        .await;
                    if __finally_exit.is_cancelled() {
                        ::finally::__private::skip(__finally_exit)
                    } else {
                        let __finally_cleanup = ::finally::__private::build(
                            &__finally_exit,
                            |_| async { conn.close().await },
                        );
                        let (__finally_body, __finally_cleanup_value) = {
                            use ::finally::__private::{
                                DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                                DescribeNothing as _,
                            };
                            (
                                (&&&&__finally_exit.probe()).describe(),
                                (&&&&__finally_cleanup.probe()).describe(),
                            )
                        };
                        ::finally::__private::settle_or_skip(
                                __finally_exit,
                                __finally_cleanup,
                                __finally_body,
                                __finally_cleanup_value,
                            )
                            .await
                    }
                })
                .await
        }
    "#]],
    );
}

#[test]
fn block_hands_off_what_uses_nothing_where_it_would_deadlock() {
    check(
        "close(), on_cancel = block",
        "async fn f() {}",
        expect![[r#"
        async fn f() {
            ::finally::__private::guard(async move {
                    let __finally_exit = ::finally::__private::body(async move {
                            if false {
                                return ::finally::__private::never::<()>();
                            }
                            {}
                        })
                        .await;
                    let __finally_cleanup = ::finally::__private::build(
                        &__finally_exit,
                        |_| close(),
                    );
                    let (__finally_body, __finally_cleanup_value) = {
                        use ::finally::__private::{
                            DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                            DescribeNothing as _,
                        };
                        (
                            (&&&&__finally_exit.probe()).describe(),
                            (&&&&__finally_cleanup.probe()).describe(),
                        )
                    };
                    let __finally_detacher = {
                        use ::finally::__private::{DetachLocal as _, DetachSend as _};
                        (&&__finally_cleanup.detach_probe()).detacher()
                    };
                    ::finally::__private::settle_or_block(
                            __finally_exit,
                            __finally_cleanup,
                            __finally_body,
                            __finally_cleanup_value,
                            __finally_detacher,
                        )
                        .await
                })
                .await
        }
    "#]],
    );
}

#[test]
fn a_function_that_is_not_async_is_called() {
    check(
        "clean",
        "fn f(value: &mut u8) -> &mut u8 { value }",
        expect![[r#"
        fn f(value: &mut u8) -> &mut u8 {
            let __finally_exit = ::finally::__private::call(|| {
                if false {
                    ::finally::__private::take(value);
                    return ::finally::__private::never::<&mut u8>();
                }
                { value }
            });
            {
                let __finally_cleanup = ::finally::__private::build(
                    &__finally_exit,
                    |_| clean(),
                );
                let (__finally_body, __finally_cleanup_value) = {
                    use ::finally::__private::{
                        DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                        DescribeNothing as _,
                    };
                    (
                        (&&&&__finally_exit.probe()).describe(),
                        (&&&&__finally_cleanup.probe()).describe(),
                    )
                };
                ::finally::__private::settle_sync(
                    __finally_exit,
                    __finally_cleanup,
                    __finally_body,
                    __finally_cleanup_value,
                )
            }
        }
    "#]],
    );
}

#[test]
fn a_function_that_never_returns_returns_a_type_without_values() {
    check(
        "clean",
        "async fn f() -> ! { loop {} }",
        expect![[r#"
        async fn f() -> ! {
            match ::finally::__private::finally(
                    async move {
                        if false {
                            return ::finally::__private::never::<
                                ::finally::__private::Infallible,
                            >();
                        }
                        { loop {} }
                    },
                    |__finally_exit| {
                        let __finally_cleanup = ::finally::__private::build(
                            &__finally_exit,
                            |_| clean(),
                        );
                        let (__finally_body, __finally_cleanup_value) = {
                            use ::finally::__private::{
                                DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                                DescribeNothing as _,
                            };
                            (
                                (&&&&__finally_exit.probe()).describe(),
                                (&&&&__finally_cleanup.probe()).describe(),
                            )
                        };
                        ::finally::__private::settle(
                            __finally_exit,
                            __finally_cleanup,
                            __finally_body,
                            __finally_cleanup_value,
                        )
                    },
                )
                .await
            {}
        }
    "#]],
    );
}

#[test]
fn a_function_that_returns_a_future_makes_it_when_it_is_called() {
    check(
        "clean",
        "fn f(id: u64) -> impl Future<Output = u64> { async move { id } }",
        expect![[r#"
        fn f(id: u64) -> impl Future<Output = u64> {
            let __finally_future = ::finally::__private::make(|| { { async move { id } } });
            ::finally::__private::finally(
                __finally_future,
                |__finally_exit| {
                    let __finally_cleanup = ::finally::__private::build(
                        &__finally_exit,
                        |_| clean(),
                    );
                    let (__finally_body, __finally_cleanup_value) = {
                        use ::finally::__private::{
                            DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                            DescribeNothing as _,
                        };
                        (
                            (&&&&__finally_exit.probe()).describe(),
                            (&&&&__finally_cleanup.probe()).describe(),
                        )
                    };
                    ::finally::__private::settle(
                        __finally_exit,
                        __finally_cleanup,
                        __finally_body,
                        __finally_cleanup_value,
                    )
                },
            )
        }
    "#]],
    );
}

#[test]
fn a_boxed_future_is_boxed_again() {
    check(
        "clean(self.id)",
        "fn f<'a>(&'a self) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> { Box::pin(async move { self.id }) }",
        expect![[r#"
            fn f<'a>(&'a self) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
                let __finally_future = ::finally::__private::make(|| -> Pin<
                    Box<dyn Future<Output = u64> + Send + 'a>,
                > { { Box::pin(async move { self.id }) } });
                ::finally::__private::Box::pin(
                    ::finally::__private::guard(async move {
                        let mut __finally_exit = ::finally::__private::body(__finally_future).await;
                        let __finally_cleanup = ::finally::__private::build_and_drop(
                            &mut __finally_exit,
                            |__finally_builder| {
                                if false {
                                    ::finally::__private::take(self);
                                    return ::finally::__private::never();
                                }
                                __finally_builder.build(|_| clean(self.id))
                            },
                        );
                        let (__finally_body, __finally_cleanup_value) = {
                            use ::finally::__private::{
                                DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                                DescribeNothing as _,
                            };
                            (
                                (&&&&__finally_exit.probe()).describe(),
                                (&&&&__finally_cleanup.probe()).describe(),
                            )
                        };
                        ::finally::__private::settle(
                            __finally_exit,
                            __finally_cleanup,
                            __finally_body,
                            __finally_cleanup_value,
                        )
                    }),
                )
            }
        "#]],
    );
}

#[test]
fn patterns_are_taken_apart_in_the_body() {
    check(
        "clean",
        "async fn f((one, _): (u8, u8), two: u8) {}",
        expect![[r#"
        async fn f(__finally_argument_0: (u8, u8), two: u8) {
            ::finally::__private::finally(
                    async move {
                        if false {
                            ::finally::__private::take(two);
                            #[allow(
                                clippy::no_effect_underscore_binding,
                                clippy::used_underscore_binding
                            )] ::finally::__private::take(__finally_argument_0);
                            return ::finally::__private::never::<()>();
                        }
                        let __finally_argument_0 = __finally_argument_0;
                        let (one, _) = __finally_argument_0;
                        let two = two;
                        {}
                    },
                    |__finally_exit| {
                        let __finally_cleanup = ::finally::__private::build(
                            &__finally_exit,
                            |_| clean(),
                        );
                        let (__finally_body, __finally_cleanup_value) = {
                            use ::finally::__private::{
                                DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                                DescribeNothing as _,
                            };
                            (
                                (&&&&__finally_exit.probe()).describe(),
                                (&&&&__finally_cleanup.probe()).describe(),
                            )
                        };
                        ::finally::__private::settle(
                            __finally_exit,
                            __finally_cleanup,
                            __finally_body,
                            __finally_cleanup_value,
                        )
                    },
                )
                .await
        }
    "#]],
    );
}

#[test]
fn an_argument_that_a_later_attribute_mentions_is_left_for_it() {
    check(
        "clean(&log)",
        "#[finally(flush(&log))] async fn f(log: Log, id: u64) {}",
        expect![[r#"
        #[finally(flush(&log))]
        async fn f(#[allow(unused_mut)] mut log: Log, id: u64) {
            ::finally::__private::guard(async {
                    if false {
                        ::finally::__private::take(id);
                        let _ = &mut log;
                        return ::finally::__private::never();
                    }
                    let mut __finally_exit = ::finally::__private::body(async {
                            if false {
                                ::finally::__private::take(id);
                                let _ = &mut log;
                                return ::finally::__private::never::<()>();
                            }
                            {}
                        })
                        .await;
                    let __finally_cleanup = ::finally::__private::build_and_drop(
                        &mut __finally_exit,
                        |__finally_builder| {
                            if false {
                                return ::finally::__private::never();
                            }
                            __finally_builder.build(|_| clean(&log))
                        },
                    );
                    let (__finally_body, __finally_cleanup_value) = {
                        use ::finally::__private::{
                            DescribeDebug as _, DescribeDisplay as _, DescribeName as _,
                            DescribeNothing as _,
                        };
                        (
                            (&&&&__finally_exit.probe()).describe(),
                            (&&&&__finally_cleanup.probe()).describe(),
                        )
                    };
                    ::finally::__private::settle(
                        __finally_exit,
                        __finally_cleanup,
                        __finally_body,
                        __finally_cleanup_value,
                    )
                })
                .await
        }
    "#]],
    );
}
