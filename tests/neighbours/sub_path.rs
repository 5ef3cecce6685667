//! An application below a path of the site: stripped by the proxy, or known to the application.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rocket::figment::value::Value;
use session_runtime::LocalUrl;
use session_tests::browser::SIGN_OUT_PATH;

use crate::behind_each;
use crate::curl::{Answer, Client};
use crate::proxies::{Kind, Proxy, SUB_PATH, Site, SubPath, Wanted};
use crate::table::record;
use crate::upstream::Upstream;

const ACCEPT: &str = "Accept: text/html";

/// What the application says of its path, for who strips it.
fn settings(sub_path: SubPath) -> Vec<(&'static str, Value)> {
    match sub_path {
        SubPath::Stripped => vec![("outer_path", SUB_PATH.into())],
        SubPath::Kept => vec![
            ("api_base_path", "/app/auth".into()),
            ("access_token_path", SUB_PATH.into()),
        ],
    }
}

/// A person with a browser that sends forms.
struct Person<'s> {
    client: Client,
    site: &'s Site,
}

impl Person<'_> {
    /// Opens a page by the path that the site has for it.
    fn open(&self, path: &str) -> Answer {
        self.client.send("GET", path, &[ACCEPT], "")
    }

    /// Sends a form of the page at `referer`.
    fn submit(&self, path: &str, referer: &str, form: &str) -> Answer {
        let origin = format!("Origin: {}", self.site.origin());
        let referer = format!("Referer: {}{referer}", self.site.origin());
        let kind = "Content-Type: application/x-www-form-urlencoded";
        self.client
            .send("POST", path, &[ACCEPT, &origin, &referer, kind], form)
    }
}

/// The value that follows `before` in a document.
fn value(page: &Answer, before: &str) -> String {
    let (_, rest) = page
        .body
        .split_once(before)
        .unwrap_or_else(|| panic!("{before}: {page:#?}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The form of the page that refreshes: where it goes, and its fields.
fn form(page: &Answer) -> (String, String, String) {
    (
        value(page, "method=\"post\" action=\""),
        value(page, "name=\"next\" value=\""),
        value(page, "name=\"login\" value=\""),
    )
}

fn encode(url: &str) -> String {
    rocket::http::RawStr::new(url).percent_encode().to_string()
}

fn nobody_is_led_out_of_the_sub_path(kind: Kind) {
    for sub_path in [SubPath::Stripped, SubPath::Kept] {
        let site = Site::new(Wanted {
            sub_path: Some(sub_path),
            ..Wanted::default()
        });
        let upstream = Upstream::start(&site, &settings(sub_path));
        let _proxy = Proxy::start(kind, &site);
        let client = Client::new(&site);
        let person = Person {
            client,
            site: &site,
        };

        // Who is not logged in is sent to the login, and comes back.
        let page = person.open("/app/member").expect(303);
        assert_eq!(page.location(&site), "/app/sign-in?next=%2Fapp%2Fmember");
        person.open("/app/sign-in?next=%2Fapp%2Fmember").expect(200);
        let sent = person.submit("/app/sign-in", "/app/sign-in", "user=ada&next=/app/member");
        assert_eq!(sent.expect(303).location(&site), "/app/member");
        person.open("/app/member").expect(200);
        let mut cookies = person.client.cookies();
        cookies.sort();
        let paths: Vec<&str> = cookies.iter().map(|(_, path)| path.as_str()).collect();
        // The hash of the refresh token belongs to the whole host, as its prefix demands.
        let expected = ["/", "/app", "/app/auth/session/refresh"];
        assert_eq!(paths, expected, "{cookies:?}");

        // Who was away for long refreshes by a form of ours.
        upstream.clock.advance(Duration::from_secs(7200));
        let page = person.open("/app/member?tab=1").expect(401);
        let (action, next, login) = form(&page);
        assert_eq!(
            [action.as_str(), &next, &login],
            [
                "/app/auth/session/refresh/page",
                "/app/member?tab=1",
                "/app/sign-in"
            ]
        );
        assert!(
            page.body
                .contains("href=\"/app/sign-in?next=%2Fapp%2Fmember%3Ftab%3D1\"")
        );
        let fields = format!("next={}&login={}", encode(&next), encode(&login));
        let back = person.submit(&action, &next, &fields).expect(303);
        assert_eq!(back.location(&site), "/app/member?tab=1");
        person.open("/app/member?tab=1").expect(200);

        // A form that came too late leads back to its page, whatever host the proxy puts into the
        // request.
        upstream.clock.advance(Duration::from_secs(7200));
        let late = person
            .submit("/app/leave", "/app/member?tab=2", "x=1")
            .expect(401);
        let (action, next, login) = form(&late);
        assert_eq!(next, "/app/member?tab=2");

        // What leads elsewhere leads to the application.
        let out = if matches!(sub_path, SubPath::Stripped) {
            "/app/"
        } else {
            "/member"
        };
        let fields = format!("next=/member&login={}", encode(&login));
        assert_eq!(
            person
                .submit(&action, &next, &fields)
                .expect(303)
                .location(&site),
            out
        );

        // Programs find everything by the same path.
        let discovery = person
            .client
            .get("/auth/.well-known/openid-configuration")
            .expect(200)
            .json();
        let keys = discovery["jwks_uri"].as_str().expect("a URL");
        assert_eq!(keys, format!("{}/app/auth/jwt/jwks.json", site.origin()));
        person.client.get("/auth/jwt/jwks.json").expect(200);
        person.client.post("/auth/session/refresh", "").expect(200);
        person.client.post(SIGN_OUT_PATH, "").expect(200);
        person.client.get("/me").expect(401);
        let tried = match sub_path {
            SubPath::Stripped => "sub-path that the proxy strips",
            SubPath::Kept => "sub-path that the application knows",
        };
        record(
            kind,
            tried,
            "pages, cookies, refresh and sign-out stay below it",
        );
    }
}

behind_each!(nobody_is_led_out_of_the_sub_path);

/// The same in Chromium, with scripts and without: a file of scenarios beside those of
/// `tests/browser`.
#[test]
fn a_browser_stays_below_a_path_that_nginx_strips() {
    let sub_path = Some(SubPath::Stripped);
    let site = Site::new(Wanted {
        sub_path,
        ..Wanted::default()
    });
    let _upstream = Upstream::start(&site, &settings(SubPath::Stripped));
    let _proxy = Proxy::start(Kind::Nginx, &site);
    let chromium = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = || PathBuf::from("/usr/bin/chromium");
    let run = Command::new("node")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("browser"))
        .args(["--test", "--test-reporter=spec", "sub_path.test.mjs"])
        .env("CHROMIUM", chromium.unwrap_or_else(usual))
        .env("TLS", site.path(""))
        .env("API", format!("{}{SUB_PATH}", site.origin()))
        .output()
        .expect("`node`; `tests/run browser` installs it");
    let said = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}{complaints}");
    record(
        Kind::Nginx,
        "sub-path that the proxy strips, in Chromium",
        "pages come back by themselves and by a button",
    );
}

impl Answer {
    /// Where a browser goes next, as a path of the site.
    fn location(&self, site: &Site) -> String {
        let location = self.header("location").unwrap_or_default();
        let path = location.strip_prefix(&site.origin()).unwrap_or(location);
        assert!(LocalUrl::parse(path).is_some(), "{location}");
        path.to_owned()
    }
}
