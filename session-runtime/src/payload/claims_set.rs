//! The application's claims of a verified token, in the forms in which they are asked for.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::payload::JwtPayload;
use crate::user_id::UserId;

/// Anything, shared between the requests of one token.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

/// The user and the application's own claims (RFC 7519 section 4.3). They are kept as text, since a map of
/// values takes several times the room; what is made of that is made once for all requests.
#[derive(Debug)]
pub(crate) struct ClaimsSet {
    user_id: Box<str>,
    json: Box<str>,
    map: OnceLock<Map<String, Value>>,
    typed: OnceLock<Typed>,
}

/// The claims as a route's payload type has them, and the user id beside them.
#[derive(Debug, Clone)]
struct Typed {
    payload: Shared,
    user_id: Shared,
}

impl ClaimsSet {
    pub(crate) fn new(user_id: String, claims: &Map<String, Value>) -> Self {
        let json = serde_json::to_string(claims).expect("a map of JSON values is JSON");
        Self {
            user_id: user_id.into(),
            json: json.into(),
            map: OnceLock::new(),
            typed: OnceLock::new(),
        }
    }

    /// Whose session it is, as the token names the user.
    pub(crate) fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The claims one by one.
    pub(crate) fn map(&self) -> &Map<String, Value> {
        self.map
            .get_or_init(|| serde_json::from_str(&self.json).expect("`new` wrote a map"))
    }

    /// The claims as a `P`, and the user id as a `P::UserId`: read once, shared by the requests of the token.
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub(crate) fn read<P: JwtPayload>(&self) -> Result<(Arc<P>, Shared), String> {
        // An application has one payload type, mostly; a second one is read anew each time.
        if let Some(Typed { payload, user_id }) = self.typed.get()
            && let Ok(payload) = Arc::clone(payload).downcast()
        {
            return Ok((payload, Arc::clone(user_id)));
        }
        let (payload, user_id) = self.parse::<P>()?;
        let (payload, user_id) = (Arc::new(payload), Arc::new(user_id) as Shared);
        let _already_known = self.typed.set(Typed {
            payload: Arc::clone(&payload) as Shared,
            user_id: Arc::clone(&user_id),
        });
        Ok((payload, user_id))
    }

    /// The claims as a `P`, and the user id as a `P::UserId`.
    ///
    /// # Errors
    /// What does not fit, naming the field and never its value's text beyond what serde says of types.
    pub(crate) fn parse<P: JwtPayload>(&self) -> Result<(P, P::UserId), String> {
        let user_id = P::UserId::from_claim(&self.user_id)
            .ok_or("the user id is of another type than the guard's")?;
        let payload = serde_json::from_str(&self.json)
            .map_err(|error| format!("the payload does not fit the guard's type: {error}"))?;
        Ok((payload, user_id))
    }
}
