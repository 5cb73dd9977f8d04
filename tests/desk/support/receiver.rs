//! A program that takes webhooks, as well or as badly as a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method and address, such as `GET /carts/7`.
    pub asked: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Received {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
    /// What receivers recognise repeats by.
    pub fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// How it answers.
#[derive(Clone, Debug)]
pub enum Manner {
    /// With this status and these header lines.
    Says(u16, &'static str),
    /// Not at all, for so long.
    Hangs(Duration),
    /// With 200 after so long.
    Dawdles(Duration),
    /// With this status and body.
    Tells(u16, String),
    /// With this status, these header lines and this body.
    Answers(u16, &'static str, String),
    /// With 200 and what lies under the address that was asked for; 404 if nothing does.
    Serves(Vec<(String, String)>),
    /// Takes it and hangs up.
    Drops,
    /// With 200 and a body without end.
    Rambles,
}

/// It listens until the test ends.
pub struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Receiver {
    /// One that answers so.
    pub fn open(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let manner = Arc::new(Mutex::new(manner));
        let (kept, how) = (received.clone(), manner.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, how) = (kept.clone(), how.clone());
                std::thread::spawn(move || attend(stream, &kept, &how));
            }
        });
        Receiver { address, received, manner }
    }
    /// The beginning of its addresses.
    pub fn root(&self) -> String {
        format!("http://{}", self.address)
    }
    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}/hooks?key=hidden", self.address)
    }
    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
    /// From now on it answers so.
    pub fn becomes(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
    /// Everything that came.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
    /// Names of the events that came.
    pub fn names(&self) -> Vec<String> {
        self.received().iter().map(|message| message.json()["type"].as_str().unwrap().to_owned()).collect()
    }
}

fn attend(stream: TcpStream, kept: &Mutex<Vec<Received>>, how: &Mutex<Manner>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut headers = Vec::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let asked = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let length = if asked.starts_with("GET ") { 0 } else { length? };
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // What is in a file is not text.
    let body = String::from_utf8_lossy(&body).into_owned();
    kept.lock().unwrap().push(Received { asked: asked.clone(), headers, body });
    let manner = how.lock().unwrap().clone();
    answer(stream, manner, &asked)
}

fn answer(mut stream: TcpStream, manner: Manner, asked: &str) -> Option<()> {
    let mut body = "heard.".to_owned();
    let (status, lines) = match manner {
        Manner::Says(status, lines) => (status, lines),
        Manner::Tells(status, told) => {
            body = told;
            (status, "Content-Type: application/json\r\n")
        }
        Manner::Answers(status, lines, told) => {
            body = told;
            (status, lines)
        }
        Manner::Serves(all) => match all.into_iter().find(|(path, _)| asked.ends_with(&format!(" {path}"))) {
            Some((_, found)) => {
                body = found;
                (200, "")
            }
            None => (404, ""),
        },
        Manner::Drops => return None,
        Manner::Hangs(time) => {
            std::thread::sleep(time);
            return None;
        }
        Manner::Dawdles(time) => {
            std::thread::sleep(time);
            (200, "")
        }
        Manner::Rambles => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").ok()?;
            let chunk = vec![b'x'; 65_536];
            while stream.write_all(&chunk).is_ok() {}
            return None;
        }
    };
    let length = body.len();
    let said = format!("HTTP/1.1 {status} Said\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(said.as_bytes()).ok()
}
