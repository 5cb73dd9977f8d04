//! Nothing on any page leads nowhere.

use std::collections::{BTreeMap, VecDeque};

use crate::support::app::TestDesk;
use crate::support::person::Person;

/// Follows every link from the first page on and tells which lead nowhere: where from, where to.
fn dead_ends(person: &Person, first: &str) -> Vec<String> {
    let mut from = BTreeMap::from([(first.to_owned(), "the start".to_owned())]);
    let mut waiting = VecDeque::from([first.to_owned()]);
    let mut dead = Vec::new();
    while let Some(place) = waiting.pop_front() {
        let reply = person.get(&place);
        let found = match reply.status {
            200 if reply.header("content-type").starts_with("text/html") => links(&reply.text()),
            200 => Vec::new(),
            // Told in the page of its own why not now, such as the slip of an order on hold.
            409 => Vec::new(),
            303 => vec![reply.location().to_owned()],
            status => {
                dead.push(format!("{place} (on {}) answers {status}", from[&place]));
                Vec::new()
            }
        };
        for link in found {
            let link = within(&place, &link);
            // Filters and orders make endless combinations; a few of each kind tell enough.
            let alike = |known: &&String| kind(known) == kind(&link);
            if link.starts_with('/') && !from.contains_key(&link) && from.keys().filter(alike).count() < 6 {
                from.insert(link.clone(), place.clone());
                waiting.push_back(link);
            }
        }
    }
    assert!(from.len() > 15, "only {from:?} were found");
    dead
}

/// An address without its numbers and values.
fn kind(link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let path: Vec<_> =
        path.split('/').map(|part| if part.bytes().any(|b| b.is_ascii_digit()) { "0" } else { part }).collect();
    let names: Vec<_> = query.split('&').map(|pair| pair.split('=').next().unwrap_or("")).collect();
    if path.starts_with(&["", "assets"]) { link.to_owned() } else { format!("{}?{}", path.join("/"), names.join("&")) }
}

/// What the attributes that are followed say.
fn links(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in [" href=\"", " src=\"", " hx-get=\""] {
        for rest in html.split(attribute).skip(1) {
            let link = rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
            found.push(link.split('#').next().unwrap().to_owned());
        }
    }
    found.retain(|link| !link.is_empty());
    found
}

/// A link as seen from a page.
fn within(place: &str, link: &str) -> String {
    match link.strip_prefix('?') {
        Some(query) => format!("{}?{query}", place.split('?').next().unwrap()),
        None => link.to_owned(),
    }
}

#[test]
fn every_link_leads_somewhere_whoever_follows_it() {
    let desk = TestDesk::open();
    for stage in ["placed", "confirmed", "on_hold", "processed", "delivered", "cancelled"] {
        desk.order().at(stage).place();
    }
    for person in [desk.owner(), desk.manager(), desk.support(), desk.packer(), desk.viewer()] {
        let dead = dead_ends(&person, "/");
        assert!(dead.is_empty(), "{}", dead.join("\n"));
    }
}
