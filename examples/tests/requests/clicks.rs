//! Ordinary days: buttons are clicked twice, pages lie open for long, addresses are asked for
//! again.

use crate::browser::Browser;
use crate::{with_browsers, with_browsers_in};

const ADA: [&str; 2] = ["user=ada", "password=correct horse"];

#[test]
fn a_second_click_on_sign_up_is_answered_like_the_first() {
    with_browsers(["ada", "eve"], |[ada, eve]| {
        let account = r#"{"user":"ada","password":"correct horse"}"#;
        for _click in 0..2 {
            let page = ada.submit("/signup?next=/account", &ADA);
            assert_eq!(page.location, "/login?next=%2Faccount");
            assert_eq!(ada.json("/signup", account).status, "201");
        }
        assert_eq!(ada.log_in_with("ada", "correct horse"), "200");

        let page = eve.submit("/signup", &["user=ada", "password=battery staple"]);
        assert!(page.status == "409" && page.body.contains("that name is taken"));
        assert_eq!(eve.log_in_with("ada", "battery staple"), "401");
    });
}

#[test]
fn signing_out_twice_says_the_same() {
    let jars = ["ada", "second click", "phone"];
    with_browsers(jars, |[ada, second_click, phone]| {
        for (path, field, answer) in [
            ("/account/signout-everywhere", "", "/login?next=/account"),
            ("/account/signout", "", "/login?next=/account"),
            ("/account/devices", "handle=", "/account"),
        ] {
            phone.log_in("ada");
            let theirs = phone.devices().remove(0);
            ada.log_in("ada");
            ada.copy_to(&second_click);
            let field = field.replace("handle=", &format!("handle={theirs}"));
            let form = ada.form(path);
            assert_eq!(ada.submit(&form, &[&field]).location, answer, "{path}");
            assert_eq!(ada.submit(&form, &[&field]).location, answer, "{path}");
            let again = second_click.submit(&form, &[&field]);
            assert_eq!(again.status, "303", "{path}: {}", again.body);
            assert_eq!(phone.is_in(), path == "/account/signout", "{path}");
            if path != "/account/devices" {
                assert!(!ada.is_in() && !second_click.is_in(), "{path}");
                // A page that refreshes, finds no session and goes on to the login page.
                let page = second_click.open(&again.location);
                assert!(!page.body.contains("Nothing was sent"));
            }
        }
    });
}

#[test]
fn a_page_that_lay_open_for_long_still_signs_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let jars = ["ada", "everywhere", "phone"];
    let mut forms = Vec::new();
    let short = r#"access_token_validity="5 s""#;
    with_browsers_in(folder.path(), short, jars, |[ada, everywhere, phone]| {
        for browser in [&phone, &ada] {
            browser.log_in("ada");
            forms = ["devices", "signout-everywhere"]
                .map(|form| browser.form(&format!("/account/{form}")))
                .into();
            while browser.is_in() {}
        }
        ada.copy_to(&everywhere);
    });
    with_browsers_in(folder.path(), "", jars, |[ada, everywhere, phone]| {
        let refresh = |browser: &Browser<'_>| {
            let answer = browser.send(&["-X", "POST"], "/auth/session/refresh");
            answer.status
        };
        assert_eq!(refresh(&phone), "200");
        let theirs = format!("handle={}", phone.devices()[1]);

        // The browser refreshes by itself and comes back to the button that was pressed.
        let mut page = String::new();
        for (browser, form, field, told) in [
            (
                &ada,
                &forms[0],
                &*theirs,
                "that device is not signed out yet",
            ),
            (&everywhere, &forms[1], "", "no device is signed out yet"),
        ] {
            let answer = browser.submit(form, &[field]);
            assert_eq!(answer.location, "/account");
            assert!(browser.open("/account").body.contains("Continue"));
            assert!(phone.is_in() && refresh(browser) == "200");
            page = browser.open("/account").body;
            assert!(page.contains(told), "{page}");
            assert!(!browser.open("/account").body.contains(told), "said once");
        }

        // The button beside this device is the plain one, which takes an expired token.
        let this = page.split("this one").nth(1).expect("this device");
        let form = this.split("action=").nth(1).expect("its form");
        assert!(form.starts_with("\"/account/signout\""), "{form}");
        let answer = ada.submit("/account/signout", &[]);
        assert_eq!(answer.location, "/login?next=/account");
        assert_eq!(
            (refresh(&ada), refresh(&everywhere)),
            ("401".into(), "401".into())
        );
    });
}

#[test]
fn the_address_of_a_form_leads_to_its_page() {
    with_browsers(["ada"], |[ada]| {
        for form in [
            "things",
            "devices",
            "password",
            "signout",
            "signout-everywhere",
        ] {
            let answer = ada.open(&format!("/account/{form}"));
            assert_eq!((&*answer.status, &*answer.location), ("303", "/account"));
        }
        let answer = ada.open("/signup?next=/account");
        assert_eq!(answer.location, "/login?next=%2Faccount");
    });
}

#[test]
fn a_user_name_has_up_to_64_characters_of_any_script() {
    with_browsers(["ada"], |[ada]| {
        for (name, status) in [
            (String::new(), "422"),
            ("日本語".repeat(20), "201"),
            ("日".repeat(64), "201"),
            ("日".repeat(65), "422"),
        ] {
            let account = format!(r#"{{"user":"{name}","password":"correct horse"}}"#);
            assert_eq!(ada.json("/signup", &account).status, status, "{name}");
        }
        ada.log_in(&"日".repeat(64));
    });
}
