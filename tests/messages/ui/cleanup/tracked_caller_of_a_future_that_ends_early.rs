use std::future::Future;

use finally::finally;

fn clean() {}

#[finally(clean)]
#[track_caller]
fn work(early: bool) -> impl Future<Output = ()> {
    if early {
        return std::future::ready(());
    }
    std::future::ready(())
}

fn main() {}
