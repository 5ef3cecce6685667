//! Where the master key comes from: the configuration or, for development only, a file beside the database.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::config::{Secret, SessionConfig};
use crate::keys::sealing::{MasterKey, MasterKeys};
use crate::random::Random;

const HOW: &str = "it is 32 random bytes in base64: `openssl rand -base64 32` makes one, and \
                   `ROCKET_SESSIONS='{master_key=\"..\"}'` or `Rocket.toml` sets it; keep it out of the database and its backups";

/// Loads the master keys; `beside` is the file to fall back to, where that is allowed. It is made
/// only for a database that has no keys yet: a file that got lost cannot be replaced.
///
/// # Errors
/// A sentence that says how to make and set one.
pub(crate) fn load(
    config: &SessionConfig,
    beside: Option<&Path>,
    has_keys: bool,
    random: &dyn Random,
) -> Result<MasterKeys, String> {
    let current = match (&config.master_key, beside) {
        (Some(secret), _) => parse(secret.reveal(), "`sessions.master_key`")?,
        (None, Some(path)) if has_keys && !path.exists() => {
            return Err(format!(
                "the keys in the database are sealed under the development master key in {}, which is gone: \
                 put it back or set `sessions.master_key`; nothing was changed",
                path.display()
            ));
        }
        (None, Some(path)) => from_file(path, random)?,
        (None, None) => {
            return Err(format!(
                "`sessions.master_key` must be set outside debug builds, and for every database server; {HOW}"
            ));
        }
    };
    let accepted = config
        .accepted_master_keys
        .iter()
        .map(|secret: &Secret| parse(secret.reveal(), "`sessions.accepted_master_keys`"))
        .collect::<Result<_, _>>()?;
    Ok(MasterKeys { current, accepted })
}

/// Reads base64 of 32 bytes that look random.
fn parse(text: &str, setting: &str) -> Result<MasterKey, String> {
    let mut secret = Zeroizing::new([0; 32]);
    let decoded = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
    if decoded.len() != secret.len() {
        return Err(format!("{setting} is not a key: {HOW}"));
    }
    secret.copy_from_slice(&decoded);
    // Of 32 random bytes about 30 differ; fewer than 16 come up once in 10^20 keys.
    let distinct = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
    if distinct < 16 {
        return Err(format!(
            "{setting} is weak, because its bytes are not random: {HOW}"
        ));
    }
    Ok(MasterKey::new(&secret))
}

/// The master key in a development file that is there.
///
/// # Errors
/// A sentence that says why it cannot be read.
pub(crate) fn read(path: &Path) -> Result<MasterKeys, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    Ok(MasterKeys {
        current: parse(
            &Zeroizing::new(text),
            &format!("the file {}", path.display()),
        )?,
        accepted: Vec::new(),
    })
}

/// Reads the development key, or makes it. Of several first starts exactly one wins.
fn from_file(path: &Path, random: &dyn Random) -> Result<MasterKey, String> {
    let failed = |doing: &str, error: std::io::Error| {
        format!(
            "the development master key {} could not be {doing}: {error}",
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
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("read", error)),
        Err(_) => {}
    }
    let secret = Zeroizing::new(random.bytes::<32>().map_err(|error| error.to_string())?);
    let text = Zeroizing::new(STANDARD.encode(*secret));
    // Written under another name and then linked, so that nobody reads half of it and nobody
    // overwrites another's. The name is drawn: in two containers both are process 1.
    let drawn: [u8; 8] = random.bytes().map_err(|error| error.to_string())?;
    let draft = path.with_extension(format!("key.{:016x}", u64::from_be_bytes(drawn)));
    let written = write_private(&draft, &text).and_then(|()| fs::hard_link(&draft, path));
    let _tidied = fs::remove_file(&draft);
    match written {
        Ok(()) => {
            tracing::warn!(
                "made a master key for development: {}. Sessions of this database need it; outside debug builds \
                 set `sessions.master_key`",
                path.display()
            );
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("written", error)),
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| failed("read", error))?);
    parse(&text, &format!("the file {}", path.display()))
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
