use finally::finally;

fn clean() {}

#[finally(clean)]
type Work = u8;

fn main() {
    let _: Work = 1;
}
