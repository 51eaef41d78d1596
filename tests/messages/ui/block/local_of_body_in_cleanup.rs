use finally::block::finally;

fn main() {
    finally! {
        try {
            let name = String::new();
            println!("{name}");
        }
        finally { drop(name) }
    }
}
