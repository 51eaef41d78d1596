use finally::block::finally;

fn main() {
    let mut list = vec![5];
    let first = finally! {
        try { &list[0] }
        finally { list.clear() }
    };
    println!("{first}");
}
