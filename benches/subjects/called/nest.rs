//! Functions with a cleanup that call each other, up to twelve deep.

use std::{hint::black_box, panic::AssertUnwindSafe, panic::resume_unwind};

use finally::finally;
use futures::FutureExt;

use crate::{
    common::{clean, print},
    suspend::{Suspend, repeat},
};

pub type Large = [u8; 256];

/// The argument is used after the last suspension, so that it is part of every future.
fn sees<T>(argument: &T) -> u8 {
    black_box(argument);
    7
}

fn clean_with<T>(argument: &T) {
    sees(argument);
    clean();
}

async fn clean_later() {
    clean();
}

async fn clean_later_with<T>(argument: T) {
    clean_with(&argument);
}

macro_rules! as_it_is {
    ($body:block) => {
        $body
    };
}

macro_rules! idiom {
    ($body:block) => {{
        let end = AssertUnwindSafe(async move { $body }).catch_unwind().await;
        clean();
        end.unwrap_or_else(|panic| resume_unwind(panic))
    }};
}

macro_rules! scopeguard {
    ($body:block) => {{
        scopeguard::defer! { clean() }
        $body
    }};
}

macro_rules! guarden {
    ($body:block) => {{
        let guard = guarden::guard!(async move { clean_later().await });
        let value = $body;
        guard.trigger().await;
        value
    }};
}

macro_rules! block {
    ($body:block) => {{
        let value: u8 = finally::block::finally! {
            try $body
            finally { clean(); }
        };
        value
    }};
}

macro_rules! awaited_block {
    ($body:block) => {{
        let value: u8 = finally::block::finally! {
            try $body
            finally { clean_later().await; }
        };
        value
    }};
}

macro_rules! nest {
    (($($level:ident)*) $module:ident, $type:ty, $wrap:ident, $argument:ident $(, #[$attribute:meta])?) => {
        pub mod $module {
            use super::*;

            $(#[$attribute])?
            pub async fn level_1($argument: $type, suspends: i32) -> u8 {
                $wrap!({
                    Suspend(suspends).await;
                    sees(&$argument)
                })
            }

            nest! { @ $type, $wrap, $argument, ($(#[$attribute])?), level_1 $($level)* }
        }
    };
    (@ $type:ty, $wrap:ident, $argument:ident, ($($attribute:tt)*), $below:ident $level:ident $($above:ident)*) => {
        $($attribute)*
        pub async fn $level($argument: $type, suspends: i32) -> u8 {
            $wrap!({ $below($argument, suspends).await })
        }

        nest! { @ $type, $wrap, $argument, ($($attribute)*), $level $($above)* }
    };
    (@ $type:ty, $wrap:ident, $argument:ident, ($($attribute:tt)*), $top:ident) => {};
}

macro_rules! nests {
    ($type:ty, $levels:tt) => {
        use super::*;

        nest!($levels plain, $type, as_it_is, argument);
        nest!($levels instrument, $type, as_it_is, argument, #[tracing::instrument(skip_all)]);
        nest!($levels idiom_sync, $type, idiom, argument);
        nest!($levels scopeguard_sync, $type, scopeguard, argument);
        nest!($levels guarden_awaited, $type, guarden, argument);
        nest!($levels path_sync, $type, as_it_is, argument, #[finally(clean)]);
        nest!($levels argument_sync, $type, as_it_is, argument, #[finally(clean_with(&argument))]);
        nest!($levels armed_sync, $type, as_it_is, argument, #[finally(clean, armed = call)]);
        nest!($levels path_awaited, $type, as_it_is, argument, #[finally(clean_later)]);
        nest!($levels argument_awaited, $type, as_it_is, argument, #[finally(clean_later_with(argument).await)]);
        nest!($levels argument_skip, $type, as_it_is, argument, #[finally(clean_later_with(argument).await, on_cancel = skip)]);
        nest!($levels argument_block, $type, as_it_is, argument, #[finally(clean_later_with(argument).await, on_cancel = block)]);
        nest!($levels block_sync, $type, block, argument);
        nest!($levels block_awaited, $type, awaited_block, argument);
    };
}

mod small {
    nests!(u32, (level_2 level_3 level_4 level_5 level_6 level_7 level_8 level_9 level_10 level_11 level_12));
}

mod large {
    nests!(Large, (level_2 level_3));
}

macro_rules! cases {
    ($action:ident $case:expr) => {
        match $case {
            "plain" => $action!(plain),
            "instrument" => $action!(instrument),
            "idiom_sync" => $action!(idiom_sync),
            "scopeguard_sync" => $action!(scopeguard_sync),
            "guarden_awaited" => $action!(guarden_awaited),
            "path_sync" => $action!(path_sync),
            "argument_sync" => $action!(argument_sync),
            "armed_sync" => $action!(armed_sync),
            "path_awaited" => $action!(path_awaited),
            "argument_awaited" => $action!(argument_awaited),
            "argument_skip" => $action!(argument_skip),
            "argument_block" => $action!(argument_block),
            "block_sync" => $action!(block_sync),
            "block_awaited" => $action!(block_awaited),
            case => panic!("there is no case `{case}`"),
        }
    };
}

pub fn count(case: &str, depth: usize, suspends: i32, times: usize) {
    macro_rules! of {
        ($module:ident) => {
            match depth {
                1 => repeat(|suspends| small::$module::level_1(1, suspends), suspends, times),
                2 => repeat(|suspends| small::$module::level_2(1, suspends), suspends, times),
                4 => repeat(|suspends| small::$module::level_4(1, suspends), suspends, times),
                8 => repeat(|suspends| small::$module::level_8(1, suspends), suspends, times),
                12 => repeat(|suspends| small::$module::level_12(1, suspends), suspends, times),
                _ => panic!("no nest is {depth} deep"),
            }
        };
    }
    cases!(of case);
}

pub fn sizes(case: &str) {
    macro_rules! of {
        ($module:ident) => {{
            print("bytes of one level", size_of_val(&large::$module::level_1([0; 256], 0)));
            print("bytes of three levels", size_of_val(&large::$module::level_3([0; 256], 0)));
        }};
    }
    cases!(of case);
}
