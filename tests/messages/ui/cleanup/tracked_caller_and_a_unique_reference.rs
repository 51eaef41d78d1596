use finally::finally;

#[finally(list.clear())]
#[track_caller]
fn work(list: &mut Vec<u8>) {
    list.push(1);
}

fn main() {}
