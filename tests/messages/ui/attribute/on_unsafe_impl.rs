use finally::finally;

fn clean() {}

pub struct Work;

#[finally(clean)]
unsafe impl Send for Work {}

fn main() {}
