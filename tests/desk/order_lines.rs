//! Items of a placed order: added, taken out, changed, with a look at what it comes to first.

use slipway::catalog::{self, NewProduct};
use slipway::event::{self, Event};
use slipway::order::{self, PaymentStatus};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// What the form of the items would send, as a browser fills it.
struct Items {
    fields: Vec<(String, String)>,
}

impl Items {
    fn of(person: &Person, number: i64) -> Items {
        let html = person.see(&format!("/orders/{number}/lines")).text();
        let names = [
            "version",
            "form_token",
            "old_line",
            "old_seen",
            "old_quantity",
            "old_price",
            "old_discount",
            "charge",
            "charge_seen",
            "charge_to",
        ];
        let mut fields = Vec::new();
        for tag in html.split('<').filter(|tag| tag.starts_with("input")) {
            let value = |name: &str| {
                let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
                rest.split_once('"').map(|(value, _)| value.to_owned())
            };
            if let Some(name) = value("name").filter(|name| names.contains(&name.as_str())) {
                fields.push((name, value("value").unwrap_or_default()));
            }
        }
        Items { fields }
    }
    fn set(mut self, name: &str, place: usize, value: &str) -> Items {
        let field = self.fields.iter_mut().filter(|(known, _)| known == name).nth(place).unwrap();
        value.clone_into(&mut field.1);
        self
    }
    fn add(mut self, title: &str, sku: &str, quantity: &str, price: &str) -> Items {
        let row = [
            ("line_title", title),
            ("line_sku", sku),
            ("line_variant", ""),
            ("line_quantity", quantity),
            ("line_price", price),
            ("line_discount", ""),
        ];
        self.fields.extend(row.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }
    fn add_charge(mut self, kind: &str, label: &str, amount: &str) -> Items {
        let row = [("charge_kind", kind), ("charge_label", label), ("charge_amount", amount)];
        self.fields.extend(row.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }
    fn send(&self, person: &Person, number: i64, what: &str) -> Reply {
        let mut fields: Vec<(&str, &str)> = self.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        fields.push(("do", what));
        person.post(&format!("/orders/{number}/lines"), &fields)
    }
}

/// Two mugs at 28.50 and a bowl at 38.00 with 6.95 of shipping: 101.95.
fn mugs_and_bowl(desk: &TestDesk, stage: &str) -> i64 {
    desk.order().line("MUG", "Mug", 2, 2850).line("BOWL", "Bowl", 1, 3800).at(stage).place()
}

fn left(desk: &TestDesk, number: i64) -> Vec<(String, i64)> {
    let order = desk.look(number);
    let lines = desk.read(|conn| order::lines(conn, order.id));
    lines.into_iter().map(|line| (line.title.clone(), line.quantity - line.cancelled_quantity)).collect()
}

#[test]
fn what_is_previewed_is_what_is_applied() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "approved");
    let owner = desk.owner();
    let items =
        Items::of(&owner, number).set("old_quantity", 0, "1").set("old_price", 1, "40").add("Vase", "", "2", "25");
    let shown = items.send(&owner, number, "look");
    assert_eq!(shown.status, 200, "{}", shown.words());
    for words in [
        "2 × €28.50",
        "1 × €28.50",
        "Added",
        "2 × €25.00",
        "€101.95",
        "€125.45",
        "€23.50 will be due",
        "stays Approved",
    ] {
        shown.must_say(words);
    }
    assert_eq!(desk.look(number).total_minor, 10_195, "a look changes nothing");
    let done = items.send(&owner, number, "apply");
    assert_eq!(done.status, 303, "{}", done.words());
    let order = desk.look(number);
    assert_eq!((order.total_minor, order.amount_due(), order.stage.as_str()), (12_545, 2_350, "approved"));
    assert_eq!(order.payment_status, PaymentStatus::PartiallyPaid);
    assert_eq!(left(&desk, number), [("Mug".into(), 1), ("Bowl".into(), 1), ("Vase".into(), 2)]);
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("€23.50 is due; record it under Payments.");
    page.must_say("Record payment");
    let history = owner.see(&format!("/orders/{number}/history"));
    history.must_say("“Mug” from 2 to 1");
    history.must_say("price from €38.00 to €40.00");
    history.must_say("added 2 × “Vase”");
    history.must_say("the total went from €101.95 to €125.45");
}

#[test]
fn a_line_taken_out_stays_as_a_line_and_what_was_paid_is_owed() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "confirmed");
    let owner = desk.owner();
    let items = Items::of(&owner, number).set("old_quantity", 1, "0");
    items.send(&owner, number, "look").must_say("€38.00 will be owed to the customer");
    assert_eq!(items.send(&owner, number, "apply").status, 303);
    let order = desk.look(number);
    assert_eq!((order.total_minor, order.credit_owed()), (6_395, 3_800));
    assert_eq!(left(&desk, number), [("Mug".into(), 2), ("Bowl".into(), 0)]);
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("Taken out");
    page.must_say("Owed to customer");
    let diary = desk.read(|conn| event::timeline(conn, order.id));
    let Some(Event::LinesChanged(change)) = diary.last().map(|entry| entry.event.clone()) else {
        panic!("one event: {diary:?}")
    };
    assert_eq!((change.before.total_minor, change.after.total_minor), (10_195, 6_395));
    assert_eq!(change.lines[0].before.map(|before| before.quantity), Some(1));
    assert_eq!(change.lines[0].after.quantity, 0);
}

#[test]
fn two_clicks_on_apply_change_the_items_once() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "confirmed");
    let owner = desk.owner();
    let items = Items::of(&owner, number).add("Vase", "", "1", "10");
    let places: Vec<String> = (0..2).map(|_| items.send(&owner, number, "apply").location().to_owned()).collect();
    assert_eq!(places[0], places[1]);
    assert_eq!(left(&desk, number).len(), 3);
}

#[test]
fn who_comes_second_keeps_what_they_typed() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "confirmed");
    let (owner, support) = (desk.owner(), desk.support());
    let first = Items::of(&owner, number).set("old_quantity", 1, "3");
    let second = Items::of(&support, number).set("old_quantity", 0, "5").add("Vase", "", "1", "25.00");
    assert_eq!(first.send(&owner, number, "apply").status, 303);
    for what in ["look", "apply"] {
        let refused = second.send(&support, number, what);
        assert_eq!(refused.status, 409, "{}", refused.words());
        refused.must_say("Marta Kuipers changed the items: “Bowl” from 1 to 3");
        assert!(refused.text().contains("value=\"Vase\""), "the new line is kept");
        assert!(
            refused.text().contains("name=\"old_quantity\" inputmode=\"numeric\" value=\"5\""),
            "what was typed is kept"
        );
        assert!(
            refused.text().contains("name=\"old_quantity\" inputmode=\"numeric\" value=\"3\""),
            "what was left alone follows what is stored"
        );
    }
    assert_eq!(left(&desk, number), [("Mug".into(), 2), ("Bowl".into(), 3)]);
}

#[test]
fn packed_units_cannot_be_taken_out() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "processed");
    let owner = desk.owner();
    let refused = Items::of(&owner, number).set("old_quantity", 0, "1").send(&owner, number, "look");
    assert_eq!(refused.status, 400);
    refused.must_say("2 of “Mug” are packed. Unpack them to remove more; keep at least 2.");
    let more = Items::of(&owner, number).set("old_quantity", 0, "4").send(&owner, number, "apply");
    assert_eq!(more.status, 303, "{}", more.words());
    assert_eq!(desk.look(number).stage, "processed");
}

#[test]
fn orders_that_are_over_keep_their_items() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    for (stage, words) in [
        ("cancelled", "was stopped"),
        ("shipped", "has left the shop"),
        ("archived", "is archived"),
        ("abandoned", "was abandoned"),
    ] {
        let number = match stage {
            "abandoned" => desk.order().at("abandoned").place_unpaid(),
            _ => mugs_and_bowl(&desk, stage),
        };
        let reply = owner.get(&format!("/orders/{number}/lines"));
        assert_eq!(reply.status, 409, "{stage}");
        reply.must_say(words);
        assert!(!owner.see(&format!("/orders/{number}")).says("Change items"), "{stage}");
    }
}

#[test]
fn a_product_of_the_shop_fills_a_new_line_in() {
    let desk = TestDesk::open();
    let new = NewProduct {
        sku: "JUG-1".into(),
        title: "Jug, salt glaze".into(),
        bin: "A-03".into(),
        price_minor: 4_200,
        ..NewProduct::default()
    };
    desk.write(move |tx| catalog::create(tx, &new).map(|_| ()));
    let number = mugs_and_bowl(&desk, "confirmed");
    let owner = desk.owner();
    let items = Items::of(&owner, number).add("", "JUG-1", "2", "");
    items.send(&owner, number, "look").must_say("2 × €42.00");
    assert_eq!(items.send(&owner, number, "apply").status, 303);
    let order = desk.look(number);
    let lines = desk.read(|conn| order::lines(conn, order.id));
    let jug = lines.last().unwrap();
    assert_eq!((jug.title.as_str(), jug.bin.as_str(), jug.total_minor), ("Jug, salt glaze", "A-03", 8_400));
    assert!(jug.product_id.is_some());
    assert!(owner.see("/orders?q=salt+glaze").says(&number.to_string()), "it is found by its new line");
}

#[test]
fn what_cannot_be_is_refused_beside_its_field() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "confirmed");
    let owner = desk.owner();
    for (name, value, words) in [
        ("old_quantity", "-1", "0 takes the line out"),
        ("old_quantity", "1e9", "0 takes the line out"),
        ("old_quantity", "9007199254740992", "from 0 to 1,000,000"),
        ("old_quantity", "1.5", "0 takes the line out"),
        ("old_price", "-3", "Enter an amount in EUR"),
        ("old_price", "9999999999", "too large"),
        ("old_price", "", "0 for something free"),
        ("old_discount", "60", "larger than the line"),
        ("old_price", "<script>", "Enter an amount in EUR"),
    ] {
        let items = Items::of(&owner, number).set(name, 0, value);
        for what in ["look", "apply"] {
            let refused = items.send(&owner, number, what);
            assert_eq!(refused.status, 400, "{name} {value}: {}", refused.words());
            refused.must_say(words);
            assert!(!refused.text().contains("<script>\""), "typed text is escaped");
        }
    }
    let nothing = Items::of(&owner, number).send(&owner, number, "look");
    assert_eq!(nothing.status, 400);
    nothing.must_say("Nothing differs from the order");
    let all = Items::of(&owner, number).set("old_quantity", 0, "0").set("old_quantity", 1, "");
    all.send(&owner, number, "look").must_say("Nothing would be left of the order");
    let odd = Items::of(&owner, number).add("<b>كوب</b> ‏גביע", "", "1", "1");
    odd.send(&owner, number, "look").must_say("<b>كوب</b> ‏גביע");
    assert_eq!(desk.look(number).version, Items::of(&owner, number).fields[0].1.parse::<i64>().unwrap());
}

#[test]
fn a_packer_neither_changes_items_nor_reads_amounts_of_a_change() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "confirmed");
    let (owner, packer, viewer) = (desk.owner(), desk.packer(), desk.viewer());
    assert_eq!(packer.get(&format!("/orders/{number}/lines")).status, 403);
    assert_eq!(viewer.post(&format!("/orders/{number}/lines"), &[("do", "apply")]).status, 403);
    Items::of(&owner, number).set("old_quantity", 0, "1").send(&owner, number, "apply");
    let history = packer.see(&format!("/orders/{number}/history"));
    history.must_say("changed the items: “Mug” from 2 to 1");
    assert!(!history.says("€"), "{}", history.words());
}

#[test]
fn taxes_follow_the_items() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let token = owner.see("/orders/new").field("form_token");
    let placed = owner.post(
        "/orders/new",
        &[
            ("line_title", "Mug"),
            ("line_quantity", "2"),
            ("line_price", "60.50"),
            ("tax_rate", "21"),
            ("tax_included", "1"),
            ("customer_name", "Ada"),
            ("payment_method", "cash"),
            ("form_token", &token),
            ("do", "place"),
        ],
    );
    assert_eq!(placed.location(), "/orders/10001", "{}", placed.words());
    assert_eq!(desk.look(10_001).tax_minor, 2_100);
    assert_eq!(Items::of(&owner, 10_001).set("old_quantity", 0, "1").send(&owner, 10_001, "apply").status, 303);
    let order = desk.look(10_001);
    assert_eq!((order.total_minor, order.tax_minor), (6_050, 1_050));
}

#[test]
fn discounts_shipping_and_fees_change_in_the_same_look_as_the_items() {
    let desk = TestDesk::open();
    let number = mugs_and_bowl(&desk, "approved");
    let owner = desk.owner();
    let items = Items::of(&owner, number).set("charge_to", 0, "4.95").add_charge("discount", "Apology", "10");
    let shown = items.send(&owner, number, "look");
    assert_eq!(shown.status, 200, "{}", shown.words());
    for words in ["Parcel, tracked", "€6.95", "€4.95", "Apology", "Discount on the order", "€89.95", "3 lines stay"]
    {
        if words != "3 lines stay" {
            shown.must_say(words);
        }
    }
    shown.must_say("€12.00 will be owed to the customer.");
    assert_eq!(desk.look(number).total_minor, 10_195, "nothing changed by looking");
    for _ in 0..2 {
        assert_eq!(items.send(&owner, number, "apply").status, 303);
    }
    let order = desk.look(number);
    assert_eq!((order.shipping_minor, order.discount_minor, order.total_minor), (495, 1_000, 8_995));
    assert_eq!((order.amount_due(), order.credit_owed(), order.stage.as_str()), (0, 1_200, "approved"));
    let charges = desk.read(|conn| order::charges(conn, order.id));
    assert_eq!(charges.len(), 2, "two clicks add one discount");
    let history = owner.see(&format!("/orders/{number}/history"));
    history.must_say("Parcel, tracked from €6.95 to €4.95");
    history.must_say("the total went from €101.95 to €89.95");
    // A fee is charged to nobody by itself; a discount that is set to nothing is gone.
    let items = Items::of(&owner, number).set("charge_to", 1, "0").add_charge("fee", "Gift wrap", "12");
    items.send(&owner, number, "look").must_say("€10.00 will be due.");
    assert_eq!(items.send(&owner, number, "apply").status, 303);
    let order = desk.look(number);
    assert_eq!((order.discount_minor, order.total_minor, order.amount_due()), (0, 11_195, 1_000));
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("Gift wrap");
    page.must_say("€12.00");
}

#[test]
fn what_a_charge_cannot_be_is_refused_and_taxes_follow_what_it_becomes() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let charge = |kind, amount_minor, rate_ppm| slipway::order::DraftCharge {
        kind,
        label: String::new(),
        code: String::new(),
        amount_minor,
        rate_ppm,
    };
    let taxed = move |draft: &mut slipway::order::Draft| {
        draft.tax_included = true;
        draft.charges = vec![
            charge(slipway::order::ChargeKind::Shipping, 2_100, None),
            charge(slipway::order::ChargeKind::Tax, 2_100, Some(210_000)),
        ];
    };
    let number = desk.order().line("VASE", "Vase", 1, 10_000).with(taxed).at("confirmed").place();
    for (kind, label, amount, told) in [
        ("discount", "", "-3", "Enter an amount in EUR"),
        ("fee", "Wrapping", "", "Enter an amount above zero"),
        ("tax", "", "3", "Choose what is added"),
        ("discount", "", "500", "The discounts are larger than the goods."),
    ] {
        let refused = Items::of(&owner, number).add_charge(kind, label, amount).send(&owner, number, "look");
        assert_eq!(refused.status, 400, "{kind} {amount}");
        refused.must_say(told);
        assert_eq!(refused.field("charge_label"), label);
    }
    let wrong = Items::of(&owner, number).set("charge_to", 0, "free").send(&owner, number, "apply");
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.field("charge_to"), "free");
    Items::of(&owner, number).send(&owner, number, "look").must_say("Nothing differs from the order");
    assert_eq!(Items::of(&owner, number).set("charge_to", 0, "0").send(&owner, number, "apply").status, 303);
    let order = desk.look(number);
    assert_eq!((order.shipping_minor, order.tax_minor, order.total_minor), (0, 1_736, 10_000));
}
