//! `Sessions` as a request guard, which never fails.

use rocket::Request;

use crate::error::Error;
use crate::sessions::Sessions;
use crate::web::guards::{Guard, guard};
use crate::web::request::csrf::Check;
use crate::web::state::managed;

guard!(<> Sessions);

impl Guard for Sessions {
    const NAME: &'static str = "Sessions";

    async fn load(request: &Request<'_>, _: Check) -> Result<Self, Error> {
        managed(request).cloned()
    }
}
