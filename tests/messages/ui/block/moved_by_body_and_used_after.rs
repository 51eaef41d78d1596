use finally::block::finally;

fn clean() {}

fn main() {
    let name = String::new();
    finally! {
        try { drop(name) }
        finally { clean() }
    }
    println!("{name}");
}
