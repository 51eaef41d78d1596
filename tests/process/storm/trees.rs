//! Random programs: bodies in every form, nested and side by side, whose cleanups cancel others in turn.

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Duration};

use finally::{
    FinallyExt, Guard, Scope, acquire, block::finally as block, block_on_cancel, finally, guard,
    skip_on_cancel,
};
use futures::FutureExt;

use crate::{
    books::{Books, Entry, Form, Kind, Outcome, Task},
    random::Random,
    wakes::pause,
};

pub type Tree = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The place of a program in the tree.
#[derive(Clone)]
pub struct Site {
    pub books: Arc<Books>,
    /// The nearest enclosing body.
    pub around: Option<Arc<Entry>>,
    /// The number of levels that may be inside.
    pub depth: usize,
    /// Whether it runs in a task of a runtime, so that it may spawn.
    pub in_task: bool,
    /// Whether that runtime lives until all tasks have ended. After the end of a runtime its clock panics.
    pub has_clock: bool,
    /// Whether a drop can wait for a cleanup, because another thread goes on in place of each that waits.
    pub drop_can_wait: bool,
}

impl Site {
    fn inside(&self, around: &Arc<Entry>) -> Self {
        Self { around: Some(Arc::clone(around)), ..self.clone() }
    }

    fn deeper(&self) -> Self {
        Self { depth: self.depth - 1, ..self.clone() }
    }

    async fn deliver(&self, tree: impl Future<Output = Outcome>) {
        self.books.deliver(AssertUnwindSafe(tree).catch_unwind().await);
    }
}

/// A body that has been entered, and everything that it and its cleanup need.
#[derive(Clone)]
struct Node {
    entry: Arc<Entry>,
    site: Site,
    random: Random,
}

impl Node {
    fn enter(kind: Kind, site: Site, random: Random) -> Self {
        // A cleanup that would have to wait but cannot runs out of order or is lost.
        let (waits, blocks) =
            (kind.waits && (!kind.blocks || site.drop_can_wait), kind.blocks && !site.drop_can_wait);
        let kind = Kind { waits, blocks, ..kind };
        Self { entry: site.books.enter(kind, site.around.clone()), site, random }
    }

    async fn body(&self) -> Outcome {
        self.entry.body(body(self.site.inside(&self.entry), self.random)).await
    }

    /// Runs as a cleanup that is awaited.
    async fn clean(self) -> Outcome {
        let Self { entry, site, mut random } = self;
        entry.cleanup_starts(&site.books);
        pause(&mut random, 3).await;
        if site.depth > 0 && random.one_in(6) {
            // This belongs to the enclosing body, whose cleanup waits for this one.
            let site = Site { around: entry.around(), in_task: false, has_clock: false, ..site.deeper() };
            cancel(site, &mut random).await;
        }
        pause(&mut random, 3).await;
        entry.cleanup_ends(&site.books);
        site.books.end(&mut random)
    }

    /// Runs as a cleanup that is evaluated in place.
    fn clean_now(&self) -> Outcome {
        let mut random = self.random;
        self.entry.cleanup_starts(&self.site.books);
        self.entry.cleanup_ends(&self.site.books);
        self.site.books.end(&mut random)
    }
}

const AWAITED: Kind = Kind { form: "", waits: true, skips: false, blocks: false };
const IN_PLACE: Kind = Kind { waits: false, ..AWAITED };
const SKIPPED: Kind = Kind { skips: true, ..AWAITED };
const BLOCKING: Kind = Kind { blocks: true, ..AWAITED };

/// Returns a kind with the name of its form.
const fn kind(form: Form, kind: Kind) -> Kind {
    Kind { form, ..kind }
}

pub const FORMS: [Kind; 18] = [
    kind("attribute: an expression", AWAITED),
    kind("attribute: an expression that awaits", AWAITED),
    kind("attribute: in place", IN_PLACE),
    kind("attribute: block", BLOCKING),
    kind("attribute: skip", SKIPPED),
    kind("attribute: two", AWAITED),
    kind("method", AWAITED),
    kind("method: in place", IN_PLACE),
    kind("method: block", BLOCKING),
    kind("method: skip", SKIPPED),
    kind("block: try", AWAITED),
    kind("block: try, in place", IN_PLACE),
    kind("block: try, block", BLOCKING),
    kind("block: async", AWAITED),
    kind("block: async, in place", IN_PLACE),
    kind("guard", AWAITED),
    kind("acquire", AWAITED),
    kind("scope", AWAITED),
];

#[finally(node.clone().clean())]
async fn expression(node: Node) -> Outcome {
    node.body().await
}

#[finally(node.clean().await)]
async fn awaits(node: Node) -> Outcome {
    node.body().await
}

#[finally(node.clean_now())]
async fn in_place(node: Node) -> Outcome {
    node.body().await
}

#[finally({ let node = &node; node.clone().clean().await }, on_cancel = block)]
async fn blocks(node: Node) -> Outcome {
    node.body().await
}

#[finally({ let node = &node; node.clone().clean().await }, on_cancel = skip)]
async fn skips(node: Node) -> Outcome {
    node.body().await
}

#[finally(first.clean_now())]
#[finally(node.clone().clean())]
async fn two(node: Node, first: Node) -> Outcome {
    node.body().await
}

async fn block_with_try(node: Node) -> Outcome {
    let cleans = node.clone();
    block! {
        try { node.body().await }
        finally { cleans.clean().await }
    }
}

async fn block_in_place(node: Node) -> Outcome {
    block! {
        try {
            node.body().await?;
            Ok(())
        }
        finally { node.clean_now() }
    }
}

async fn block_that_blocks(node: Node) -> Outcome {
    block! {
        try { node.body().await }
        finally(on_cancel = block) {
            let node = &node;
            node.clone().clean().await
        }
    }
}

/// Runs the rest of a function that holds a guard or a scope, and releases or drops that.
async fn release(site: &Site, mut random: Random, release: impl Future<Output = Outcome>) -> Outcome {
    site.deliver(body(site.clone(), random.fork())).await;
    if random.one_in(2) {
        site.deliver(release).await;
    } else {
        drop(release);
    }
    site.books.end(&mut random)
}

async fn guarded(kind: Kind, site: Site, mut random: Random) -> Outcome {
    let guard = guard(Node::enter(kind, site.clone(), random.fork()), Node::clean);
    release(&site, random, async { Guard::release(guard).await }).await
}

async fn acquired(kind: Kind, site: Site, mut random: Random) -> Outcome {
    let (arriving, mut pauses) = (site.clone(), random.fork());
    let arrival = async move {
        pause(&mut pauses, 4).await;
        Node::enter(kind, arriving, pauses)
    };
    let guard = acquire(arrival, Node::clean).await;
    release(&site, random, async { Guard::release(guard).await }).await
}

async fn scoped(kind: Kind, site: Site, mut random: Random) -> Outcome {
    let mut scope = Scope::new();
    // The second cleanup runs before the first one, as if it were inside.
    let mut around = site.around.clone();
    for _ in 0..=random.below(3) {
        let node = Node::enter(kind, Site { around, ..site.clone() }, random.fork());
        around = Some(Arc::clone(&node.entry));
        if random.one_in(3) {
            scope.defer(move || node.clean_now());
        } else {
            scope.defer(move || node.clean());
        }
    }
    release(&site, random, scope.close()).await
}

/// Returns a body in a random form.
pub fn tree(site: Site, mut random: Random) -> Tree {
    let form = random.below(FORMS.len());
    let kind = FORMS[form];
    let node = {
        let site = site.clone();
        move || Node::enter(kind, site, random)
    };
    match form {
        0 => Box::pin(async move { expression(node()).await }),
        1 => Box::pin(async move { awaits(node()).await }),
        2 => Box::pin(async move { in_place(node()).await }),
        3 => Box::pin(async move { blocks(node()).await }),
        4 => Box::pin(async move {
            let node = node();
            node.clone().entry.all(skips(node)).await
        }),
        5 => Box::pin(async move {
            let node = node();
            let first = Node::enter(Kind { waits: false, ..kind }, node.site.clone(), random.fork());
            two(node, first).await
        }),
        6 => Box::pin(async move {
            let node = node();
            let cleans = node.clone();
            async move { node.body().await }.finally(|| cleans.clean()).await
        }),
        7 => Box::pin(async move {
            let node = node();
            node.body().finally(|| node.clean_now()).await
        }),
        8 => Box::pin(async move {
            let node = node();
            let cleans = node.clone();
            async move { node.body().await }.finally(|| block_on_cancel(cleans.clean())).await
        }),
        9 => Box::pin(async move {
            let node = node();
            node.entry.all(node.body().finally(|| skip_on_cancel(node.clone().clean()))).await
        }),
        10 => Box::pin(async move { block_with_try(node()).await }),
        11 => Box::pin(async move { block_in_place(node()).await }),
        12 => Box::pin(async move { block_that_blocks(node()).await }),
        13 => Box::pin(async move {
            let node = node();
            let cleans = node.clone();
            block! { async move { node.body().await } finally { cleans.clean().await } }.await
        }),
        14 => Box::pin(async move {
            let node = node();
            let cleans = node.clone();
            block! { async move { node.body().await } finally { cleans.clean_now() } }.await
        }),
        15 => Box::pin(guarded(kind, site, random)),
        16 => Box::pin(acquired(kind, site, random)),
        _ => Box::pin(scoped(kind, site, random)),
    }
}

/// Panics when it is dropped, unless it has been defused or the thread panics.
struct Bomb<'a>(Option<&'a Books>);

impl Drop for Bomb<'_> {
    fn drop(&mut self) {
        if let Some(books) = self.0.filter(|_| !std::thread::panicking()) {
            books.panic();
        }
    }
}

async fn body(site: Site, mut random: Random) -> Outcome {
    let mut bomb = Bomb(random.one_in(40).then_some(&*site.books));
    pause(&mut random, 3).await;
    if site.depth > 0 {
        for _ in 0..=random.below(2) {
            inside(&site.deeper(), &mut random).await;
        }
    }
    pause(&mut random, 2).await;
    bomb.0 = None;
    site.books.end(&mut random)
}

/// Does something with one tree or two, inside a body.
async fn inside(site: &Site, random: &mut Random) {
    let mut trees = random.fork();
    let mut one = || site.deliver(tree(site.clone(), trees.fork()));
    match random.below(7) {
        0 | 1 => one().await,
        2 => {
            tokio::join!(one(), one());
        }
        3 => {
            let (left, right) = (one(), one());
            tokio::select! { biased; () = left => {} () = right => {} () = pause(random, 6) => {} }
        }
        4 => cancel(site.clone(), random).await,
        5 if site.has_clock => {
            let limit = Duration::from_micros(random.below(200) as u64);
            let _ = tokio::time::timeout(limit, one()).await;
        }
        6 if site.in_task => {
            let site = Site { around: None, ..site.clone() };
            let task = tokio::spawn(Task::new(&site.books.clone(), tree(site, random.fork())));
            if random.one_in(2) {
                task.abort();
            }
            if random.one_in(2) {
                let _ = task.await;
            }
        }
        _ => {
            // Siblings, which are cancelled at the same time or end here.
            let nodes = [random.fork(), random.fork()];
            let guards = nodes.map(|random| guard(Node::enter(SIBLING, site.clone(), random), Node::clean));
            pause(random, 4).await;
            for guard in guards {
                site.deliver(Guard::release(guard)).await;
            }
        }
    }
}

const SIBLING: Kind = kind("guard: siblings", AWAITED);

/// Polls a tree a few times, and drops it.
async fn cancel(site: Site, random: &mut Random) {
    let books = Arc::clone(&site.books);
    let tree = Task::new(&books, tree(site, random.fork()));
    tokio::select! { biased; () = tree => {} () = pause(random, 4) => {} }
}
