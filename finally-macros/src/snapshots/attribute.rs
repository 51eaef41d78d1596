//! The formatted expansions of the attribute.

use expect_test::{Expect, expect};

fn check(arguments: &str, item: &str, expected: Expect) {
    let tokens = |source: &str| source.parse().expect("tokens");
    let expansion = crate::attribute::expand("finally", tokens(arguments), tokens(item));
    let file = syn::parse2(expansion).expect("an item");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_cleanup_that_uses_no_argument_is_a_handler_after_the_body() {
    check(
        "clean",
        "async fn f(url: Url) -> Result<Page, Error> { fetch(&url).await }",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(url: Url) -> impl ::core::future::Future<Output = Result<Page, Error>> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                __finally::take(url);
                                #[allow(clippy::type_complexity)]
                                let finally_value: Result<Page, Error> = __finally::never();
                                return finally_value;
                            }
                            { fetch(&url).await }
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_detached_static(
                                __finally_exit,
                                |_| clean(),
                            );
                            __finally::settle(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f(url: Url) -> Result<Page, Error> {
                loop {}
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
            #[cfg(not(doc))]
            fn f(
                mut conn: Conn,
                order: Order,
            ) -> impl ::core::future::Future<Output = Result<(), Error>> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithArguments(async move {
                        __finally::section(
                            __finally::Body(async {
                                    if false {
                                        __finally::take(order);
                                        let _ = &mut conn;
                                        #[allow(clippy::type_complexity)]
                                        let finally_value: Result<(), Error> = __finally::never();
                                        return finally_value;
                                    }
                                    { conn.execute(&order).await }
                                })
                                .await,
                            |__finally_exit| {
                                let __finally_end = __finally::build_owned(
                                    __finally_exit,
                                    __finally::own(async move { conn.close().await }),
                                );
                                __finally::settle(
                                    __finally_end.body.__finally_describe(),
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        )
                    }),
                )
            }
            #[cfg(doc)]
            async fn f(mut conn: Conn, order: Order) -> Result<(), Error> {
                loop {}
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
            #[cfg(not(doc))]
            fn f(&mut self, id: u64) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithArguments(async move {
                        __finally::section(
                            __finally::Body(async {
                                    if false {
                                        __finally::take(id);
                                        let _ = &mut *self;
                                        #[allow(clippy::type_complexity)]
                                        let finally_value: () = __finally::never();
                                        return finally_value;
                                    }
                                    { self.run(id).await }
                                })
                                .await,
                            |__finally_exit| {
                                let __finally_end = __finally::build_and_drop(
                                    __finally_exit,
                                    |__finally_builder| {
                                        if false {
                                            __finally::take(self);
                                            return __finally::never();
                                        }
                                        __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                            __finally_builder, self.close()
                                        );
                                        __finally_builder.drop_arguments()
                                    },
                                );
                                __finally::settle(
                                    __finally_end.body.__finally_describe(),
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        )
                    }),
                )
            }
            #[cfg(doc)]
            async fn f(&mut self, id: u64) {
                loop {}
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
            #[cfg(not(doc))]
            fn f(conn: &mut Conn) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithArguments(async move {
                        let __finally_exit = __finally::Body(async {
                                if false {
                                    let _ = &mut *conn;
                                    #[allow(clippy::type_complexity)]
                                    let finally_value: () = __finally::never();
                                    return finally_value;
                                }
                                {}
                            })
                            .await;
                        let __finally_held = __finally::pin!(
                            __finally::section(__finally_exit, | __finally_exit | { let __finally_end
                            = __finally::build_unless_cancelled(__finally_exit, | _ | async { conn
                            .close(). await }); __finally::settle_or_skip(__finally_end.body
                            .__finally_describe(), __finally_end.cleanup().__finally_describe(),
                            __finally_end) })
                        );
                        __finally::AwaitedInCoroutine(__finally_held).await
                    }),
                )
            }
            #[cfg(doc)]
            async fn f(conn: &mut Conn) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn a_replacement_is_evaluated_after_the_cleanup_that_it_replaces() {
    check(
        "conn.close().await, on_cancel = (release(conn.pool.clone(), id))",
        "async fn f(conn: &mut Conn, id: u64, order: Order) {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(
                conn: &mut Conn,
                #[allow(unused_mut)]
                mut id: u64,
                #[allow(unused_mut)]
                mut order: Order,
            ) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithArguments(async move {
                        let __finally_ended = {
                            let __finally_exit = __finally::Body(async {
                                    if false {
                                        let _ = &mut order;
                                        #[allow(clippy::shadow_same)]
                                        let order = order;
                                        let _ = &mut *conn;
                                        let _ = &mut id;
                                        #[allow(clippy::type_complexity)]
                                        let finally_value: () = __finally::never();
                                        return finally_value;
                                    }
                                    {}
                                })
                                .await;
                            let __finally_held = __finally::pin!(
                                __finally::section(__finally_exit, | __finally_exit | { let
                                __finally_end = __finally::build_unless_cancelled(__finally_exit, | _
                                | async { conn.close(). await });
                                __finally::settle_or_skip(__finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(), __finally_end) })
                            );
                            __finally::Interruptible(__finally_held).await
                        };
                        __finally::or_replace(
                            __finally_ended,
                            |__finally_exit| {
                                let __finally_end = __finally::build_and_drop(
                                    __finally_exit,
                                    |__finally_builder| {
                                        if false {
                                            __finally::take(id);
                                            __finally::take(conn);
                                            return __finally::never();
                                        }
                                        __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                            __finally_builder, release(conn.pool.clone(), id)
                                        );
                                        __finally_builder.drop_arguments()
                                    },
                                );
                                __finally::settle_replacement(
                                    __finally_end.replacement().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        )
                    }),
                )
            }
            #[cfg(doc)]
            async fn f(conn: &mut Conn, id: u64, order: Order) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn a_replacement_that_takes_what_it_mentions_leaves_nothing_to_drop() {
    check(
        "async { suspend().await }, on_cancel = (close(conn).await)",
        "async fn f(conn: Conn) {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(#[allow(unused_mut)] mut conn: Conn) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithArguments(async move {
                        let __finally_ended = {
                            let __finally_exit = __finally::Body(async {
                                    if false {
                                        let _ = &mut conn;
                                        #[allow(clippy::type_complexity)]
                                        let finally_value: () = __finally::never();
                                        return finally_value;
                                    }
                                    {}
                                })
                                .await;
                            let __finally_held = __finally::pin!(
                                __finally::section(__finally_exit, | __finally_exit | { let
                                __finally_end = __finally::build_unless_cancelled(__finally_exit, | _
                                | async { suspend(). await });
                                __finally::settle_or_skip(__finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(), __finally_end) })
                            );
                            __finally::Interruptible(__finally_held).await
                        };
                        __finally::or_replace(
                            __finally_ended,
                            |__finally_exit| {
                                let __finally_end = __finally::build_owned(
                                    __finally_exit,
                                    __finally::own(async move { close(conn).await }),
                                );
                                __finally::settle_replacement(
                                    __finally_end.replacement().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        )
                    }),
                )
            }
            #[cfg(doc)]
            async fn f(conn: Conn) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn a_replacement_that_uses_no_argument_is_a_handler_if_the_call_arms_it() {
    check(
        "close(), on_cancel = (leave), armed = call",
        "async fn f(order: Order) {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(order: Order) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::armed(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                #[allow(clippy::shadow_same)]
                                let order = order;
                                #[allow(clippy::type_complexity)]
                                let finally_value: () = __finally::never();
                                return finally_value;
                            }
                            {}
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_unless_cancelled(
                                __finally_exit,
                                |_| close(),
                            );
                            __finally::end_or_replace(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                                |__finally_exit| {
                                    let __finally_end = __finally::build_detached_static(
                                        __finally_exit,
                                        |_| leave(),
                                    );
                                    __finally::settle_replacement(
                                        __finally_end.replacement().__finally_describe(),
                                        __finally_end,
                                    )
                                },
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f(order: Order) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn a_question_mark_before_an_ok_converts_into_the_error_of_the_function() {
    check(
        "{ unlock()?; Ok(()) }",
        "fn f() -> Result<u8, Failure> { Ok(1) }",
        expect![[r#"
            fn f() -> Result<u8, Failure> {
                use ::finally::__private as __finally;
                let __finally_exit = __finally::call(|| -> Result<u8, Failure> {
                    if false {
                        return __finally::never();
                    }
                    { Ok(1) }
                });
                if false {
                    __finally::precedes(
                        &__finally_exit,
                        &__finally_exit.returned().__finally_when(),
                    );
                }
                let __finally_end = __finally::build_static(
                    __finally_exit,
                    |_| {
                        unlock()?;
                        __finally::succeed::<Result<u8, Failure>>(())
                    },
                );
                __finally::settle_sync(
                    __finally_end.body.__finally_describe(),
                    __finally_end.cleanup().__finally_describe(),
                    __finally_end,
                )
            }
        "#]],
    );
}

#[test]
fn the_body_of_a_function_that_tracks_its_caller_stays_where_it_is() {
    check(
        "unlock(&name)",
        "#[track_caller] fn f(name: String, id: u64) -> u64 { id }",
        expect![[r#"
        #[track_caller]
        fn f(#[allow(unused_mut)] mut name: String, id: u64) -> u64 {
            use ::finally::__private as __finally;
            let __finally_deferred = __finally::deferred(
                || __finally::here(),
                |_| unlock(&name),
            );
            {
                #[allow(clippy::shadow_same)]
                let id = id;
                { { id } }
            }
        }
    "#]],
    );
}

#[test]
fn an_expression_is_left_to_the_compiler() {
    let tokens = |source: &str| source.parse().expect("tokens");
    let expansion = crate::attribute::expand("finally", tokens("clean"), tokens("|| 1"));
    let expression = syn::parse2::<syn::Expr>(expansion).expect("an expression");
    assert!(matches!(expression, syn::Expr::Block(_)));
}

#[test]
fn block_hands_off_what_uses_nothing_where_it_would_deadlock() {
    check(
        "close(), on_cancel = block",
        "async fn f() {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f() -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                #[allow(clippy::type_complexity)]
                                let finally_value: () = __finally::never();
                                return finally_value;
                            }
                            {}
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_static(__finally_exit, |_| close());
                            let __finally_detacher = {
                                use __finally::{DetachLocal as _, DetachSend as _};
                                (&&__finally_end.detach_probe()).__finally_detacher()
                            };
                            __finally::end_or_block(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                                __finally_detacher,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f() {
                loop {}
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
                use ::finally::__private as __finally;
                let __finally_exit = __finally::call(|| -> &mut u8 {
                    if false {
                        __finally::take(value);
                        return __finally::never();
                    }
                    { value }
                });
                let __finally_end = __finally::build_static(__finally_exit, |_| clean());
                __finally::settle_sync(
                    __finally_end.body.__finally_describe(),
                    __finally_end.cleanup().__finally_describe(),
                    __finally_end,
                )
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
            #[cfg(not(doc))]
            fn f() -> impl ::core::future::Future<Output = ::finally::__private::Never> {
                use ::finally::__private as __finally;
                __finally::diverging(
                    __finally::IntoFuture::into_future(
                        __finally::WithoutArguments(
                            async move {
                                if false {
                                    return __finally::never::<__finally::Infallible>();
                                }
                                { loop {} }
                            },
                            |__finally_exit| {
                                let __finally_end = __finally::build_detached_static(
                                    __finally_exit,
                                    |_| clean(),
                                );
                                __finally::settle(
                                    __finally_end.body.__finally_describe(),
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        ),
                    ),
                )
            }
            #[cfg(doc)]
            async fn f() -> ! {
                loop {}
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
                use ::finally::__private as __finally;
                let __finally_future = __finally::future::<
                    u64,
                    _,
                    _,
                >(
                    __finally::make(
                        #[allow(closure_returning_async_block)]
                        || { { async move { id } } },
                    ),
                );
                __finally::IntoFuture::into_future(
                    __finally::WithoutArguments(
                        __finally_future,
                        |__finally_exit: __finally::Exit<u64>| {
                            let __finally_end = __finally::build_detached_static(
                                __finally_exit,
                                |_| clean(),
                            );
                            __finally::settle(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                            )
                        },
                    ),
                )
            }
        "#]],
    );
}

#[test]
fn a_boxed_future_is_boxed_again() {
    check(
        "clean(self.id)",
        "fn f<'a>(&'a self) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> { let id = self.id; Box::pin(async move { id }) }",
        expect![[r#"
            fn f<'a>(&'a self) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
                use ::finally::__private as __finally;
                let __finally_future = __finally::make(
                    #[allow(closure_returning_async_block)]
                    || -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
                        {
                            let id = self.id;
                            Box::pin(async move { id })
                        }
                    },
                );
                __finally::Box::pin(
                    __finally::IntoFuture::into_future(
                        __finally::WithArguments(async move {
                            __finally::section(
                                __finally::Body(__finally_future).await,
                                |__finally_exit| {
                                    let __finally_end = __finally::build_and_drop(
                                        __finally_exit,
                                        |__finally_builder| {
                                            if false {
                                                __finally::take(self);
                                                return __finally::never();
                                            }
                                            __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                                __finally_builder, clean(self.id)
                                            );
                                            __finally_builder.drop_arguments()
                                        },
                                    );
                                    __finally::settle(
                                        __finally_end.body.__finally_describe(),
                                        __finally_end.cleanup().__finally_describe(),
                                        __finally_end,
                                    )
                                },
                            )
                        }),
                    ),
                )
            }
        "#]],
    );
}

#[test]
fn a_block_in_a_box_stays_one() {
    check(
        "clean",
        "fn f<'a>(&'a self, unused: &str) -> BoxFuture<'a, u64> { Box::pin(async move { self.id }) }",
        expect![[r#"
            fn f<'a>(&'a self, unused: &str) -> BoxFuture<'a, u64> {
                use ::finally::__private as __finally;
                Box::pin(
                    __finally::IntoFuture::into_future(
                        __finally::WithoutArguments(
                            async move {
                                if false {
                                    #[allow(clippy::type_complexity)]
                                    let finally_value: u64 = __finally::never();
                                    return finally_value;
                                }
                                { self.id }
                            },
                            |__finally_exit| {
                                let __finally_end = __finally::build_detached_static(
                                    __finally_exit,
                                    |_| clean(),
                                );
                                __finally::settle(
                                    __finally_end.body.__finally_describe(),
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        ),
                    ),
                )
            }
        "#]],
    );
}

#[test]
fn a_method_under_async_trait_is_an_async_function_in_a_box() {
    check(
        "clean(self.id, name, a)",
        "fn f<'a>(&'a mut self, mut name: String, __arg2: (u8, u8), other: u8) \
            -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> { \
            Box::pin(async move { \
                if let Some(__ret) = None::<u64> { return __ret; } \
                let mut __self = self; \
                let mut name = name; \
                let (a, mut b) = { let __arg2 = __arg2; __arg2 }; \
                let other = other; \
                let __ret: u64 = { b += a; __self.id }; \
                __ret \
            }) \
        }",
        expect![[r#"
            fn f<'a>(
                &'a mut self,
                mut name: String,
                __finally_argument_2: (u8, u8),
                #[allow(unused_mut)]
                mut other: u8,
            ) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
                use ::finally::__private as __finally;
                Box::pin(
                    __finally::IntoFuture::into_future(
                        __finally::WithArguments(async move {
                            let __finally_argument_2 = __finally_argument_2;
                            let (a, mut b) = __finally_argument_2;
                            __finally::section(
                                __finally::Body(async {
                                        if false {
                                            let _ = &mut other;
                                            __finally::take(other);
                                            __finally::take(b);
                                            let _ = &mut *self;
                                            let _ = &mut name;
                                            #[allow(clippy::type_complexity)]
                                            let finally_value: u64 = __finally::never();
                                            return finally_value;
                                        }
                                        {
                                            if let Some(__ret) = None::<u64> {
                                                return __ret;
                                            }
                                            let mut __self = &mut *self;
                                            let other = other;
                                            let __ret: u64 = {
                                                b += a;
                                                __self.id
                                            };
                                            __ret
                                        }
                                    })
                                    .await,
                                |__finally_exit| {
                                    let __finally_end = __finally::build_and_drop(
                                        __finally_exit,
                                        |__finally_builder| {
                                            if false {
                                                __finally::take(a);
                                                __finally::take(name);
                                                __finally::take(self);
                                                return __finally::never();
                                            }
                                            __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                                __finally_builder, clean(self.id, name, a)
                                            );
                                            __finally_builder.drop_arguments()
                                        },
                                    );
                                    __finally::settle(
                                        __finally_end.body.__finally_describe(),
                                        __finally_end.cleanup().__finally_describe(),
                                        __finally_end,
                                    )
                                },
                            )
                        }),
                    ),
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
            #[cfg(not(doc))]
            fn f(
                __finally_argument_0: (u8, u8),
                two: u8,
            ) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                __finally::take(two);
                                #[allow(
                                    clippy::no_effect_underscore_binding,
                                    clippy::used_underscore_binding
                                )] __finally::take(__finally_argument_0);
                                #[allow(clippy::type_complexity)]
                                let finally_value: () = __finally::never();
                                return finally_value;
                            }
                            let __finally_argument_0 = __finally_argument_0;
                            let (one, _) = __finally_argument_0;
                            #[allow(clippy::shadow_same)]
                            let two = two;
                            { {} }
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_detached_static(
                                __finally_exit,
                                |_| clean(),
                            );
                            __finally::settle(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f((one, _): (u8, u8), two: u8) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn the_attributes_of_an_argument_stay_with_it_but_for_those_of_lints() {
    for (item, head) in [
        (
            "fn f(#[case] #[expect(unused_mut)] mut one: u8, #[cfg(x)] #[cfg_attr(x, allow(unused))] two: u8) {}",
            "fn f (# [case] one : u8 , # [cfg (x)] two : u8)",
        ),
        (
            "fn f(#[values(1, 2)] #[allow(unused)] (one, _): (u8, u8), #[cfg_attr(x, case)] two: u8) {}",
            "fn f (# [values (1 , 2)] __finally_argument_0 : (u8 , u8) , # [cfg_attr (x , case)] two : u8)",
        ),
        (
            "#[rstest] async fn f(#[case] #[expect(unused)] one: u8, #[values(1)] #[allow(unused)] (two, _): (u8, u8)) {}",
            "# [rstest] async fn f (# [case] one : u8 , # [values (1)] __finally_argument_1 : (u8 , u8))",
        ),
    ] {
        let tokens = |source: &str| source.parse().expect("tokens");
        let expansion = crate::attribute::expand("finally", tokens("clean"), tokens(item)).to_string();
        let (written, block) = expansion.split_once(" {").expect("a block");
        assert_eq!(written, head, "{item}");
        for lint in ["expect (", "allow (unused", "cfg_attr (x , allow (unused))"] {
            let is_written = item.replace(' ', "").contains(&lint.replace(' ', ""));
            assert!(!is_written || block.contains(lint), "{lint}: {block}");
        }
        assert!(!block.contains("case") && !block.contains("values"), "{block}");
    }
}

/// rustdoc shows the patterns of a function that is not async, and `__arg0` in place of the patterns of an async one.
#[test]
fn a_function_that_is_not_async_keeps_the_patterns_that_leave_nothing_unbound() {
    for (cleanup, argument, kept) in [
        ("clean", "(mut a, Two([b, &c])): Pair", "(a , Two ([b , & c])) : Pair"),
        ("clean", "Point { x: a, y: b, z: c }: Point", "Point { x : a , y : b , z : c } : Point"),
        ("clean", "(a, b, c, _): Four", "__finally_argument_0 : Four"),
        ("clean", "Point { a, b, c, .. }: Point", "__finally_argument_0 : Point"),
        ("clean", "(a, b, c, unused): Four", "__finally_argument_0 : Four"),
        ("clean", "(a, ref b, c): Three", "__finally_argument_0 : Three"),
        ("clean(a)", "(mut a, ref b, _): Three", "(mut a , ref b , _) : Three"),
    ] {
        let tokens = |source: &str| source.parse().expect("tokens");
        let item = format!("fn f({argument}) {{ use_them(a, b, c) }}");
        let expansion = crate::attribute::expand("finally", tokens(cleanup), tokens(&item)).to_string();
        assert!(expansion.starts_with(&format!("fn f ({kept})")), "{expansion}");
    }
}

#[test]
fn an_argument_that_a_later_attribute_mentions_is_left_for_it() {
    check(
        "clean(&log)",
        "#[finally(flush(&log))] async fn f(log: Log, id: u64) {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(
                #[allow(unused_mut)]
                mut log: Log,
                #[allow(unused_mut)]
                mut id: u64,
            ) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithArguments(async move {
                        __finally::section(
                            __finally::Body(
                                    __finally::IntoFuture::into_future(
                                        __finally::WithArguments(async {
                                            if false {
                                                let _ = &mut id;
                                                #[allow(clippy::shadow_same)]
                                                let id = id;
                                                let _ = &mut log;
                                                return __finally::never();
                                            }
                                            __finally::section(
                                                __finally::Body(async {
                                                        if false {
                                                            let _ = &mut id;
                                                            #[allow(clippy::shadow_same)]
                                                            let id = id;
                                                            let _ = &mut log;
                                                            #[allow(clippy::type_complexity)]
                                                            let finally_value: () = __finally::never();
                                                            return finally_value;
                                                        }
                                                        {}
                                                    })
                                                    .await,
                                                |__finally_exit| {
                                                    let __finally_end = __finally::build_and_drop(
                                                        __finally_exit,
                                                        |__finally_builder| {
                                                            if false {
                                                                return __finally::never();
                                                            }
                                                            __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                                                __finally_builder, clean(& log)
                                                            );
                                                            __finally_builder.drop_arguments()
                                                        },
                                                    );
                                                    __finally::settle(
                                                        __finally_end.body.__finally_describe(),
                                                        __finally_end.cleanup().__finally_describe(),
                                                        __finally_end,
                                                    )
                                                },
                                            )
                                        }),
                                    ),
                                )
                                .await,
                            |__finally_exit| {
                                let __finally_end = __finally::build_and_drop(
                                    __finally_exit,
                                    |__finally_builder| {
                                        if false {
                                            __finally::take(log);
                                            return __finally::never();
                                        }
                                        __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                            __finally_builder, flush(& log)
                                        );
                                        __finally_builder.drop_arguments()
                                    },
                                );
                                __finally::settle(
                                    __finally_end.body.__finally_describe(),
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        )
                    }),
                )
            }
            #[cfg(doc)]
            async fn f(log: Log, id: u64) {
                loop {}
            }
        "#]],
    );
}

/// The compiler knows whether the future of another function is `Send`.
#[test]
fn block_puts_an_async_block_that_uses_nothing_into_a_function() {
    check(
        "{ let rc = Rc::new(1); tick().await; drop(rc) }, on_cancel = block",
        "async fn f() { work().await }",
        expect![[r#"
            #[cfg(not(doc))]
            fn f() -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                #[allow(clippy::type_complexity)]
                                let finally_value: () = __finally::never();
                                return finally_value;
                            }
                            { work().await }
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_static(
                                __finally_exit,
                                {
                                    #[allow(clippy::future_not_send)]
                                    fn __finally_cleanup() -> impl __finally::Future<Output = ()> {
                                        async {
                                            let rc = Rc::new(1);
                                            tick().await;
                                            drop(rc)
                                        }
                                    }
                                    |_| __finally_cleanup()
                                },
                            );
                            let __finally_detacher = {
                                use __finally::{DetachLocal as _, DetachSend as _};
                                (&&__finally_end.detach_probe()).__finally_detacher()
                            };
                            __finally::end_or_block(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                                __finally_detacher,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f() {
                loop {}
            }
        "#]],
    );
}

#[test]
fn block_borrows_what_it_uses() {
    check(
        "conn.close().await, on_cancel = block",
        "async fn f(conn: &mut Conn) { conn.ping().await }",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(conn: &mut Conn) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithArguments(async move {
                        let __finally_exit = __finally::Body(async {
                                if false {
                                    let _ = &mut *conn;
                                    #[allow(clippy::type_complexity)]
                                    let finally_value: () = __finally::never();
                                    return finally_value;
                                }
                                { conn.ping().await }
                            })
                            .await;
                        let __finally_held = __finally::pin!(
                            __finally::section(__finally_exit, | __finally_exit | { let __finally_end
                            = __finally::build(__finally_exit, | _ | async { conn.close(). await });
                            let __finally_detacher = __finally::Option::None;
                            __finally::settle_or_block(__finally_end.body.__finally_describe(),
                            __finally_end.cleanup().__finally_describe(), __finally_end,
                            __finally_detacher) })
                        );
                        __finally::AwaitedInCoroutine(__finally_held).await
                    }),
                )
            }
            #[cfg(doc)]
            async fn f(conn: &mut Conn) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn one_that_is_armed_by_the_call_is_returned() {
    check(
        "clean, armed = call",
        "#[must_use] pub async fn f(url: &str) -> Result<Page, Error> { fetch(url).await }",
        expect![[r#"
            #[cfg(not(doc))]
            pub fn f(url: &str) -> impl ::core::future::Future<Output = Result<Page, Error>> {
                use ::finally::__private as __finally;
                __finally::armed(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                __finally::take(url);
                                #[allow(clippy::type_complexity)]
                                let finally_value: Result<Page, Error> = __finally::never();
                                return finally_value;
                            }
                            { fetch(url).await }
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_detached_static(
                                __finally_exit,
                                |_| clean(),
                            );
                            __finally::settle(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            #[must_use]
            pub async fn f(url: &str) -> Result<Page, Error> {
                loop {}
            }
        "#]],
    );
    check(
        "clean(a), armed = call",
        "async fn f((mut a, _): (u8, u8), b: String) { a += 1; b.len(); }",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(
                __finally_argument_0: (u8, u8),
                b: String,
            ) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::armed(
                    __finally::WithArguments(async move {
                        let __finally_argument_0 = __finally_argument_0;
                        let (mut a, _) = __finally_argument_0;
                        __finally::section(
                            __finally::Body(async {
                                    if false {
                                        __finally::take(b);
                                        #[allow(clippy::type_complexity)]
                                        let finally_value: () = __finally::never();
                                        return finally_value;
                                    }
                                    {
                                        a += 1;
                                        b.len();
                                    }
                                })
                                .await,
                            |__finally_exit| {
                                let __finally_end = __finally::build_and_drop(
                                    __finally_exit,
                                    |__finally_builder| {
                                        if false {
                                            __finally::take(a);
                                            return __finally::never();
                                        }
                                        __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                            __finally_builder, clean(a)
                                        );
                                        __finally_builder.drop_arguments()
                                    },
                                );
                                __finally::settle(
                                    __finally_end.body.__finally_describe(),
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        )
                    }),
                )
            }
            #[cfg(doc)]
            async fn f((mut a, _): (u8, u8), b: String) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn those_below_one_that_is_armed_by_the_call_are_around_it() {
    check(
        "clean(&log), armed = call",
        "#[finally(flush(&log), armed = call)] #[lastly(leave(), on_cancel = skip, armed = call)] async fn f(log: Log, id: u64) {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f(
                #[allow(unused_mut)]
                mut log: Log,
                #[allow(unused_mut)]
                mut id: u64,
            ) -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::armed(
                    __finally::WithoutArguments(
                        __finally::armed(
                            __finally::WithArguments(async move {
                                __finally::section(
                                    __finally::Body(
                                            __finally::armed(
                                                __finally::WithArguments(async {
                                                    if false {
                                                        let _ = &mut id;
                                                        #[allow(clippy::shadow_same)]
                                                        let id = id;
                                                        let _ = &mut log;
                                                        return __finally::never();
                                                    }
                                                    __finally::section(
                                                        __finally::Body(async {
                                                                if false {
                                                                    let _ = &mut id;
                                                                    #[allow(clippy::shadow_same)]
                                                                    let id = id;
                                                                    let _ = &mut log;
                                                                    #[allow(clippy::type_complexity)]
                                                                    let finally_value: () = __finally::never();
                                                                    return finally_value;
                                                                }
                                                                {}
                                                            })
                                                            .await,
                                                        |__finally_exit| {
                                                            let __finally_end = __finally::build_and_drop(
                                                                __finally_exit,
                                                                |__finally_builder| {
                                                                    if false {
                                                                        return __finally::never();
                                                                    }
                                                                    __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                                                        __finally_builder, clean(& log)
                                                                    );
                                                                    __finally_builder.drop_arguments()
                                                                },
                                                            );
                                                            __finally::settle(
                                                                __finally_end.body.__finally_describe(),
                                                                __finally_end.cleanup().__finally_describe(),
                                                                __finally_end,
                                                            )
                                                        },
                                                    )
                                                }),
                                            ),
                                        )
                                        .await,
                                    |__finally_exit| {
                                        let __finally_end = __finally::build_and_drop(
                                            __finally_exit,
                                            |__finally_builder| {
                                                if false {
                                                    __finally::take(log);
                                                    return __finally::never();
                                                }
                                                __finally::own_what_the_cleanup_uses_or_choose_on_cancel_block_or_skip!(
                                                    __finally_builder, flush(& log)
                                                );
                                                __finally_builder.drop_arguments()
                                            },
                                        );
                                        __finally::settle(
                                            __finally_end.body.__finally_describe(),
                                            __finally_end.cleanup().__finally_describe(),
                                            __finally_end,
                                        )
                                    },
                                )
                            }),
                        ),
                        |__finally_exit| {
                            let __finally_end = __finally::build_unless_cancelled(
                                __finally_exit,
                                |_| leave(),
                            );
                            __finally::settle_or_skip(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f(log: Log, id: u64) {
                loop {}
            }
        "#]],
    );
}

#[test]
fn one_that_is_armed_by_the_call_and_never_returns_says_so() {
    check(
        "clean, armed = call, crate = ::cleanups",
        "async fn f() -> ! { loop {} }",
        expect![[r#"
            #[cfg(not(doc))]
            fn f() -> impl ::core::future::Future<Output = ::cleanups::__private::Never> {
                use ::cleanups::__private as __finally;
                __finally::diverging(
                    __finally::armed(
                        __finally::WithoutArguments(
                            async move {
                                if false {
                                    return __finally::never::<__finally::Infallible>();
                                }
                                { loop {} }
                            },
                            |__finally_exit| {
                                let __finally_end = __finally::build_detached_static(
                                    __finally_exit,
                                    |_| clean(),
                                );
                                __finally::settle(
                                    __finally_end.body.__finally_describe(),
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        ),
                    ),
                )
            }
            #[cfg(doc)]
            async fn f() -> ! {
                loop {}
            }
        "#]],
    );
}

#[test]
fn a_closure_gets_the_fate() {
    check(
        "|fate| log(fate.is_cancelled())",
        "async fn f() {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f() -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                #[allow(clippy::type_complexity)]
                                let finally_value: () = __finally::never();
                                return finally_value;
                            }
                            {}
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_detached_static(
                                __finally_exit,
                                |fate| log(fate.is_cancelled()),
                            );
                            __finally::settle(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f() {
                loop {}
            }
        "#]],
    );
}

#[test]
fn what_never_returns_is_taken_for_nothing() {
    check(
        "async || { log().await; todo!() }",
        "async fn f() {}",
        expect![[r#"
            #[cfg(not(doc))]
            fn f() -> impl ::core::future::Future<Output = ()> {
                use ::finally::__private as __finally;
                __finally::IntoFuture::into_future(
                    __finally::WithoutArguments(
                        async move {
                            if false {
                                #[allow(clippy::type_complexity)]
                                let finally_value: () = __finally::never();
                                return finally_value;
                            }
                            {}
                        },
                        |__finally_exit| {
                            let __finally_end = __finally::build_owned(
                                __finally_exit,
                                __finally::own(async move {
                                    if false {
                                        return
                                    } else {
                                        log().await;
                                        todo!()
                                    }
                                }),
                            );
                            __finally::settle(
                                __finally_end.body.__finally_describe(),
                                __finally_end.cleanup().__finally_describe(),
                                __finally_end,
                            )
                        },
                    ),
                )
            }
            #[cfg(doc)]
            async fn f() {
                loop {}
            }
        "#]],
    );
}

#[test]
fn everything_comes_from_the_crate_that_is_named() {
    check(
        "clean, crate = crate::vendor::finally",
        "fn f() {}",
        expect![[r#"
            fn f() {
                use crate::vendor::finally::__private as __finally;
                let __finally_exit = __finally::call(|| -> () {
                    if false {
                        return __finally::never();
                    }
                    {}
                });
                let __finally_end = __finally::build_static(__finally_exit, |_| clean());
                __finally::settle_sync(
                    __finally_end.body.__finally_describe(),
                    __finally_end.cleanup().__finally_describe(),
                    __finally_end,
                )
            }
        "#]],
    );
}

#[test]
fn the_item_stands_beside_an_error() {
    check(
        "drop(code), on_cancl = skip",
        "pub async fn f(code: u8) {}",
        expect![[r#"
        ::core::compile_error! {
            "unknown option `on_cancl`; did you mean `on_cancel`?"
        }
        #[allow(unused_mut, unused_variables)]
        pub async fn f(code: u8) {}
    "#]],
    );
    check(
        "clean",
        "pub struct S;",
        expect![[r#"
        ::core::compile_error! {
            "`#[finally]` goes on a function, not on a struct; put it on the function that needs the cleanup"
        }
        pub struct S;
    "#]],
    );
}

/// The compiler has reported the mistake already. `check` cannot format code that is not an item, so this test has its own assertion.
#[test]
fn a_function_whose_head_nobody_can_read_stays_as_it_is_and_cannot_run() {
    let tokens = |source: &str| source.parse().expect("tokens");
    let expansion =
        crate::attribute::expand("finally", tokens("clean, crate = ::cleanups"), tokens("fn f(x: ) { g() }"));
    expect![
        "fn f (x :) { use :: cleanups :: __private as __finally ; const { __finally :: unreadable () } g () }"
    ]
    .assert_eq(&expansion.to_string());
}
