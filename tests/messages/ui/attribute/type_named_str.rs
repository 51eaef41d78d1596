#![allow(non_camel_case_types)]

use finally::finally;

type str = String;

#[finally(println!("clean"))]
fn print(text: str) {
    println!("{text}");
}

fn main() {
    print(String::new());
}
