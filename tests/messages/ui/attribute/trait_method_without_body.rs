use finally::finally;

fn clean() {}

trait Work {
    #[finally(clean)]
    fn work(&self);
}

impl Work for u8 {
    fn work(&self) {}
}

fn main() {
    1_u8.work();
}
