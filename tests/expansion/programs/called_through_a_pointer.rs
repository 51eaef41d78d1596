//! A path is called, and not passed to another function that calls it. So a type that derefs to a function is accepted, and the function
//! sees its caller.

use std::{panic::Location, pin::pin, sync::Arc, task::Context, task::Waker};

use finally::finally;

#[finally(callback)]
async fn shared(callback: Arc<dyn Fn() + Send + Sync>) {}

#[finally(callback)]
async fn reference(callback: &Box<dyn Fn() + Sync>) {}

#[track_caller]
fn here() {
    assert_eq!(Location::caller().file(), file!());
}

#[finally(here)]
async fn located() {}

fn main() {
    let mut context = Context::from_waker(Waker::noop());
    let callback: Box<dyn Fn() + Sync> = Box::new(|| {});
    assert!(pin!(shared(Arc::new(|| {}))).poll(&mut context).is_ready());
    assert!(pin!(reference(&callback)).poll(&mut context).is_ready());
    assert!(pin!(located()).poll(&mut context).is_ready());
}
