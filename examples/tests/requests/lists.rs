//! The list has a bound, whatever is sent.

use crate::with_browsers;

const RULE: &str = "at most 100 things of 1 to 100 characters";

/// A list of `count` times `thing`, as JSON.
fn list(thing: &str, count: usize) -> String {
    let things = vec![format!("{thing:?}"); count];
    format!(r#"{{"awesomeThings":[{}]}}"#, things.join(","))
}

#[test]
fn a_list_that_is_too_large_is_refused_with_the_rule() {
    with_browsers(["eve"], |[eve]| {
        eve.log_in("eve");
        let put = |things: &str| {
            std::fs::write(eve.folder.join("things.json"), things).expect("a file");
            eve.send(&["-X", "PUT", "--json", "@things.json"], "/data")
        };
        let before = eve.send(&[], "/data").body;
        for things in [
            list("", 349_000),
            list("", 1),
            list("   ", 1),
            list("a", 101),
            list(&"日".repeat(101), 1),
        ] {
            let answer = put(&things);
            assert_eq!(answer.status, "422");
            assert!(answer.body.contains(RULE), "{}", answer.body);
        }
        assert_eq!(eve.send(&[], "/data").body, before);
        assert_eq!(put(&list(&"日".repeat(100), 100)).status, "200");
    });
}

#[test]
fn a_thing_that_does_not_fit_is_refused_with_the_rule() {
    with_browsers(["ada"], |[ada]| {
        ada.log_in("ada");
        let patch = |change: &str| ada.send(&["-X", "PATCH", "--json", change], "/data");
        let add = |thing: &str| patch(&format!(r#"{{"add":"{thing}"}}"#));
        let form = ada.things_form();
        let submit = |field: &str| ada.submit(&form, &[field]);
        for thing in ["", "  ", &"日".repeat(101)] {
            let answer = add(thing);
            assert!(answer.status == "422" && answer.body.contains(RULE));
            let page = submit(&format!("add={thing}"));
            assert!(page.status == "422" && page.body.contains(RULE));
            assert!(page.body.contains("Hello ada") && page.body.contains("programming"));
        }

        let things: Vec<String> = (0..100).map(|number| format!("{number:?}")).collect();
        let full = format!(r#"{{"awesomeThings":["{}"]}}"#, things.join(r#"",""#));
        assert_eq!(
            ada.send(&["-X", "PUT", "--json", &full], "/data").status,
            "200"
        );
        assert_eq!(add("one more").status, "422");
        assert_eq!(submit("add=one more").status, "422");
        assert!(!ada.send(&[], "/data").body.contains("one more"));
        // There is room for what is there already, and for what takes the place of another thing.
        assert_eq!(add("7").status, "200");
        assert_eq!(patch(r#"{"remove":"7","add":"one more"}"#).status, "200");
        assert_eq!(submit("remove=one more").location, "/account");
        assert_eq!(add(&"日".repeat(100)).status, "200");
    });
}

#[test]
fn a_form_changes_the_list_of_the_user_it_was_made_for() {
    with_browsers(["shared"], |[shared]| {
        shared.log_in("ada");
        let form = shared.things_form();
        shared.log_in("bob");
        for field in ["add=ada's secret", "remove=javascript"] {
            let page = shared.submit(&form, &[field]);
            assert_eq!(page.status, "409");
            assert!(page.body.contains("Hello bob") && page.body.contains("Nothing was sent."));
            assert!(page.body.contains("javascript") && !page.body.contains("secret"));
        }
    });
}

/// The page of one user lies open while another logs in, in another tab.
#[test]
fn the_forms_of_a_page_change_nothing_of_another_user() {
    with_browsers(["shared", "phone"], |[shared, phone]| {
        shared.log_in("ada");
        let forms = ["password", "devices", "signout-everywhere"]
            .map(|form| shared.form(&format!("/account/{form}")));
        shared.log_in("bob");
        phone.log_in("bob");
        let theirs = format!("handle={}", phone.devices()[0]);
        let fields = ["current=correct horse", "new=battery staple"];
        let page = shared.submit(&forms[0], &fields);
        assert!(page.status == "409" && page.body.contains("Nothing was sent."));
        for (form, fields) in [(&forms[1], vec![&*theirs]), (&forms[2], vec![])] {
            let answer = shared.submit(form, &fields);
            assert_eq!(answer.location, "/account", "{form}");
            let page = shared.open("/account").body;
            assert!(page.contains("Nothing was sent."), "{page}");
        }
        assert!(shared.is_in() && phone.is_in());
        assert_eq!(phone.log_in_with("bob", "correct horse"), "200");
    });
}
