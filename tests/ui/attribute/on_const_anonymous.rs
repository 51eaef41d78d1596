use finally::finally;

fn clean() {}

#[finally(clean)]
const _: u8 = 1;

fn main() {}
