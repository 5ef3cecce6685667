//! Tokens under the eyes of others: npm's `jose` and PyPI's `PyJWT` verify them from the published
//! keys alone. `tests/run` installs both.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use session_tests::process::{Answer, Place, Tokens};

/// A program that verifies: its name, and how to run it.
struct Verifier {
    library: &'static str,
    program: PathBuf,
    script: &'static str,
}

/// What one of them says: the claims, or why the token is refused.
type Said = Result<Value, String>;

fn verifiers() -> [Verifier; 2] {
    // `CARGO_TARGET_TMPDIR` is a folder in the target folder, where `tests/run` put the other.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let venv = target.expect("the target folder").join("jwks-venv");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let installed = [
        manifest.join("jwks/node_modules/jose/package.json"),
        venv.join("bin/python"),
    ];
    for file in installed {
        assert!(
            file.exists(),
            "{} is missing: run `tests/run jwks` once, which installs `jose` and `PyJWT`",
            file.display()
        );
    }
    [
        Verifier {
            library: "jose",
            program: "node".into(),
            script: "jwks/verify.mjs",
        },
        Verifier {
            library: "PyJWT",
            program: venv.join("bin/python"),
            script: "jwks/verify.py",
        },
    ]
}

impl Verifier {
    fn ask(&self, jwks: &str, issuer: &str, audience: &str, typ: &str, token: &str) -> Said {
        let output = Command::new(&self.program)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(self.script))
            .args([jwks, issuer, audience, typ, token])
            .output()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display()));
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match output.status.code() {
            Some(0) => Ok(serde_json::from_str(&said).expect("claims")),
            Some(1) if !said.is_empty() => Err(said),
            _ => panic!(
                "{} failed: {said} {}",
                self.library,
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }

    /// What this library says of a bad signature, a wrong audience and a wrong issuer.
    fn refusals(&self) -> [&'static str; 3] {
        match self.library {
            "jose" => [
                "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
                "ERR_JWT_CLAIM_VALIDATION_FAILED aud",
                "ERR_JWT_CLAIM_VALIDATION_FAILED iss",
            ],
            _ => [
                "InvalidSignatureError",
                "InvalidAudienceError",
                "InvalidIssuerError",
            ],
        }
    }
}

/// The same token with another user in it.
fn tampered(token: &str) -> String {
    let segments: Vec<&str> = token.split('.').collect();
    let decoded = URL_SAFE_NO_PAD.decode(segments[1]).expect("base64url");
    let mut claims: Value = serde_json::from_slice(&decoded).expect("JSON");
    claims["sub"] = json!("eve");
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{payload}.{}", segments[0], segments[2])
}

/// The same token with the signature of another.
fn resigned(token: &str, other: &str) -> String {
    let signed = token.rsplit_once('.').expect("three segments").0;
    format!(
        "{signed}.{}",
        other.rsplit_once('.').expect("three segments").1
    )
}

fn came(answer: Answer) -> String {
    match answer {
        Answer::Came(200, body) => body,
        other => panic!("{other:?}"),
    }
}

fn others_verify(algorithm: &str) {
    let verifiers = verifiers();
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!(r#", audience="shop", signing_algorithm="{algorithm}""#);
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let place = Place::on(&url, &settings);
    let _server = place.start();

    let (_, tokens) = place.log_in("ada");
    let (_, others) = place.log_in("bob");
    let nobody = Tokens::default();
    let text = came(place.get("/auth/.well-known/openid-configuration", &nobody));
    let configuration: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        configuration["id_token_signing_alg_values_supported"],
        json!([algorithm])
    );
    let issuer = configuration["issuer"].as_str().expect("an issuer");
    let jwks = configuration["jwks_uri"].as_str().expect("a URL");
    let alone = came(place.get("/jwt", &nobody));

    for verifier in verifiers {
        let ask = |issuer: &str, audience: &str, token: &str| {
            verifier.ask(jwks, issuer, audience, "at+jwt", token)
        };
        let claims = ask(issuer, "shop", &tokens.access).expect("a good token");
        assert_eq!(
            (&claims["sub"], &claims["name"]),
            (&json!("ada"), &json!("Ada"))
        );
        let claims = verifier
            .ask(jwks, issuer, "shop", "JWT", &alone)
            .expect("a good token");
        assert_eq!(claims["service"], "reports");

        let [signature, audience, wrong_issuer] = verifier.refusals().map(|why| Err(why.into()));
        assert_eq!(ask(issuer, "shop", &tampered(&tokens.access)), signature);
        assert_eq!(
            ask(issuer, "shop", &resigned(&tokens.access, &others.access)),
            signature
        );
        assert_eq!(ask(issuer, "bank", &tokens.access), audience);
        assert_eq!(
            ask("https://evil.example/auth", "shop", &tokens.access),
            wrong_issuer
        );
        // A session's token is no stand-alone one, and the other way round.
        assert!(
            verifier
                .ask(jwks, issuer, "shop", "JWT", &tokens.access)
                .is_err()
        );
        assert!(ask(issuer, "shop", &alone).is_err());
    }
}

#[test]
fn others_verify_es256_from_the_published_keys_alone() {
    others_verify("ES256");
}

#[test]
fn others_verify_eddsa_from_the_published_keys_alone() {
    others_verify("EdDSA");
}
