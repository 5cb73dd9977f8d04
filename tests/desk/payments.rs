//! Recording payments on the order's page.

use serde_json::{Value, json};
use slipway::actor::Actor;
use slipway::order::PaymentKind;
use slipway::payment::{self, NewPayment, NewRefund};
use slipway::staff::keys::NewKey;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

fn fields<'a>(form: &'a Reply, version: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, String)> {
    let mut fields: Vec<(&str, String)> = ["form_token", "back"].iter().map(|name| (*name, form.field(name))).collect();
    fields.push(("version", version.to_owned()));
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    fields
}

fn post(desk: &TestDesk, number: i64, more: &[(&str, &str)]) -> Reply {
    let owner = desk.owner();
    let form = owner.see(&format!("/orders/{number}/payments/new"));
    let version = form.field("version");
    let fields = fields(&form, &version, more);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    owner.post(&format!("/orders/{number}/payments"), &fields)
}

#[test]
fn the_form_proposes_what_is_due_and_a_payment_confirms_the_order() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    let form = owner.see(&format!("/orders/{number}/payments/new"));
    assert_eq!(form.field("amount"), "63.95");
    form.must_say("€63.95 still due");
    let done =
        post(&desk, number, &[("kind", "capture"), ("amount", "63,95"), ("method", "card"), ("reference", "ch_1")]);
    assert_eq!(done.status, 303);
    let shown = owner.see(&format!("/orders/{number}"));
    for words in ["Confirmed", "Paid", "ch_1", "Still due €0.00", "Net €63.95"] {
        shown.must_say(words);
    }
}

#[test]
fn a_part_leaves_the_rest_due_and_too_much_is_owed_back() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    post(&desk, number, &[("kind", "capture"), ("amount", "20"), ("method", "cash")]);
    owner.see(&format!("/orders/{number}")).must_say("Still due €43.95");
    post(&desk, number, &[("kind", "capture"), ("amount", "50.00"), ("method", "cash")]);
    owner.see(&format!("/orders/{number}")).must_say("Owed to customer €6.05");
}

#[test]
fn nothing_comes_in_unseen_for_an_order_in_the_archive() {
    let desk = TestDesk::open();
    let number = desk.order().at("archived").place();
    for kind in ["capture", "authorization"] {
        let reply = post(&desk, number, &[("kind", kind), ("amount", "5"), ("method", "cash")]);
        assert_eq!(reply.status, 409);
        reply.must_say("Bring it back first, then record it.");
    }
    let order = desk.look(number);
    assert_eq!((order.authorized_minor, order.captured_minor, order.credit_owed()), (0, 6_395, 0));
}

#[test]
fn what_cannot_be_read_comes_back_as_typed() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    for (field, value, told) in [
        ("amount", "a lot", "Enter an amount above zero in EUR, such as 63.95."),
        ("amount", "-5", "Enter an amount above zero in EUR, such as 63.95."),
        ("amount", "0", "Enter an amount above zero in EUR, such as 63.95."),
        ("amount", "1.234", "Enter an amount above zero in EUR"),
        ("kind", "gift", "Say whether it was paid or only authorised."),
        ("reference", "4242 4242 4242 4242", "This looks like a card number."),
        ("expires", "soon", "Enter a day, such as 2026-11-28."),
    ] {
        let mut fields = vec![("kind", "capture"), ("amount", "10"), ("method", "card"), ("note", "typed 🌿")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let reply = post(&desk, number, &fields);
        // 1.234 is a thousand and more in some places and is read so.
        if value == "1.234" && reply.status == 303 {
            continue;
        }
        assert_eq!(reply.status, 400, "{field} {value}");
        reply.must_say(told);
        assert!(reply.text().contains("typed 🌿"));
    }
}

#[test]
fn two_clicks_record_one_payment_and_a_stale_form_none() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    let form = owner.see(&format!("/orders/{number}/payments/new"));
    let version = form.field("version");
    let fields = fields(&form, &version, &[("kind", "capture"), ("amount", "10"), ("method", "cash")]);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..2 {
        assert_eq!(owner.post(&format!("/orders/{number}/payments"), &fields).status, 303);
    }
    assert_eq!(desk.look(number).captured_minor, 1_000);
    let mut stale = fields.clone();
    stale.retain(|(name, _)| *name != "form_token");
    stale.push(("form_token", "another"));
    let reply = owner.post(&format!("/orders/{number}/payments"), &stale);
    assert_eq!(reply.status, 409);
    reply.must_say("Nothing of yours was changed");
    assert_eq!(reply.field("amount"), "10");
    assert_eq!(desk.look(number).captured_minor, 1_000);
}

#[test]
fn only_those_who_may_record_payments() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    for person in [desk.packer(), desk.support(), desk.viewer()] {
        assert_eq!(person.get(&format!("/orders/{number}/payments/new")).status, 403);
        let fields = [("kind", "capture"), ("amount", "10"), ("version", "1"), ("form_token", "x")];
        assert_eq!(person.post(&format!("/orders/{number}/payments"), &fields).status, 403);
    }
    assert_eq!(desk.look(number).captured_minor, 0);
}

fn save_method(desk: &TestDesk, key: &str, more: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("label", "Card"),
        ("active", "1"),
        ("captured_before_ship", "1"),
        ("to_approve", "promised"),
        ("capture_at", "approval"),
    ];
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend(more);
    desk.owner().post(&format!("/settings/payments/{key}"), &fields)
}

fn go(desk: &TestDesk, number: i64, to: &str) -> Reply {
    let version = desk.look(number).version.to_string();
    desk.owner().post(&format!("/orders/{number}/moves"), &[("to", to), ("version", &version)])
}

#[test]
fn a_promise_is_captured_at_the_move_that_the_way_of_paying_names() {
    let desk = TestDesk::open();
    for (capture_at, until) in [("approval", "approved"), ("packing", "processed"), ("shipping", "shipped")] {
        assert_eq!(save_method(&desk, "card", &[("capture_at", capture_at)]).status, 303);
        let number = desk.order().authorized().at("confirmed").place();
        for stage in ["approved", "processed", "shipped"] {
            assert_eq!(desk.look(number).captured_minor, 0, "{capture_at} before {stage}");
            assert_eq!(go(&desk, number, stage).status, 303, "{capture_at} to {stage}");
            if stage == until {
                break;
            }
        }
        let order = desk.look(number);
        assert_eq!((order.captured_minor, order.authorized_minor, order.stage.as_str()), (6_395, 0, until));
        let version = order.version.to_string();
        let undo = desk.owner().post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]);
        assert_eq!(undo.status, 409, "money moved");
    }
}

#[test]
fn above_the_ceiling_nothing_is_captured_by_itself() {
    let desk = TestDesk::open();
    assert_eq!(save_method(&desk, "card", &[("ceiling", "63.94")]).status, 303);
    let number = desk.order().authorized().at("confirmed").place();
    assert_eq!(go(&desk, number, "approved").status, 303);
    assert_eq!(desk.look(number).captured_minor, 0);
    assert_eq!(go(&desk, number, "processed").status, 303);
    let refused = go(&desk, number, "shipped");
    assert_eq!(refused.status, 409);
    refused.must_say("€63.95 is still to be paid");
}

#[test]
fn each_way_of_paying_says_what_it_takes_to_approve_and_to_ship() {
    let desk = TestDesk::open();
    let number = desk.order().authorized().at("confirmed").place();
    assert_eq!(save_method(&desk, "card", &[("to_approve", "received"), ("capture_at", "manual")]).status, 303);
    go(&desk, number, "approved").must_say("€63.95 is still to be paid");
    // Ships without the money, when the shop says so.
    assert_eq!(save_method(&desk, "card", &[("capture_at", "manual"), ("captured_before_ship", "")]).status, 303);
    for stage in ["approved", "processed", "shipped"] {
        assert_eq!(go(&desk, number, stage).status, 303, "{stage}");
    }
    assert_eq!(desk.look(number).captured_minor, 0);
}

#[test]
fn a_way_of_paying_is_added_offered_and_taken_away_again() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let settings = owner.see("/settings/payments");
    settings.must_say("Cash on delivery");
    let token = settings.field("form_token");
    let added = owner.post("/settings/payments", &[("label", "Klarna Rechnung"), ("form_token", &token)]);
    assert_eq!(added.location(), "/settings/payments/klarna_rechnung");
    let again = owner.post("/settings/payments", &[("label", "Klarna Rechnung"), ("form_token", &token)]);
    assert_eq!(again.location(), "/settings/payments/klarna_rechnung", "a double click adds one");
    let known =
        owner.post("/settings/payments", &[("label", "klarna rechnung"), ("form_token", "another-token-of-mine")]);
    assert_eq!(known.status, 400);
    known.must_say("There is a way of paying called that already.");
    let number = desk.order().place();
    owner.see(&format!("/orders/{number}/payments/new")).must_say("Klarna Rechnung");
    for (field, value, told) in [
        ("days", "soon", "Enter a number of days"),
        ("days", "0", "Enter from 1 to 365 days"),
        ("ceiling", "lots", "Enter an amount in EUR"),
        ("abandon", "soon", "Enter a number of minutes"),
        ("abandon", "0", "Enter from one minute to 366 days"),
        ("label", " ", "Enter a name"),
        ("capture_at", "never", "Choose when it is captured."),
    ] {
        let reply = save_method(&desk, "klarna_rechnung", &[(field, value)]);
        assert_eq!(reply.status, 400, "{field}");
        reply.must_say(told);
    }
    assert_eq!(save_method(&desk, "klarna_rechnung", &[("label", "Klarna"), ("active", "")]).status, 303);
    let form = owner.see(&format!("/orders/{number}/payments/new"));
    assert!(!form.text().contains("Klarna"));
    for person in [desk.support(), desk.packer(), desk.viewer()] {
        assert_eq!(person.get("/settings/payments").status, 403);
        assert_eq!(person.post("/settings/payments/card", &[("label", "Mine")]).status, 403);
    }
}

#[test]
fn an_order_is_given_up_after_the_time_of_its_way_of_paying_or_else_of_its_market() {
    let desk = TestDesk::open();
    let waits = || {
        let order = desk.look(desk.order().place());
        order.abandon_at.map(|at| at.seconds_since(order.placed_at) / 60)
    };
    assert_eq!(waits(), Some(1_440), "as the market says");
    assert_eq!(save_method(&desk, "card", &[("abandon", "2880")]).status, 303);
    assert_eq!(waits(), Some(2_880));
    desk.owner().see("/settings/payments").must_say("abandoned after 2880 minutes");
    assert_eq!(save_method(&desk, "card", &[("abandon", "2880"), ("never_abandons", "1")]).status, 303);
    assert_eq!(waits(), None);
}

#[test]
fn an_authorisation_is_good_for_as_long_as_its_way_of_paying_says() {
    let desk = TestDesk::open();
    assert_eq!(save_method(&desk, "card", &[("days", "1")]).status, 303);
    let number = desk.order().place();
    assert_eq!(post(&desk, number, &[("kind", "authorization"), ("amount", "63.95"), ("method", "card")]).status, 303);
    desk.owner().see(&format!("/orders/{number}")).must_say("An authorisation of €63.95 lapses");
}

#[test]
fn a_gift_card_pays_a_part_and_keeps_its_code_to_itself() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().with(|draft| draft.payment_method = String::new()).place_unpaid();
    let before = desk.look(number);
    let form = owner.see(&format!("/orders/{number}/payments/new"));
    form.must_say("Gift card");
    let fields = [
        ("version", form.field("version")),
        ("form_token", form.field("form_token")),
        ("kind", "capture".to_owned()),
        ("amount", "20".to_owned()),
        ("method", "gift_card".to_owned()),
        // A code may look like the number of a bank's card.
        ("reference", "4111 1111 1111 1111".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sent = owner.post(&format!("/orders/{number}/payments"), &fields);
    assert_eq!(sent.status, 303, "{}", sent.words());
    let order = desk.look(number);
    assert_eq!(order.amount_due(), before.total_minor - 2_000);
    assert_eq!((order.total_minor, order.tax_minor, order.discount_minor), (before.total_minor, before.tax_minor, 0));
    assert_eq!(order.payment_method, "", "how the rest is paid is open");
    for page in [format!("/orders/{number}"), format!("/orders/{number}/history")] {
        let page = owner.see(&page);
        page.must_say("•••• 1111");
        assert!(!page.text().contains("4111"), "{}", page.words());
    }
    owner.see(&format!("/orders/{number}")).must_say("Gift card");
    // It goes back onto the card, which the row says.
    let refund =
        NewRefund { amount_minor: 500, adjustment_minor: 500, reason: "customer".into(), ..NewRefund::default() };
    desk.write(move |tx| payment::refund(tx, &Actor::System { name: "Test" }, number, None, &refund));
    let row = desk.read(|conn| payment::ledger(conn, order.id)).pop().unwrap();
    assert_eq!((row.method.as_str(), row.reference.as_str()), ("gift_card", "•••• 1111"));
    // A program that is told the code keeps it no more than the desk does.
    let program = desk.program();
    let body = serde_json::json!({"amount": 10, "method": "gift_card", "reference": "GIFT-2K4M-9QX7"});
    let key = [("Idempotency-Key", "gift-1")];
    let made = program.send("POST", &format!("/api/orders/{number}/captures"), &key, Some(&body));
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(made.text().contains("•••• 9QX7") && !made.text().contains("2K4M"), "{}", made.text());
}

#[test]
fn an_order_of_a_program_brings_its_gift_cards_as_payments() {
    let desk = TestDesk::open();
    let program = desk.program();
    let order = |cards: Value, more: Value| {
        let mut order = json!({
            "items": [{"name": "Mug", "sku": "MUG", "quantity": 2, "price": 28.50}],
            "taxes": [{"amount": 9.89, "label": "VAT 21 %"}],
            "customer": {"name": "Eszter Kovács", "email": "eszter@example.com"},
            "shipping_address": {
                "name": "Eszter Kovács", "address": "Ráday utca 14", "city": "Budapest", "zip": "1092", "country": "HU"
            },
            "gift_cards": cards,
        });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let card = |code: &str, amount: f64| json!({"code": code, "amount": amount});
    // A part: the rest is due, and how it is paid is open.
    let made = program.post("/api/orders", &order(json!([card("GIFT-2K4M-9QX7", 20.0)]), json!({})));
    assert_eq!(made.status, 201, "{}", made.text());
    let number = made.json()["order"]["number"].as_i64().unwrap();
    let part = desk.look(number);
    assert_eq!((part.base, part.amount_due(), part.captured_minor), (slipway::workflow::Base::Placed, 3_700, 2_000));
    assert_eq!((part.total_minor, part.tax_minor, part.discount_minor), (5_700, 989, 0));
    let ledger = desk.read(|conn| payment::ledger(conn, part.id));
    assert_eq!((ledger[0].method.as_str(), ledger[0].reference.as_str()), ("gift_card", "•••• 9QX7"));
    // The whole of it, by two: confirmed, paid, and on the invoice a way of paying beside the full tax.
    let both = json!([card("GIFT-2K4M-9QX7", 20.0), card("GIFT-7777-ABCD", 37.0)]);
    let named = order(both, json!({"external_id": "web-1"}));
    let made = program.post("/api/orders", &named);
    assert_eq!((made.status, made.json()["status"].as_str()), (201, Some("confirmed")), "{}", made.text());
    assert!(!made.text().contains("2K4M"));
    let number = made.json()["order"]["number"].as_i64().unwrap();
    assert_eq!(program.post("/api/orders", &named).status, 200);
    let whole = desk.look(number);
    assert_eq!((whole.payment_method.as_str(), whole.captured_minor), ("gift_card", 5_700), "taken once");
    let owner = desk.owner();
    let issued = owner.post(&format!("/orders/{number}/invoices"), &[("form_token", &slipway::ids::new_uid())]);
    let paper = owner.see(issued.location());
    for words in [
        "VAT 21 % €9.89",
        "Total €57.00",
        "Gift card •••• 9QX7 €20.00",
        "Gift card •••• ABCD €37.00",
        "Paid by then €57.00",
    ] {
        paper.must_say(words);
    }
    assert!(!paper.says("Discount") && !paper.says("2K4M"));
    // What cannot be is refused, and leaves no order.
    let newest = |desk: &TestDesk| desk.read(slipway::order::next_number);
    let before = newest(&desk);
    for (cards, field) in [
        (json!([card("A-1", 20.0), card("B-2", 37.01)]), "/gift_cards/1/amount"),
        (json!([card("A-1", 0.0)]), "/gift_cards/0/amount"),
        (json!([card("", 20.0)]), "/gift_cards/0/code"),
    ] {
        let refused = program.post("/api/orders", &order(cards, json!({})));
        assert_eq!(refused.problem(), (400, "order.invalid".into()), "{}", refused.text());
        assert!(refused.text().contains(field), "{}", refused.text());
    }
    let key = NewKey { name: "Till".into(), scopes: vec!["orders:write".into()], ..NewKey::default() };
    let refused = desk.program_with(key).post("/api/orders", &order(json!([card("A-1", 5.0)]), json!({})));
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(newest(&desk), before);
}

#[test]
fn what_is_still_due_is_asked_for_with_how_to_pay_it() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let form = |words: &str| {
        let typed = [("label", "Bank transfer"), ("active", "1"), ("offline", "1"), ("completes_unpaid", "1")];
        let rest = [("to_approve", "nothing"), ("captured_before_ship", "1"), ("capture_at", "manual")];
        let form: Vec<_> = typed.into_iter().chain(rest).chain([("instructions", words)]).collect();
        owner.post("/settings/payments/bank_transfer", &form)
    };
    let unknown = form("To {{iban}}");
    assert_eq!((unknown.status, unknown.field("label").as_str()), (400, "Bank transfer"));
    unknown.must_say("{{iban}} stands for nothing.");
    assert_eq!(form(&"x".repeat(1_001)).status, 400);
    assert_eq!(form("Transfer {{amount due}} to NL91 ABNA 0417 1643 00,\r\nreference {{order number}}.").status, 303);

    let number = desk.order().with(|draft| draft.payment_method = "bank_transfer".into()).place();
    let page = format!("/orders/{number}");
    assert!(owner.see(&page).text().contains("63.95</button>"), "what is due can be asked for");
    let ask = |person: &Person| {
        let fields = [("reply", "rest"), ("audience", "message"), ("back", page.as_str())];
        person.post(&format!("{page}/replies"), &fields)
    };
    let asked = ask(&owner);
    assert_eq!(asked.status, 200);
    asked.must_say(&format!("€63.95 of your order #{number} is still to be paid."));
    asked.must_say(&format!("NL91 ABNA 0417 1643 00, reference #{number}."));
    let id = desk.look(number).id;
    let path = desk.read(|conn| slipway::customer_page::link(conn, id)).unwrap().path();
    asked.must_say(&path);
    assert!(desk.read(|conn| slipway::conversation::messages(conn, id)).is_empty(), "it is read before it is sent");
    let theirs = desk.visitor().see(&path);
    theirs.must_say("How to pay");
    theirs.must_say(&format!("Transfer €63.95 to NL91 ABNA 0417 1643 00, reference #{number}."));
    assert!(!ask(&desk.packer()).says("63.95"), "who sees no money tells of none");

    // What a bank has promised is not asked for.
    let promised = desk.order().authorized().place();
    assert!(!owner.see(&format!("/orders/{promised}")).text().contains("value=\"rest\""));
    // Paid, there is nothing to ask for.
    let payment = NewPayment {
        kind: PaymentKind::Capture,
        amount_minor: 6_395,
        method: "bank_transfer".into(),
        reference: String::new(),
        note: String::new(),
        expires_at: None,
    };
    desk.write(move |tx| payment::record(tx, &Actor::System { name: "Ana" }, number, None, &payment));
    assert!(!desk.visitor().see(&path).says("How to pay"));
    assert!(!owner.see(&page).text().contains("value=\"rest\""));
}
