//! Models of the code in which threads interact, checked over random schedules. `tests/tools/model/run` runs
//! them.
//!
//! Each model is a small scene with threads of the checker. It fails if an assertion fails in one of the
//! schedules, or if all threads are blocked.

use alloc::{sync::Arc, task::Wake, vec::Vec};
use core::{
    mem,
    task::{Context, Poll, Waker},
    time::Duration,
};

use shuttle::thread;

use super::{
    counts::Counts,
    exempt::{Exempt, PendingWaits},
    group::Group,
    sync::{AtomicUsize, Condvar, Mutex, Ordering::SeqCst, lock},
    thread::life::{Life, Next},
    trackers::{TrackerCounts, Trackers},
};

/// Runs a scene under many schedules: random ones, and ones with few context switches, which find rare races.
fn check(scene: fn()) {
    shuttle::check_random(scene, 20_000);
    shuttle::check_pct(scene, 20_000, 3);
}

/// A thread that waits for its own wakes.
#[derive(Default)]
struct Sleeper {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        *lock(&self.woken) = true;
        self.changed.notify_all();
    }
}

/// Polls only after a wake, as an executor does. A lost wake becomes a deadlock, which the checker reports.
fn wait(mut poll: impl FnMut(&Context<'_>) -> Poll<()>) {
    let sleeper = Arc::<Sleeper>::default();
    let waker = Waker::from(Arc::clone(&sleeper));
    while poll(&Context::from_waker(&waker)).is_pending() {
        let mut woken = lock(&sleeper.woken);
        while !mem::take(&mut *woken) {
            woken = sleeper.changed.wait(woken).unwrap();
        }
    }
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Counts a chain of one cleanup.
fn chain_began(counts: &Counts) {
    counts.unfinished.enter();
    counts.active.one_more();
}

fn chain_ended(counts: &Counts) {
    counts.unfinished.leave();
    counts.active.one_less();
}

#[test]
fn everyone_who_waits_for_a_group_goes_on_when_its_last_cleanup_ends() {
    check(|| {
        let group = Arc::new(Group::new());
        let tickets = [group.ticket(), group.ticket()];
        let mut threads = Vec::new();
        for slot in 0..2 {
            let group = Arc::clone(&group);
            threads.push(thread::spawn(move || {
                wait(|context| group.poll_end(slot, context));
                assert!(group.has_ended());
            }));
        }
        threads.extend(tickets.map(|ticket| thread::spawn(move || drop(ticket))));
        join(threads);
    });
}

#[test]
fn a_wait_that_is_given_up_takes_no_wake_from_another() {
    check(|| {
        let group = Arc::new(Group::new());
        let ticket = group.ticket();
        let (stays, leaves) = (Arc::clone(&group), Arc::clone(&group));
        join(Vec::from([
            thread::spawn(move || wait(|context| stays.poll_end(0, context))),
            thread::spawn(move || {
                let _ = leaves.poll_end(1, &Context::from_waker(Waker::noop()));
                leaves.forget(1);
            }),
            thread::spawn(move || drop(ticket)),
        ]));
    });
}

#[test]
fn a_group_that_is_passed_on_holds_the_outer_one_until_it_ends() {
    check(|| {
        let (inner, outer) = (Arc::new(Group::new()), Arc::new(Group::new()));
        let (ticket, own) = (inner.ticket(), outer.ticket());
        let ended = Arc::new(AtomicUsize::new(0));
        let (ends, holds, waits) = (Arc::clone(&ended), Arc::clone(&outer), outer);
        join(Vec::from([
            thread::spawn(move || {
                ends.store(1, SeqCst);
                drop(ticket);
            }),
            thread::spawn(move || {
                inner.hold(&holds);
                drop(own);
            }),
            thread::spawn(move || {
                wait(|context| waits.poll_end(0, context));
                assert_eq!(ended.load(SeqCst), 1, "the outer group ends after the inner one");
            }),
        ]));
    });
}

#[test]
fn a_group_that_touches_zero_and_goes_on_wakes_its_waiter_in_the_end() {
    check(|| {
        let group = Arc::new(Group::new());
        let first = group.ticket();
        let (goes_on, waits) = (Arc::clone(&group), group);
        join(Vec::from([
            thread::spawn(move || drop(first)),
            thread::spawn(move || drop(goes_on.ticket())),
            thread::spawn(move || wait(|context| waits.poll_end(0, context))),
        ]));
    });
}

#[test]
fn a_group_that_touches_zero_and_goes_on_still_holds_the_outer_one() {
    check(|| {
        let (inner, outer) = (Arc::new(Group::new()), Arc::new(Group::new()));
        let (first, own) = (inner.ticket(), outer.ticket());
        assert!(inner.poll_end(0, &Context::from_waker(Waker::noop())).is_pending());
        let held = Arc::clone(&outer);
        join(Vec::from([
            thread::spawn(move || drop(first)),
            thread::spawn(move || {
                let second = inner.ticket();
                inner.hold(&held);
                drop(own);
                thread::yield_now();
                assert!(!held.has_ended(), "the inner one has not ended");
                drop(second);
            }),
        ]));
        assert!(outer.has_ended());
    });
}

#[test]
fn a_drain_inside_of_a_cleanup_goes_on_when_another_one_begins_to_wait_for_it() {
    check(|| {
        let counts = Arc::new(Counts::new());
        (0..2).for_each(|_| chain_began(&counts));
        let group = Arc::new(Group::new());
        let ticket = group.ticket();
        let (drains, waits) = (Arc::clone(&counts), counts);
        join(Vec::from([
            thread::spawn(move || {
                drains.active.one_less();
                wait(|context| drains.active.poll_none(0, context));
                drains.active.one_more();
                drop(ticket);
                chain_ended(&drains);
            }),
            thread::spawn(move || {
                waits.active.one_less();
                wait(|context| group.poll_end(0, context));
                waits.active.one_more();
                chain_ended(&waits);
            }),
        ]));
    });
}

#[test]
fn a_drain_inside_of_a_cleanup_waits_for_a_cleanup_that_begins_while_it_looks() {
    check(|| {
        let counts = Arc::new(Counts::new());
        chain_began(&counts);
        counts.active.one_less();
        chain_began(&counts);
        let ended = Arc::new(AtomicUsize::new(0));
        let (other, ends) = (Arc::clone(&counts), Arc::clone(&ended));
        let other = thread::spawn(move || {
            // It cancels a future, waits for the cleanup, and continues.
            chain_began(&other);
            other.active.one_less();
            ends.store(1, SeqCst);
            other.active.one_more();
            chain_ended(&other);
            chain_ended(&other);
        });
        wait(|context| counts.active.poll_none(0, context));
        assert_eq!(ended.load(SeqCst), 1, "the cancelled one has ended");
        other.join().unwrap();
    });
}

#[test]
fn drains_inside_of_cleanups_wait_for_the_others_and_not_for_each_other() {
    check(|| {
        let counts = Arc::new(Counts::new());
        (0..3).for_each(|_| chain_began(&counts));
        let ended = Arc::new(AtomicUsize::new(0));
        let mut threads = Vec::new();
        for slot in 0..2 {
            let (counts, ended) = (Arc::clone(&counts), Arc::clone(&ended));
            threads.push(thread::spawn(move || {
                counts.active.one_less();
                wait(|context| counts.active.poll_none(slot, context));
                assert_eq!(ended.load(SeqCst), 1, "the cleanup that does not wait has ended");
                counts.active.one_more();
                chain_ended(&counts);
            }));
        }
        let (waits, ends) = (Arc::clone(&counts), counts);
        threads.push(thread::spawn(move || {
            ended.store(1, SeqCst);
            chain_ended(&ends);
        }));
        threads.push(thread::spawn(move || {
            wait(|context| waits.unfinished.poll_end(0, context));
            assert_eq!(waits.unfinished.unfinished(), 0, "a drain outside waits for all");
        }));
        join(threads);
    });
}

#[test]
fn a_drain_inside_of_a_cleanup_waits_for_another_one_while_a_chain_ends_and_a_wait_of_it_is_given_back() {
    check(|| {
        let (trackers, counted) = Trackers::new();
        (0..2).for_each(|_| trackers.one_more_active());
        let waits = PendingWaits::new(trackers.clone());
        let wait = Exempt::new(Arc::clone(&waits));
        let (chain, drains) = (trackers.clone(), Arc::clone(&counted));
        let poll_none =
            |counted: &TrackerCounts| counted.counts.active.poll_none(0, &Context::from_waker(Waker::noop()));
        join(Vec::from([
            thread::spawn(move || drop(wait)),
            thread::spawn(move || {
                if waits.end() {
                    chain.one_less_active();
                }
            }),
            thread::spawn(move || assert!(poll_none(&drains).is_pending(), "the other one has not ended")),
        ]));
        trackers.one_less_active();
        assert!(poll_none(&counted).is_ready());
    });
}

/// Models a tracked future that hands off a cleanup when it is dropped, and that is counted until then.
fn drops_a_tracked_future(wait_for_all: impl Fn(&Counts) + Send + Sync + 'static) {
    let (tracker, ended) = (Arc::new(Counts::new()), Arc::new(AtomicUsize::new(0)));
    let wait_for_all = Arc::new(wait_for_all);
    chain_began(&tracker);
    let mut threads = Vec::new();
    for _ in 0..2 {
        let (tracker, ended, wait_for_all) =
            (Arc::clone(&tracker), Arc::clone(&ended), Arc::clone(&wait_for_all));
        threads.push(thread::spawn(move || {
            wait_for_all(&tracker);
            assert_eq!(ended.load(SeqCst), 1, "the future was dropped, and its cleanup has ended");
        }));
    }
    threads.push(thread::spawn(move || {
        chain_began(&tracker);
        let cleanup = {
            let (tracker, ended) = (Arc::clone(&tracker), Arc::clone(&ended));
            thread::spawn(move || {
                ended.store(1, SeqCst);
                chain_ended(&tracker);
            })
        };
        chain_ended(&tracker);
        cleanup.join().unwrap();
    }));
    join(threads);
}

#[test]
fn a_drain_of_a_tracker_waits_for_a_future_and_for_the_cleanup_that_comes_out_of_it() {
    check(|| {
        let slot = AtomicUsize::new(0);
        drops_a_tracked_future(move |tracker| {
            let slot = slot.fetch_add(1, SeqCst);
            wait(|context| tracker.unfinished.poll_end(slot, context));
        });
    });
}

#[test]
fn a_drain_of_a_tracker_inside_of_a_cleanup_of_another_waits_for_them_too() {
    check(|| {
        let slot = AtomicUsize::new(0);
        drops_a_tracked_future(move |tracker| {
            let slot = slot.fetch_add(1, SeqCst);
            wait(|context| tracker.active.poll_none(slot, context));
        });
    });
}

/// A background thread whose work is a number to add up.
#[derive(Default)]
struct Scene {
    life: Life<usize, ()>,
    run: AtomicUsize,
    lost: AtomicUsize,
    threads: AtomicUsize,
}

impl Scene {
    fn run(&self, work: usize) {
        self.run.fetch_add(work, SeqCst);
        self.life.finished_one();
    }

    /// Submits one piece of work. If `starts` is `false`, the start of the thread fails.
    fn submit(self: &Arc<Self>, starts: bool) {
        match self.life.submit(1) {
            Next::Spawn((), work) => self.run(work),
            Next::Wait => {}
            Next::Start(number) if starts => {
                let scene = Arc::clone(self);
                drop(thread::spawn(move || {
                    assert_eq!(scene.threads.fetch_add(1, SeqCst), 0, "there is one thread at a time");
                    scene.life.started(()).into_iter().for_each(|work| scene.run(work));
                    scene.life.wait_until_idle(Duration::ZERO, || {
                        scene.threads.fetch_sub(1, SeqCst);
                        true
                    });
                    // The real thread also makes this call when it ends. Another thread may have started by
                    // then.
                    scene.lost.fetch_add(scene.life.ended(number).into_iter().sum(), SeqCst);
                }));
            }
            Next::Start(number) => {
                self.lost.fetch_add(self.life.ended(number).into_iter().sum(), SeqCst);
            }
        }
    }
}

#[test]
fn work_that_comes_while_the_thread_starts_or_ends_is_done_once() {
    check(|| {
        let scene = Arc::<Scene>::default();
        let submit = || {
            let scene = Arc::clone(&scene);
            thread::spawn(move || scene.submit(true))
        };
        join((0..3).map(|_| submit()).collect());
        while scene.run.load(SeqCst) + scene.lost.load(SeqCst) < 3 {
            thread::yield_now();
        }
        assert_eq!((scene.run.load(SeqCst), scene.lost.load(SeqCst)), (3, 0));
    });
}

#[test]
fn work_that_comes_while_a_start_fails_is_lost_once_or_done_once() {
    check(|| {
        let scene = Arc::<Scene>::default();
        let submit = |starts| {
            let scene = Arc::clone(&scene);
            thread::spawn(move || scene.submit(starts))
        };
        join(Vec::from([submit(false), submit(false), submit(true)]));
        while scene.run.load(SeqCst) + scene.lost.load(SeqCst) < 3 {
            thread::yield_now();
        }
        assert_eq!(scene.run.load(SeqCst) + scene.lost.load(SeqCst), 3);
    });
}
