//! The page and its files, the user's devices, and the same without a script.

use crate::browser::Answer;
use crate::{with_browsers, with_browsers_in};

#[test]
fn the_page_and_its_files_load_nothing_from_elsewhere() {
    with_browsers(["nobody"], |[nobody]| {
        for (path, kind) in [
            ("/", "text/html"),
            ("/login", "text/html"),
            ("/app.js", "text/javascript"),
            ("/session.js", "text/javascript"),
            ("/supertokens.js", "text/javascript"),
            ("/style.css", "text/css"),
        ] {
            let Answer {
                status, head, body, ..
            } = nobody.open(path);
            assert_eq!(status, "200", "{path}");
            assert!(
                head.contains(&format!("content-type: {kind}")),
                "{path}: {head}"
            );
            if kind == "text/html" {
                assert!(
                    head.contains("default-src 'none'; script-src 'self'"),
                    "{head}"
                );
                assert!(head.contains("cache-control: no-store"), "{head}");
                assert!(!body.contains("src=\"http") && !body.contains("href=\"http"));
            }
        }
    });
}

#[test]
fn a_user_signs_out_devices_of_their_own_only() {
    with_browsers(["laptop", "phone", "eve"], |[laptop, phone, eve]| {
        laptop.log_in("ada");
        phone.log_in("ada");
        eve.log_in("eve");
        let [newer, older] = <[String; 2]>::try_from(laptop.devices()).expect("two devices");
        let listed = laptop.send(&[], "/devices").body;
        assert!(
            listed.contains(r#""name":"curl","ip":"127.0.0.0/24""#),
            "{listed}"
        );
        assert_eq!(listed.matches(r#""current":true"#).count(), 1);

        for (browser, handle, status) in [
            (&eve, &newer, "404"),
            (&eve, &"junk".to_owned(), "422"),
            (&laptop, &newer, "200"),
            (&laptop, &newer, "404"),
        ] {
            let path = format!("/devices/{handle}");
            assert_eq!(
                browser.send(&["-X", "DELETE"], &path).status,
                status,
                "{path}"
            );
        }
        assert_eq!(laptop.devices(), [older]);
        assert_eq!(phone.send(&[], "/data").status, "401");

        phone.log_in("ada");
        assert_eq!(laptop.send(&["-X", "DELETE"], "/devices").status, "200");
        for browser in [&laptop, &phone] {
            assert_eq!(browser.send(&[], "/data").status, "401");
        }
        assert_eq!(eve.send(&[], "/data").status, "200");
        // Another site cannot do it.
        let cross = ["-X", "DELETE", "-H", "Origin: https://evil.example"];
        assert_eq!(eve.send(&cross, "/devices").status, "403");
        assert_eq!(eve.send(&["-X", "DELETE"], "/devices").status, "200");
    });
}

#[test]
fn a_person_without_a_script_does_it_all_with_forms() {
    with_browsers(["ada", "phone"], |[ada, phone]| {
        let answer = ada.open("/account");
        assert_eq!(
            (&*answer.status, &*answer.location),
            ("303", "/login?next=%2Faccount")
        );
        assert!(
            ada.open(&answer.location)
                .body
                .contains("action=\"/login?next=%2Faccount\"")
        );

        let who = ["user=ada", "password=correct horse"];
        let answer = ada.submit("/signup?next=/account", &who);
        assert_eq!(answer.location, "/login?next=%2Faccount");
        let welcome = "Welcome. Now log in.";
        assert!(ada.open(&answer.location).body.contains(welcome));
        assert!(!ada.open(&answer.location).body.contains(welcome));
        let answer = ada.submit(
            "/login?next=/account",
            &["user=ada", "password=something else"],
        );
        assert!(answer.status == "401" && answer.body.contains("wrong user or password"));
        let answer = ada.submit("/login?next=//evil.example", &who);
        assert_eq!((&*answer.status, &*answer.location), ("303", "/"));
        assert_eq!(
            phone.submit("/login?next=/account", &who).location,
            "/account"
        );

        let form = ada.things_form();
        let change = |field| ada.submit(&form, &[field]).location;
        assert_eq!(change("add=<i>\"&"), "/account");
        assert_eq!(change("remove=javascript"), "/account");
        let body = ada.open("/account").body;
        assert!(body.contains("value=\"&lt;i>&quot;&amp;\"") && !body.contains("javascript"));
        assert_eq!(ada.devices().len(), 2);

        let password = ada.form("/account/password");
        let answer = ada.submit(&password, &["current=wrong", "new=battery staple"]);
        assert!(answer.status == "403" && answer.body.contains("not your current password"));
        let fields = ["current=correct horse", "new=battery staple"];
        let answer = ada.submit(&password, &fields);
        assert_eq!(answer.location, "/account");
        let changed = "Changed. All other sessions have ended.";
        assert!(ada.open("/account").body.contains(changed));
        assert!(!ada.open("/account").body.contains(changed), "said once");
        assert_eq!(ada.devices().len(), 1);

        let own = format!("handle={}", ada.devices()[0]);
        let devices = ada.form("/account/devices");
        assert_eq!(ada.submit(&devices, &["handle=junk"]).status, "422");
        assert_eq!(ada.submit(&devices, &[&*own]).location, "/account");
        assert_eq!(ada.open("/account").status, "303");
        // Signing out twice is fine, and sends no form of somebody who is out.
        assert_eq!(
            ada.submit("/account/signout", &[]).location,
            "/login?next=/account"
        );
        let answer = ada.submit(&form, &["add=late"]);
        assert!(answer.status == "401" && answer.body.contains("<h1>Nothing was sent</h1>"));
    });
}

#[test]
fn pages_of_other_sites_sign_nobody_up_or_out() {
    with_browsers(["ada"], |[ada]| {
        let foreign = |extra: &[&str], path: &str| {
            let html = [
                "-H",
                "Accept: text/html",
                "-H",
                "Origin: https://evil.example",
            ];
            ada.send(&[&html, extra].concat(), path)
        };
        let form = ["-d", "user=eve&password=correct horse"];
        let json = ["--json", r#"{"user":"eve","password":"correct horse"}"#];
        for (data, path) in [
            (&form, "/signup"),
            (&json, "/signup"),
            (&form, "/login"),
            (&["-d", ""], "/account/signout"),
        ] {
            ada.log_in("ada");
            let answer = foreign(data, path);
            assert_eq!(answer.status, "403", "{path}");
            assert!(answer.body.contains("A page of another site"), "{path}");
            assert!(ada.is_in(), "{path}");
        }
        assert_eq!(ada.log_in_with("eve", "correct horse"), "401");
    });
}

#[test]
fn an_address_of_no_page_is_answered_with_a_page() {
    with_browsers(["ada"], |[ada]| {
        let page = ada.open("/nowhere");
        assert_eq!(page.status, "404");
        assert!(page.body.contains("There is no such page.") && page.body.contains("/style.css"));
        let answer = ada.send(&["-H", "Accept: application/json"], "/nowhere");
        assert_eq!(answer.body, r#"{"message":"not found"}"#);
    });
}

#[test]
fn the_page_says_what_the_settings_say() {
    let folder = tempfile::tempdir().expect("a folder");
    for (setting, written) in [
        (
            "",
            r#"data-api-base-path="/auth" data-session-expired-status="401""#,
        ),
        (
            r#"api_base_path="/api/session",session_expired_status=440"#,
            r#"data-api-base-path="/api/session" data-session-expired-status="440""#,
        ),
    ] {
        with_browsers_in(folder.path(), setting, ["nobody"], |[nobody]| {
            let page = nobody.open("/").body;
            assert!(page.contains(written), "{page}");
        });
    }
}
