use session_runtime::UserId;

#[derive(UserId)]
struct Account {
    tenant: u32,
    number: u64,
}

fn main() {}
