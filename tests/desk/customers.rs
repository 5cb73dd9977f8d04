//! Customers: found, corrected, merged, erased.

use std::collections::BTreeSet;

use diesel::RunQueryDsl;
use slipway::customer::{self, Customer};
use slipway::event::{self, Event};
use slipway::{conversation, order};

use crate::support::app::TestDesk;
use crate::support::person::Person;

/// The customer of an order.
fn of(desk: &TestDesk, number: i64) -> Customer {
    let id = desk.look(number).customer_id.unwrap();
    desk.read(|conn| customer::find(conn, id)).unwrap()
}

fn order_of(desk: &TestDesk, name: &str, email: &str) -> i64 {
    desk.order().customer(name, email).at("confirmed").place()
}

fn names(person: &Person, address: &str) -> Vec<String> {
    let html = person.see(address).text();
    html.split("<b class=\"brk\" dir=\"auto\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

#[test]
fn of_many_first_orders_of_one_new_person_at_once_one_makes_the_customer() {
    let desk = TestDesk::open();
    for (email, phone) in [("new@example.nl", ""), ("New@example.be", "+31 6 1234 5678"), ("", "+31 6 8765 4321")] {
        let found: BTreeSet<i64> = std::thread::scope(|scope| {
            let one = || {
                let db = desk.db.clone();
                move || {
                    db.write_blocking(move |tx| customer::find_or_make(tx, "Eszter", email, phone)).unwrap().unwrap().0
                }
            };
            let all: Vec<_> = (0..16).map(|_| scope.spawn(one())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(found.len(), 1, "{email} {phone}");
    }
}

#[test]
fn a_customer_is_found_again_by_e_mail_and_not_by_name_alone() {
    let desk = TestDesk::open();
    let first = order_of(&desk, "Ada Lovelace", "Ada@Example.com");
    let again = order_of(&desk, "A. Lovelace", "ada@example.COM");
    assert_eq!(of(&desk, first).id, of(&desk, again).id);
    let nobody = desk.order().customer("Ada Lovelace", "").at("confirmed").place();
    assert_eq!(desk.look(nobody).customer_id, None);
    let customer = of(&desk, first);
    assert_eq!((customer.order_count, customer.spent_minor), (2, 2 * 6_395));
    desk.owner().see("/customers").must_say("ada@example.com");
}

#[test]
fn two_and_three_word_reversed_and_accented_names_are_found() {
    let desk = TestDesk::open();
    order_of(&desk, "Eszter Kovács", "eszter@example.com");
    order_of(&desk, "Łucja Maria Żółkiewska", "lucja@example.pl");
    order_of(&desk, "Müller, Jürgen", "jm@example.de");
    order_of(&desk, "עדה לבלייס", "ada@example.co.il");
    let owner = desk.owner();
    for (typed, found) in [
        ("eszter kovacs", "Eszter Kovács"),
        ("Kovács Eszter", "Eszter Kovács"),
        ("kov esz", "Eszter Kovács"),
        ("zolkiewska lucja maria", "Łucja Maria Żółkiewska"),
        ("Maria Łucja Żółkiewska", "Łucja Maria Żółkiewska"),
        ("jurgen muller", "Müller, Jürgen"),
        ("eszter@example.com", "Eszter Kovács"),
        ("עדה", "עדה לבלייס"),
    ] {
        assert_eq!(names(&owner, &format!("/customers?q={typed}")), [found], "{typed}");
    }
    owner.see("/customers?q=nobody+else").must_say("Nobody found");
}

#[test]
fn customers_are_found_by_their_telephone_number() {
    let desk = TestDesk::open();
    let number = order_of(&desk, "Ada", "ada@example.com");
    let ada = of(&desk, number);
    let owner = desk.owner();
    let saved = owner.submit(
        &format!("/customers/{}/edit", ada.uid),
        &[("name", "Ada"), ("email", "ada@example.com"), ("phone", "+31 20 555 0123"), ("version", "1")],
    );
    saved.must_say("+31 20 555 0123");
    for typed in ["%2B31205550123", "020+555+0123", "5550123", "0031+20+555+0123"] {
        assert_eq!(names(&owner, &format!("/customers?q={typed}")), ["Ada"], "{typed}");
    }
}

#[test]
fn the_list_sorts_and_pages_both_ways() {
    let desk = TestDesk::open();
    for place in 0..55 {
        order_of(&desk, &format!("Person {place:02}"), &format!("p{place}@example.com"));
    }
    order_of(&desk, "Person 07", "p7@example.com");
    let owner = desk.owner();
    let first = owner.see("/customers?sort=name");
    let next = first
        .text()
        .split("href=\"")
        .find(|at| at.contains("after="))
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    assert_eq!(names(&owner, "/customers?sort=name")[0], "Person 00");
    let second = owner.see(&next);
    assert_eq!(names(&owner, &next), ["Person 50", "Person 51", "Person 52", "Person 53", "Person 54"]);
    let back = second
        .text()
        .split("href=\"")
        .find(|at| at.contains("before="))
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    assert_eq!(names(&owner, &back), names(&owner, "/customers?sort=name"));
    assert_eq!(names(&owner, "/customers?sort=orders")[0], "Person 07");
    assert_eq!(names(&owner, "/customers?sort=spent")[0], "Person 07");
    assert_eq!(names(&owner, "/customers")[0], "Person 07", "who ordered last comes first");
    for bad in [
        "/customers?sort=shoe",
        "/customers?sort=name&dir=up",
        "/customers?sort=orders&after=x",
        "/customers?colour=red",
    ] {
        assert_eq!(owner.get(bad).status, 400, "{bad}");
    }
}

#[test]
fn a_packer_sees_no_customers_and_support_neither_merges_nor_erases() {
    let desk = TestDesk::open();
    let number = order_of(&desk, "Ada", "ada@example.com");
    let uid = of(&desk, number).uid;
    let (packer, support, viewer) = (desk.packer(), desk.support(), desk.viewer());
    for path in ["/customers".to_owned(), format!("/customers/{uid}"), format!("/customers/{uid}/edit")] {
        assert_eq!(packer.get(&path).status, 403, "{path}");
    }
    assert!(!packer.see("/orders").text().contains("href=\"/customers\""));
    for path in [format!("/customers/{uid}/merge"), format!("/customers/{uid}/erase")] {
        assert_eq!(support.get(&path).status, 403, "{path}");
    }
    let forged = [("confirm", "Ada"), ("version", "1")];
    assert_eq!(support.post(&format!("/customers/{uid}/erase"), &forged).status, 403);
    assert_eq!(viewer.get(&format!("/customers/{uid}/edit")).status, 403);
    let seen = support.see(&format!("/customers/{uid}"));
    seen.must_say("Ada");
    assert!(!seen.says("Erase") && !seen.says("Merge"));
}

#[test]
fn a_customer_is_corrected_and_a_second_one_keeps_what_they_typed() {
    let desk = TestDesk::open();
    let number = order_of(&desk, "Ada", "ada@example.com");
    let uid = of(&desk, number).uid;
    order_of(&desk, "Grace", "grace@example.com");
    let owner = desk.owner();
    let path = format!("/customers/{uid}/edit");
    let form = |name, email, version| [("name", name), ("email", email), ("phone", ""), ("version", version)];
    for (email, words) in [
        ("grace@example.com", "Grace has this e-mail address already"),
        ("", "a name alone tells nobody apart"),
        ("ada@", "This is not an e-mail address"),
        ("<b>@x>", "This is not an e-mail address"),
    ] {
        let refused = owner.post(&path, &form("Ada <i>L.</i>", email, "1"));
        let status = if email.starts_with("grace") { 409 } else { 400 };
        assert_eq!(refused.status, status, "{email}");
        refused.must_say(words);
        assert_eq!(refused.field("name"), "Ada <i>L.</i>");
    }
    owner.submit(&path, &form("Ada Lovelace", "ada@example.com", "1")).must_say("Ada Lovelace is saved.");
    let stale = desk.support().post(&path, &form("Countess", "ada@example.com", "1"));
    assert_eq!(stale.status, 409);
    stale.must_say("Somebody changed this customer");
    stale.must_say("Ada Lovelace");
    assert_eq!(stale.field("name"), "Countess");
    assert_eq!(desk.look(number).customer_name, "Ada", "an order keeps what it was placed with");
    assert!(desk.read(|conn| event::of_shop(conn, 10)).iter().any(|entry| matches!(&entry.event,
        Event::CustomerChanged { field, before, after, .. } if field == "name" && before == "Ada" && after == "Ada Lovelace")));
}

#[test]
fn a_merge_moves_every_order_and_both_addresses_lead_to_one() {
    let desk = TestDesk::open();
    let keep = order_of(&desk, "Ada Lovelace", "ada@example.com");
    let gone = [order_of(&desk, "A. King", "king@example.com"), order_of(&desk, "A. King", "king@example.com")];
    let (stays, goes) = (of(&desk, keep), of(&desk, gone[0]));
    let owner = desk.owner();
    owner.see(&format!("/customers/{}/merge?q=king", stays.uid)).must_say("A. King");
    let look = owner.see(&format!("/customers/{}/merge?with={}", stays.uid, goes.uid));
    look.must_say("What comes of it");
    look.must_say("king@example.com");
    let versions = (look.field("version"), look.field("with_version"), look.field("form_token"));
    let fields = [
        ("with", goes.uid.as_str()),
        ("version", versions.0.as_str()),
        ("with_version", versions.1.as_str()),
        ("form_token", versions.2.as_str()),
    ];
    owner.submit(&format!("/customers/{}/merge", stays.uid), &fields).must_say("The two customers are one now.");
    let twice = owner.post(&format!("/customers/{}/merge", stays.uid), &fields);
    assert_eq!(twice.status, 303, "a second click lands on the first");
    for number in [keep, gone[0], gone[1]] {
        assert_eq!(desk.look(number).customer_id, Some(stays.id));
    }
    let merged = of(&desk, keep);
    assert_eq!((merged.order_count, merged.spent_minor), (3, 3 * 6_395));
    assert_eq!(owner.get(&format!("/customers/{}", goes.uid)).location(), format!("/customers/{}", stays.uid));
    assert_eq!(of(&desk, order_of(&desk, "King", "king@example.com")).id, stays.id, "the other e-mail leads here");
    assert_eq!(names(&owner, "/customers?q=king"), ["Ada Lovelace"]);
    assert_eq!(names(&owner, "/customers").len(), 1);
    assert!(
        desk.read(|conn| event::of_shop(conn, 10))
            .iter()
            .any(|entry| matches!(entry.event, Event::CustomerMerged { orders: 2, .. }))
    );
    let again = owner.post(
        &format!("/customers/{}/merge", stays.uid),
        &[("with", goes.uid.as_str()), ("version", "2"), ("with_version", "2"), ("form_token", "another")],
    );
    assert_eq!(again.status, 409);
}

#[test]
fn nobody_is_erased_while_an_order_is_under_way_or_money_is_owed() {
    let desk = TestDesk::open();
    let number = order_of(&desk, "Ada Lovelace", "ada@example.com");
    let ada = of(&desk, number);
    let owner = desk.owner();
    owner.see(&format!("/customers/{}/erase", ada.uid)).must_say("still under way");
    let fields = [("confirm", "Ada Lovelace"), ("version", "1")];
    let refused = owner.post(&format!("/customers/{}/erase", ada.uid), &fields);
    assert_eq!(refused.status, 409);
    refused.must_say("cannot be erased yet");
    assert_eq!(of(&desk, number).name, "Ada Lovelace");
}

#[test]
fn an_erased_person_is_nowhere_while_the_books_stay() {
    let desk = TestDesk::open();
    let number = desk.order().customer("Zsófia Quill", "zsofia@example.hu").at("delivered").place();
    let owner = desk.owner();
    owner.post(
        &format!("/orders/{number}/notes"),
        &[("body", "Zsófia called, QUILL is her name"), ("audience", "internal"), ("form_token", "n1")],
    );
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::Customer { name: "Zsófia Quill".into() };
        let said = "This is Zsófia, where is my mug?";
        let (direction, at) = (conversation::Direction::In, tx.now);
        conversation::keep_message(tx, &actor, number, direction, "email", said, at)?;
        conversation::mark_read(tx, number)
    });
    let corrected = owner.post(
        &format!("/orders/{number}/edit"),
        &[
            ("customer_name", "Zsófia Quill"),
            ("email", "zsofia@example.hu"),
            ("phone", "+36 30 555 0777"),
            ("customer_note", "Ring at Quill"),
            ("ship_name", "Zsófia Quill"),
            ("ship_street1", "Ráday utca 14"),
            ("ship_city", "Budapest"),
            ("ship_postcode", "1092"),
            ("ship_country", "HU"),
            ("bill_same", "1"),
            ("shipping_method", "Parcel, tracked"),
            ("payment_method", "card"),
            ("version", &desk.look(number).version.to_string()),
        ],
    );
    assert_eq!(corrected.status, 303, "{}", corrected.words());
    let id = desk.look(number).id;
    for sql in [
        format!("UPDATE payments SET note = 'Quill paid', reference = 'SEPA Zsófia Quill' WHERE order_id = {}", id.0),
        format!(
            "INSERT INTO holds (uid, order_id, reason, note, stock_mode, placed_at, placed_by, released_at) \
             VALUES ('h', {}, 'other', 'Ask Quill', 'keep', 1, 'Test', 2)",
            id.0
        ),
        format!(
            "INSERT INTO decisions (order_id, kind, reason, note, refund, restock, notify, decided_at, decided_by) \
             VALUES ({}, 'cancel_units', 'other', 'Quill asked', '', FALSE, FALSE, 1, 'Test')",
            id.0
        ),
    ] {
        match &mut desk.look_behind() {
            slipway::db::Conn::Pg(inner) => diesel::sql_query(sql).execute(inner).unwrap(),
            slipway::db::Conn::Sqlite(inner) => diesel::sql_query(sql).execute(inner).unwrap(),
        };
    }
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::Customer { name: "Zsófia Quill".into() };
        let line = order::lines(tx.conn, id)?[0].clone();
        let units = [slipway::shipment::Units { line: line.uid, quantity: 1 }];
        let request = slipway::moves::MoveRequest {
            reason: "changed_mind".into(),
            note: "Zsófia wants the blue one".into(),
            ..slipway::moves::MoveRequest::to("")
        };
        slipway::moves::request_return(tx, &actor, number, None, &units, &request).map(drop)
    });
    let before = desk.look(number);
    let diary = desk.read(|conn| event::timeline(conn, before.id));
    let person = of(&desk, number);
    let path = format!("/customers/{}/erase", person.uid);
    let wrong = owner.post(&path, &[("confirm", "Zsofi"), ("version", &person.version.to_string())]);
    assert_eq!(wrong.status, 400);
    wrong.must_say("Nothing was erased");
    let done = owner.submit(&path, &[("confirm", "zsofia quill"), ("version", &person.version.to_string())]);
    done.must_say("Erased person");

    let after = desk.look(number);
    assert_eq!(after.customer_name, "Erased person");
    assert_eq!((after.email.as_str(), after.phone.as_str(), after.customer_note.as_str()), ("", "", ""));
    assert_eq!(after.ship_to().map(|address| (address.country, address.street1)), Some(("HU".into(), String::new())));
    let sums = |order: &order::Order| {
        (order.total_minor, order.captured_minor, order.tax_minor, order.number, order.stage.clone())
    };
    assert_eq!(sums(&before), sums(&after), "the books stay");
    let told = desk.read(|conn| event::timeline(conn, after.id));
    assert_eq!(diary.len(), told.len(), "nothing happened more or less");
    assert!(
        diary
            .iter()
            .zip(&told)
            .all(|(old, new)| (old.seq, old.at, old.event.kind()) == (new.seq, new.at, new.event.kind()))
    );
    for address in [format!("/orders/{number}"), format!("/orders/{number}/notes"), format!("/orders/{number}/history")]
    {
        let page = owner.see(&address).words().to_lowercase();
        for secret in ["zsófia", "quill", "zsofia@", "555 0777", "ráday"] {
            assert!(!page.contains(secret), "{secret} on {address}: {page}");
        }
    }
    assert!(!owner.see("/orders?q=quill").says(&format!("#{number}")), "search forgot the name");
    assert_eq!(names(&owner, "/customers?q=quill"), Vec::<String>::new());
    assert_eq!(leaks(&desk, "quill"), Vec::<String>::new());
    assert!(
        desk.read(|conn| event::of_shop(conn, 5))
            .iter()
            .any(|entry| matches!(entry.event, Event::CustomerErased { orders: 1, .. }))
    );
    let twice = owner.post(&path, &[("confirm", "Erased person"), ("version", "9")]);
    assert_eq!(twice.status, 409);
}

/// Texts in the tables of an order that still hold a word.
fn leaks(desk: &TestDesk, word: &str) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let mut conn = desk.look_behind();
    let mut found = Vec::new();
    for (table, columns) in [
        ("customers", "name || COALESCE(email, '') || COALESCE(phone, '') || sort_key"),
        ("orders", "customer_name || email || phone || COALESCE(ship_address, '') || customer_note || customer_sort"),
        ("messages", "body || author_name"),
        ("notes", "body"),
        ("payments", "reference || note || problem"),
        ("returns", "note || answer || requested_by"),
        ("holds", "note"),
        ("decisions", "note"),
        ("events", "payload || actor_name"),
    ] {
        let sql = format!("SELECT {columns} AS text FROM {table} WHERE LOWER({columns}) LIKE '%{word}%'");
        let rows: Vec<Found> = match &mut conn {
            slipway::db::Conn::Pg(inner) => diesel::sql_query(sql).load(inner).unwrap(),
            slipway::db::Conn::Sqlite(inner) => diesel::sql_query(sql).load(inner).unwrap(),
        };
        found.extend(rows.into_iter().map(|row| format!("{table}: {}", row.text)));
    }
    found
}
