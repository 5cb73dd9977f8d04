//! Products and their stock on the pages: added, found, counted, changed, by those who may.

use slipway::catalog;

use crate::support::app::TestDesk;
use crate::support::person::Person;

/// The fields of a product as the form posts them.
fn fields<'a>(token: &'a str, sku: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields =
        vec![("form_token", token), ("sku", sku), ("title", "Mug, oat glaze"), ("price", "28.50"), ("tracked", "1")];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    fields.extend_from_slice(more);
    fields
}

fn add(person: &Person, sku: &str, more: &[(&str, &str)]) -> String {
    let token = format!("add-{sku}");
    let reply = person.post("/products", &fields(&token, sku, more));
    assert_eq!(reply.status, 303, "{}", reply.words());
    reply.location().to_owned()
}

#[test]
fn a_product_is_added_found_and_shown_with_what_there_is() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    owner.see("/products").must_say("No products yet");
    let place = add(
        &owner,
        "MUG-OAT-L",
        &[("on_hand", "12"), ("low_at", "3"), ("bin", "A-03-2"), ("barcode", "2000713000008")],
    );
    add(&owner, "PLT-1", &[("title", "Dinner plate"), ("on_hand", "2"), ("low_at", "5")]);
    owner.see(&place).must_say("First count");
    desk.order().line("MUG-OAT-L", "Mug", 4, 2850).at("confirmed").place();
    let list = owner.see("/products");
    for word in ["Mug, oat glaze", "A-03-2", "€28.50", "In stock", "Low", "12", "4", "8"] {
        list.must_say(word);
    }
    for (search, found) in [("oat", true), ("mug-oat", true), ("A-03", true), ("2000713", true), ("plate", false)] {
        assert_eq!(owner.see(&format!("/products?q={search}")).says("Mug, oat glaze"), found, "{search}");
    }
    let low = owner.see("/products?show=low&sort=-available");
    assert!(low.says("Dinner plate") && !low.says("Mug, oat glaze"));
    owner.see("/products?q=nothing").must_say("No product matches");
    assert_eq!(owner.get("/products?sort=colour").status, 400);
    assert_eq!(owner.get("/products/no-such").status, 404);
}

#[test]
fn a_taken_sku_and_numbers_that_are_none_lose_nothing_that_was_typed() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    add(&owner, "MUG", &[]);
    let long = "x".repeat(1_001);
    for (name, value, told) in [
        ("sku", "MUG", "Another product has this SKU."),
        ("sku", "", "Enter an SKU"),
        ("title", long.as_str(), "Enter a title"),
        ("price", "-5", "Enter an amount in EUR"),
        ("price", "9999999999999999999", "Enter an amount in EUR"),
        ("grams", "heavy", "Enter the weight in whole grams."),
        ("on_hand", "-1", "Enter what lies on the shelf"),
        ("on_hand", "99999999999999999999", "Enter what lies on the shelf"),
        ("low_at", "-2", "Enter the number of units that counts as low"),
        ("part_sku", "NOBODY", "There is no product with the SKU NOBODY."),
    ] {
        let reply = owner.post("/products", &fields("t-bad", "NEW-1", &[(name, value), ("bin", "B-99")]));
        let status = if value == "MUG" { 409 } else { 422 };
        assert_eq!(reply.status, status, "{name}={value}: {}", reply.words());
        reply.must_say(told);
        assert!(reply.text().contains("B-99"), "what was typed stays");
    }
    let script = add(&owner, "HTML", &[("title", "<script>alert(1)</script>")]);
    for page in [script.as_str(), "/products"] {
        assert!(!owner.see(page).text().contains("<script>alert"), "{page}");
    }
    let first = owner.post("/products", &fields("twice", "TWICE", &[]));
    let second = owner.post("/products", &fields("twice", "TWICE", &[]));
    assert_eq!((first.location(), second.status), (second.location(), 303), "a double click adds one");
}

#[test]
fn a_packer_counts_without_seeing_a_price_and_changes_nothing_else() {
    let desk = TestDesk::open();
    let place = add(&desk.owner(), "MUG", &[("on_hand", "12")]);
    let packer = desk.packer();
    for page in ["/products", place.as_str()] {
        assert!(!packer.see(page).says("28.50"), "{page}");
    }
    let count = |token: &str, counted: &str, reason: &str| {
        packer.post(&format!("{place}/count"), &[("form_token", token), ("counted", counted), ("reason", reason)])
    };
    assert_eq!(count("c1", "11", "Broken or spoiled").status, 303);
    assert_eq!(count("c1", "11", "Broken or spoiled").status, 303, "a second click");
    let shown = packer.see(&place);
    shown.must_say("Broken or spoiled");
    shown.must_say("Jon Bakker");
    for (counted, reason, told) in [
        ("-3", "Lost or stolen", "Enter what lies on the shelf"),
        ("many", "Lost or stolen", "Enter what lies on the shelf"),
        ("3", "", "Choose a reason."),
    ] {
        let reply = count("c2", counted, reason);
        assert_eq!(reply.status, 422);
        reply.must_say(told);
    }
    let id = desk.read(|conn| catalog::find_by_sku(conn, "MUG")).unwrap().id;
    assert_eq!(desk.levels(id), (11, 0, 0));
    assert_eq!(packer.get("/products/new").status, 403);
    assert_eq!(packer.post(&place, &fields("t", "MUG", &[("version", "1")])).status, 403);
    assert_eq!(desk.viewer().post(&format!("{place}/count"), &[("counted", "1")]).status, 403);
    desk.stock_must_add_up();
}

#[test]
fn a_bundle_is_sold_as_one_and_takes_its_parts() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    add(&owner, "MUG", &[("on_hand", "9")]);
    add(&owner, "BOWL", &[("title", "Bowl"), ("on_hand", "3")]);
    let parts = [("part_sku", "MUG"), ("part_quantity", "2"), ("part_sku", "BOWL"), ("part_quantity", "1")];
    let set = add(&owner, "SET", &[&[("title", "Breakfast set")], parts.as_slice()].concat());
    owner.see(&set).must_say("They make 3.");
    let number = desk.order().line("SET", "Breakfast set", 2, 6000).at("confirmed").place();
    let id = |sku: &'static str| desk.read(move |conn| catalog::find_by_sku(conn, sku)).unwrap().id;
    assert_eq!((desk.levels(id("MUG")), desk.levels(id("BOWL"))), ((9, 4, 0), (3, 2, 0)));
    owner.see(&set).must_say("They make 1.");
    owner.see("/products?show=bundles").must_say("Breakfast set");
    let nested = owner.post("/products", &fields("nest", "NEST", &[("part_sku", "SET"), ("part_quantity", "1")]));
    nested.must_say("SET is a bundle itself.");
    desk.order().line("SET", "Breakfast set", 1, 6000).at("shipped").place();
    assert_eq!((desk.levels(id("MUG")), desk.levels(id("BOWL"))), ((7, 4, 0), (2, 2, 0)));
    assert_eq!(desk.look(number).stage, "confirmed");
    desk.stock_must_add_up();
}

#[test]
fn who_begins_to_count_finds_what_open_orders_are_owed_allocated() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let place = add(&owner, "MUG", &[("tracked", "")]);
    desk.order().line("MUG", "Mug", 3, 2850).at("approved").place();
    desk.order().line("MUG", "Mug", 2, 2850).at("shipped").place();
    let id = desk.read(|conn| catalog::find_by_sku(conn, "MUG")).unwrap().id;
    assert_eq!(desk.levels(id), (0, 0, 0));
    let save = |version: &str, tracked: &str| {
        owner.post(&place, &fields("", "MUG", &[("version", version), ("tracked", tracked)]))
    };
    assert_eq!(save("1", "1").status, 303);
    assert_eq!(desk.levels(id), (0, 3, 0), "what has left is not taken again");
    let stale = save("1", "");
    assert_eq!(stale.status, 409);
    stale.must_say("Somebody changed this product since you opened it.");
    assert_eq!(save("2", "").status, 303);
    assert_eq!(desk.levels(id), (0, 0, 0));
    desk.stock_must_add_up();
}
