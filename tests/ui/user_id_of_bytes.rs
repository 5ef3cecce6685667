use session_runtime::UserId;

#[derive(UserId)]
struct AccountNumber(Vec<u8>);

fn main() {}
