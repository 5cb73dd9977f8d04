//! Customers are spoken to in their language: their page, what is said of moves, the mails around it.

use serde_json::json;
use slipway::announce;
use slipway::conversation;
use slipway::market::{self, MarketFacts, Markets};
use slipway::time::UtcTime;
use slipway::web;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// A shop whose customers read English, German and Hungarian.
fn shop() -> TestDesk {
    let desk = TestDesk::open();
    speaks(&desk, &["en", "de-AT", "hu"]);
    desk
}

fn speaks(desk: &TestDesk, languages: &[&str]) {
    let languages: Vec<String> = languages.iter().map(|tag| (*tag).to_owned()).collect();
    desk.write(move |tx| {
        let home = Markets::load(tx.conn)?.home()?.clone();
        let facts = MarketFacts { languages, ..MarketFacts::of(&home, market::hours(tx.conn, home.id)?) };
        let actor = slipway::actor::Actor::System { name: "Test" };
        market::change(tx, &actor, &home.slug, &facts).map(|_| ())
    });
}

fn link(desk: &TestDesk, number: i64) -> String {
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        slipway::customer_page::make_link(tx, &actor, number, slipway::customer_page::Anew::No).map(|link| link.path())
    })
}

fn send(customer: &Person, page: &str, form: &str, fields: &[(&str, &str)]) -> Reply {
    let shown = customer.see(page);
    let (token, version) = (shown.field("form_token"), shown.field("version"));
    let mut all = vec![("form_token", token.as_str()), ("version", version.as_str())];
    all.extend_from_slice(fields);
    let (path, query) = page.split_once('?').map_or((page, String::new()), |(path, query)| (path, format!("?{query}")));
    customer.post(&format!("{path}/{form}{query}"), &all)
}

#[test]
fn a_page_speaks_the_language_of_its_customer_and_can_be_switched() {
    let desk = shop();
    let number = desk.order().with(|draft| draft.language = "hu-HU".into()).at("placed").place_unpaid();
    let (page, customer) = (link(&desk, number), desk.visitor());
    let shown = customer.see(&page);
    assert!(shown.text().contains("<html lang=\"hu\">"));
    for words in ["Megérkezett, Önre várunk", "Az Ön rendelése", "Részösszeg", "Még fizetendő", "Irányítószám"]
    {
        shown.must_say(words);
    }
    let html = shown.text();
    for tongue in [format!("href=\"{page}?lang=en\" lang=\"en\""), format!("href=\"{page}?lang=de\" lang=\"de\"")] {
        assert!(html.contains(&tongue), "{tongue} in {html}");
    }
    assert!(!html.contains("lang=hu"), "the page needs no word to be what it is");
    assert!(html.contains("<option value=\"AT\">Ausztria</option>"), "countries, too");

    let german = format!("{page}?lang=de");
    let shown = customer.see(&german);
    assert!(shown.text().contains("<html lang=\"de\">"));
    for words in ["Eingegangen, wir warten auf Sie", "Ihre Bestellung", "Noch zu zahlen", "Magyar"] {
        shown.must_say(words);
    }
    assert!(shown.text().contains(&format!("action=\"{page}/messages?lang=de\"")));
    assert_eq!(shown.header("set-cookie"), "");
    assert!(customer.get(&format!("{page}?lang=xx")).text().contains("<html lang=\"hu\">"));

    // What is sent comes back in the same language, done or refused.
    let sent = send(&customer, &german, "messages", &[("body", "Guten Tag")]);
    assert_eq!(sent.location(), format!("{page}?done=message&lang=de#said"));
    customer.see(sent.location()).must_say("Ihre Nachricht ist bei uns.");
    let refused = send(&customer, &german, "messages", &[("body", " ")]);
    assert_eq!(refused.status, 400);
    refused.must_say("Bitte schreiben Sie zuerst etwas.");
    let refused = send(&customer, &german, "address", &[("ship_country", "HU")]);
    refused.must_say("Geben Sie Straße und Hausnummer ein.");
    refused.must_say("Bitte sehen Sie sich 4 Felder noch einmal an.");
    refused.must_say("Adressen in diesem Land brauchen eine (Ungarn).");
    assert_eq!(customer.get(&format!("{page}/messages?lang=de")).location(), german);
    assert_eq!(send(&customer, &page, "cancellation", &[]).status, 303);
    customer.see(&page).must_say("Törölve");
}

#[test]
fn a_country_is_called_as_the_reader_calls_it() {
    let desk = shop();
    let abroad = |draft: &mut slipway::order::Draft| {
        let to = draft.ship_to.get_or_insert_default();
        to.country = "AT".into();
    };
    let number = desk.order().with(abroad).at("confirmed").place();
    let (page, customer) = (link(&desk, number), desk.visitor());
    for (language, austria) in [("en", "Austria"), ("de", "Österreich"), ("hu", "Ausztria")] {
        customer.see(&format!("{page}?lang={language}")).must_say(austria);
    }
    desk.owner().see(&format!("/orders/{number}")).must_say("Austria");
}

#[test]
fn a_language_that_the_market_does_not_have_gives_way_to_its_first() {
    let desk = shop();
    let number = desk.order().with(|draft| draft.language = "fr".into()).at("approved").place();
    let page = link(&desk, number);
    desk.visitor().see(&page).must_say("Being prepared");
    speaks(&desk, &["nl", "de"]);
    desk.visitor().see(&page).must_say("In Vorbereitung");
    speaks(&desk, &["nl"]);
    let shown = desk.visitor().see(&page);
    shown.must_say("Being prepared");
    assert!(!shown.text().contains("class=\"row small tongues\""), "there is nothing to choose");
    // A page that is no more says so in the language it spoke, and one that never was in the shop's.
    speaks(&desk, &["de"]);
    desk.owner().post(&format!("/orders/{number}/customer-page"), &[("do", "revoke")]);
    desk.visitor().get(&page).must_say("Diese Seite ist geschlossen");
    desk.visitor().get("/t/nothing").must_say("Hier ist keine Seite");
}

#[test]
fn words_of_the_shops_own_stay_the_shops() {
    let desk = shop();
    let owner = desk.owner();
    let stage = [("label", "Packed"), ("public_label", "Packed with love"), ("colour", "info"), ("sla_unit", "hours")];
    assert_eq!(owner.post("/settings/stages/processed", &stage).status, 303);
    let number = desk.order().with(|draft| draft.language = "de".into()).at("processed").place();
    desk.visitor().see(&link(&desk, number)).must_say("Packed with love");
}

fn relay(desk: &TestDesk) {
    let db = desk.db.clone();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async move { announce::relay(&db, UtcTime::now()).await.unwrap() });
}

/// What a customer who reads this language is told of a packed order.
fn told(desk: &TestDesk, owner: &Person, language: &str) -> String {
    let language = language.to_owned();
    let number = desk.order().with(move |draft| draft.language = language).at("approved").place();
    let version = desk.look(number).version.to_string();
    let moved = owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &version)]);
    assert_eq!(moved.status, 303);
    relay(desk);
    let order = desk.look(number).id;
    desk.read(|conn| conversation::messages(conn, order))[0].body.replace(&format!("#{number}"), "#1")
}

#[test]
fn moves_are_told_in_the_customers_language_by_the_houses_words_or_the_shops() {
    let desk = shop();
    let owner = desk.owner();
    let server = [
        ("host", "127.0.0.1"),
        ("port", "1"),
        ("secured", "nothing"),
        ("from", "hello@fernandkiln.example"),
        ("do", "save"),
    ];
    assert_eq!(owner.post("/settings/mail", &server).status, 303);
    desk.write(|tx| web::set_setting(tx, "public_address", "https://desk.fernandkiln.example"));
    let stage = [("label", "Packed"), ("colour", "info"), ("sla_unit", "hours"), ("message", "yes")];
    assert_eq!(owner.post("/settings/stages/processed", &stage).status, 303);
    assert!(told(&desk, &owner, "").starts_with("Hello Eszter,\n\nyour order #1 is packed"));
    assert!(told(&desk, &owner, "de").starts_with("Guten Tag Eszter,\n\nIhre Bestellung #1 ist verpackt"));
    assert!(told(&desk, &owner, "hu").starts_with("Kedves Eszter!\n\nRendelését (#1) becsomagoltuk"));

    // Saved as it stands, nothing is of the shop's own.
    let page = owner.see("/settings/stages/processed");
    page.must_say("For customers who read Magyar.");
    let html = page.text();
    let area = |name: &str| {
        let at = html.find(&format!("id=\"{name}\"")).unwrap();
        let text = html[at..].split_once('>').unwrap().1.split("</textarea>").next().unwrap();
        text.replace("&#39;", "'")
    };
    let words = [("text", area("f-text")), ("de", area("f-in-de")), ("hu", area("f-in-hu"))];
    let save = |text: &str, german: &str, hungarian: &str| {
        let fields = [
            ("text", text),
            ("language", "de"),
            ("language_text", german),
            ("language", "hu"),
            ("language_text", hungarian),
        ];
        owner.post("/settings/stages/processed/message", &fields)
    };
    assert_eq!(save(&words[0].1, &words[1].1, &words[2].1).status, 303);
    assert!(desk.read(|conn| announce::wordings(conn, "processed")).is_empty());

    // Words in one language, and words for everybody else.
    assert_eq!(save("{{order number}} is {{stage}}.", "{{order number}}: {{stage}}!", "").status, 303);
    assert_eq!(told(&desk, &owner, "de-DE"), "#1: Verpackt!");
    assert_eq!(told(&desk, &owner, "en"), "#1 is Packed.");
    assert_eq!(told(&desk, &owner, "hu"), "#1 is Becsomagolva.");
    let refused = save("Fine", "{{farbe}}", "");
    assert_eq!(refused.status, 400);
    refused.must_say("{{farbe}} stands for nothing.");
    assert!(refused.text().contains("{{farbe}}</textarea>"), "what was typed stays");
}

#[test]
fn programs_and_staff_say_which_language_a_customer_reads() {
    let desk = shop();
    let program = desk.program();
    let mut wanted = json!({ "items": [{ "name": "Mug", "quantity": 1, "price": "12.00" }], "language": "de-AT" });
    let made = program.must_post("/api/orders", &wanted);
    let number = made["order"]["number"].as_i64().or(made["number"].as_i64()).unwrap();
    assert_eq!(desk.look(number).language, "de-AT");
    wanted["language"] = json!("<b>");
    assert_eq!(program.post("/api/orders", &wanted).status, 400);
    let owner = desk.owner();
    let path = format!("/orders/{number}/edit");
    let form = owner.see(&path);
    assert!(form.text().contains("<option value=\"de-AT\" selected>Deutsch</option>"));
    let (version, seen) = (form.field("version"), form.field("seen").replace("&#34;", "\""));
    let fields = [("version", version.as_str()), ("seen", seen.as_str()), ("bill_same", "1"), ("language", "hu")];
    assert_eq!(owner.post(&path, &fields).status, 303);
    assert_eq!(desk.look(number).language, "hu");
    owner.see(&format!("/orders/{number}/history")).must_say("language");
}
