use finally::finally;

fn clean() {}

#[finally(cleanup = clean())]
fn work() {}

fn main() {}
