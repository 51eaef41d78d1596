//! Under the combinators of other crates each handler runs once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use finally::FinallyExt;
use futures::FutureExt as _;

use crate::support::{exclusive, hand::Hand, suspend};

fn counting(count: &Arc<AtomicUsize>) -> impl FnOnce() + use<> {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}

fn counting_async(
    count: &Arc<AtomicUsize>,
) -> impl FnOnce() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + use<> {
    let count = Arc::clone(count);
    move || {
        Box::pin(async move {
            suspend().await;
            count.fetch_add(1, SeqCst);
        })
    }
}

#[test]
fn a_thousand_joined_and_dropped() {
    let _turn = exclusive();
    let (in_place, awaited) = (Arc::default(), Arc::default());
    let all = futures::future::join_all((0..1_000).map(|_| {
        let in_place = std::future::pending::<()>().finally(counting(&in_place));
        in_place.finally(counting_async(&awaited))
    }));
    let mut hand = Hand::new(all);
    assert!(hand.poll().is_pending());
    drop(hand);
    finally::drain_blocking(None).unwrap();
    assert_eq!((in_place.load(SeqCst), awaited.load(SeqCst)), (1_000, 1_000));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_around_it() {
    let count = Arc::default();
    let timed_out = tokio::time::timeout(
        Duration::from_secs(1),
        tokio::time::sleep(Duration::from_secs(2)).finally(counting(&count)),
    );
    assert!(timed_out.await.is_err());
    assert_eq!(count.load(SeqCst), 1);
}

#[test]
fn shared_it_runs_when_the_last_clone_goes() {
    let count = Arc::default();
    let shared = std::future::pending::<()>().finally(counting(&count)).shared();
    let other = shared.clone();
    let mut hand = Hand::new(shared);
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(count.load(SeqCst), 0);
    drop(other);
    assert_eq!(count.load(SeqCst), 1);
}
