use finally::finally;

fn clean() {}

#[finally(clean)]
pub enum Work {
    Done,
}

fn main() {
    let _ = Work::Done;
}
