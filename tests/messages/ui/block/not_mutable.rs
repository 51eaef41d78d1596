use finally::block::finally;

fn clean() {}

fn main() {
    let list = Vec::new();
    finally! {
        try { list.push(5) }
        finally { clean() }
    }
    drop(list);
}
