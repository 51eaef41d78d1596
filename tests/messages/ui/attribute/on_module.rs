use finally::finally;

fn clean() {}

#[finally(clean)]
mod work {
    pub fn work() {}
}

fn main() {
    work::work();
}
