//! The session data: a list of awesome things. It is read, replaced and changed, and has a bound.

use rocket::serde::json::Json;
use rocket::{get, patch, put};
use serde::{Deserialize, Serialize};
use session_runtime::{Error, Session};

use crate::error::AppError;
use crate::routes::Claims;

/// The session data: stays in the database and lives as long as the session.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Things {
    pub awesome_things: Vec<String>,
}

/// Whatever a client may fill has a bound: pages show all of it.
const MOST: usize = 100;
const LONGEST: usize = 100;
const RULE: AppError = AppError::Invalid("a list has at most 100 things of 1 to 100 characters");

impl Things {
    /// What a user begins with.
    pub fn first() -> Self {
        let things = ["programming", "javascript", "supertokens"];
        Self {
            awesome_things: things.map(String::from).into(),
        }
    }
}

fn fits(thing: &str) -> bool {
    !thing.trim().is_empty() && thing.chars().count() <= LONGEST
}

#[get("/data")]
pub async fn data(session: Session<Claims>) -> Result<Json<Things>, Error> {
    Ok(Json(session.data().await?))
}

/// Replaces the list.
#[put("/data", format = "json", data = "<things>")]
pub async fn set_data(
    session: Session<Claims>,
    things: Json<Things>,
) -> Result<Json<Things>, AppError> {
    let list = &things.awesome_things;
    if list.len() > MOST || !list.iter().all(|thing| fits(thing)) {
        return Err(RULE);
    }
    session.set_data(&things).await?;
    Ok(things)
}

/// What one adds to the list, and takes off it.
#[derive(Deserialize, rocket::FromForm)]
pub struct Change {
    add: Option<String>,
    remove: Option<String>,
}

#[patch("/data", format = "json", data = "<change>")]
pub async fn change_data(
    session: Session<Claims>,
    change: Json<Change>,
) -> Result<Json<Things>, AppError> {
    change_list(&session, change.into_inner()).await.map(Json)
}

/// Changes the list as one step, so that no change of another tab is lost.
pub async fn change_list(
    session: &Session<Claims>,
    Change { add, remove }: Change,
) -> Result<Things, AppError> {
    let add = add.map(|thing| thing.trim().to_owned());
    if add.as_deref().is_some_and(|thing| !fits(thing)) {
        return Err(RULE);
    }
    let added = add.clone();
    // It may run more than once, so it takes nothing away from what it captures.
    let change = move |Things { awesome_things }: &mut Things| {
        let gone = [remove.as_deref(), add.as_deref()];
        awesome_things.retain(|thing| !gone.contains(&Some(thing)));
        if awesome_things.len() < MOST {
            awesome_things.extend(add.clone());
        }
    };
    let changed = session.update_data(change).await?;
    match added {
        Some(thing) if !changed.awesome_things.contains(&thing) => Err(RULE),
        _ => Ok(changed),
    }
}
