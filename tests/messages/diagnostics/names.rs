//# name_unknown: E0425
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    missing
}

//# name_misspelled: E0425
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    nunber
}

//# function_misspelled: E0425
fn release() {}

#[finally]
pub async fn wrong(_kept: u8) {
    relese();
}

//# function_not_imported: E0425
//~ The compiler suggests an import above the attribute.
#[finally]
pub async fn wrong(_kept: u8, one: u8, two: u8) -> u8 {
    max(one, two)
}

//# type_unknown: E0425
#[finally]
pub async fn wrong(_kept: u8) -> Missing {
    todo!()
}

//# type_of_argument_unknown: E0425
#[finally]
pub async fn wrong(_kept: u8, _value: Missing) {}

//# type_not_imported: E0433
//~ The compiler suggests an import above the attribute.
#[finally]
pub async fn wrong(_kept: u8) -> usize {
    HashMap::<u8, u8>::new().len()
}

//# method_unknown: E0599
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    list.length()
}

//# method_misspelled: E0599
#[finally]
pub async fn wrong(_kept: u8, name: String) -> String {
    name.to_upercase()
}

//# method_of_own_unknown: E0599
pub struct Conn;

impl Conn {
    fn release(&self) {}

    #[finally]
    pub async fn wrong(&self, _kept: u8) {
        self.relese();
    }
}

//# method_without_self: E0424
pub struct Conn;

impl Conn {
    fn release(&self) {}

    #[finally]
    pub async fn wrong(_kept: u8) {
        self.release();
    }
}

//# field_unknown: E0609
pub struct Conn {
    name: String,
}

impl Conn {
    #[finally]
    pub async fn wrong(&self, _kept: u8) -> usize {
        self.nam.len()
    }
}

//# field_missing: E0063
pub struct Point {
    pub x: u8,
    pub y: u8,
}

#[finally]
pub async fn wrong(_kept: u8) -> Point {
    Point { x: 1 }
}

//# macro_unknown: error
#[finally]
pub async fn wrong(_kept: u8) {
    printn!("text");
}

//# name_in_format_unknown: E0425
#[finally]
pub async fn wrong(_kept: u8) -> String {
    format!("{missing}")
}

//# lifetime_unknown: E0261
#[finally]
pub async fn wrong(_kept: u8, name: &'a str) -> usize {
    name.len()
}

//# lifetime_missing: E0106
#[finally]
pub async fn wrong(_kept: u8, one: &str, two: &str) -> &str {
    if one.is_empty() { two } else { one }
}

//# label_unknown: E0426
#[finally]
pub async fn wrong(_kept: u8) {
    loop {
        break 'outer;
    }
}

//# private_field: E0616
mod inner {
    #[derive(Default)]
    pub struct Conn {
        name: String,
    }
}

#[finally]
pub async fn wrong(_kept: u8) -> usize {
    inner::Conn::default().name.len()
}

//# name_used_twice: E0415 unused_variables
#[finally]
pub async fn wrong(_kept: u8, name: u8, name: u8) -> u8 {
    name
}
