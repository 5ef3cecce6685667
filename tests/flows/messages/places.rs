//! A setting that cannot be read is named as it was written: in which table of which file, or in which variable.

use std::fs;
use std::process::Command;

/// What a launch says that finds this `Rocket.toml` in its folder and this variable in its environment.
fn refusal(toml: &str, variable: Option<&str>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("Rocket.toml"), toml).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_session-test-server"))
        .current_dir(folder.path())
        .env("ROCKET_PORT", "0")
        .env("ROCKET_CLI_COLORS", "false")
        .envs(variable.map(|value| ("ROCKET_SESSIONS", value)))
        .output()
        .expect("the server starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it launched and ended: {said}");
    let (_, reason) = said.split_once("could not be set up: ").expect(&said);
    let (reason, _) = reason.split_once(" (`session_runtime").expect(reason);
    reason.to_owned()
}

#[test]
fn sqlite_a_value_of_another_type_is_found_in_its_file() {
    for profile in ["default", "debug", "global"] {
        let toml = format!("[{profile}.sessions]\naccess_token_validity = 3600\n");
        assert_eq!(
            refusal(&toml, None),
            format!(
                "`access_token_validity` in `[{profile}.sessions]` of Rocket.toml must be a duration in quotes, a number \
                 and `ms`, `s`, `m`, `h` or `d`, not 3600: write for example \"1h\""
            )
        );
    }
    assert_eq!(
        refusal("[default.sessions]\nacess_token_validity = \"1h\"\n", None),
        "there is no setting `acess_token_validity` in `[default.sessions]` of Rocket.toml: did you mean \
         `access_token_validity`?"
    );
}

#[test]
fn sqlite_a_value_of_another_type_is_found_in_the_environment() {
    // What is right in the file does not matter: the variable has the last word.
    let toml = "[default.sessions]\nmax_data_size = 4096\nwrite_queue = 10\n";
    for (variable, sentence) in [
        (
            r#"{max_data_size="4 kB"}"#,
            "`max_data_size` in `ROCKET_SESSIONS` must be a whole number that is not negative, not \"4 kB\": write for \
             example 1048576",
        ),
        (
            r#"{trusted_proxies=["10.0.0.1"]}"#,
            "`trusted_proxies` in `ROCKET_SESSIONS` must be networks, and has an address without the length of one: write \
             \"10.0.0.1/32\"",
        ),
        (
            r#"{csrf="token"}"#,
            "`csrf` in `ROCKET_SESSIONS` must be one of \"fetch-metadata\", \"via-token\", \"via-custom-header\", \"none\", \
             not \"token\": did you mean \"via-token\"?",
        ),
        (
            r#"{database_que=1}"#,
            "there is no setting `database_que` in `ROCKET_SESSIONS`: did you mean `database_queue`?",
        ),
    ] {
        assert_eq!(refusal(toml, Some(variable)), sentence);
    }
}
