use finally::finally;

fn clean() {}

#[finally(clean();)]
fn work() {}

fn main() {}
