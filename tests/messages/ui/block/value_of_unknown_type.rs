use finally::block::finally;

fn clean() {}

fn main() {
    let list = finally! {
        try { Vec::new() }
        finally { clean() }
    };
    drop(list);
}
