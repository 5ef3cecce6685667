use session_runtime::PublicClaim;

#[derive(PublicClaim)]
union Number {
    integer: u32,
    float: f32,
}

fn main() {}
