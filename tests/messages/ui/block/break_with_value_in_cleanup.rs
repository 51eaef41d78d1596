use finally::block::finally;

fn main() {
    let _ = loop {
        finally! { try {} finally { break 5; } }
    };
}
