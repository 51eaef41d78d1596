use finally::finally;

fn clean() {}

struct Work;

#[finally(clean)]
impl Work {
    fn work(&self) {}
}

fn main() {
    Work.work();
}
