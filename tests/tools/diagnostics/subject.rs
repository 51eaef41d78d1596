//! Every form of a cleanup, as the documents write it. rust-analyzer has nothing to say about any.

use std::{
    future::{Future, ready},
    io,
    pin::Pin,
    sync::Arc,
};

use finally::{
    Fate, FinallyExt, Guard, Scope, acquire, block, block_on_cancel, finally, guard, lastly,
    replace_on_cancel, skip_on_cancel, try_acquire,
};

#[derive(Default)]
struct Pool;

impl Pool {
    async fn release(&self, _id: u64) {}
}

async fn release(pool: Arc<Pool>, id: u64) {
    pool.release(id).await;
}

fn clean() {}

fn fails() -> io::Result<()> {
    Ok(())
}

async fn clean_later(_name: String) -> io::Result<()> {
    Ok(())
}

struct Lease {
    pool: Arc<Pool>,
    id: u64,
}

impl Lease {
    fn forget(&mut self) {
        self.id = 0;
    }

    #[finally(release(self.pool.clone(), self.id))]
    async fn detaches(&self) -> u64 {
        self.id
    }

    #[finally(self.pool.release(self.id).await, on_cancel = (release(self.pool.clone(), self.id)))]
    async fn replaces(&mut self) -> u64 {
        self.id += 1;
        self.id
    }

    #[finally(self.pool.release(self.id).await, on_cancel = block)]
    async fn blocks(&mut self) -> u64 {
        self.id += 1;
        self.id
    }

    #[finally(self.pool.release(self.id).await, on_cancel = skip)]
    async fn skips(&self) -> u64 {
        self.id
    }

    #[finally(self.forget())]
    fn not_async(&mut self) -> u64 {
        self.id += 1;
        self.id
    }
}

#[finally(clean)]
async fn by_path(name: &str) -> usize {
    name.len()
}

#[finally(|| clean())]
async fn by_closure(mut names: Vec<String>) -> Vec<String> {
    names.push(String::new());
    names
}

#[finally(|fate| match fate {
    Fate::Returned(Ok(rows)) => println!("{table}: {rows} rows"),
    Fate::Returned(Err(error)) => println!("{table}: {error}"),
    Fate::Panicked(_) | Fate::Cancelled => println!("{table}: broken off"),
})]
async fn by_fate(table: &str, rows: u32) -> Result<u32, std::num::TryFromIntError> {
    let small = u8::try_from(rows)?;
    Ok(small.into())
}

#[finally({ clean_later(name).await })]
async fn by_block(name: String, (one, two): (u8, u8)) -> io::Result<usize> {
    fails()?;
    Ok(name.len() + usize::from(one + two))
}

#[finally({ fails()?; Ok(()) })]
async fn by_question_mark() -> io::Result<u8> {
    Ok(1)
}

#[finally(async || clean())]
#[lastly(println!("{name}"))]
async fn by_two(name: String) -> usize {
    name.len()
}

#[finally(println!("{id}"), armed = call)]
async fn armed(id: u64) -> u64 {
    id
}

#[finally(clean)]
fn returns_a_future(name: &str) -> impl Future<Output = usize> + '_ {
    async move { name.len() }
}

#[finally(clean)]
fn returns_a_box<'a>(name: &'a str) -> Pin<Box<dyn Future<Output = usize> + 'a>> {
    Box::pin(async move { name.len() })
}

fn in_place(numbers: &[u32], seen: &mut u32) -> Option<u32> {
    for number in numbers {
        let found = block::finally! {
            try {
                if *number == 0 {
                    continue;
                }
                number.checked_sub(1)?
            }
            finally { *seen += 1; }
        };
        if found % 2 == 0 {
            return Some(found);
        }
    }
    None
}

async fn awaits(lease: &mut Lease, name: String) -> io::Result<usize> {
    let length = block::finally! {
        try {
            fails()?;
            ready(name.len()).await
        }
        finally { clean_later(name).await }
    };
    block::finally! {
        try { lease.forget(); ready(()).await }
        finally(on_cancel = (release(lease.pool.clone(), lease.id))) { lease.pool.release(lease.id).await }
    }
    block::lastly! {
        try { ready(()).await }
        lastly(on_cancel = skip) |fate| { println!("{}", fate.is_cancelled()); }
    }
    let number = block::finally! {
        <Result<u8, std::num::ParseIntError>>
        async move { Ok("7".parse::<u8>()?) }
        finally { clean(); }
    };
    let comma = block::finally!(async { 1_usize }, { clean() });
    Ok(length + usize::from(number.await.unwrap_or(0)) + comma.await)
}

async fn methods(lease: &Lease) -> usize {
    let pool = lease.pool.clone();
    let page = async { "page" }
        .finally(clean)
        .finally_with(|fate| println!("{fate:?}"))
        .lastly(|| skip_on_cancel(lease.pool.release(lease.id)))
        .lastly(|| block_on_cancel(lease.pool.release(lease.id)))
        .finally(|| replace_on_cancel(lease.pool.release(lease.id), || release(pool, lease.id)))
        .settled();
    page.await.len()
}

async fn values(name: String) -> io::Result<()> {
    let guarded = guard(name, |name| clean_later(name));
    println!("{}", guarded.len());
    Guard::release(guarded).await?;
    let acquired = acquire(async { 1 }, |number| println!("{number}")).await;
    println!("{}", Guard::disarm(acquired));
    let tried = try_acquire(async { fails() }, |()| clean()).await?;
    Guard::release(tried).await;
    let mut scope = Scope::<io::Error>::new();
    scope.defer(fails);
    scope.defer(|| clean_later(String::new()));
    scope.close().await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut lease = Lease { pool: Arc::default(), id: 1 };
    let ids = (lease.detaches().await, lease.replaces().await, lease.blocks().await, lease.skips().await);
    println!("{ids:?} {}", lease.not_async());
    println!("{} {:?}", by_path("name").await, by_closure(Vec::new()).await);
    println!("{:?} {:?}", by_fate("table", 1).await, by_block(String::new(), (1, 2)).await);
    println!("{:?} {} {}", by_question_mark().await, by_two(String::new()).await, armed(1).await);
    println!("{} {}", returns_a_future("name").await, returns_a_box("name").await);
    println!("{:?} {:?}", in_place(&[0, 3], &mut 0), awaits(&mut lease, String::new()).await);
    println!("{}", methods(&lease).await);
    finally::drain().await;
    values(String::new()).await
}
