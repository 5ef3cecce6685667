use session_runtime::UserId;

#[derive(UserId)]
struct Account(f64);

fn main() {}
