//! The promises. Each module, and each test, is named after its promise: `p6_..` for P6.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod p10_no_tax;
mod p11_block;
mod p11_finite;
mod p11_handed_off;
mod p11_wakes;
mod p1_armed_by_the_call;
mod p1_exactly_once;
mod p2_body_first;
mod p3_inline;
mod p4_prompt_cancel;
mod p5_continues;
mod p6_groups;
mod p6_order;
mod p6_siblings;
mod p7_result;
mod p8_drop_panics;
mod p8_errors;
mod p8_evil_text;
mod p8_lossless;
mod p8_matrix;
mod p9_background_thread;
mod p9_hand_off;

use finally::finally;
use support::{End, Error, Log, steps};

/// Suspends twice in the body and twice in the cleanup.
#[finally(clean(log.clone(), cleanup))]
async fn subject(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", 2).await;
    body.reach("body")
}

async fn clean(log: Log, end: End) -> Result<(), Error> {
    steps(log, "clean", 2).await;
    end.reach("cleanup")
}

/// Suspends twice in the body. The cleanup is evaluated in place.
#[finally({ log.push("clean"); cleanup.reach("cleanup") })]
async fn sync_subject(log: Log, body: End, cleanup: End) -> Result<(), Error> {
    let _held = log.on_drop("body dropped");
    steps(log.clone(), "body", 2).await;
    body.reach("body")
}

/// All events of a `subject` that is not cancelled.
const WHOLE: [&str; 7] = ["body 0", "body 1", "body 2", "body dropped", "clean 0", "clean 1", "clean 2"];
const WHOLE_SYNC: [&str; 5] = ["body 0", "body 1", "body 2", "body dropped", "clean"];
