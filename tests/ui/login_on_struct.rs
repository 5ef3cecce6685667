use session_runtime::login;

#[login]
struct Login {
    user: String,
}

fn main() {}
