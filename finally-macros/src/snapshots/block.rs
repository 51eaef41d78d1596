//! The formatted expansions of the block.

use expect_test::{Expect, expect};

fn check(input: &str, expected: Expect) {
    let tokens = format!("[krate finally] {input}").parse().expect("tokens");
    let expansion = crate::block::expand(tokens, true);
    let file = syn::parse2(quote::quote!(async fn f() { let value = #expansion; })).expect("an expression");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_block_in_place_goes_on_after_its_cleanup() {
    check(
        "try { page.fill(1); page } finally { spinner.hide(); }",
        expect![[r#"
            async fn f() {
                let value = {
                    use krate::__private as __finally;
                    let __finally_types = __finally::Types::<_, _>::new().diverge(|| loop {});
                    if let __finally::Or::This(__finally_value) = __finally_types.value() {
                        __finally_value
                    } else {
                        #[allow(unreachable_code)]
                        if let __finally::Or::This(__finally_result) = __finally_types.result() {
                            return __finally_result;
                        }
                        match {
                            let __finally_exit = __finally::call(|| {
                                #[allow(unreachable_code)]
                                if let __finally::Or::This(__finally_value) = __finally_types.value()
                                {
                                    return __finally_value;
                                }
                                if let __finally::Or::This(__finally_value) = __finally_types.value()
                                {
                                    __finally_value
                                } else {
                                    page.fill(1);
                                    page
                                }
                            });
                            let __finally_exit = __finally_types.returned(__finally_exit);
                            let __finally_end = __finally::build(
                                __finally_exit,
                                |_| {
                                    spinner.hide();
                                },
                            );
                            let __finally_end = __finally_end.fallible();
                            #[allow(unreachable_code)]
                            let __finally_ended = {
                                let __finally_ended = __finally::settle_at_once(
                                    __finally::describe_end,
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                );
                                __finally_ended
                            };
                            __finally_ended
                        } {
                            __finally::Result::Ok(__finally::End::Value(__finally_value)) => {
                                __finally_value
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Ok(__finally::End::Return(__finally_result)) => {
                                return __finally_result;
                            }
                            __finally::Result::Ok(__finally::End::Jump(__finally_none)) => {
                                let __finally_none: __finally::Infallible = __finally_none;
                                match __finally_none {}
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Err(__finally_failure) => {
                                let __finally_routed = {
                                    use __finally::{
                                        RouteNothing as _, RouteResult as _, RouteValue as _,
                                    };
                                    (&&&__finally_types.route(&__finally_failure))
                                        .__finally_route(__finally_failure)
                                };
                                match __finally_routed {
                                    __finally::Result::Ok(__finally_value) => __finally_value,
                                    __finally::Result::Err(__finally_result) => {
                                        return __finally_result;
                                    }
                                }
                            }
                        }
                    }
                };
            }
        "#]],
    );
}

#[test]
fn a_block_in_place_that_awaits_has_a_handler_if_its_cleanup_shares_no_variable() {
    check(
        "try { fetch(url).await } finally { spinner.hide(); }",
        expect![[r#"
        async fn f() {
            let value = {
                use krate::__private as __finally;
                let __finally_types = __finally::Types::<_, _>::new().diverge(|| loop {});
                if let __finally::Or::This(__finally_value) = __finally_types.value() {
                    __finally_value
                } else {
                    #[allow(unreachable_code)]
                    if let __finally::Or::This(__finally_result) = __finally_types.result() {
                        return __finally_result;
                    }
                    match __finally::SharingNothing(
                            __finally_types.with_value(),
                            async {
                                #[allow(unreachable_code)]
                                if let __finally::Or::This(__finally_value) = __finally_types
                                    .value()
                                {
                                    return __finally_value;
                                }
                                if let __finally::Or::This(__finally_value) = __finally_types
                                    .value()
                                {
                                    __finally_value
                                } else {
                                    fetch(url).await
                                }
                            },
                            |__finally_exit| {
                                let __finally_end = __finally::build_detached(
                                    __finally_exit,
                                    |_| {
                                        spinner.hide();
                                    },
                                );
                                let __finally_end = __finally_end.fallible();
                                __finally::settle(
                                    __finally::describe_end,
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                )
                            },
                        )
                        .await
                    {
                        __finally::Result::Ok(__finally::End::Value(__finally_value)) => {
                            __finally_value
                        }
                        #[allow(unreachable_code)]
                        __finally::Result::Ok(__finally::End::Return(__finally_result)) => {
                            return __finally_result;
                        }
                        __finally::Result::Ok(__finally::End::Jump(__finally_none)) => {
                            let __finally_none: __finally::Infallible = __finally_none;
                            match __finally_none {}
                        }
                        #[allow(unreachable_code)]
                        __finally::Result::Err(__finally_failure) => {
                            let __finally_routed = {
                                use __finally::{
                                    RouteNothing as _, RouteResult as _, RouteValue as _,
                                };
                                (&&&__finally_types.route(&__finally_failure))
                                    .__finally_route(__finally_failure)
                            };
                            match __finally_routed {
                                __finally::Result::Ok(__finally_value) => __finally_value,
                                __finally::Result::Err(__finally_result) => {
                                    return __finally_result;
                                }
                            }
                        }
                    }
                }
            };
        }
    "#]],
    );
}

#[test]
fn a_block_in_place_that_awaits_is_a_coroutine_if_its_cleanup_shares_a_variable() {
    check(
        "try { fetch(url).await?; page } finally { page.hide(); }",
        expect![[r#"
        async fn f() {
            let value = {
                use krate::__private as __finally;
                let __finally_types = __finally::Types::<_, _>::new().diverge(|| loop {});
                if let __finally::Or::This(__finally_value) = __finally_types.value() {
                    __finally_value
                } else {
                    #[allow(unreachable_code)]
                    if let __finally::Or::This(__finally_result) = __finally_types.result() {
                        return __finally_result;
                    }
                    match __finally::WithArguments(async {
                            let mut __finally_slot = __finally::Slot::EMPTY;
                            let __finally_left = __finally::Left::new();
                            __finally::section(
                                __finally::LeavingBody(
                                        &__finally_left,
                                        async {
                                            #[allow(unreachable_code)]
                                            if let __finally::Or::This(__finally_result) = __finally_types
                                                .result()
                                            {
                                                return __finally_result;
                                            }
                                            __finally_slot = __finally::Slot::filled({
                                                __finally_types
                                                    .end(
                                                        if let __finally::Or::This(__finally_value) = __finally_types
                                                            .value()
                                                        {
                                                            __finally_value
                                                        } else {
                                                            fetch(url).await?;
                                                            page
                                                        },
                                                    )
                                            });
                                            __finally_left.leave().await
                                        },
                                    )
                                    .await,
                                |__finally_exit| {
                                    let __finally_exit = __finally_exit.leave(__finally_slot);
                                    let __finally_end = __finally::build_detached(
                                        __finally_exit,
                                        |_| {
                                            page.hide();
                                        },
                                    );
                                    let __finally_end = __finally_end.fallible();
                                    __finally::settle(
                                        __finally::describe_end,
                                        __finally_end.cleanup().__finally_describe(),
                                        __finally_end,
                                    )
                                },
                            )
                        })
                        .await
                    {
                        __finally::Result::Ok(__finally::End::Value(__finally_value)) => {
                            __finally_value
                        }
                        #[allow(unreachable_code)]
                        __finally::Result::Ok(__finally::End::Return(__finally_result)) => {
                            return __finally_result;
                        }
                        __finally::Result::Ok(__finally::End::Jump(__finally_none)) => {
                            let __finally_none: __finally::Infallible = __finally_none;
                            match __finally_none {}
                        }
                        #[allow(unreachable_code)]
                        __finally::Result::Err(__finally_failure) => {
                            let __finally_routed = {
                                use __finally::{
                                    RouteNothing as _, RouteResult as _, RouteValue as _,
                                };
                                (&&&__finally_types.route(&__finally_failure))
                                    .__finally_route(__finally_failure)
                            };
                            match __finally_routed {
                                __finally::Result::Ok(__finally_value) => __finally_value,
                                __finally::Result::Err(__finally_result) => {
                                    return __finally_result;
                                }
                            }
                        }
                    }
                }
            };
        }
    "#]],
    );
}

#[test]
fn a_block_in_place_that_may_leave_the_function_passes_its_value_by_a_slot() {
    check(
        "try { fetch(url).await? } finally { spinner.hide().await; }",
        expect![[r#"
            async fn f() {
                let value = {
                    use krate::__private as __finally;
                    let __finally_types = __finally::Types::<_, _>::new().diverge(|| loop {});
                    if let __finally::Or::This(__finally_value) = __finally_types.value() {
                        __finally_value
                    } else {
                        #[allow(unreachable_code)]
                        if let __finally::Or::This(__finally_result) = __finally_types.result() {
                            return __finally_result;
                        }
                        match {
                            let __finally_left = __finally::SharedSlot::new();
                            #[allow(unreachable_code)]
                            let __finally_ended = __finally::SharingNothing(
                                    &__finally_left,
                                    async {
                                        #[allow(unreachable_code)]
                                        if let __finally::Or::This(__finally_result) = __finally_types
                                            .result()
                                        {
                                            return __finally_result;
                                        }
                                        __finally::Slot::filled({
                                                __finally_types
                                                    .end(
                                                        if let __finally::Or::This(__finally_value) = __finally_types
                                                            .value()
                                                        {
                                                            __finally_value
                                                        } else {
                                                            fetch(url).await?
                                                        },
                                                    )
                                            })
                                            .share(&__finally_left);
                                        __finally_left.leave().await
                                    },
                                    |__finally_exit| {
                                        let __finally_end = __finally::build_owned(
                                            __finally_exit,
                                            __finally::own(async move {
                                                spinner.hide().await;
                                            }),
                                        );
                                        let __finally_end = __finally_end.fallible();
                                        __finally::settle(
                                            __finally::describe_end,
                                            __finally_end.cleanup().__finally_describe(),
                                            __finally_end,
                                        )
                                    },
                                )
                                .await;
                            __finally_ended
                        } {
                            __finally::Result::Ok(__finally::End::Value(__finally_value)) => {
                                __finally_value
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Ok(__finally::End::Return(__finally_result)) => {
                                return __finally_result;
                            }
                            __finally::Result::Ok(__finally::End::Jump(__finally_none)) => {
                                let __finally_none: __finally::Infallible = __finally_none;
                                match __finally_none {}
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Err(__finally_failure) => {
                                let __finally_routed = {
                                    use __finally::{
                                        RouteNothing as _, RouteResult as _, RouteValue as _,
                                    };
                                    (&&&__finally_types.route(&__finally_failure))
                                        .__finally_route(__finally_failure)
                                };
                                match __finally_routed {
                                    __finally::Result::Ok(__finally_value) => __finally_value,
                                    __finally::Result::Err(__finally_result) => {
                                        return __finally_result;
                                    }
                                }
                            }
                        }
                    }
                };
            }
        "#]],
    );
}

#[test]
fn a_block_in_place_that_may_leave_and_does_not_await_is_run_at_once() {
    check(
        "<u8> try { parse(text)? } finally |fate| { log(fate); }",
        expect![[r#"
            async fn f() {
                let value = {
                    use krate::__private as __finally;
                    let __finally_types = __finally::Types::<u8, _>::new().diverge(|| loop {});
                    __finally_types
                        .typed(
                            if let __finally::Or::This(__finally_value) = __finally_types.value() {
                                __finally_value
                            } else {
                                #[allow(unreachable_code)]
                                if let __finally::Or::This(__finally_result) = __finally_types
                                    .result()
                                {
                                    return __finally_result;
                                }
                                match {
                                    let mut __finally_slot = __finally::Slot::EMPTY;
                                    let __finally_left = __finally::Left::new();
                                    let __finally_exit = __finally::run(
                                        &__finally_left,
                                        async {
                                            #[allow(unreachable_code)]
                                            if let __finally::Or::This(__finally_result) = __finally_types
                                                .result()
                                            {
                                                return __finally_result;
                                            }
                                            __finally_slot = __finally::Slot::filled({
                                                let __finally_no_await = __finally::NoAwait;
                                                __finally_types
                                                    .end(
                                                        if let __finally::Or::This(__finally_value) = __finally_types
                                                            .value()
                                                        {
                                                            __finally_value
                                                        } else {
                                                            parse(text)?
                                                        },
                                                    )
                                            });
                                            __finally_left.leave().await
                                        },
                                    );
                                    let __finally_exit = __finally_exit.leave(__finally_slot);
                                    let __finally_end = __finally::build(
                                        __finally_exit,
                                        |fate| {
                                            log(fate);
                                        },
                                    );
                                    let __finally_end = __finally_end.fallible();
                                    #[allow(unreachable_code)]
                                    let __finally_ended = {
                                        let __finally_ended = __finally::settle_at_once(
                                            __finally::describe_end,
                                            __finally_end.cleanup().__finally_describe(),
                                            __finally_end,
                                        );
                                        __finally_ended
                                    };
                                    __finally_ended
                                } {
                                    __finally::Result::Ok(__finally::End::Value(__finally_value)) => {
                                        __finally_value
                                    }
                                    #[allow(unreachable_code)]
                                    __finally::Result::Ok(
                                        __finally::End::Return(__finally_result),
                                    ) => return __finally_result,
                                    __finally::Result::Ok(__finally::End::Jump(__finally_none)) => {
                                        let __finally_none: __finally::Infallible = __finally_none;
                                        match __finally_none {}
                                    }
                                    #[allow(unreachable_code)]
                                    __finally::Result::Err(__finally_failure) => {
                                        let __finally_routed = {
                                            use __finally::{
                                                RouteNothing as _, RouteResult as _, RouteValue as _,
                                            };
                                            (&&&__finally_types.route(&__finally_failure))
                                                .__finally_route(__finally_failure)
                                        };
                                        match __finally_routed {
                                            __finally::Result::Ok(__finally_value) => __finally_value,
                                            __finally::Result::Err(__finally_result) => {
                                                return __finally_result;
                                            }
                                        }
                                    }
                                }
                            },
                        )
                };
            }
        "#]],
    );
}

#[test]
fn each_jump_leaves_the_block_that_has_its_label() {
    check(
        "try { if a { break 'outer 1 } else { continue } } finally { spinner.hide(); }",
        expect![[r#"
            async fn f() {
                let value = {
                    use krate::__private as __finally;
                    let __finally_types = __finally::Types::<_, _>::new().diverge(|| loop {});
                    if let __finally::Or::This(__finally_value) = __finally_types.value() {
                        __finally_value
                    } else {
                        #[allow(unreachable_code)]
                        if let __finally::Or::This(__finally_result) = __finally_types.result() {
                            return __finally_result;
                        }
                        let __finally_types_0 = __finally::Types::<_, ()>::new();
                        #[allow(unreachable_code)]
                        if let __finally::Or::This(__finally_value) = __finally_types_0.value() {
                            break 'outer __finally_value;
                        }
                        match {
                            let __finally_exit = __finally::call(|| {
                                '__finally_end: {
                                    let __finally_jump = '__finally_jump_1: {
                                        let __finally_jump = '__finally_jump_0: {
                                            if let __finally::Or::This(__finally_value) = __finally_types_0
                                                .value()
                                            {
                                                break '__finally_jump_0 __finally_value;
                                            }
                                            let __finally_ended = __finally_types
                                                .end(
                                                    if let __finally::Or::This(__finally_value) = __finally_types
                                                        .value()
                                                    {
                                                        __finally_value
                                                    } else {
                                                        if a {
                                                            break '__finally_jump_0 1
                                                        } else {
                                                            break '__finally_jump_1
                                                        }
                                                    },
                                                );
                                            #[allow(unreachable_code)]
                                            break '__finally_end __finally_ended;
                                        };
                                        #[allow(unreachable_code)]
                                        break '__finally_end __finally::End::Jump(
                                            __finally::Or::This(__finally_jump),
                                        );
                                    };
                                    #[allow(unreachable_code)]
                                    break '__finally_end __finally::End::Jump(
                                        __finally::Or::Other(__finally::Or::This(__finally_jump)),
                                    );
                                }
                            });
                            let __finally_end = __finally::build(
                                __finally_exit,
                                |_| {
                                    spinner.hide();
                                },
                            );
                            let __finally_end = __finally_end.fallible();
                            #[allow(unreachable_code)]
                            let __finally_ended = {
                                let __finally_ended = __finally::settle_at_once(
                                    __finally::describe_end,
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                );
                                __finally_ended
                            };
                            __finally_ended
                        } {
                            __finally::Result::Ok(__finally::End::Value(__finally_value)) => {
                                __finally_value
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Ok(__finally::End::Return(__finally_result)) => {
                                return __finally_result;
                            }
                            __finally::Result::Ok(
                                __finally::End::Jump(__finally::Or::This(__finally_value)),
                            ) => break 'outer __finally_value,
                            __finally::Result::Ok(
                                __finally::End::Jump(__finally::Or::Other(__finally::Or::This(()))),
                            ) => continue,
                            __finally::Result::Ok(
                                __finally::End::Jump(
                                    __finally::Or::Other(__finally::Or::Other(__finally_none)),
                                ),
                            ) => {
                                let __finally_none: __finally::Infallible = __finally_none;
                                match __finally_none {}
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Err(__finally_failure) => {
                                let __finally_routed = {
                                    use __finally::{
                                        RouteNothing as _, RouteResult as _, RouteValue as _,
                                    };
                                    (&&&__finally_types.route(&__finally_failure))
                                        .__finally_route(__finally_failure)
                                };
                                match __finally_routed {
                                    __finally::Result::Ok(__finally_value) => __finally_value,
                                    __finally::Result::Err(__finally_result) => {
                                        return __finally_result;
                                    }
                                }
                            }
                        }
                    }
                };
            }
        "#]],
    );
}

#[test]
fn a_jump_in_a_macro_belongs_to_a_loop_of_that_macro_if_it_has_one() {
    check(
        "try { retry!(break) } finally { spinner.hide(); }",
        expect![[r#"
            async fn f() {
                let value = {
                    use krate::__private as __finally;
                    let __finally_types = __finally::Types::<_, _>::new().diverge(|| loop {});
                    if let __finally::Or::This(__finally_value) = __finally_types.value() {
                        __finally_value
                    } else {
                        #[allow(unreachable_code)]
                        if let __finally::Or::This(__finally_result) = __finally_types.result() {
                            return __finally_result;
                        }
                        match {
                            let mut __finally_slot = __finally::Slot::EMPTY;
                            let __finally_left = __finally::Left::new();
                            let __finally_exit = __finally::run(
                                &__finally_left,
                                async {
                                    #[allow(unreachable_code)]
                                    if let __finally::Or::This(__finally_result) = __finally_types
                                        .result()
                                    {
                                        return __finally_result;
                                    }
                                    __finally_slot = __finally::Slot::filled({
                                        let __finally_no_await = __finally::NoAwait;
                                        '__finally_end: {
                                            let __finally_jump = '__finally_jump_1: {
                                                let __finally_jump = '__finally_jump_0: {
                                                    let mut __finally_entered = false;
                                                    let __finally_broken = loop {
                                                        if __finally_entered {
                                                            break '__finally_jump_1;
                                                        }
                                                        __finally_entered = true;
                                                        let __finally_ended = __finally_types
                                                            .end(
                                                                if let __finally::Or::This(__finally_value) = __finally_types
                                                                    .value()
                                                                {
                                                                    __finally_value
                                                                } else {
                                                                    retry!(break)
                                                                },
                                                            );
                                                        #[allow(unreachable_code)]
                                                        break '__finally_end __finally_ended;
                                                    };
                                                    #[allow(unreachable_code)]
                                                    {
                                                        break '__finally_jump_0 __finally_broken;
                                                    }
                                                };
                                                #[allow(unreachable_code)]
                                                break '__finally_end __finally::End::Jump(
                                                    __finally::Or::This(__finally_jump),
                                                );
                                            };
                                            #[allow(unreachable_code)]
                                            break '__finally_end __finally::End::Jump(
                                                __finally::Or::Other(__finally::Or::This(__finally_jump)),
                                            );
                                        }
                                    });
                                    __finally_left.leave().await
                                },
                            );
                            let __finally_exit = __finally_exit.leave(__finally_slot);
                            let __finally_end = __finally::build(
                                __finally_exit,
                                |_| {
                                    spinner.hide();
                                },
                            );
                            let __finally_end = __finally_end.fallible();
                            #[allow(unreachable_code)]
                            let __finally_ended = {
                                let __finally_ended = __finally::settle_at_once(
                                    __finally::describe_end,
                                    __finally_end.cleanup().__finally_describe(),
                                    __finally_end,
                                );
                                __finally_ended
                            };
                            __finally_ended
                        } {
                            __finally::Result::Ok(__finally::End::Value(__finally_value)) => {
                                __finally_value
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Ok(__finally::End::Return(__finally_result)) => {
                                return __finally_result;
                            }
                            __finally::Result::Ok(__finally::End::Jump(__finally::Or::This(()))) => {
                                break;
                            }
                            __finally::Result::Ok(
                                __finally::End::Jump(__finally::Or::Other(__finally::Or::This(()))),
                            ) => continue,
                            __finally::Result::Ok(
                                __finally::End::Jump(
                                    __finally::Or::Other(__finally::Or::Other(__finally_none)),
                                ),
                            ) => {
                                let __finally_none: __finally::Infallible = __finally_none;
                                match __finally_none {}
                            }
                            #[allow(unreachable_code)]
                            __finally::Result::Err(__finally_failure) => {
                                let __finally_routed = {
                                    use __finally::{
                                        RouteNothing as _, RouteResult as _, RouteValue as _,
                                    };
                                    (&&&__finally_types.route(&__finally_failure))
                                        .__finally_route(__finally_failure)
                                };
                                match __finally_routed {
                                    __finally::Result::Ok(__finally_value) => __finally_value,
                                    __finally::Result::Err(__finally_result) => {
                                        return __finally_result;
                                    }
                                }
                            }
                        }
                    }
                };
            }
        "#]],
    );
}

#[test]
fn a_future_is_a_guard() {
    check(
        "<Result<Page, Error>> async move { fetch(url).await? } finally { spinner.hide(); }",
        expect![[r#"
            async fn f() {
                let value = {
                    use krate::__private as __finally;
                    __finally::IntoFuture::into_future(
                        __finally::WithArguments(async move {
                            __finally::section(
                                __finally::Body(async move {
                                        if false {
                                            return __finally::never::<Result<Page, Error>>();
                                        }
                                        if false {
                                            __finally::never::<Result<Page, Error>>()
                                        } else {
                                            fetch(url).await?
                                        }
                                    })
                                    .await,
                                |__finally_exit| {
                                    let __finally_end = __finally::build_detached(
                                        __finally_exit,
                                        |_| {
                                            spinner.hide();
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
                };
            }
        "#]],
    );
}

#[test]
fn a_future_shares_with_its_cleanup_what_both_mention() {
    check(
        "async move { conn.run().await }, (on_cancel = block) |fate| { conn.close().await }",
        expect![[r#"
            async fn f() {
                let value = {
                    use krate::__private as __finally;
                    __finally::IntoFuture::into_future(
                        __finally::WithArguments(async move {
                            let __finally_exit = __finally::Body(async { conn.run().await }).await;
                            let __finally_held = __finally::pin!(
                                __finally::section(__finally_exit, | __finally_exit | { let
                                __finally_end = __finally::build(__finally_exit, | fate | async {
                                conn.close(). await }); let __finally_detacher =
                                __finally::Option::None;
                                __finally::settle_or_block(__finally::describe_opaque, __finally_end
                                .cleanup().__finally_describe(), __finally_end, __finally_detacher)
                                })
                            );
                            __finally::AwaitedInCoroutine(__finally_held).await
                        }),
                    )
                };
            }
        "#]],
    );
}

#[test]
fn input_that_is_wrong_still_has_the_body_in_it() {
    for (written, body) in [
        ("try { page. }", "{ page . }"),
        ("try { let page = } finally", "{ let page = }"),
        ("async move { page. } finally { return }", "async move { page . }"),
        ("try { page. } finally (on_cancl = skip) { }", "{ page . }"),
    ] {
        let tokens = format!("[krate finally] {written}").parse().expect("tokens");
        let expansion = crate::block::expand(tokens, true).to_string();
        assert_eq!(expansion.matches("compile_error").count(), 1, "{written}: {expansion}");
        assert!(expansion.ends_with(&format!("}} {body} }}")), "{written}: {expansion}");
    }
}

#[test]
fn a_body_that_does_not_parse_stands_where_it_would() {
    for (written, cleanup) in [
        ("try { page. } finally { spinner.hide(); }", "spinner . hide ()"),
        ("try { page. } finally { spinner. }", "spinner ."),
        ("try { while page. } finally { spinner.hide().await }", "spinner . hide () . await"),
        ("async { for page in  } finally |fate| { fate. }", "fate ."),
    ] {
        let tokens = format!("[krate finally] {written}").parse().expect("tokens");
        let expansion = crate::block::expand(tokens, true).to_string();
        assert!(!expansion.contains("compile_error"), "{written}: {expansion}");
        assert!(expansion.contains("page") && expansion.contains(cleanup), "{written}: {expansion}");
    }
}
