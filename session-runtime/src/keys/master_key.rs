//! Loads the master key from the configuration or, in development only, from a file beside the
//! database.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::config::{Secret, SessionConfig};
use crate::keys::sealing::{MasterKey, MasterKeys};
use crate::random::Random;

const SETTING: &str = "`sessions.master_key`";
const ACCEPTED: &str = "`sessions.accepted_master_keys`";

/// How to make a key, and where to write it.
fn how(setting: &str) -> String {
    let variable = if setting == ACCEPTED {
        "{accepted_master_keys=[\"..\"]}"
    } else {
        "{master_key=\"..\"}"
    };
    format!(
        "a key is 32 random bytes in base64: `openssl rand -base64 32` makes one, and `ROCKET_SESSIONS='{variable}'` or \
         `Rocket.toml` sets it; keep it out of the database and its backups"
    )
}

/// Loads the master keys. `beside` is the file to use if none is set and that is allowed. It is
/// created only for a database that has no keys yet, because a lost file cannot be replaced. `mark`
/// is the mark of the master key that sealed the keys in the database, if there are any.
///
/// # Errors
/// A sentence that says how to make and set one.
pub(crate) fn load(
    config: &SessionConfig,
    beside: Option<&Path>,
    mark: Option<&str>,
    random: &dyn Random,
) -> Result<MasterKeys, String> {
    // Read before a file is created, in case the launch fails.
    let accepted = config
        .accepted_master_keys
        .iter()
        .map(|secret: &Secret| parse(secret.reveal(), ACCEPTED))
        .collect::<Result<_, _>>()?;
    let current = match (&config.master_key, beside, mark) {
        (Some(secret), _, _) => parse(secret.reveal(), SETTING)?,
        (None, Some(path), Some(mark)) if !path.exists() => {
            return Err(format!(
                "the keys in the database are sealed under the master key with the mark {mark}; {SETTING} is not set, and \
                 there is no development key {}: set it to the one that was used, or put the file back if that was it; \
                 nothing was changed",
                path.display()
            ));
        }
        (None, Some(path), _) => from_file(path, random)?,
        (None, None, Some(mark)) => {
            return Err(format!(
                "{SETTING} must be set outside the debug profile, and for every database server: the keys in the database are \
                 sealed under the one with the mark {mark}; after the debug profile on SQLite it is what the file `..key` beside \
                 the database holds; nothing was changed"
            ));
        }
        (None, None, None) => {
            return Err(format!(
                "{SETTING} must be set outside the debug profile, and for every database server; {}",
                how(SETTING)
            ));
        }
    };
    Ok(MasterKeys { current, accepted })
}

/// Parses base64 of 32 bytes that look random.
fn parse(text: &str, origin: &str) -> Result<MasterKey, String> {
    let text = text.trim();
    let mut secret = Zeroizing::new([0; 32]);
    let decoded = STANDARD.decode(text).map(Zeroizing::new);
    match &decoded {
        Ok(bytes) if bytes.len() == secret.len() => secret.copy_from_slice(bytes),
        _ => {
            let found = found_instead(text, decoded.ok().map(|bytes| bytes.len()));
            return Err(format!("{origin} is {found}: {}", how(origin)));
        }
    }
    // Of 32 random bytes about 30 are different; fewer than 16 occur once in 10^20 keys.
    let distinct = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
    if distinct < 16 {
        return Err(format!(
            "{origin} is weak, because its bytes are not random: {}",
            how(origin)
        ));
    }
    Ok(MasterKey::new(&secret, origin))
}

/// Describes what was found instead of a key, without showing it.
fn found_instead(text: &str, bytes: Option<usize>) -> String {
    if text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "in hexadecimal digits, and must be in base64".into();
    }
    match bytes {
        _ if text.is_empty() => "empty".into(),
        Some(bytes) => format!("base64 of {bytes} bytes, not of 32"),
        None => "not base64, with its `=` at the end".into(),
    }
}

/// Reads the master key from an existing development file.
///
/// # Errors
/// A sentence that says why it cannot be read.
#[cfg(feature = "transfer")]
pub(crate) fn read(path: &Path) -> Result<MasterKeys, String> {
    let text = fs::read_to_string(path).map_err(|error| unread(path, &error))?;
    Ok(MasterKeys {
        current: parse(
            &Zeroizing::new(text),
            &format!("the file {}", path.display()),
        )?,
        accepted: Vec::new(),
    })
}

/// Reads the development key, or creates it. If several processes start for the first time, exactly
/// one creates it.
fn from_file(path: &Path, random: &dyn Random) -> Result<MasterKey, String> {
    let unwritten = |error: std::io::Error| {
        format!(
            "the development master key {} could not be written ({error}): give the user of this process the right to write \
             into that folder, or set {SETTING}",
            path.display()
        )
    };
    match fs::read_to_string(path) {
        Ok(text) => {
            return parse(
                &Zeroizing::new(text),
                &format!("the file {}", path.display()),
            );
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(unread(path, &error)),
        Err(_) => {}
    }
    let secret = Zeroizing::new(random.bytes::<32>().map_err(|error| error.to_string())?);
    let text = Zeroizing::new(STANDARD.encode(*secret));
    // Written under another name and then linked, so that nobody reads half of it or overwrites
    // another's. The name is random, because in two containers both are process 1.
    let drawn: [u8; 8] = random.bytes().map_err(|error| error.to_string())?;
    let draft = path.with_extension(format!("key.{:016x}", u64::from_be_bytes(drawn)));
    let written = write_private(&draft, &text).and_then(|()| fs::hard_link(&draft, path));
    let _tidied = fs::remove_file(&draft);
    match written {
        Ok(()) => {
            tracing::warn!(
                "made a master key for development: {}. Sessions of this database need it; outside the debug profile \
                 set `sessions.master_key`",
                path.display()
            );
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(unwritten(error)),
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| unread(path, &error))?);
    parse(&text, &format!("the file {}", path.display()))
}

fn unread(path: &Path, error: &std::io::Error) -> String {
    format!(
        "the development master key {} could not be read ({error}): give the user of this process the right to read it, or \
         set {SETTING} to what it holds",
        path.display()
    )
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
