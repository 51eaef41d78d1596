use finally::block::finally;

fn f() {
    finally! {
        try { 1 }
        finally(on_cancel = (println!("cancelled"))) { println!("clean") }
    };
}

fn main() {}
