fn main() {
    let _guard = finally::guard(1, || println!("no value"));
}
