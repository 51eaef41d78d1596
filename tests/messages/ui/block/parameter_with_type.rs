use finally::block::finally;

fn main() {
    finally! { try {} finally |fate: u8| { drop(fate) } }
}
