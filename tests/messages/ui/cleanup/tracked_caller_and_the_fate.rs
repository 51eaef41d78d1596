use finally::finally;

#[finally(|fate| println!("{}", fate.is_returned()))]
#[track_caller]
fn work() {}

fn main() {}
