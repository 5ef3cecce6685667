//! A browser: curl with a jar of its own.

use std::path::Path;
use std::process::Command;

/// curl with a jar of its own.
pub struct Browser<'f> {
    pub folder: &'f Path,
    pub jar: &'static str,
    pub port: u16,
}

/// What came back.
pub struct Answer {
    pub status: String,
    pub location: String,
    pub head: String,
    pub body: String,
}

impl Browser<'_> {
    pub fn send(&self, arguments: &[&str], path: &str) -> Answer {
        let output = Command::new("curl")
            .current_dir(self.folder)
            .args(["-s", "-i", "-b", self.jar, "-c", self.jar])
            .args(arguments)
            .arg(format!("http://127.0.0.1:{}{path}", self.port))
            .output()
            .expect("curl");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        self.drop_removed(head);
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        Answer {
            status: head.split(' ').nth(1).unwrap_or_default().to_owned(),
            location: header("location:"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// curl 7.88 reads its jar once more before it writes it, which brings removed cookies back.
    fn drop_removed(&self, head: &str) {
        let set = head
            .lines()
            .filter_map(|line| line.strip_prefix("set-cookie: "));
        let removed: Vec<&str> = set
            .filter_map(|cookie| cookie.split_once("=;"))
            .map(|(name, _)| name)
            .collect();
        let file = self.folder.join(self.jar);
        let Ok(jar) = std::fs::read_to_string(&file) else {
            return;
        };
        let is_kept = |line: &&str| {
            removed
                .iter()
                .all(|name| !line.split('\t').any(|part| part == *name))
        };
        let kept: Vec<&str> = jar.lines().filter(is_kept).collect();
        std::fs::write(file, kept.join("\n") + "\n").expect("the jar");
    }

    /// Opens a page, as a person does.
    pub fn open(&self, path: &str) -> Answer {
        self.send(&["-H", "Accept: text/html"], path)
    }

    /// Sends a plain form.
    pub fn submit(&self, path: &str, fields: &[&str]) -> Answer {
        let mut arguments = vec!["-H", "Accept: text/html", "-d", ""];
        for field in fields {
            arguments.extend(["--data-urlencode", field]);
        }
        self.send(&arguments, path)
    }

    /// Where the forms of the list are sent, by the page for members.
    pub fn things_form(&self) -> String {
        let page = self.open("/account").body;
        let mut parts = page.split('"');
        let action = parts.find(|part| part.starts_with("/account/things?"));
        action.expect("a form for things").to_owned()
    }

    /// Where another form of that page is sent, for whose user it was made.
    pub fn form(&self, path: &str) -> String {
        let things = self.things_form();
        let (_path, user) = things.split_once('?').expect("whose it is");
        format!("{path}?{user}")
    }

    /// Sends JSON, as the page with a script does.
    pub fn json(&self, path: &str, json: &str) -> Answer {
        self.send(&["--json", json], path)
    }

    /// Logs a user in who may be new.
    pub fn log_in(&self, user: &str) {
        let body = format!(r#"{{"user":"{user}","password":"correct horse"}}"#);
        self.json("/signup", &body);
        assert_eq!(self.log_in_with(user, "correct horse"), "200");
    }

    /// Logs in; returns the status.
    pub fn log_in_with(&self, user: &str, password: &str) -> String {
        let body = format!(r#"{{"user":"{user}","password":"{password}"}}"#);
        self.json("/login", &body).status
    }

    /// Changes the password; returns the status.
    pub fn change_password(&self, current: &str, new: &str) -> String {
        let body = format!(r#"{{"current":"{current}","new":"{new}"}}"#);
        self.json("/password", &body).status
    }

    /// What the database says of the session.
    pub fn is_in(&self) -> bool {
        self.send(&[], "/data").status == "200"
    }

    /// Takes the cookies that this browser has, as a thief would, or a second click before the
    /// first one's answer.
    pub fn copy_to(&self, other: &Self) {
        let [from, to] = [self, other].map(|browser| browser.folder.join(browser.jar));
        std::fs::copy(from, to).expect("a copy");
    }

    /// The handles of the user's sessions, newest first.
    pub fn devices(&self) -> Vec<String> {
        let listed = self.send(&[], "/devices").body;
        let parts = listed.split(r#""handle":""#).skip(1);
        parts.map(|part| part[..36].to_owned()).collect()
    }
}
