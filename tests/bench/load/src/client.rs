//! What a connection asks: one request after another, made from the answers before it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use hyper::{HeaderMap, Method, Request};

pub type Ask = Request<Full<Bytes>>;

/// One connection's side of the conversation.
pub trait Client {
    /// The next request, or `None` when there is nothing left to ask.
    fn ask(&mut self) -> Option<Ask>;

    /// Sees the headers of a good answer.
    fn answered(&mut self, _headers: &HeaderMap) {}
}

/// The clients of a measurement, one for each connection.
pub type Clients = Vec<Box<dyn Client>>;

/// The cookies of a browser.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<CookieLine>);

#[derive(Debug, Clone)]
struct CookieLine {
    name: String,
    value: String,
    path: String,
}

impl Jar {
    /// Takes over the cookies of an answer.
    pub fn take(&mut self, headers: &HeaderMap) {
        for line in headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
        {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let path = parts
                .find_map(|part| part.strip_prefix("Path="))
                .unwrap_or("/");
            self.0.retain(|known| known.name != name);
            if !value.is_empty() {
                let (name, value, path) = (name.into(), value.into(), path.into());
                self.0.push(CookieLine { name, value, path });
            }
        }
    }

    /// The header that a browser sends to `path`.
    fn header(&self, path: &str) -> String {
        let fitting = self
            .0
            .iter()
            .filter(|cookie| path.starts_with(&cookie.path));
        let pairs: Vec<String> = fitting
            .map(|CookieLine { name, value, .. }| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }
}

/// A request as a page of the same origin makes it.
pub fn request(method: Method, path: &str, jar: &Jar, body: &str) -> Ask {
    let mut request = Request::builder()
        .method(&method)
        .uri(path)
        .header(HOST, "127.0.0.1")
        .header("accept", "*/*")
        .header("sec-fetch-site", "same-origin");
    let cookies = jar.header(path);
    if !cookies.is_empty() {
        request = request.header(COOKIE, cookies);
    }
    if !body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    request
        .body(Full::from(body.to_owned()))
        .expect("a path and cookies of ours")
}

/// The same request for ever.
pub struct Same(pub Ask);

impl Client for Same {
    fn ask(&mut self) -> Option<Ask> {
        Some(self.0.clone())
    }
}

impl Same {
    pub fn get(path: &str, jar: &Jar) -> Self {
        Self(request(Method::GET, path, jar, ""))
    }
}

/// `POST` of a user name to `path`, each time another user.
#[derive(Clone)]
pub struct Logins {
    pub path: &'static str,
    pub number: Rc<Cell<u64>>,
    /// How many to make; more than anybody can unless said otherwise.
    pub limit: u64,
    /// The sessions that were made, if somebody wants them.
    pub made: Option<Rc<RefCell<Vec<Jar>>>>,
}

impl Logins {
    pub fn new(path: &'static str) -> Self {
        Self {
            path,
            number: Rc::default(),
            limit: u64::MAX,
            made: None,
        }
    }
}

impl Client for Logins {
    fn ask(&mut self) -> Option<Ask> {
        let number = self.number.get();
        if number >= self.limit {
            return None;
        }
        self.number.set(number + 1);
        let body = format!(r#"{{"user":"01a20dd2-de75-722f-9a3f-{number:012}"}}"#);
        Some(request(Method::POST, self.path, &Jar::default(), &body))
    }

    fn answered(&mut self, headers: &HeaderMap) {
        if let Some(made) = &self.made {
            let mut jar = Jar::default();
            jar.take(headers);
            made.borrow_mut().push(jar);
        }
    }
}

/// `GET` of `path` with the cookies of one session after another, round and round.
pub struct Everybody {
    pub path: &'static str,
    pub sessions: Rc<Vec<Jar>>,
    pub next: Rc<Cell<usize>>,
}

impl Client for Everybody {
    fn ask(&mut self) -> Option<Ask> {
        let at = self.next.get();
        self.next.set((at + 1) % self.sessions.len());
        Some(request(Method::GET, self.path, &self.sessions[at], ""))
    }
}

/// `count` clients of one kind.
pub fn clients<C: Client + 'static>(count: usize, make: impl FnMut(usize) -> C) -> Clients {
    let mut make = make;
    (0..count)
        .map(|number| Box::new(make(number)) as Box<dyn Client>)
        .collect()
}
