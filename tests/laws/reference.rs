//! An interpreter of programs without futures, wakers and tasks. A suspension does nothing, and a cancellation returns early.
//!
//! A cleanup that was handed off runs beside the rest, so a run has several correct logs: the executor chooses the order of events
//! that do not depend on each other. Therefore the interpreter takes from the log how far each side had come when it was dropped. It
//! computes everything else: the events, the events that each event comes after, the outcome, and the reports. A log is correct if
//! it has exactly these events in an order that keeps all of these constraints. A program without concurrency has one such order.

use finally::FailureKind;

use crate::{
    coverage::Coverage,
    event::{End, Event, Failing, Id, Index, NEVER, ROOT, What},
    program::{
        Acquired, Build, Cleanup, Finally, Form, Guarded, Leaving, Mode, Node, Op, Program, Residue, Scoped,
    },
};

/// The events, the end and the reports that a run must have.
pub struct Expected {
    pub events: Vec<Constraint>,
    /// The end of the program that its caller gets.
    pub end: End,
    pub reports: Vec<Report>,
    /// The number of times the program is pending. `None` if it depends on handed-off cleanups.
    pub pendings: Option<u32>,
    /// Pairs of sides whose numbers of pendings contradict each other.
    pub tax: Vec<String>,
    /// Contradictions between the log and the program.
    pub contradictions: Vec<String>,
}

/// An event, and the indices of the events that come before it.
pub struct Constraint {
    pub event: Event,
    pub after: Vec<usize>,
    /// The ends of the cleanups for which the event waits.
    pub group: Vec<usize>,
    /// Whether the event comes only after a gate has opened.
    pub gated: bool,
}

/// A failure that goes to the hook, and its origin if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub kind: FailureKind,
    pub id: Option<Id>,
}

/// The position of an interpretation: it comes after these events.
#[derive(Clone, Default)]
struct At {
    after: Vec<usize>,
    group: Vec<usize>,
    /// The number of times the future of the run itself was pending here.
    pendings: u32,
}

impl At {
    fn frontier(&self) -> Vec<usize> {
        [&self.after[..], &self.group[..]].concat()
    }
}

/// The last events of handed-off cleanups, for the parts that wait for them.
type Left = Vec<usize>;

/// The part of a run with which a part of the program is dropped.
#[derive(Clone, Copy)]
struct Zone {
    /// The place of that drop in the log.
    until: u32,
    mark: Option<usize>,
    /// The place in the log up to which the caller of the whole program polls it.
    live: u32,
}

/// The zone of a cleanup on an executor, and of code that awaits nothing.
const FREE: Zone = Zone { until: NEVER, mark: None, live: 0 };

impl Zone {
    /// Returns the zone of a part that is not dropped with its surroundings.
    fn unbounded(self) -> Self {
        Self { until: NEVER, mark: None, ..self }
    }
}

struct Reference<'a> {
    log: &'a Index,
    events: Vec<Constraint>,
    reports: Vec<Report>,
    waits: bool,
    tax: Vec<String>,
    contradictions: Vec<String>,
    /// The panics that were raised while the thread was panicking.
    second: Vec<Id>,
    gates: Vec<(usize, Option<Id>)>,
    /// The length of the log when nothing could go on with the gates closed.
    first_rest: u32,
    coverage: &'a mut Coverage,
}

/// The way in which a run ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    End,
    /// It is dropped before its end.
    Drop,
    /// It is dropped before its first poll.
    FirstPoll,
}

/// Interprets a program.
pub fn interpret(
    program: &Program,
    events: &[Event],
    log: &Index,
    until: Until,
    first_rest: usize,
    coverage: &mut Coverage,
) -> Expected {
    let second = |event: &&Event| event.1 == What::Raised(Failing::SecondPanic);
    let second = events.iter().filter(second).map(|event| event.0).collect();
    let mut this = Reference {
        log,
        events: Vec::with_capacity(events.len()),
        reports: Vec::new(),
        waits: false,
        tax: Vec::new(),
        contradictions: Vec::new(),
        second,
        gates: Vec::new(),
        first_rest: first_rest as u32,
        coverage,
    };
    let mut at = At::default();
    let mut zone = Zone { until: NEVER, mark: None, live: NEVER };
    if until == Until::Drop {
        zone = this.zone(&At::default(), ROOT, 0, zone);
    }
    let end = if until == Until::FirstPoll {
        this.unpolled(program, &mut at, &mut Left::new());
        End::Cancelled(None)
    } else {
        this.run(program, &mut at, zone, &mut Left::new())
    };
    this.close_gates();
    Expected {
        end,
        reports: this.reports,
        pendings: (!this.waits).then_some(at.pendings),
        tax: if this.waits { Vec::new() } else { this.tax },
        contradictions: this.contradictions,
        events: this.events,
    }
}

impl Reference<'_> {
    fn emit(&mut self, at: &mut At, id: Id, what: What) -> usize {
        let number = self.events.len();
        let group = std::mem::take(&mut at.group);
        let after = std::mem::replace(&mut at.after, vec![number]);
        self.events.push(Constraint { event: Event(id, what), after, group, gated: false });
        number
    }

    fn place(&self, number: usize) -> u32 {
        let Event(id, what) = self.events[number].event;
        self.log.of(id, what)
    }

    /// Returns the zone of a side that is dropped at the place of its event in the log.
    fn zone(&mut self, at: &At, id: Id, side: u8, around: Zone) -> Zone {
        let until = self.log.of(id, What::Drops(side));
        let mark = Some(self.emit(&mut at.clone(), id, What::Drops(side)));
        Zone { until, mark, live: around.live.min(until) }
    }

    /// Returns whether an event comes before the zone is dropped.
    fn reached(&self, id: Id, what: What, zone: Zone) -> bool {
        zone.until == NEVER || self.log.of(id, what) < zone.until
    }

    /// Continues in the drop of the zone.
    fn cancel(&mut self, at: &mut At, zone: Zone) -> End {
        if let Some(mark) = zone.mark {
            self.events[mark].after.append(&mut at.after);
            at.after = vec![mark];
            at.group.clear();
        }
        End::Cancelled(None)
    }

    /// Does the same for a part that was interpreted to its end although it was polled only up to the drop.
    fn cancel_since(&mut self, since: usize, at: &mut At, zone: Zone) {
        if let Some(mark) = zone.mark {
            let before = (since..self.events.len()).filter(|number| self.place(*number) < zone.until);
            let before: Vec<_> = before.collect();
            self.events[mark].after.extend(before);
        }
        self.cancel(at, zone);
    }

    fn contradict(&mut self, id: Id, what: &str) {
        self.contradictions.push(format!("#{id}: {what}"));
    }

    fn report(&mut self, kind: FailureKind, id: Option<Id>) {
        self.reports.push(Report { kind, id });
    }

    fn report_cleanup(&mut self, end: End) {
        match end {
            End::Failed(id) => self.report(FailureKind::CleanupFailed, Some(id)),
            End::Panicked(id) => self.report(FailureKind::CleanupPanicked, Some(id)),
            End::Ok | End::Cancelled(_) => {}
        }
    }

    /// Reports the failure of a body that nobody gets.
    fn report_body(&mut self, end: End, erased: bool) {
        match end {
            End::Failed(id) => self.report(FailureKind::BodyFailed, (!erased).then_some(id)),
            End::Panicked(id) => self.report(FailureKind::BodyPanicked, Some(id)),
            End::Ok | End::Cancelled(_) => {}
        }
    }

    fn first_wins(&mut self, body: End, cleanup: End) -> End {
        if body == End::Ok {
            return cleanup;
        }
        self.report_cleanup(cleanup);
        body
    }

    /// Continues with the panic of a drop, unless the thread is panicking already.
    fn raise(&mut self, panic: Option<Id>) -> End {
        match panic {
            Some(id) if self.second.contains(&id) => {
                self.report(FailureKind::BodyPanicked, Some(id));
                self.coverage.count("a panic in a drop by an unwinding");
                End::Cancelled(None)
            }
            panic => End::Cancelled(panic),
        }
    }

    fn wait(&mut self, at: &mut At, left: Left) {
        if !left.is_empty() {
            self.waits = true;
            self.coverage.count("waits for what was handed off");
        }
        at.group.extend(left);
    }

    fn suspend(&mut self, at: &mut At, id: Id, step: u8, zone: Zone) -> bool {
        if self.log.of(id, What::Step(step)) < zone.live {
            at.pendings += 1;
        }
        self.reached(id, What::Step(step + 1), zone)
    }

    fn run(&mut self, program: &Program, at: &mut At, zone: Zone, left: &mut Left) -> End {
        let Node { id, op } = &**program;
        let id = *id;
        match op {
            Op::Done => {
                self.emit(at, id, What::Ran);
                End::Ok
            }
            Op::Fail => {
                self.emit(at, id, What::Raised(Failing::Error));
                End::Failed(id)
            }
            Op::Panic => {
                self.emit(at, id, What::Raised(Failing::Panic));
                End::Panicked(id)
            }
            Op::Yield(times, then) => {
                self.emit(at, id, What::Step(0));
                for step in 0..*times {
                    if !self.suspend(at, id, step, zone) {
                        return self.cancel(at, zone);
                    }
                    self.emit(at, id, What::Step(step + 1));
                }
                self.run(then, at, zone, left)
            }
            Op::Gate(then) => self.gate(id, None, then, at, zone, left),
            Op::Await(of, then) => self.gate(id, Some(*of), then, at, zone, left),
            Op::Signal(then) => {
                self.emit(at, id, What::Signalled);
                self.run(then, at, zone, left)
            }
            Op::Seq(first, second) => match self.run(first, at, zone, left) {
                End::Ok => self.run(second, at, zone, left),
                end => end,
            },
            Op::Catch(inner) => match self.run(inner, at, zone, left) {
                End::Failed(caught) | End::Panicked(caught) => {
                    self.emit(at, caught, What::Caught);
                    End::Ok
                }
                end => end,
            },
            Op::Hold(inner) => {
                let end = self.run(inner, at, zone, left);
                self.emit(at, id, What::Dropped);
                end
            }
            Op::Bomb(inner) => {
                let end = self.run(inner, at, zone, left);
                self.emit(at, id, What::Dropped);
                match end {
                    End::Cancelled(None) if self.explodes(id, at) => End::Cancelled(Some(id)),
                    end => end,
                }
            }
            Op::Race { left: first, right: second, .. } => self.race(id, [first, second], at, zone, left),
            Op::Join(first, second) => self.join(id, [first, second], at, zone, left),
            Op::Leave(polls, inner) => self.leave(id, *polls, inner, at, zone, left),
            Op::Finally(it) => self.finally(id, it, at, zone, left),
            Op::Guard(it) => {
                let end = self.run(&it.program, at, zone, left);
                self.guard(id, it, end, at, zone, left)
            }
            Op::Scope(it) => self.scope(id, it, at, zone, left),
            Op::Acquire(it) => self.acquire(id, it, at, zone, left),
        }
    }

    /// Interprets the drop of a program that was never polled.
    fn unpolled(&mut self, program: &Program, at: &mut At, outer: &mut Left) {
        match &program.op {
            Op::Race { left: first, right: second, .. } | Op::Join(first, second) => {
                self.unpolled(first, at, outer);
                self.unpolled(second, at, outer);
            }
            Op::Leave(_, inner) => self.unpolled(inner, at, outer),
            // Its body is made when it is polled.
            Op::Finally(it) if it.form == Form::Plain => {}
            Op::Finally(it) if !it.form.is_armed() => self.unpolled(&it.body, at, outer),
            Op::Finally(it) => {
                let mut inside = Left::new();
                self.unpolled(&it.body, at, &mut inside);
                self.coverage.count("a cleanup of a body that was never polled");
                if let Some(top) = &it.top {
                    let cleaned = self.clean_now(top, false, at, &mut inside);
                    self.report_cleanup(cleaned);
                }
                self.abandon(it, at, inside, outer);
            }
            // All other nodes make their parts when they are polled.
            _ => {}
        }
    }

    /// Returns whether a drop panics. The program decides that, and does not panic twice at once.
    fn explodes(&mut self, id: Id, at: &mut At) -> bool {
        let what = if self.second.contains(&id) { Failing::SecondPanic } else { Failing::Panic };
        let explodes = self.log.has(id, What::Raised(what));
        if explodes {
            self.emit(at, id, What::Raised(what));
            self.coverage.count("a panic in a drop");
        }
        explodes
    }

    fn gate(
        &mut self,
        id: Id,
        of: Option<Id>,
        then: &Program,
        at: &mut At,
        zone: Zone,
        left: &mut Left,
    ) -> End {
        self.emit(at, id, What::Step(0));
        // It is polled as often as the other side is.
        self.waits = true;
        if !self.suspend(at, id, 0, zone) {
            return self.cancel(at, zone);
        }
        let opened = self.emit(at, id, What::Step(1));
        self.gates.push((opened, of));
        self.run(then, at, zone, left)
    }

    fn race(&mut self, id: Id, sides: [&Program; 2], at: &mut At, zone: Zone, left: &mut Left) -> End {
        let loser = (0..2).find(|side| self.log.of(id, What::Drops(*side)) < zone.until);
        let Some(loser) = loser else { return self.cancelled_pair(id, sides, at, zone, left) };
        self.coverage.count(if loser == 1 {
            "a race that the first side wins"
        } else {
            "a race that the second side wins"
        });
        let before = at.pendings;
        let mut winners = at.clone();
        let mut losers = at.clone();
        let polled = self.log.of(id, What::Polled) < zone.until;
        if polled {
            self.emit(if loser == 1 { &mut losers } else { &mut winners }, id, What::Polled);
        }
        let end = self.run(sides[1 - loser as usize], &mut winners, zone, left);
        let lost = self.zone(&winners, id, loser, zone);
        let mut dropped = End::Cancelled(None);
        if loser == 0 || polled {
            dropped = self.run(sides[loser as usize], &mut losers, lost, left);
            let more = u32::from(loser == 0);
            self.note_tax(id, lost, winners.pendings - before + more, losers.pendings - before);
        } else {
            losers.after = lost.mark.into_iter().collect();
            self.unpolled(sides[loser as usize], &mut losers, left);
            self.coverage.count("a side that is never polled");
        }
        at.pendings = winners.pendings;
        self.leave_other(id, end, dropped, at, winners, losers)
    }

    /// Records a side that was polled more often than the other side needs.
    fn note_tax(&mut self, id: Id, lost: Zone, winner: u32, loser: u32) {
        if lost.until <= lost.live && winner != loser {
            self.tax.push(format!("#{id}: one side was pending {winner} times, the other one {loser} times"));
        }
    }

    fn leave_other(&mut self, id: Id, end: End, dropped: End, at: &mut At, first: At, second: At) -> End {
        at.after = [first.after, second.after].concat();
        at.group = [first.group, second.group].concat();
        match (end, dropped) {
            (end, End::Cancelled(None)) => end,
            (End::Panicked(first), End::Cancelled(Some(second))) => {
                self.emit(at, second, What::Discarded);
                End::Panicked(first)
            }
            (End::Failed(discarded), End::Cancelled(Some(panic))) => {
                self.emit(at, discarded, What::Discarded);
                End::Panicked(panic)
            }
            (_, End::Cancelled(Some(panic))) => End::Panicked(panic),
            (end, _) => {
                self.contradict(id, "a side was dropped that has ended");
                end
            }
        }
    }

    /// Interprets two sides that either both end, or are dropped together.
    fn cancelled_pair(
        &mut self,
        id: Id,
        sides: [&Program; 2],
        at: &mut At,
        zone: Zone,
        left: &mut Left,
    ) -> End {
        let mut first = at.clone();
        let mut second = at.clone();
        let ends = [
            self.run(sides[0], &mut first, zone, left),
            if self.reached(id, What::Polled, zone) {
                self.emit(&mut second, id, What::Polled);
                // The first side is dropped first.
                let mark = first.after.last().copied().filter(|_| zone.mark.is_some());
                let end = self.run(sides[1], &mut second, zone, left);
                if let (Some(mark), End::Cancelled(_)) = (mark, end) {
                    second.after.push(mark);
                }
                end
            } else {
                self.contradict(id, "a side was not polled");
                End::Ok
            },
        ];
        at.pendings = first.pendings.max(second.pendings);
        at.after = [first.after, second.after].concat();
        at.group = [first.group, second.group].concat();
        match ends {
            [End::Cancelled(None), End::Cancelled(panic)] => End::Cancelled(panic),
            [End::Cancelled(panic), _] | [_, End::Cancelled(panic)] => End::Cancelled(panic),
            [End::Ok, end] | [end, _] => end,
        }
    }

    fn join(&mut self, id: Id, sides: [&Program; 2], at: &mut At, zone: Zone, left: &mut Left) -> End {
        let loser = (0..2).find(|side| self.log.of(id, What::Drops(*side)) < zone.until);
        let Some(loser) = loser else { return self.cancelled_pair(id, sides, at, zone, left) };
        self.coverage.count("a join of which one half fails");
        let mut failed = at.clone();
        let mut losers = at.clone();
        let polled = self.log.of(id, What::Polled) < zone.until;
        if polled {
            self.emit(if loser == 1 { &mut losers } else { &mut failed }, id, What::Polled);
        }
        let end = self.run(sides[1 - loser as usize], &mut failed, zone, left);
        if !end.is_failure() {
            self.contradict(id, "a half was dropped though the other one has not failed");
        }
        let lost = self.zone(&failed, id, loser, zone);
        let mut dropped = End::Cancelled(None);
        if loser == 0 || polled {
            dropped = self.run(sides[loser as usize], &mut losers, lost, left);
        } else {
            losers.after = lost.mark.into_iter().collect();
            self.unpolled(sides[loser as usize], &mut losers, left);
        }
        at.pendings = failed.pendings;
        self.leave_other(id, end, dropped, at, failed, losers)
    }

    fn leave(&mut self, id: Id, polls: u8, inner: &Program, at: &mut At, zone: Zone, left: &mut Left) -> End {
        if polls == 0 {
            self.emit(at, id, What::Drops(0));
            self.unpolled(inner, at, left);
            self.coverage.count("a side that is never polled");
            return End::Ok;
        }
        if self.log.of(id, What::Drops(0)) >= zone.until {
            return self.run(inner, at, zone, left);
        }
        self.coverage.count("a program that is left");
        let lost = self.zone(at, id, 0, zone);
        match self.run(inner, at, lost, left) {
            End::Cancelled(panic) => {
                // The last poll is not over yet.
                if lost.until <= lost.live {
                    at.pendings = at.pendings.saturating_sub(1);
                }
                panic.map_or(End::Ok, End::Panicked)
            }
            end => {
                self.contradict(id, "a program was dropped that has ended");
                end
            }
        }
    }

    /// Interprets a program that is polled once, in a function that is not async.
    fn immediately(&mut self, id: Id, program: &Program, at: &mut At, left: &mut Left) -> End {
        let pendings = at.pendings;
        let mut zone = FREE;
        if self.log.has(id, What::Drops(0)) {
            zone = self.zone(at, id, 0, FREE);
            self.coverage.count("a program that is left in a call");
        }
        let end = self.run(program, at, zone, left);
        at.pendings = pendings;
        match end {
            End::Cancelled(panic) => panic.map_or(End::Ok, End::Panicked),
            end => end,
        }
    }

    fn leave_now(&mut self, leaving: &Leaving, at: &mut At, left: &mut Left) {
        let Leaving { id, program, polls } = leaving;
        if *polls == 0 {
            self.emit(at, *id, What::Drops(0));
            self.unpolled(program, at, left);
            return;
        }
        if let End::Failed(discarded) | End::Panicked(discarded) = self.immediately(*id, program, at, left) {
            self.emit(at, discarded, What::Discarded);
        }
    }

    /// Interprets the drop of a future that was polled. Returns the panic of the drop.
    fn residue(&mut self, id: Id, residue: &Residue, at: &mut At, left: &mut Left) -> Option<Id> {
        match residue {
            Residue::Nothing => None,
            Residue::Panics => {
                self.emit(at, id, What::Residue);
                self.explodes(id, at).then_some(id)
            }
            Residue::Leaves(leaving) => {
                self.emit(at, id, What::Residue);
                self.leave_now(leaving, at, left);
                self.coverage.count("something is cancelled in the drop of an ended future");
                None
            }
        }
    }

    /// Interprets the evaluation of a cleanup. Returns whether it evaluates to a future.
    fn build(&mut self, cleanup: &Cleanup, at: &mut At, left: &mut Left) -> bool {
        self.emit(at, cleanup.id, What::Build);
        match &cleanup.build {
            Build::Plain => true,
            Build::Panics => {
                self.emit(at, cleanup.id, What::Raised(Failing::Panic));
                self.coverage.count("a panic when a cleanup is built");
                false
            }
            Build::Leaves(leaving) => {
                self.leave_now(leaving, at, left);
                self.coverage.count("something is cancelled when a cleanup is built");
                true
            }
        }
    }

    /// Interprets a cleanup that is not awaited.
    fn clean_now(&mut self, cleanup: &Cleanup, is_unit: bool, at: &mut At, left: &mut Left) -> End {
        self.emit(at, cleanup.id, What::Start);
        let end = self.immediately(cleanup.id, &cleanup.program, at, left);
        self.emit(at, cleanup.id, What::Done(end));
        self.of_unit(end, is_unit, at)
    }

    fn of_unit(&mut self, end: End, is_unit: bool, at: &mut At) -> End {
        match end {
            End::Failed(discarded) if is_unit => {
                self.emit(at, discarded, What::Discarded);
                End::Ok
            }
            end => end,
        }
    }

    /// Interprets a cleanup that has started, up to the drop of its future. If it is dropped before its end, the error is the
    /// panic of the drop.
    fn clean(
        &mut self,
        cleanup: &Cleanup,
        is_unit: bool,
        at: &mut At,
        zone: Zone,
        own: &mut Left,
    ) -> Result<End, Option<Id>> {
        let end = self.run(&cleanup.program, at, zone, own);
        if let End::Cancelled(panic) = end {
            let second = self.residue(cleanup.id, &cleanup.residue, at, own);
            return Err(panic.or(second));
        }
        self.emit(at, cleanup.id, What::Done(end));
        let end = self.of_unit(end, is_unit, at);
        if !own.is_empty() {
            self.coverage.count("a cleanup that cancels something");
        }
        Ok(match (end, self.residue(cleanup.id, &cleanup.residue, at, own)) {
            (end, None) => end,
            (End::Panicked(first), Some(second)) => {
                self.report_cleanup(End::Panicked(second));
                End::Panicked(first)
            }
            (end, Some(panic)) => {
                self.report_cleanup(end);
                End::Panicked(panic)
            }
        })
    }

    /// Interprets a cleanup that nobody awaits, from start to end. Returns its end, and the cleanups that it leaves.
    fn job(&mut self, cleanup: &Cleanup, is_unit: bool, mut at: At) -> At {
        let mut own = Left::new();
        self.emit(&mut at, cleanup.id, What::Start);
        if let Ok(end) = self.clean(cleanup, is_unit, &mut at, FREE, &mut own) {
            self.report_cleanup(end);
        }
        at.group.extend(own);
        at
    }

    fn finally(&mut self, id: Id, it: &Finally, at: &mut At, zone: Zone, outer: &mut Left) -> End {
        let Finally { form, body, residue, cleanup, top } = it;
        let mut inside = Left::new();
        self.emit(at, id, What::Entered);
        let mut end = if *form == Form::Plain {
            self.immediately(id, body, at, &mut inside)
        } else {
            self.run(body, at, zone, &mut inside)
        };
        if !end.is_cancelled() {
            self.emit(at, id, What::Ended(end));
        }
        if form.holds_argument() {
            self.emit(at, id, What::Held);
        }
        if form.is_method() {
            end = self.drop_body(id, residue, end, at, &mut inside);
        }
        self.coverage.fate(*form, end);
        if let Some(top) = top {
            let cleaned = self.clean_now(top, false, at, &mut inside);
            if end.is_cancelled() {
                self.report_cleanup(cleaned);
            } else {
                end = self.first_wins(end, cleaned);
            }
        }
        if let End::Cancelled(panic) = end {
            self.abandon(it, at, inside, outer);
            return self.raise(panic);
        }
        if form.shows_fate() {
            self.emit(at, cleanup.id, What::Fate(end));
        }
        if form.mode() == Mode::Sync {
            let cleaned = self.clean_now(cleanup, form.is_unit(), at, outer);
            outer.extend(inside);
            let end = self.first_wins(end, cleaned);
            self.emit(at, id, What::Delivered(end));
            return end;
        }
        let settling = Settling {
            id,
            end,
            erased: !form.is_attribute(),
            mode: form.mode(),
            is_unit: form.is_unit(),
            cleanup,
        };
        if form.is_evaluated() && !self.build(cleanup, at, &mut inside) {
            return self.settle_unbuilt(&settling, at, zone, inside, outer);
        }
        self.settle(&settling, at, zone, inside, outer)
    }

    /// Interprets the drop of a body whose future logs it.
    fn drop_body(&mut self, id: Id, residue: &Residue, end: End, at: &mut At, inside: &mut Left) -> End {
        match (end, self.residue(id, residue, at, inside)) {
            (end, None) => end,
            (End::Cancelled(first), Some(second)) => End::Cancelled(first.or(Some(second))),
            (End::Panicked(first), Some(second)) => {
                self.report(FailureKind::BodyPanicked, Some(second));
                End::Panicked(first)
            }
            (end, Some(panic)) => {
                self.report_body(end, true);
                End::Panicked(panic)
            }
        }
    }

    /// Interprets the rest of a finally whose body was cancelled.
    fn abandon(&mut self, it: &Finally, at: &mut At, mut inside: Left, outer: &mut Left) {
        let Finally { form, cleanup, .. } = it;
        if form.skips_at_once() {
            outer.extend(inside);
            return;
        }
        if form.shows_fate() {
            self.emit(at, cleanup.id, What::Fate(End::Cancelled(None)));
        }
        if form.mode() == Mode::Sync {
            let cleaned = self.clean_now(cleanup, form.is_unit(), at, outer);
            self.report_cleanup(cleaned);
            outer.extend(inside);
            return;
        }
        if form.is_evaluated() && !self.build(cleanup, at, &mut inside) {
            self.report_cleanup(End::Panicked(cleanup.id));
            outer.extend(inside);
            return;
        }
        self.hand_off(form.mode(), cleanup, form.is_unit(), at, inside, outer);
    }

    /// Hands off a cleanup that has not started, because its caller has left.
    fn hand_off(
        &mut self,
        mode: Mode,
        cleanup: &Cleanup,
        is_unit: bool,
        at: &mut At,
        inside: Left,
        outer: &mut Left,
    ) {
        match mode {
            Mode::Skip => outer.extend(inside),
            Mode::Block => {
                at.group.extend(inside);
                *at = At { pendings: at.pendings, ..self.job(cleanup, is_unit, at.clone()) };
            }
            Mode::Sync | Mode::Detach => {
                let at = At { group: inside, ..at.clone() };
                outer.extend(self.job(cleanup, is_unit, at).frontier());
            }
        }
    }

    /// Interprets the rest of a finally whose cleanup has panicked when it was evaluated.
    fn settle_unbuilt(
        &mut self,
        it: &Settling<'_>,
        at: &mut At,
        zone: Zone,
        inside: Left,
        outer: &mut Left,
    ) -> End {
        let cleaned = End::Panicked(it.cleanup.id);
        if self.reached(it.id, What::Delivered(End::Ok), zone) {
            self.wait(at, inside);
            let end = self.first_wins(it.end, cleaned);
            self.emit(at, it.id, What::Delivered(end));
            return end;
        }
        self.leave_waiting(it, &inside);
        self.report_cleanup(cleaned);
        outer.extend(inside);
        self.cancel(at, zone)
    }

    /// Records that the caller has left before the cleanup has started.
    fn leave_waiting(&mut self, it: &Settling<'_>, inside: &Left) {
        self.waits = true;
        self.coverage.count("cancelled while it waits for what was handed off");
        if inside.is_empty() {
            self.contradict(it.id, "nothing was to be waited for");
        }
        self.report_body(it.end, it.erased);
    }

    /// Interprets a cleanup that its caller awaits.
    fn settle(&mut self, it: &Settling<'_>, at: &mut At, zone: Zone, inside: Left, outer: &mut Left) -> End {
        let Settling { id, end, erased, mode, is_unit, cleanup } = *it;
        if !self.reached(cleanup.id, What::Start, zone) {
            self.leave_waiting(it, &inside);
            let cancelled = self.cancel(at, zone);
            self.hand_off(mode, cleanup, is_unit, at, inside, outer);
            return cancelled;
        }
        self.wait(at, inside);
        let since = self.emit(at, cleanup.id, What::Start);
        let mut strand = at.clone();
        let mut own = Left::new();
        let bounds = if mode == Mode::Skip { zone } else { zone.unbounded() };
        let cleaned = match self.clean(cleanup, is_unit, &mut strand, bounds, &mut own) {
            Ok(cleaned) => cleaned,
            Err(panic) => {
                self.coverage.count("a cleanup that is skipped half-way");
                *at = strand;
                outer.extend(own);
                self.report_body(end, erased);
                return self.raise(panic);
            }
        };
        at.pendings = strand.pendings;
        if self.reached(id, What::Delivered(End::Ok), zone) {
            *at = strand;
            self.wait(at, own);
            let end = self.first_wins(end, cleaned);
            self.emit(at, id, What::Delivered(end));
            return end;
        }
        self.coverage.count(if self.reached(cleanup.id, What::Done(End::Ok), zone) {
            "cancelled while it waits for what the cleanup has cancelled"
        } else {
            "a cleanup that goes on elsewhere"
        });
        self.waits |= !own.is_empty();
        self.cancel_since(since, at, zone);
        self.report_body(end, erased);
        self.report_cleanup(cleaned);
        if mode == Mode::Block {
            at.after.extend(strand.after);
            at.group.extend(strand.group);
            at.group.extend(own);
        } else {
            outer.extend(strand.frontier());
            outer.extend(own);
        }
        End::Cancelled(None)
    }

    /// Interprets a guard, after the program beside it.
    fn guard(&mut self, id: Id, it: &Guarded, end: End, at: &mut At, zone: Zone, outer: &mut Left) -> End {
        let Guarded { mode, cleanup, release, .. } = it;
        let released = end == End::Ok && *release;
        self.coverage.count(match (released, end) {
            (true, _) => "a guard that is released",
            (false, End::Cancelled(_)) => "a guard that is cancelled",
            (false, _) => "a guard that is dropped",
        });
        if *mode == Mode::Sync {
            let cleaned = self.clean_now(cleanup, false, at, outer);
            if released {
                self.emit(at, id, What::Delivered(cleaned));
                return cleaned;
            }
            self.report_cleanup(cleaned);
            return end;
        }
        let mut inside = Left::new();
        let built = self.build(cleanup, at, &mut inside);
        let settling = Settling { id, end, erased: true, mode: *mode, is_unit: false, cleanup };
        match (released, built) {
            (true, true) => self.settle(&settling, at, zone, inside, outer),
            (true, false) => self.settle_unbuilt(&settling, at, zone, inside, outer),
            (false, true) => {
                self.hand_off(*mode, cleanup, false, at, inside, outer);
                end
            }
            (false, false) => {
                self.report_cleanup(End::Panicked(cleanup.id));
                outer.extend(inside);
                end
            }
        }
    }

    fn scope(&mut self, id: Id, it: &Scoped, at: &mut At, zone: Zone, outer: &mut Left) -> End {
        let ended = self.run(&it.program, at, zone, outer);
        let closed = ended == End::Ok && it.close;
        self.coverage.count(if closed { "a scope that is closed" } else { "a scope that is dropped" });
        let delivered = closed && self.reached(id, What::Delivered(End::Ok), zone);
        let since = self.events.len();
        let mut in_drop = !closed;
        let mut strand = at.clone();
        let mut own = Left::new();
        let mut first = End::Ok;
        for (mode, cleanup) in it.cleanups.iter().rev() {
            in_drop &= own.is_empty();
            self.waits |= !own.is_empty();
            strand.group.append(&mut own);
            let cleaned = if *mode == Mode::Sync {
                self.clean_now(cleanup, false, &mut strand, &mut own)
            } else if !self.build(cleanup, &mut strand, &mut own) {
                End::Panicked(cleanup.id)
            } else {
                if in_drop {
                    *at = strand.clone();
                    in_drop = false;
                }
                self.emit(&mut strand, cleanup.id, What::Start);
                let bounds = if closed { zone.unbounded() } else { FREE };
                self.clean(cleanup, false, &mut strand, bounds, &mut own).unwrap_or(End::Cancelled(None))
            };
            if in_drop {
                *at = strand.clone();
            }
            if first == End::Ok {
                first = cleaned;
            } else {
                self.report_cleanup(cleaned);
            }
        }
        at.pendings = strand.pendings;
        self.waits |= closed && !own.is_empty();
        if delivered {
            *at = strand;
            self.wait(at, own);
            self.emit(at, id, What::Delivered(first));
            return first;
        }
        self.report_cleanup(first);
        outer.extend(strand.frontier());
        outer.extend(own);
        if closed {
            self.coverage.count("a scope that is cancelled while it is closed");
            self.cancel_since(since, at, zone);
            return End::Cancelled(None);
        }
        ended
    }

    fn acquire(&mut self, id: Id, it: &Acquired, at: &mut At, zone: Zone, outer: &mut Left) -> End {
        let Acquired { fallible, source, guarded } = it;
        let since = self.events.len();
        let mut strand = at.clone();
        let mut end = self.run(source, &mut strand, zone.unbounded(), outer);
        if let (false, End::Failed(discarded)) = (*fallible, end) {
            self.emit(&mut strand, discarded, What::Discarded);
            end = End::Ok;
        }
        at.pendings = strand.pendings;
        if self.reached(id, What::Acquired(End::Ok), zone) {
            *at = strand;
            self.emit(at, id, What::Acquired(end));
            if end != End::Ok {
                return end;
            }
            let end = self.run(&guarded.program, at, zone, outer);
            return self.guard(id, guarded, end, at, zone, outer);
        }
        self.coverage.count("something arrives that nobody waits for");
        match end {
            End::Ok if guarded.mode == Mode::Sync => {
                let cleaned = self.clean_now(&guarded.cleanup, false, &mut strand, outer);
                self.report_cleanup(cleaned);
            }
            End::Ok => {
                let mut inside = Left::new();
                let built = self.build(&guarded.cleanup, &mut strand, &mut inside);
                strand.group.extend(inside);
                if built {
                    strand = self.job(&guarded.cleanup, false, strand);
                } else {
                    self.report_cleanup(End::Panicked(guarded.cleanup.id));
                }
            }
            End::Panicked(_) => self.report_cleanup(end),
            // Nobody wants the resource any more.
            End::Failed(_) | End::Cancelled(_) => {}
        }
        outer.extend(strand.frontier());
        self.cancel_since(since, at, zone);
        End::Cancelled(None)
    }

    /// Finds the events that happen only after nothing else can go on.
    fn close_gates(&mut self) {
        for (opened, of) in std::mem::take(&mut self.gates) {
            let signal = of.and_then(|of| {
                self.events.iter().position(|constraint| constraint.event == Event(of, What::Signalled))
            });
            match signal {
                // A program may wait for an event that comes only after the wait.
                Some(signal) if !self.comes_after(signal, opened) => self.events[opened].after.push(signal),
                _ => self.events[opened].gated = true,
            }
        }
        for number in 0..self.events.len() {
            // The program decides when a part is dropped. An old waker may cause one more poll.
            let place = self.place(number);
            if matches!(self.events[number].event.1, What::Drops(_))
                && place != NEVER
                && place >= self.first_rest
            {
                self.events[number].gated = true;
            }
        }
        let mut changed = true;
        while changed {
            changed = false;
            for number in 0..self.events.len() {
                let Constraint { after, group, gated, .. } = &self.events[number];
                if !gated && after.iter().chain(group).any(|before| self.events[*before].gated) {
                    self.events[number].gated = true;
                    changed = true;
                }
            }
        }
    }

    fn comes_after(&self, event: usize, other: usize) -> bool {
        let mut seen = vec![false; self.events.len()];
        let mut rest = vec![event];
        while let Some(number) = rest.pop() {
            if number == other {
                return true;
            }
            if !std::mem::replace(&mut seen[number], true) {
                rest.extend(self.events[number].after.iter().chain(&self.events[number].group));
            }
        }
        false
    }
}

/// A body that was not cancelled, and its cleanup.
#[derive(Clone, Copy)]
struct Settling<'a> {
    id: Id,
    end: End,
    erased: bool,
    mode: Mode,
    is_unit: bool,
    cleanup: &'a Cleanup,
}
