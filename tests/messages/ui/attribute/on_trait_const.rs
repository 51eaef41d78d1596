use finally::finally;

fn clean() {}

trait Work {
    #[finally(clean)]
    const WORK: u8;
}

impl Work for u8 {
    const WORK: u8 = 1;
}

fn main() {
    let _ = u8::WORK;
}
