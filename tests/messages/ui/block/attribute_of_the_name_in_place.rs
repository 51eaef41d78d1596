use finally::finally;

fn main() {
    finally! { try {} finally {} }
}
