//! The rounds of a storm, each with new programs and new books.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

use crate::{
    books::{Books, Form, Task},
    random::Random,
    support::{exclusive, scene},
    trees::{self, Site, tree},
    wakes,
};

/// The number of rounds of a test, unless `FINALLY_STORM` sets it.
const ROUNDS: u64 = 4;

fn rounds() -> u64 {
    match std::env::var("FINALLY_STORM") {
        Ok(rounds) => rounds.parse().expect("`FINALLY_STORM` is a number of rounds"),
        Err(_) => ROUNDS,
    }
}

/// The start of a round.
pub struct Round {
    pub random: Random,
    pub site: Site,
}

impl Round {
    /// Returns a task with a program of up to five levels.
    pub fn task(&mut self) -> Task {
        let site = Site { depth: self.random.below(5), ..self.site.clone() };
        Task::new(&self.site.books, tree(site, self.random.fork()))
    }

    /// Returns the tasks of one runtime.
    pub fn tasks(&mut self) -> Vec<Task> {
        (0..100).map(|_| self.task()).collect()
    }
}

/// Runs rounds, and checks after each that nothing is left.
///
/// A runtime that shuts down on a busy machine may poll few of its tasks, so it goes on until a body of each form has come up.
pub fn rounds_of(round: impl Fn(&mut Round) + Copy + Send + 'static) {
    let turn = exclusive();
    let mut forms = BTreeSet::new();
    for seed in 0..20 * rounds() {
        if seed >= rounds() && trees::FORMS.iter().all(|kind| forms.contains(kind.form)) {
            break;
        }
        let books = Arc::<Books>::default();
        let reports = Arc::clone(&books);
        finally::set_failure_hook(move |failure| reports.report(failure));
        let site = Site {
            books: Arc::clone(&books),
            around: None,
            depth: 0,
            in_task: true,
            has_clock: false,
            drop_can_wait: false,
        };
        let start = Round { random: Random::new(seed), site };
        match catch_unwind(AssertUnwindSafe(|| run(start, round, &books))) {
            Ok(page) => forms.extend(page),
            Err(payload) => {
                eprintln!("in round {seed}");
                resume_unwind(payload);
            }
        }
    }
    for kind in trees::FORMS {
        assert!(forms.contains(kind.form), "no body came up in the form `{}`", kind.form);
    }
    drop(turn);
}

/// Runs one round, and returns the forms that occurred in it.
fn run(mut start: Round, round: impl Fn(&mut Round) + Send + 'static, books: &Books) -> Vec<Form> {
    scene::ends(move || round(&mut start));
    books.wait_for_tasks();
    scene::drained();
    assert_eq!(finally::detached(), 0);
    wakes::wake_the_ended();
    books.close()
}
