use finally::block::finally;

fn clean() {}

fn main() {
    let text: &str = finally! {
        try {
            let name = String::new();
            &name
        }
        finally { clean() }
    };
    println!("{text}");
}
