//! Somebody at a browser without scripting: keeps cookies, follows nothing unless told to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Somebody at a browser.
pub struct Person {
    base: String,
    agent: ureq::Agent,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// What came back.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body, as sent.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Person {
    /// At the desk that listens there.
    pub fn new(address: SocketAddr) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        Person { base: format!("http://{address}"), agent, cookies: RefCell::default() }
    }

    /// Opens a page.
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }
    /// Opens a page and fails unless it is there.
    pub fn see(&self, path: &str) -> Reply {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply
    }
    /// Asks for a part of a page as htmx does.
    pub fn fragment(&self, path: &str) -> Reply {
        self.send("GET", path, &[("HX-Request", "true")], None)
    }
    /// Sends a form from a page of the desk.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_from(&self.base, path, fields)
    }
    /// Sends a form from a page of `origin`.
    pub fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let (headers, body) = form(origin, fields);
        self.send("POST", path, &headers, Some(body))
    }
    /// As [`Person::post`]; nothing if the desk went away meanwhile.
    pub fn try_post(&self, path: &str, fields: &[(&str, &str)]) -> Option<Reply> {
        let (headers, body) = form(&self.base, fields);
        self.try_send("POST", path, &headers, Some(body)).ok()
    }
    /// Sends a form and opens the page it leads to, which must be there.
    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let reply = self.post(path, fields);
        assert_eq!(reply.status, 303, "{path}: {} {}", reply.status, reply.text());
        self.see(reply.location())
    }
    /// Sends files and fields as a browser's upload does: name, file name (empty for a field), content.
    pub fn upload(&self, path: &str, parts: &[(&str, &str, &[u8])]) -> Reply {
        let boundary = "----slipway-test-boundary";
        let mut body = Vec::new();
        for (name, file, content) in parts {
            let file = if file.is_empty() { String::new() } else { format!("; filename=\"{file}\"") };
            let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        self.send("POST", path, &[("Origin", &self.base.clone()), ("Content-Type", &kind)], Some(body))
    }
    /// Sends anything at all.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Reply {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }
    fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Reply, ureq::Error> {
        let address = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        // Browsers send letters beyond ASCII as escapes.
        let address = address.bytes().fold(String::new(), |mut address, byte| {
            match byte {
                0x21..=0x7e => address.push(char::from(byte)),
                other => address.push_str(&format!("%{other:02X}")),
            }
            address
        });
        let mut request = ureq::http::Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("Cookie", cookies.join("; "));
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = answer?;
        let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            self.keep(cookie);
        }
        let body = answer.body_mut().with_config().limit(256 << 20).read_to_vec()?;
        Ok(Reply { status: answer.status().as_u16(), headers, body })
    }
    fn keep(&self, cookie: &str) {
        let (pair, rest) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let gone = value.is_empty() || rest.to_ascii_lowercase().contains("max-age=0");
        let mut cookies = self.cookies.borrow_mut();
        if gone {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
    /// The cookie the desk knows them by.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }
    /// Becomes whoever has this cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }
}

/// What a browser sends of a form on a page of `origin`.
fn form<'a>(origin: &'a str, fields: &[(&str, &str)]) -> ([(&'a str, &'a str); 2], Vec<u8>) {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    let headers = [("Origin", origin), ("Content-Type", "application/x-www-form-urlencoded")];
    (headers, form.finish().into_bytes())
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    /// Whether the page says this, as a person reads it: tags left out, entities resolved.
    pub fn says(&self, what: &str) -> bool {
        self.words().contains(what)
    }
    /// Fails unless the page says this.
    pub fn must_say(&self, what: &str) {
        assert!(self.says(what), "expected {what:?} in {}: {}", self.status, self.words());
    }
    /// What a person reads: without tags, with single spaces.
    pub fn words(&self) -> String {
        let html = self.text();
        let (mut words, mut inside) = (String::new(), false);
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' if inside => {
                    inside = false;
                    words.push(' ');
                }
                _ if !inside => words.push(c),
                _ => {}
            }
        }
        resolve(&words.split_whitespace().collect::<Vec<_>>().join(" "))
    }
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
    /// Where it leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }
    /// The value of the first field of that name, as the form would send it.
    pub fn field(&self, name: &str) -> String {
        let html = self.text();
        let named = format!("name=\"{name}\"");
        let tag = html.split('<').find(|tag| tag.contains(&named)).unwrap_or_else(|| panic!("no field {name}: {html}"));
        let value = tag.split_once(" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        resolve(value.map_or("", |(value, _)| value))
    }
}

/// Resolves what askama escapes.
pub fn resolve(text: &str) -> String {
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
