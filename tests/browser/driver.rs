//! A real Chromium, driven over the WebDriver protocol: the few commands that the tests need.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(10);
/// What WebDriver calls the reference of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that are no letters, as WebDriver writes them.
pub mod keys {
    pub const ENTER: &str = "\u{e007}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const TAB: &str = "\u{e004}";
    pub const SHIFT: &str = "\u{e008}";
    pub const CONTROL: &str = "\u{e009}";
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripting {
    On,
    Off,
}

/// A browser with a profile of its own.
pub struct Browser {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    /// Whether its pages run scripts.
    pub scripting: Scripting,
    _profile: tempfile::TempDir,
}

/// A part of a page.
pub struct Element<'a> {
    browser: &'a Browser,
    id: String,
}

impl Browser {
    pub fn open(scripting: Scripting) -> Self {
        let (driver, port) = start_driver();
        let profile = tempfile::tempdir().unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let javascript = match scripting {
            Scripting::On => 1,
            Scripting::Off => 2,
        };
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--no-proxy-server",
            "--hide-scrollbars",
            "--lang=en-GB",
            format!("--user-data-dir={}", profile.path().display()),
        ]);
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "unhandledPromptBehavior": "accept",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": {
                    "profile.managed_default_content_settings.javascript": javascript,
                    "credentials_enable_service": false,
                    "intl.accept_languages": "en-GB",
                },
            },
        }}});
        let base = format!("http://127.0.0.1:{port}");
        let mut browser = Browser { driver, agent, session: base.clone(), scripting, _profile: profile };
        let made = browser.post("/session", &wanted);
        let id = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}")).to_owned();
        browser.session = format!("{base}/session/{id}");
        browser.viewport(1440, 900);
        browser
    }

    pub fn goto(&self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }
    pub fn reload(&self) {
        self.post("/refresh", &json!({}));
    }
    pub fn address(&self) -> String {
        self.get("/url").as_str().unwrap().to_owned()
    }
    /// The path and query being looked at.
    pub fn place(&self) -> String {
        let address = url::Url::parse(&self.address()).unwrap();
        match address.query() {
            Some(query) => format!("{}?{query}", address.path()),
            None => address.path().to_owned(),
        }
    }
    pub fn title(&self) -> String {
        self.get("/title").as_str().unwrap().to_owned()
    }
    pub fn source(&self) -> String {
        self.get("/source").as_str().unwrap().to_owned()
    }

    /// The first element of the selector, waited for.
    #[track_caller]
    pub fn find(&self, selector: &str) -> Element<'_> {
        let found = self.wait(&format!("{selector} to appear"), |browser| browser.maybe(selector).map(|e| e.id));
        Element { browser: self, id: found }
    }
    /// The first element of the selector, if it is there now.
    pub fn maybe(&self, selector: &str) -> Option<Element<'_>> {
        self.all(selector).into_iter().next()
    }
    pub fn all(&self, selector: &str) -> Vec<Element<'_>> {
        let found = self.post("/elements", &json!({ "using": "css selector", "value": selector }));
        let ids = found.as_array().unwrap_or_else(|| panic!("{selector}: {found}"));
        ids.iter().map(|id| Element { browser: self, id: id[ELEMENT].as_str().unwrap().to_owned() }).collect()
    }
    /// The first visible element of the selector whose text holds `text`, waited for.
    #[track_caller]
    pub fn find_text(&self, selector: &str, text: &str) -> Element<'_> {
        let id = self.wait(&format!("{selector} saying {text:?}"), |browser| {
            browser.all(selector).into_iter().find(|e| e.text_or_gone().contains(text)).map(|e| e.id)
        });
        Element { browser: self, id }
    }
    pub fn text(&self) -> String {
        self.find("body").text()
    }
    /// Waits until the page says this.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.wait(&format!("the page to say {text:?}"), |browser| {
            browser.maybe("body").filter(|body| body.text_or_gone().contains(text)).map(|_| ())
        });
    }
    /// Waits until the place begins like this.
    #[track_caller]
    pub fn arrives(&self, place: &str) {
        self.wait(&format!("arriving at {place}"), |browser| browser.place().starts_with(place).then_some(()));
    }
    /// Waits until `probe` finds something.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, probe: impl Fn(&Browser) -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = probe(self) {
                return found;
            }
            if started.elapsed() > PATIENCE {
                let text = self.maybe("body").map(|body| body.text_or_gone()).unwrap_or_default();
                panic!("waited in vain for {what} at {}; the page says:\n{text}", self.place());
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Runs the body of a function and returns what it returns.
    pub fn run(&self, script: &str, arguments: Value) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }
    /// The same for a body that calls its last argument when it is done.
    pub fn run_until_done(&self, script: &str, arguments: Value) -> Value {
        self.post("/execute/async", &json!({ "script": script, "args": arguments }))
    }
    /// Presses keys one after the other, wherever the focus is.
    pub fn press(&self, keys: &[&str]) {
        let mut actions = Vec::new();
        for key in keys {
            actions.push(json!({ "type": "keyDown", "value": key }));
            actions.push(json!({ "type": "keyUp", "value": key }));
        }
        self.keyboard(&actions);
    }
    /// Presses a key while another is held.
    pub fn press_with(&self, held: &str, key: &str) {
        self.keyboard(&[
            json!({ "type": "keyDown", "value": held }),
            json!({ "type": "keyDown", "value": key }),
            json!({ "type": "keyUp", "value": key }),
            json!({ "type": "keyUp", "value": held }),
        ]);
    }
    fn keyboard(&self, actions: &[Value]) {
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// Makes the page this large.
    pub fn viewport(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 768 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }
    /// Pretends that the device prefers `light` or `dark`.
    pub fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features);
    }
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }
    /// Saves what is seen now.
    pub fn picture(&self, path: &Path) {
        let shot = self.get("/screenshot");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, BASE64.decode(shot.as_str().unwrap()).unwrap()).unwrap();
    }
    /// The page printed to PDF on the paper its own style sheet names.
    pub fn print(&self) -> Vec<u8> {
        let parameters = json!({ "preferCSSPageSize": true, "printBackground": true });
        let printed = self.devtools("Page.printToPDF", parameters);
        BASE64.decode(printed["data"].as_str().unwrap_or_else(|| panic!("not printed: {printed}"))).unwrap()
    }
    /// What the console said since it was last asked, from warnings on.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        let told = entries.iter().filter(bad).map(|entry| entry["message"].as_str().unwrap_or("").to_owned());
        // On a busy machine Chromium gives up fading from one page to the next, and says so.
        told.filter(|told| !told.contains("Transition was aborted")).collect()
    }
    pub fn forget_cookies(&self) {
        self.request("DELETE", "/cookie", None);
    }

    fn get(&self, path: &str) -> Value {
        self.request("GET", path, None)
    }
    fn post(&self, path: &str, body: &Value) -> Value {
        self.request("POST", path, Some(body))
    }
    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, value) = self.try_request(method, path, body);
        assert!(status == 200, "{method} {path}: {}", value["message"]);
        value
    }
    fn try_request(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let address = format!("{}{path}", self.session);
        let answer = match (method, body) {
            ("POST", Some(body)) => self.agent.post(&address).send_json(body),
            ("DELETE", _) => self.agent.delete(&address).call(),
            _ => self.agent.get(&address).call(),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {text}"));
        (status, value["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if self.session.contains("/session/") {
            let _ = self.agent.delete(&self.session).call();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Element<'_> {
    /// Scrolls to it and clicks it as a mouse would.
    #[track_caller]
    pub fn click(&self) {
        self.post("/click", &json!({}));
    }
    /// Types into it.
    #[track_caller]
    pub fn type_in(&self, text: &str) {
        self.post("/value", &json!({ "text": text }));
    }
    /// Replaces what is in it.
    #[track_caller]
    pub fn fill(&self, text: &str) {
        self.post("/clear", &json!({}));
        self.type_in(text);
    }
    /// Gives a file to an upload field.
    pub fn attach(&self, file: &Path) {
        self.type_in(&file.display().to_string());
    }
    /// What it says, as seen.
    pub fn text(&self) -> String {
        self.get("/text").as_str().unwrap_or("").to_owned()
    }
    /// As [`Element::text`], empty if it was replaced in the meantime.
    pub fn text_or_gone(&self) -> String {
        let (_, value) = self.browser.try_request("GET", &format!("/element/{}/text", self.id), None);
        value.as_str().unwrap_or("").to_owned()
    }
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.get(&format!("/attribute/{name}")).as_str().map(str::to_owned)
    }
    pub fn property(&self, name: &str) -> Value {
        self.get(&format!("/property/{name}"))
    }
    pub fn is_shown(&self) -> bool {
        self.get("/displayed").as_bool().unwrap_or(false)
    }
    /// The first element of the selector inside this one.
    pub fn find(&self, selector: &str) -> Element<'_> {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        Element { browser: self.browser, id: found[ELEMENT].as_str().unwrap().to_owned() }
    }
    fn get(&self, path: &str) -> Value {
        self.browser.get(&format!("/element/{}{path}", self.id))
    }
    /// Waits until the element takes it, such as one in a dialog that is about to open.
    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let path = format!("/element/{}{path}", self.id);
        let started = Instant::now();
        loop {
            let (status, value) = self.browser.try_request("POST", &path, Some(body));
            if status == 200 {
                return value;
            }
            let told = value["message"].as_str().unwrap_or("").to_owned();
            let later = told.contains("not interactable") || told.contains("intercepted");
            assert!(later && started.elapsed() < PATIENCE, "{path}: {told}");
            std::thread::sleep(Duration::from_millis(25));
        }
    }
}

fn start_driver() -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .args(["--port=0", "--log-level=SEVERE"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver is installed (on Debian: chromium-driver)");
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
        .expect("chromedriver says its port");
    // It would stop if nobody read what it says.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port)
}
