//# call_unclosed: error
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    drop(list;
}

//# semicolon_missing: error
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    let length = list.len()
    length
}

//# semicolon_missing_between_calls: error
#[finally]
pub async fn wrong(_kept: u8, one: Vec<u8>, two: Vec<u8>) {
    drop(one)
    drop(two)
}

//# stray_token: error
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    drop(list) );
}

//# stray_operator: error
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    number + * ;
    number
}

//# expression_missing: error
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    let number = ;
    number
}

//# expression_of_tail_unfinished: error
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    number +
}

//# field_unfinished: error E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
pub struct Conn {
    pub name: String,
}

#[finally]
pub async fn wrong(_kept: u8, conn: Conn) -> usize {
    conn.
}

//# comma_missing: error
#[finally]
pub async fn wrong(_kept: u8, one: u8, two: u8) -> u8 {
    std::cmp::max(one two)
}

//# brace_missing: error
#[finally]
pub async fn wrong(_kept: u8, early: bool) {
    if early {
        drop(early);
}

//# else_without_block: error
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    if early { 1 } else 2
}

//# keyword_as_name: error
#[finally]
pub async fn wrong(_kept: u8) {
    let match = 1;
}

//# assignment_for_comparison: E0308
#[finally]
pub async fn wrong(_kept: u8, mut number: u8) -> u8 {
    if number = 1 { 2 } else { number }
}

//# literal_unclosed: error
#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    let number = 'ab';
    number
}

//# type_of_argument_missing: error
#[finally]
pub async fn wrong(_kept: u8, number) -> u8 {
    number
}

//# return_type_missing: error
#[finally]
pub async fn wrong(_kept: u8) -> {
    1
}

//# arrow_missing: error
#[finally]
pub async fn wrong(_kept: u8) u8 {
    1
}

//# colon_for_semicolon: error
#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) {
    let length = list.len():
    drop(length);
}
