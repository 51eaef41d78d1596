//! Puts a server under load, stops it by SIGTERM in the middle, and counts what is left in the databases.
//!
//! `load WAY SEED..` prints a row of the table in `docs/server.md`. It fails if the server that is written with this crate leaves
//! anything, and if one that is written by hand leaves nothing: the load would show nothing then.

mod client;
mod left;
mod plan;
mod server;

use std::{collections::BTreeMap, env, error::Error, sync::Arc};

use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{
    client::Answer,
    left::Databases,
    plan::{KINDS, Request},
    server::Server,
};

const REQUESTS: usize = 600;
const AT_ONCE: usize = 48;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let way = arguments.next().ok_or("load WAY SEED..")?;
    let mut databases = Databases::open().await?;
    let mut answers = BTreeMap::new();
    let mut rows = 0;
    let mut leases = BTreeMap::new();
    for seed in arguments {
        databases.clear().await?;
        add(&mut answers, drive(&way, seed.parse()?, &mut databases).await?);
        let rows_of_seed = databases.rows_left().await?;
        let leases_of_seed = databases.leases_left().await?;
        eprintln!("{way}, seed {seed}: {rows_of_seed} rows and {leases_of_seed:?} leases are left");
        rows += rows_of_seed;
        add(&mut leases, leases_of_seed);
    }
    eprintln!("{way}: {answers:?}");

    let served: usize =
        answers.iter().filter(|(answer, _)| **answer != Answer::Refused).map(|(_, count)| count).sum();
    let of_kinds = KINDS.map(|kind| leases.get(kind).unwrap_or(&0).to_string());
    let all: usize = leases.values().sum();
    println!("| {way} | {served} | {rows} | {all} | {} |", of_kinds.join(" | "));
    match (way.as_str(), rows + all) {
        ("finally", 0) => reached(&answers),
        ("finally", _) => Err("something is left".into()),
        (_, 0) => Err("nothing is left: the load does not show the difference".into()),
        (_, _) => Ok(()),
    }
}

fn add<K: Ord>(sum: &mut BTreeMap<K, usize>, counts: BTreeMap<K, usize>) {
    for (key, count) in counts {
        *sum.entry(key).or_insert(0) += count;
    }
}

/// Checks that the load has led to every end of a request.
fn reached(answers: &BTreeMap<Answer, usize>) -> Result<(), Box<dyn Error>> {
    use Answer::{Closed, Done, Failed, Left, Refused, Stopped, TooLate};

    for answer in [Done, Failed, TooLate, Stopped, Closed, Left, Refused] {
        if !answers.contains_key(&answer) {
            return Err(format!("no request has come to {answer:?}").into());
        }
    }
    Ok(())
}

/// Sends the requests of a seed, with the signal in the middle, and counts the answers.
async fn drive(
    way: &str,
    seed: u64,
    databases: &mut Databases,
) -> Result<BTreeMap<Answer, usize>, Box<dyn Error>> {
    let mut server = Server::start(way, seed).await?;
    let address = server.address;
    let mut random = fastrand::Rng::with_seed(seed);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut sent = Vec::new();
    for number in 0..REQUESTS {
        if number == REQUESTS / 2 {
            let page = client::page(address).await?;
            if !page.starts_with("HTTP/1.1 200") || way == "finally" && page.contains("<li>0 panicked") {
                return Err(format!("the page does not show the jobs: {page}").into());
            }
            if seed.is_multiple_of(2) {
                // The proxy in front of the server dies, and the database is slow: nothing but cleanups runs when the server stops.
                databases.stall().await?;
                sent.iter().for_each(JoinHandle::abort);
                server.terminate().await?;
                client::refused(address).await;
                databases.go_on().await?;
            } else {
                server.terminate().await?;
            }
        }
        let request = Request::random(&mut random, number);
        let place = places.clone().acquire_owned().await?;
        sent.push(tokio::spawn(async move {
            let answer = client::send(address, request).await;
            drop(place);
            answer
        }));
    }
    let mut answers = BTreeMap::new();
    for request in sent {
        // One that was aborted has no answer.
        *answers.entry(request.await.unwrap_or(Answer::Left)).or_insert(0) += 1;
    }
    server.ended().await?;
    Ok(answers)
}
