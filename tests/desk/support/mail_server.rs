//! A real mail server, aiosmtpd in a process of its own; see `tests/mail-server.py`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Mail(serde_json::Value);

impl Mail {
    fn text(&self, name: &str) -> String {
        self.0[name].as_str().unwrap().to_owned()
    }
    /// Who it came from, as the servers speak of it.
    pub fn from(&self) -> String {
        self.text("from")
    }
    /// Whom it was brought to.
    pub fn to(&self) -> Vec<String> {
        self.0["to"].as_array().unwrap().iter().map(|to| to.as_str().unwrap().to_owned()).collect()
    }
    /// Whoever signed in to send it.
    pub fn user(&self) -> String {
        self.text("user")
    }
    /// Its plain text.
    pub fn plain(&self) -> String {
        self.text("plain").replace("\r\n", "\n")
    }
    /// Its HTML.
    pub fn html(&self) -> String {
        self.text("html")
    }
    /// Name, kind and content of each file that came with it.
    pub fn files(&self) -> Vec<(String, String, Vec<u8>)> {
        let text = |part: &serde_json::Value| part.as_str().unwrap().to_owned();
        let all = self.0["files"].as_array().unwrap();
        all.iter().map(|file| (text(&file[0]), text(&file[1]), STANDARD.decode(text(&file[2])).unwrap())).collect()
    }
    /// The headers of this name, in lower case.
    pub fn heads(&self, name: &str) -> Vec<String> {
        let head = self.0["head"].as_array().unwrap();
        head.iter().filter(|line| line[0] == name).map(|line| line[1].as_str().unwrap().to_owned()).collect()
    }
    /// The one header of this name; empty if there is none.
    pub fn head(&self, name: &str) -> String {
        let all = self.heads(name);
        assert!(all.len() < 2, "{name} stands there twice: {all:?}");
        all.into_iter().next().unwrap_or_default()
    }
}

/// It takes mails until the test ends.
pub struct MailServer {
    child: Child,
    port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    /// One that lets everybody in.
    pub fn open() -> Self {
        Self::start(&[])
    }
    /// One that lets in whoever has this password.
    pub fn locked(user: &str, password: &str) -> Self {
        Self::start(&[user, password])
    }
    /// One behind a certificate that nobody vouches for: `--tls` from the first byte, `--starttls` once it is asked for.
    pub fn behind(way: &str) -> Self {
        Self::start(&[way])
    }
    fn start(arguments: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail-server.py");
        // Where the package of the system is seen; another Python may come first in the path.
        let python = ["/usr/bin/python3", "python3"].into_iter().find(|python| {
            let import = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
            import.is_ok_and(|status| status.success())
        });
        let python = python.expect("aiosmtpd is not installed; on Debian: apt-get install python3-aiosmtpd");
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.next().expect("the mail server tells its port").parse().unwrap();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = mails.clone();
        std::thread::spawn(move || {
            for line in lines {
                kept.lock().unwrap().push(Mail(serde_json::from_str(&line).unwrap()));
            }
        });
        MailServer { child, port, mails }
    }
    /// Its port.
    pub fn port(&self) -> String {
        self.port.to_string()
    }
    /// Everything that it took, once it is so many.
    pub fn mails(&self, count: usize) -> Vec<Mail> {
        let began = Instant::now();
        loop {
            let mails = self.mails.lock().unwrap().clone();
            if mails.len() >= count || began.elapsed() > Duration::from_secs(20) {
                assert_eq!(mails.len(), count, "{mails:?}");
                return mails;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
