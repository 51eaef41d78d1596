use finally::finally;

#[finally(fn clean() {})]
fn work() {}

fn main() {}
