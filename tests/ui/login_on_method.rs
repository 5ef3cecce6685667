use rocket::post;
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {
    name: String,
}

struct Users;

impl Users {
    #[login]
    #[post("/login")]
    fn login(&self) -> (String, Claims, ()) {
        ("ada".into(), Claims { name: "Ada".into() }, ())
    }
}

fn main() {}
