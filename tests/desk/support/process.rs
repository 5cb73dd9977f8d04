//! The binary itself, as an administrator starts it.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::database::Database;
use super::person::Person;

/// A running `slipway serve`; killed without warning when dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it said until it listened.
    pub said: Vec<String>,
}

/// Runs `slipway` with these arguments to its end.
pub fn slipway(arguments: &[&str], input: &str) -> Output {
    let mut child =
        command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end before it reads anything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
    command.args(arguments).env_remove("DATABASE_URL").env_remove("SLIPWAY_LISTEN").env("SLIPWAY_LOG", "off");
    command
}

impl Process {
    /// Starts it and waits until it listens.
    pub fn serve(database: &Database) -> Self {
        Self::start(&["serve", "--database", &database.url(), "--listen", "127.0.0.1:0"])
    }
    /// Starts it with these arguments, among them a port of 0, and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let address = lines
            .by_ref()
            .find_map(|line| {
                let (_, rest) = line.split_once("http://").unwrap_or(("", ""));
                let address = rest.split(['/', ' ']).next().and_then(|text| text.parse().ok());
                said.push(line);
                address
            })
            .unwrap_or_else(|| panic!("it never listened: {said:?}"));
        // It would stop if nobody read what it says.
        std::thread::spawn(move || lines.for_each(drop));
        Process { child, address, said }
    }
    /// Somebody who is not signed in.
    pub fn visitor(&self) -> Person {
        Person::new(self.address)
    }
    /// Ends it as a power cut would.
    pub fn kill_now(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    }
    /// Asks it to stop, as an administrator does. Returns how long it took; nothing if it went on for long.
    pub fn ask_to_stop(&mut self) -> Option<Duration> {
        let (began, pid) = (Instant::now(), self.child.id().to_string());
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        while began.elapsed() < Duration::from_secs(30) {
            if self.child.try_wait().unwrap().is_some() {
                return Some(began.elapsed());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
