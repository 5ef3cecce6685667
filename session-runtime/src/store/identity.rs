//! Recognising the sessions' database, so that a connection to another one is refused.

use diesel::result::QueryResult;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::connection::AnyConnection;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::error_text;
use super::location::Location;
use super::sql::Link;
#[cfg(feature = "sqlite")]
use super::sqlite::{self, Files};

/// Which database the sessions are in.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// A file is known by itself, so a copy of it is another.
    #[cfg(feature = "sqlite")]
    Sqlite(Files),
    #[cfg(feature = "postgres")]
    Postgres(Mark),
    #[cfg(feature = "mysql")]
    Mysql(Mark),
}

/// How a server's database is known: by a random number in it and by its name. A copy has the
/// number as well, but stands beside the original under another name.
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    number: i64,
    name: String,
}

impl Identity {
    /// That of a database; one that has none yet gets `number`.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(unused_variables, reason = "a file needs no number")
    )]
    pub(super) fn of(
        location: &Location,
        conn: &mut super::connection::AnyConnection,
        number: i64,
    ) -> QueryResult<Self> {
        Ok(match location {
            #[cfg(feature = "sqlite")]
            Location::Sqlite(file) => Self::Sqlite(file.files().clone()),
            #[cfg(feature = "postgres")]
            Location::Postgres(_) => Self::Postgres(mark(conn, number)?),
            #[cfg(feature = "mysql")]
            Location::Mysql(_) => Self::Mysql(mark(conn, number)?),
        })
    }

    /// The other database that a connection leads to, in words; `None` if it leads to this one.
    ///
    /// # Errors
    /// The connection is broken, or the file was deleted or replaced since it was opened.
    pub(super) fn other_database(&self, link: &mut Link<'_>) -> QueryResult<Option<String>> {
        #[allow(
            unreachable_patterns,
            reason = "with one database there is no other kind"
        )]
        match (self, link) {
            #[cfg(feature = "sqlite")]
            (Self::Sqlite(files), Link::Sqlite(conn)) => {
                files.check()?;
                let file = sqlite::file_of(conn)?;
                let is_it = files.is(&file);
                Ok((!is_it).then(|| match file.as_str() {
                    "" => "a SQLite database in memory".to_owned(),
                    file => format!("the SQLite file `{file}`"),
                }))
            }
            #[cfg(feature = "postgres")]
            (Self::Postgres(mark), link @ Link::Postgres(_)) => mark.other_database(link),
            #[cfg(feature = "mysql")]
            (Self::Mysql(mark), link @ Link::Mysql(_)) => mark.other_database(link),
            #[cfg(feature = "sqlite")]
            (_, Link::Sqlite(_)) => Ok(Some("SQLite".to_owned())),
            #[cfg(feature = "postgres")]
            (_, Link::Postgres(_)) => Ok(Some("PostgreSQL".to_owned())),
            #[cfg(feature = "mysql")]
            (_, Link::Mysql(_)) => Ok(Some("MariaDB".to_owned())),
        }
    }

    /// Fails if the files of the database were deleted or replaced since they were opened, so that
    /// what was committed to them is lost.
    pub(super) fn check_files(&self) -> QueryResult<()> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(files) => files.check(),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => Ok(()),
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Mark {
    fn other_database(&self, link: &mut Link<'_>) -> QueryResult<Option<String>> {
        match link.identity() {
            Ok(Some((number, name))) if (number, name.as_str()) == (self.number, &self.name) => {
                Ok(None)
            }
            Ok(Some((_, name))) => Ok(Some(format!("sessions of another database (`{name}`)"))),
            Ok(None) => Ok(Some("tables that no application has started on".to_owned())),
            // The name of the table is the same in every language.
            Err(error) if error.to_string().contains("session_counter") => Ok(Some(format!(
                "a place without our tables ({})",
                error_text::without_values(&error)
            ))),
            Err(error) => Err(error),
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn mark(conn: &mut AnyConnection, number: i64) -> QueryResult<Mark> {
    let found = match conn.read(|link| link.identity())? {
        Some(found) => found,
        None => conn.write(|link| link.identify(number))?,
    };
    let (number, name) = found;
    Ok(Mark { number, name })
}
