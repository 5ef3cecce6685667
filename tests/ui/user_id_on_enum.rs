use session_runtime::UserId;

#[derive(UserId)]
enum Account {
    Person(u64),
    Robot,
}

fn main() {}
