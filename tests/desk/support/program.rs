//! A program with a key: speaks JSON.

use serde_json::Value;
use slipway::actor::Actor;
use slipway::staff::keys::{self, NewKey};

use super::app::TestDesk;
use super::person::{Person, Reply};

/// A program with a key.
pub struct Program {
    visitor: Person,
    token: String,
}

impl TestDesk {
    /// A program that may do everything.
    pub fn program(&self) -> Program {
        self.program_with(NewKey { name: "Web shop".into(), scopes: vec!["all".into()], ..NewKey::default() })
    }
    /// A program with a key like this.
    pub fn program_with(&self, key: NewKey) -> Program {
        let token = self.write(move |tx| keys::create(tx, &Actor::System { name: "Test" }, &key));
        self.program_called(&token)
    }
    /// A program that sends this token.
    pub fn program_called(&self, token: &str) -> Program {
        Program { visitor: self.visitor(), token: token.to_owned() }
    }
}

impl Program {
    /// The token it sends.
    pub fn token(&self) -> &str {
        &self.token
    }
    /// Reads something that is there.
    pub fn see(&self, path: &str) -> Value {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }
    /// Reads.
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }
    /// Sends JSON and gets on with it.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], Some(body))
    }
    /// As [`Program::post`] for something that must be taken.
    pub fn must_post(&self, path: &str, body: &Value) -> Value {
        let reply = self.post(path, body);
        assert!((200..300).contains(&reply.status), "{path}: {} {}", reply.status, reply.text());
        reply.json()
    }
    /// Sends JSON with another method.
    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, &[], Some(body))
    }
    /// Deletes.
    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None)
    }
    /// Sends anything, with these headers besides.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Reply {
        let body = body.map(|body| body.to_string().into_bytes());
        self.send_bytes(method, path, headers, body)
    }
    /// Sends bytes as JSON.
    pub fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", bearer.as_str())];
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            all.push(("Content-Type", "application/json"));
        }
        all.extend_from_slice(headers);
        self.visitor.send(method, path, &all, body)
    }
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
    /// The stable code of the problem it tells, with its status.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let body = self.json();
        assert_eq!(body["status"], self.status, "{body}");
        assert!(body["trace_id"].as_str().is_some_and(|id| id == self.header("x-request-id")), "{body}");
        (self.status, body["code"].as_str().unwrap_or_default().to_owned())
    }
    /// Fails unless it tells this problem, and points to this place of the body or the address first; to none if
    /// that is empty.
    #[track_caller]
    pub fn must_refuse(&self, status: u16, code: &str, pointer: &str) {
        assert_eq!(self.problem(), (status, code.to_owned()), "{}", self.text());
        let told = self.json();
        assert_eq!(told["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer, "{told}");
        for ours in ["diesel", "panicked", "serde", "SELECT ", "src/", "no such table"] {
            assert!(!self.text().contains(ours), "{ours} shows through: {told}");
        }
        let known = slipway::openapi::problems::find(code).unwrap_or_else(|| panic!("{code} is not documented"));
        assert_eq!(known.status, status.to_string(), "{code} is documented with another status");
    }
}
