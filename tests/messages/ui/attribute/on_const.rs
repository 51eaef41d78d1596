use finally::finally;

fn clean() {}

#[finally(clean)]
const WORK: u8 = 1;

fn main() {
    let _ = WORK;
}
