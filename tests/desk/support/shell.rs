//! Runs the lines of the documentation: `curl` with what it is given, `jq` for one value, variables.

use std::collections::BTreeMap;

use serde_json::Value;

use super::person::{Person, Reply};

/// A shell with its variables.
pub struct Shell<'a> {
    visitor: &'a Person,
    variables: BTreeMap<String, String>,
}

impl<'a> Shell<'a> {
    /// Of somebody who knows nothing but these variables.
    pub fn new(visitor: &'a Person, variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Shell { visitor, variables }
    }
    /// Runs `curl …`, or `NAME=$(curl … | jq -r FILTER)`.
    pub fn run(&mut self, line: &str) -> Reply {
        let assigned = line.strip_suffix(')').and_then(|line| line.split_once("=$("));
        let Some((name, command)) = assigned.filter(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase())) else {
            return self.curl(line);
        };
        let (command, filter) = command.rsplit_once(" | jq -r ").unwrap();
        let reply = self.curl(command);
        assert!(reply.status < 300, "{command}: {}", reply.text());
        let value = filtered(&reply.json(), filter);
        self.variables.insert(name.to_owned(), value);
        reply
    }
    fn curl(&self, command: &str) -> Reply {
        let words = self.words(command);
        let mut words = words.iter().map(String::as_str);
        assert_eq!(words.next(), Some("curl"), "{command}");
        let (mut method, mut address, mut headers, mut body) = (None, None, Vec::new(), None::<String>);
        while let Some(word) = words.next() {
            match word {
                "-sS" => {}
                "-X" => method = words.next(),
                "-H" => headers.push(words.next().unwrap().split_once(": ").unwrap()),
                "-d" => {
                    let more = words.next().unwrap();
                    body = Some(body.map_or_else(|| more.to_owned(), |before| format!("{before}&{more}")));
                }
                other => {
                    assert!(other.starts_with("http") && address.is_none(), "{other}");
                    address = Some(other);
                }
            }
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
        self.visitor.send(method, address.unwrap(), &headers, body.map(String::into_bytes))
    }
    /// Splits a command as a shell does.
    fn words(&self, command: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        let mut rest = command;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match (c, quote) {
                ('\'' | '"', None) => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (c, Some(open)) if c == open => quote = None,
                ('$', None | Some('"')) => {
                    let end = rest.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(rest.len());
                    let name = &rest[..end];
                    rest = &rest[end..];
                    let value = self.variables.get(name).unwrap_or_else(|| panic!("{name} is not set"));
                    word.get_or_insert_default().push_str(value);
                }
                ('\\', None) if rest.starts_with('\n') => rest = &rest[1..],
                ('\\', None | Some('"')) => {
                    let next = rest.chars().next().unwrap();
                    rest = &rest[next.len_utf8()..];
                    word.get_or_insert_default().push(next);
                }
                (' ' | '\n', None) => words.extend(word.take()),
                (c, _) => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }
}

/// What `jq -r .a.b[0]` prints.
fn filtered(value: &Value, filter: &str) -> String {
    let path = filter.replace('[', ".").replace(']', "");
    let found =
        path.split('.').filter(|part| !part.is_empty()).fold(value, |value, part| match part.parse::<usize>() {
            Ok(place) => &value[place],
            Err(_) => &value[part],
        });
    match found {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
