//! Who may know whom, read from the source text. The floors are told in `src/lib.rs`.

use std::path::Path;

/// The ground floor knows no feature.
const GROUND: [&str; 16] = [
    "money", "ids", "time", "address", "actor", "error", "config", "words", "language", "db", "event", "job",
    "outside", "reach", "web", "api",
];
/// A feature knows only those before it.
const FEATURES: [&str; 17] = [
    "staff",
    "market",
    "customer",
    "catalog",
    "workflow",
    "order",
    "payment",
    "shipment",
    "returns",
    "invoice",
    "moves",
    "conversation",
    "customer_page",
    "mail",
    "whatsapp",
    "transports",
    "announce",
];
/// Edges know any feature; no feature knows them.
const EDGES: [&str; 10] =
    ["setup", "settings", "account", "intake", "webhook", "notify", "print", "report", "transfer", "privacy"];
/// Words that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["utils", "util", "helpers", "common", "services", "managers", "types"];

/// One file of `src/`.
struct Source {
    /// Below `src/`, such as `order/store.rs`.
    path: String,
    /// Whether its head says "Pure"
    says_pure: bool,
    /// Its code, without comments and without the tests at its end.
    code: String,
}

impl Source {
    /// The folder or file directly below `src/` that it belongs to.
    fn home(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }
    fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }
    fn is(&self, stem: &str) -> bool {
        self.file().starts_with(stem) || self.path.contains(&format!("/{stem}/"))
    }
    fn is_in(&self, homes: &[&str]) -> bool {
        homes.contains(&self.home())
    }
    /// Modules of the house that it names by `crate::…`.
    fn knows(&self) -> Vec<String> {
        let mut known = Vec::new();
        for (_, after) in self.code.match_indices("crate::").map(|(at, word)| self.code.split_at(at + word.len())) {
            match after.strip_prefix('{') {
                Some(list) => known.extend(first_words(list)),
                None => known.push(word(after)),
            }
        }
        known.sort();
        known.dedup();
        known
    }
    fn names(&self, crate_name: &str) -> bool {
        names(&self.code, crate_name)
    }
    /// As [`Source::names`], but a derive or an attribute is not yet use.
    fn uses(&self, crate_name: &str) -> bool {
        let attribute = |line: &&str| line.trim_start().starts_with("#[");
        names(&self.code.lines().filter(|line| !attribute(line)).collect::<Vec<_>>().join("\n"), crate_name)
    }
}

fn names(code: &str, crate_name: &str) -> bool {
    code.match_indices(crate_name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + crate_name.len()..].chars().next();
        let joins = |c: char| c.is_alphanumeric() || c == '_';
        !before.is_some_and(|c| joins(c) || c == ':') && (crate_name.ends_with(':') || !after.is_some_and(joins))
    })
}

/// The first path segment of each entry of `a::b, c::{d, e}}`.
fn first_words(list: &str) -> Vec<String> {
    let (mut depth, mut entry, mut found) = (0, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => found.push(word(std::mem::take(&mut entry).trim())),
            _ => {}
        }
        if depth == 0 && c != ',' {
            entry.push(c);
        }
    }
    found.push(word(entry.trim()));
    found.retain(|word| !word.is_empty());
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                let head = text.lines().take_while(|line| line.starts_with("//!"));
                let says_pure = head.collect::<Vec<_>>().join("\n").contains("Pure");
                sources.push(Source { path: name, says_pure, code: code_of(&text) });
            }
        }
    }
    assert!(sources.len() > 20);
    sources
}

fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn assert_none(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}\n  {}", broken.join("\n  "));
}

/// Every pair of a file and a module it should not name.
fn offences(of: impl Fn(&Source) -> bool, wrong: impl Fn(&Source, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| of(source)) {
        for known in source.knows() {
            if known != source.home() && wrong(source, &known) {
                found.push(format!("src/{} names crate::{known}", source.path));
            }
        }
    }
    found
}

#[test]
fn the_ground_floor_knows_no_feature() {
    let above = |known: &str| !GROUND.contains(&known) && is_module(known);
    assert_none(offences(|source| source.is_in(&GROUND), |_, known| above(known)), "Ground knows only ground.");
}

#[test]
fn a_feature_knows_only_features_before_it() {
    let place = |name: &str| FEATURES.iter().position(|feature| *feature == name);
    let wrong = |source: &Source, known: &str| {
        is_module(known) && !GROUND.contains(&known) && place(known).is_none_or(|at| Some(at) >= place(source.home()))
    };
    // A screen may be put together from any feature's front door.
    let of = |source: &Source| source.is_in(&FEATURES) && !source.is("pages") && !source.is("api");
    assert_none(offences(of, wrong), "A feature knows only ground and the features before it.");
}

#[test]
fn screens_know_features_but_not_the_way_up() {
    let wrong = |_: &Source, known: &str| is_module(known) && !GROUND.contains(&known) && !FEATURES.contains(&known);
    let of = |source: &Source| source.is_in(&FEATURES) && (source.is("pages") || source.is("api"));
    assert_none(offences(of, wrong), "Pages of features know ground and features.");
}

#[test]
fn edges_do_not_know_who_calls_them() {
    let top = ["routes", "cli", "worker", "main", "openapi"];
    assert_none(offences(|source| source.is_in(&EDGES), |_, known| top.contains(&known)), "Edges know no caller.");
}

#[test]
fn every_module_has_a_floor() {
    let top = ["lib", "main", "routes", "openapi", "cli", "worker", "demo"];
    let homeless: Vec<_> = sources()
        .iter()
        .filter(|s| !s.is_in(&GROUND) && !s.is_in(&FEATURES) && !s.is_in(&EDGES) && !s.is_in(&top))
        .map(|source| source.path.clone())
        .collect();
    assert_none(homeless, "Put a new module on a floor, here and in src/lib.rs.");
}

#[test]
fn screens_never_touch_the_tables() {
    let broken = sources()
        .iter()
        .filter(|source| source.is("pages") || source.is("api"))
        // Signing in counts tries before it knows who is there.
        .filter(|source| source.path != "staff/pages.rs")
        .filter(|source| source.names("diesel") || source.code.contains("db::schema") || source.names("store::"))
        .map(|source| source.path.clone())
        .collect();
    assert_none(broken, "Pages and API call front doors; they never touch stores, the schema or Diesel.");
}

#[test]
fn a_file_that_says_it_is_pure_is() {
    let impure = ["actix_web", "askama", "diesel", "actix_session"];
    let mut broken = Vec::new();
    let sources = sources();
    let pure: Vec<_> = sources.iter().filter(|source| source.says_pure).collect();
    assert!(pure.len() >= 4, "rules live in files whose head says \"Pure\"");
    for source in pure {
        let named = impure.iter().filter(|name| source.names(name)).map(|name| (*name).to_owned());
        let db = source.knows().into_iter().filter(|known| known == "db");
        let clock = source.code.contains("::now()").then(|| "the clock".to_owned());
        for what in named.chain(db).chain(clock) {
            broken.push(format!("src/{} uses {what}", source.path));
        }
    }
    assert_none(broken, "A file that holds rules takes plain values: no database, no web, no clock.");
}

#[test]
fn each_library_stays_in_its_rooms() {
    let mut broken = Vec::new();
    for source in &sources() {
        let newtypes = ["ids.rs", "time.rs", "money.rs"].contains(&source.path.as_str());
        // Everything a query is asked through is in a store; the error only turns one into ours.
        let diesel =
            source.is_in(&["db", "report", "transfer"]) || source.is("store") || newtypes || source.path == "error.rs";
        let actix = source.is_in(&["web", "api", "routes", "openapi", "cli"])
            || source.is("pages")
            || source.is("api")
            || ["staff/guard.rs", "staff/session.rs", "notify/stream.rs"].contains(&source.path.as_str());
        let askama = source.is_in(&["web", "print"]) || source.is("pages") || source.path == "mail/letter.rs";
        for (name, allowed) in [("diesel", diesel), ("actix_web", actix), ("askama", askama)] {
            if source.uses(name) && !allowed {
                broken.push(format!("src/{} names {name}", source.path));
            }
        }
    }
    assert_none(broken, "diesel lives in db/ and stores, actix_web in web/ and pages, askama in pages and print/.");
}

#[test]
fn only_the_database_folder_names_a_backend() {
    let names = ["PgConnection", "SqliteConnection", "Conn::Pg", "Conn::Sqlite", "diesel::pg", "diesel::sqlite"];
    let broken = sources()
        .iter()
        // Money crosses to SQL as what is inside it, like the newtypes of db/types.rs.
        .filter(|source| !source.is_in(&["db", "money"]))
        .flat_map(|source| {
            names
                .iter()
                .filter(|name| source.code.contains(*name))
                .map(|name| format!("src/{} names {name}", source.path))
        })
        .collect();
    assert_none(broken, "Only db/ knows which database it is.");
}

#[test]
fn no_query_is_a_case_when() {
    let broken = sources().iter().filter(|source| source.names("case_when")).map(|s| s.path.clone()).collect();
    assert_none(broken, "case_when takes minutes to compile on the shared connection.");
}

#[test]
fn a_name_says_what_is_inside() {
    let broken = sources()
        .iter()
        // The columns' types are what db/types.rs holds.
        .filter(|source| source.path != "db/types.rs")
        .filter(|source| source.path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part)))
        .map(|source| source.path.clone())
        .collect();
    assert_none(broken, "Name a module for its idea.");
}

#[test]
fn nobody_touches_a_table_of_another_feature_but_reports_and_transfers() {
    // Only the table's feature may insert into, update or delete from it.
    let mut broken = Vec::new();
    for (table, owner) in [
        ("orders", "order"),
        ("order_lines", "order"),
        ("payments", "payment"),
        ("shipments", "shipment"),
        ("returns", "returns"),
        ("notes", "conversation"),
        ("messages", "conversation"),
        ("events", "event"),
        ("jobs", "job"),
        ("staff", "staff"),
        ("customers", "customer"),
        ("products", "catalog"),
        ("stock_levels", "catalog"),
        ("stock_claims", "catalog"),
        ("stock_movements", "catalog"),
        ("webhook_endpoints", "webhook"),
        ("webhook_deliveries", "webhook"),
        ("whatsapp_messages", "whatsapp"),
    ] {
        for source in sources().iter().filter(|source| !source.is_in(&[owner, "transfer", "report", "db"])) {
            for verb in ["insert_into", "update", "delete"] {
                if [format!("diesel::{verb}({table}::"), format!("diesel::{verb}(schema::{table}::")]
                    .iter()
                    .any(|call| source.code.contains(call))
                {
                    broken.push(format!("src/{} writes {table}, which is {owner}'s", source.path));
                }
            }
        }
    }
    assert_none(broken, "One feature writes a table.");
}

fn is_module(name: &str) -> bool {
    GROUND.contains(&name)
        || FEATURES.contains(&name)
        || EDGES.contains(&name)
        || ["routes", "cli", "worker", "demo", "openapi"].contains(&name)
}

#[test]
fn a_list_of_names_is_read_by_its_first_words() {
    assert_eq!(first_words("db::{Conn, Tx}, error::Result, time}; fn x() {}"), ["db", "error", "time"]);
}
