use finally::finally;

fn clean() {}

#[finally(clean)]
static WORK: u8 = 1;

fn main() {
    let _ = WORK;
}
