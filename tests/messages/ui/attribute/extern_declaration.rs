use finally::finally;

fn clean() {}

unsafe extern "C" {
    #[finally(clean)]
    safe fn abs(value: i32) -> i32;
}

fn main() {
    abs(1);
}
