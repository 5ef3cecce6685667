//! The master key: where it comes from, what a wrong one does, how it is changed, and that no
//! secret lies open in the database.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket::figment::Figment;
use rocket::figment::value::Value;
use rocket::{Build, Rocket, async_test};
use session_runtime::NewSession;
use session_runtime::token::Transport;
use session_tests::app::{Claims, Notes};
use session_tests::{Log, Server, launches};

/// Keys of the tests, made from text: not random enough for anything else.
fn key(text: &str) -> String {
    STANDARD.encode(
        format!("{text:-<32}")
            .bytes()
            .zip(0..)
            .map(|(byte, n)| byte ^ (n * 7))
            .collect::<Vec<u8>>(),
    )
}

fn rocket(folder: &Path, settings: &[(&str, Value)]) -> Rocket<Build> {
    Server::builder()
        .on_file(folder.join("test.db"))
        .settings(settings)
        .build()
}

async fn sealed_under(name: &str) -> Server {
    let server = Server::builder().set("master_key", key(name));
    server.start().await
}

fn release(folder: &Path, settings: &[(&str, Value)]) -> Rocket<Build> {
    let mut settings = settings.to_vec();
    settings.push(("api_origin", "https://api.example.com".into()));
    let rocket = rocket(folder, &settings);
    let figment = rocket.figment().clone().select("release");
    rocket.configure(figment)
}

#[async_test]
async fn sqlite_in_debug_a_key_is_made_once_and_kept_beside_the_database() {
    let log = Log::start();
    let server = Server::start().await;
    log.expect(&[
        "made a master key for development",
        "test.db.key",
        "`sessions.master_key`",
    ]);
    let path = server.folder().join("test.db.key");
    let text = fs::read_to_string(&path).expect("the key file");
    assert_eq!(STANDARD.decode(text.trim()).expect("base64").len(), 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&path)
                .expect("the key file")
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
    }
    let left: Vec<_> = fs::read_dir(server.folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().contains("key.")),
        "a draft is left: {left:?}"
    );

    let server = server.restart().start().await;
    assert_eq!(fs::read_to_string(&path).expect("the key file"), text);
    assert!(!log.text().contains(text.trim()));
    drop(server);
}

#[async_test]
async fn sqlite_outside_debug_a_missing_or_weak_key_stops_the_launch() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::start();
    assert!(!launches(release(folder.path(), &[])).await);
    log.expect(&[
        "`sessions.master_key` must be set",
        "openssl rand -base64 32",
    ]);
    assert!(!folder.path().join("test.db.key").exists());

    let zeros = STANDARD.encode([0; 32]);
    let short = STANDARD.encode([7; 31]);
    let pattern = STANDARD.encode(b"abcdabcdabcdabcdabcdabcdabcdabcd");
    for weak in [
        "",
        "changeme",
        "not base64 at all, but long enough!",
        &zeros,
        &short,
        &pattern,
    ] {
        let log = Log::start();
        assert!(
            !launches(release(folder.path(), &[("master_key", weak.into())])).await,
            "{weak}"
        );
        log.expect(&["`sessions.master_key` is", "openssl rand -base64 32"]);
        assert!(
            weak.is_empty() || !log.text().contains(weak),
            "the log shows the key"
        );
    }
    assert!(
        launches(release(
            folder.path(),
            &[("master_key", key("good").into())]
        ))
        .await
    );
}

#[async_test]
async fn a_wrong_key_stops_the_launch_before_anything_is_overwritten() {
    let server = sealed_under("right").await;
    let before = server
        .database()
        .bytes("SELECT sealed AS value FROM session_key WHERE kind = 'ES256'");
    for settings in [
        vec![("master_key", key("wrong").into())],
        vec![
            ("master_key", key("wrong").into()),
            ("accepted_master_keys", vec![key("also wrong")].into()),
        ],
        vec![],
    ] {
        let log = Log::start();
        assert!(!launches(rocket(&server.folder(), &settings)).await);
        log.expect(&["nothing was changed", "`sessions.master_key`"]);
    }
    assert_eq!(
        server
            .database()
            .bytes("SELECT sealed AS value FROM session_key WHERE kind = 'ES256'"),
        before
    );
    assert!(
        !server.folder().join("test.db.key").exists(),
        "a key that opens nothing was made"
    );
    assert!(
        launches(rocket(
            &server.folder(),
            &[("master_key", key("right").into())]
        ))
        .await
    );
}

#[async_test]
async fn a_new_key_is_accepted_switched_to_and_resealed_under() {
    let old = sealed_under("old").await;
    let mut browser = old.browser();
    browser.log_in("ada").await;
    let jar = browser.jar();

    // Step one: the new key is accepted everywhere; step two: it seals.
    let both = [
        ("master_key", key("old").into()),
        ("accepted_master_keys", vec![key("new")].into()),
    ];
    let server = old.restart().settings(&both).start().await;
    assert_eq!(server.sessions().reseal_keys().await, Ok(0));
    let switched = [
        ("master_key", key("new").into()),
        ("accepted_master_keys", vec![key("old")].into()),
    ];
    let server = server.restart().settings(&switched).start().await;
    assert_eq!(server.sessions().reseal_keys().await, Ok(2));
    assert_eq!(server.sessions().reseal_keys().await, Ok(0));

    let server = server.restart().set("master_key", key("new")).start().await;
    let mut browser = server.browser().with_jar(jar);
    assert_eq!(browser.get("/me").await.status, 200);
    browser.refresh().await.expect(200, "{}");
    assert!(
        !launches(rocket(
            &server.folder(),
            &[("master_key", key("old").into())]
        ))
        .await
    );
}

#[async_test]
async fn sqlite_a_sealed_key_that_was_altered_or_moved_does_not_open() {
    let swap = "UPDATE session_key SET sealed = (SELECT other.sealed FROM session_key AS other WHERE other.kind <> session_key.kind)";
    let flip = "UPDATE session_key SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42) AS BLOB)";
    let renamed = "UPDATE session_key SET id = id || '0'";
    let redated = "UPDATE session_key SET created_at = created_at + 1";
    let cut = "UPDATE session_key SET sealed = substr(sealed, 1, 12)";
    let empty = "UPDATE session_key SET sealed = x''";
    for damage in [swap, flip, renamed, redated, cut, empty] {
        let server = sealed_under("right").await;
        server.database().execute(damage);
        let log = Log::start();
        let again = rocket(&server.folder(), &[("master_key", key("right").into())]);
        assert!(!launches(again).await, "{damage}");
        log.expect(&["is damaged or belongs to another row"]);
    }
}

#[async_test]
async fn sqlite_no_key_lies_open_in_the_database() {
    let server = Server::start().await;
    server.browser().log_in("ada").await;
    let contents = server.database().contents();
    let holds = |needle: &[u8]| {
        contents
            .windows(needle.len())
            .any(|window| window == needle)
    };
    let file = fs::read_to_string(server.folder().join("test.db.key")).expect("the key file");
    let master = STANDARD.decode(file.trim()).expect("base64");
    let mut secrets = vec![file.trim().as_bytes().to_vec(), master];
    for (kind, secret) in server.sessions().reveal_keys().await.expect("the keys") {
        // Of a PKCS#8 document the private scalar is the secret; it begins at byte 36.
        if kind == "ES256" {
            secrets.push(secret[36..68].to_vec());
        }
        secrets.push(secret);
    }
    assert_eq!(secrets.len(), 5);
    for secret in secrets {
        assert!(!holds(&secret) && !holds(STANDARD.encode(&secret).as_bytes()));
        assert!(
            !holds(&secret[..16.min(secret.len())]) || secret.starts_with(&[0x30]),
            "the beginning of a secret"
        );
    }
}

#[async_test]
async fn debugging_prints_no_secret() {
    let secrets = [key("current"), key("older")];
    let settings = [
        ("master_key", secrets[0].clone().into()),
        ("accepted_master_keys", vec![secrets[1].clone()].into()),
    ];
    let server = Server::builder().settings(&settings).start().await;
    let claims = Claims { name: "Ada".into() };
    let tokens = server
        .sessions()
        .create(
            NewSession::new("ada".to_owned(), claims, Notes::default()),
            Transport::Header,
        )
        .await
        .expect("a session");
    let printed = format!("{:?} {tokens:?}", server.sessions());
    assert!(printed.contains("SessionConfig") && printed.contains("SessionTokens"));
    let refresh = tokens.refresh_token().expect("a token");
    for secret in [
        &*secrets[0],
        &*secrets[1],
        tokens.access_token(),
        refresh,
        &refresh[10..40],
    ] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

#[async_test]
async fn a_setting_of_the_wrong_kind_does_not_show_a_key() {
    let secret = key("not to be seen");
    let table = format!("{{master_key = {secret}");
    for (setting, value, must_be) in [
        ("accepted_master_keys", secret.clone().into(), "a list"),
        (
            "accepted_master_keys",
            vec![vec![secret.clone()]].into(),
            "a string",
        ),
        ("master_key", vec![secret.clone()].into(), "a string"),
        ("", table.into(), "a table of settings"),
    ] {
        let value: Value = value;
        let figment = Figment::from(rocket::Config::default()).merge(("log_level", "off"));
        let figment = match setting {
            "" => figment.merge(("sessions", value)),
            _ => figment.merge((format!("sessions.{setting}"), value)),
        };
        let log = Log::start();
        let rocket = session_tests::rocket(figment).attach(session_runtime::Sessions::fairing());
        assert!(!launches(rocket).await, "{setting}");
        log.expect(&["sessions", setting, must_be]);
        assert!(!log.text().contains(&secret[..12]), "{}", log.text());
    }
}

/// The marks tell which key is which.
#[async_test]
async fn sqlite_a_wrong_key_is_named_by_its_mark_beside_the_right_one() {
    let server = sealed_under("right").await;
    let said = async |settings: &[(&str, Value)]| {
        let log = Log::start();
        assert!(!launches(rocket(&server.folder(), settings)).await);
        log.text()
    };
    let wrong = said(&[
        ("master_key", key("wrong").into()),
        ("accepted_master_keys", vec![key("also wrong")].into()),
    ])
    .await;
    let mark = |text: &str, before: &str| -> String {
        let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text}"));
        rest.chars().take(16).collect()
    };
    let marks = [
        mark(&wrong, "under the master key with the mark "),
        mark(&wrong, "`sessions.master_key` has "),
        mark(&wrong, "`sessions.accepted_master_keys` has "),
    ];
    let digits = marks.concat();
    assert!(digits.len() == 48 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(marks[0] != marks[1] && marks[1] != marks[2]);

    // The key that it was used with in release, and not a file that there never was.
    let unset = said(&[]).await;
    assert_eq!(
        mark(&unset, "under the master key with the mark "),
        marks[0]
    );
    assert!(
        unset.contains("`sessions.master_key` is not set"),
        "{unset}"
    );
    assert!(unset.contains("there is no development key") && !unset.contains("gone"));

    let log = Log::start();
    assert!(!launches(release(&server.folder(), &[])).await);
    log.expect(&["`sessions.master_key` must be set", &marks[0]]);
}

#[async_test]
async fn sqlite_a_launch_that_fails_for_an_accepted_key_makes_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let hex = "4f1d0b6a9c3e5872".repeat(4);
    let log = Log::start();
    let settings = [("accepted_master_keys", vec![hex.clone()].into())];
    assert!(!launches(rocket(folder.path(), &settings)).await);
    log.expect(&[
        "`sessions.accepted_master_keys` is in hexadecimal digits, and must be in base64",
        "ROCKET_SESSIONS='{accepted_master_keys=[\"..\"]}'",
    ]);
    assert!(!log.text().contains(&hex));
    assert!(!folder.path().join("test.db.key").exists());
}

/// A folder cannot be read as a file, whoever runs the tests.
#[async_test]
async fn sqlite_a_development_key_that_cannot_be_read_is_said_with_the_cure() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("test.db.key")).expect("a folder");
    let log = Log::start();
    assert!(!launches(rocket(folder.path(), &[])).await);
    log.expect(&[
        "test.db.key could not be read (",
        "the right to read it, or set `sessions.master_key` to what it holds",
    ]);
}
