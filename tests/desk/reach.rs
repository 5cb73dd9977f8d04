//! Staff who are kept to some markets: outside of them no order is, wherever they look and whatever they do.

use slipway::actor::Actor;
use slipway::conversation::{self, Direction};
use slipway::market::{self, ChannelKind, Markets, NewMarket};
use slipway::money::Currency;
use slipway::staff::keys::NewKey;
use slipway::staff::{self, Role};

use crate::support::app::TestDesk;
use crate::support::person::Person;

const URS: &str = "urs@fernandkiln.example";

/// A desk of two markets with an order in each, and somebody who is kept to Switzerland.
struct Scene {
    desk: TestDesk,
    home: i64,
    swiss: i64,
    urs: Person,
}

fn uid(desk: &TestDesk, email: &str) -> String {
    desk.read(|conn| staff::member_by_email(conn, email)).uid
}

fn open_switzerland(desk: &TestDesk) {
    desk.write(|tx| {
        let new = NewMarket {
            slug: "switzerland".into(),
            name: "Switzerland".into(),
            currency: Currency::parse("CHF").unwrap(),
            time_zone: "Europe/Zurich".into(),
            country: "CH".into(),
            order_prefix: "CH".into(),
        };
        let market = market::create(tx, &new)?;
        market::find_or_make_channel(tx, market.id, "swiss-shop", "Swiss shop", ChannelKind::Web).map(drop)
    });
}

fn place_in(desk: &TestDesk, market: &str, name: &str, email: &str) -> i64 {
    let markets = desk.read(Markets::load);
    let market = markets.markets.iter().find(|known| known.slug == market).unwrap().clone();
    let channel = markets.channels.iter().find(|channel| channel.market_id == market.id).unwrap().id;
    let order = desk.order().customer(name, email).with(|draft| {
        (draft.market, draft.channel, draft.currency) = (market.id, channel, market.currency);
    });
    let number = order.at("delivered").place();
    desk.write(move |tx| {
        let (customer, at) = (Actor::Customer { name: "Customer".into() }, tx.now);
        conversation::keep_message(tx, &customer, number, Direction::In, "page", "Where is it?", at).map(drop)
    });
    number
}

impl Scene {
    fn set(role: Role) -> Scene {
        let desk = TestDesk::open();
        open_switzerland(&desk);
        let home = place_in(&desk, "main", "Eszter Kovács", "eszter@example.com");
        let swiss = place_in(&desk, "switzerland", "Heidi Frei", "heidi@example.com");
        let urs = desk.somebody("Urs Meier", URS, role);
        let path = format!("/settings/staff/{}/markets", uid(&desk, URS));
        desk.owner().submit(&path, &[("markets", "switzerland")]).must_say("Urs Meier sees Switzerland only.");
        Scene { desk, home, swiss, urs }
    }
}

/// Every address of the desk with the number of an order in it, and its methods.
fn addresses_of_orders() -> Vec<(String, String)> {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes.rs")).unwrap();
    let flat = source.split_whitespace().collect::<String>();
    let mut found = Vec::new();
    for part in flat.split("resource(\"").skip(1).chain(flat.split(".route(\"").skip(1)) {
        let (path, rest) = part.split_once('"').unwrap();
        let rest = rest.split("resource(").next().unwrap().split(";").next().unwrap();
        if path.contains("{number") {
            let methods = [("GET", "get()"), ("POST", "post()")];
            let own = methods.iter().filter(|(_, word)| rest.contains(word));
            found.extend(own.map(|(method, _)| ((*method).to_owned(), path.to_owned())));
        }
    }
    assert!(found.len() >= 50, "{found:?}");
    found
}

fn at(path: &str, number: i64) -> String {
    let path = path.replace("{number:[0-9]+}", &number.to_string()).replace("{number}", &number.to_string());
    path.replace("{uid}", "0199f2f0-0000-7000-8000-000000000000")
}

#[test]
fn every_address_of_an_order_elsewhere_answers_as_if_it_were_not_there() {
    let Scene { desk, home, swiss, urs } = Scene::set(Role::Manager);
    let nowhere = 99_999;
    let before = desk.look(home).version;
    let mut refused = 0;
    for (method, path) in addresses_of_orders() {
        let ask = |number: i64| match method.as_str() {
            "GET" => urs.get(&at(&path, number)),
            _ => urs.post(&at(&path, number), &[]),
        };
        // What is wrong with a form may be said before it is known whose order it is.
        let (elsewhere, missing) = (ask(home), ask(nowhere));
        assert!(matches!(elsewhere.status, 400 | 404) && matches!(missing.status, 400 | 404), "{method} {path}");
        assert!(elsewhere.status == 404 || method == "POST", "{method} {path}");
        let told = elsewhere.words().replace(&home.to_string(), &nowhere.to_string());
        let same = |text: &str| text.split(" Reference").next().unwrap_or_default().to_owned();
        if elsewhere.status == 404 && missing.status == 404 {
            refused += 1;
            assert_eq!(same(&told), same(&missing.words()), "{method} {path}");
        }
    }
    for (path, form) in [
        ("tags", vec![("tag", "seen")]),
        ("notes", vec![("body", "Hello"), ("audience", "internal"), ("form_token", "n-1")]),
        ("messages", vec![("body", "Hello"), ("form_token", "m-1")]),
        ("presence", vec![]),
        ("moves", vec![("to", "archived")]),
        ("holds", vec![("reason", "address_check")]),
    ] {
        assert_eq!(urs.post(&format!("/orders/{home}/{path}"), &form).status, 404, "{path}");
    }
    assert!(refused >= 20, "{refused}");
    assert_eq!(desk.look(home).version, before, "nothing of it changed");
    for page in ["", "/history", "/notes", "/slip", "/sheet", "/edit", "/returns/new"] {
        urs.see(&format!("/orders/{swiss}{page}"));
    }
    urs.see(&format!("/inbox/{swiss}"));
}

#[test]
fn lists_counts_and_searches_hold_what_is_within_reach_and_nothing_else() {
    let Scene { desk, home, swiss, urs } = Scene::set(Role::Manager);
    let owner = desk.owner();
    for (person, both) in [(&owner, true), (&urs, false)] {
        for path in [
            "/orders",
            "/orders?q=mug",
            "/orders?stage=delivered",
            "/orders?unread=yes",
            "/board",
            "/attention",
            "/inbox",
            "/inbox?show=unread",
            "/customers",
            "/customers?q=example",
            "/orders/export.csv",
            &format!("/orders/fresh?changed={home},{swiss}"),
        ] {
            let page = person.see(path);
            let text = page.text();
            assert!(path == "/board" || text.contains("Heidi Frei"), "{path}");
            assert_eq!(text.contains("Eszter Kovács"), both && path != "/board", "{path}");
        }
    }
    assert!(urs.see("/orders").says("1–1 of 1"));
    assert!(owner.see("/orders").says("1–2 of 2"));
    let filters = urs.see("/orders/filters");
    assert!(filters.says("Swiss shop") && !filters.says("Phone and counter"));
    // A number opens an order that is there for them; another finds nothing.
    assert_eq!(urs.get(&format!("/orders?q={swiss}")).status, 303);
    assert!(urs.see(&format!("/orders?q={home}")).says("Nothing matches"));
    // What is counted beside the list.
    let unread = |person: &Person| {
        let page = person.see("/orders").text();
        let link = page.split("href=\"/inbox\"").nth(1).unwrap();
        link.split("</a>").next().unwrap().chars().filter(char::is_ascii_digit).collect::<String>()
    };
    assert!(unread(&owner).contains('2') && !unread(&urs).contains('2'), "{} {}", unread(&owner), unread(&urs));
}

#[test]
fn a_customer_of_two_markets_is_seen_with_the_orders_within_reach() {
    let Scene { desk, home, swiss, urs } = Scene::set(Role::Support);
    let second = place_in(&desk, "main", "Heidi Frei", "heidi@example.com");
    let id = |number: i64| desk.look(number).customer_id.unwrap();
    let key = |number: i64| desk.read(|conn| slipway::customer::find(conn, id(number))).unwrap().uid;
    assert_eq!(key(swiss), key(second));
    let page = urs.see(&format!("/customers/{}", key(swiss)));
    assert!(page.text().contains(&format!("/orders/{swiss}")) && !page.text().contains(&format!("/orders/{second}")));
    assert!(!page.says("EUR") && !page.says("older orders"), "{}", page.words());
    assert!(desk.owner().see(&format!("/customers/{}", key(swiss))).text().contains(&format!("/orders/{second}")));
    // The list counts the same.
    let orders = |person: &Person| {
        let text = person.see("/customers?q=heidi").text();
        text.split("data-word=\"Orders\">").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned)
    };
    assert_eq!((orders(&urs).as_deref(), orders(&desk.owner()).as_deref()), (Some("1"), Some("2")));
    for path in ["", "/edit"] {
        assert_eq!(urs.get(&format!("/customers/{}{path}", key(home))).status, 404);
    }
    let form = [("name", "Taken over"), ("email", ""), ("phone", ""), ("version", "1")];
    assert_eq!(urs.post(&format!("/customers/{}/edit", key(home)), &form).status, 404);
}

#[test]
fn what_is_done_to_many_is_done_within_reach() {
    let Scene { desk, home, swiss, urs } = Scene::set(Role::Manager);
    let (home_text, swiss_text) = (home.to_string(), swiss.to_string());
    let both = [("o", home_text.as_str()), ("o", swiss_text.as_str())];
    let tag = |more: &[(&str, &str)]| {
        let form: Vec<(&str, &str)> = [("do", "tag"), ("tag", "seen")].iter().chain(more).copied().collect();
        urs.post("/orders/bulk", &form)
    };
    let reply = tag(&both);
    assert_eq!(reply.status, 200);
    reply.must_say("1 of 2 tagged");
    assert!(desk.look(home).tag_list().is_empty());
    assert_eq!(desk.look(swiss).tag_list(), ["seen"]);
    // The whole list is the list that they have.
    let form = [("do", "tag"), ("tag", "all"), ("all", "1"), ("back", "/orders?archived=yes")];
    assert_eq!(urs.post("/orders/bulk", &form).status, 303);
    assert!(desk.look(home).tag_list().is_empty());
    for path in ["/print/sheets", "/print/slips", "/print/picks"] {
        assert_eq!(urs.get(&format!("{path}?o={home}&o={swiss}")).status, 404, "{path}");
    }
    let form = [("template", "sheet"), ("paper", "a4"), ("o", home_text.as_str()), ("form_token", "t-1")];
    assert_eq!(urs.post("/print/records", &form).status, 404);
    let pasted = format!("{home} JVGL0612345\n");
    let looked = urs.post("/shipments/tracking", &[("text", &pasted), ("act", "send")]);
    looked.must_say(&format!("There is no order {home}."));
}

#[test]
fn an_order_made_by_hand_belongs_to_the_market_of_its_channel() {
    let Scene { desk, urs, .. } = Scene::set(Role::Support);
    let page = urs.see("/orders/new");
    assert!(page.says("Swiss shop") && !page.says("Phone and counter") && page.says("prices in CHF"));
    let token = page.field("form_token");
    let markets = desk.read(Markets::load);
    let key = |slug: &str| markets.channels.iter().find(|channel| channel.slug == slug).unwrap().id.0.to_string();
    let place = |channel: &str| {
        let form = [
            ("form_token", token.as_str()),
            ("do", "place"),
            ("line_title", "Mug"),
            ("line_quantity", "1"),
            ("line_price", "28.50"),
            ("customer_name", "Heidi Frei"),
            ("channel", channel),
        ];
        let fields = urs.see("/orders/new").text();
        let known: Vec<(&str, &str)> = form
            .into_iter()
            .filter(|(name, _)| *name == "do" || fields.contains(&format!("name=\"{name}\"")))
            .collect();
        urs.post("/orders/new", &known)
    };
    let refused = place(&key("manual"));
    assert_eq!(refused.status, 400);
    refused.must_say("Choose where the order came from.");
    let made = place(&key("swiss-shop"));
    assert_eq!(made.status, 303, "{}", made.words());
    let number: i64 = made.location().rsplit('/').next().unwrap().parse().unwrap();
    let order = desk.look(number);
    assert_eq!(order.currency.code(), "CHF");
    assert_eq!(markets.market(order.market_id).unwrap().slug, "switzerland");
}

#[test]
fn what_belongs_to_the_whole_shop_is_for_those_who_see_all_of_it() {
    let Scene { desk, home, swiss, urs } = Scene::set(Role::Manager);
    for path in ["/settings/shop", "/settings/staff", "/settings/keys", "/settings/markets/main", "/imports"] {
        let refused = urs.get(path);
        assert_eq!(refused.status, 403, "{path}");
        refused.must_say("for those who see every market");
    }
    assert_eq!(urs.get("/whatsapp/senders").status, 404);
    // Nor by a key of their own.
    let person = desk.read(|conn| staff::member_by_email(conn, URS)).id;
    let key = NewKey { name: "Mine".into(), scopes: vec!["all".into()], staff: Some(person), ..NewKey::default() };
    let program = desk.program_with(key);
    assert_eq!(program.get(&format!("/api/orders/ORD{home}")).status, 404);
    let list = program.see("/api/orders?count=exact");
    assert_eq!((list["orders"].as_array().unwrap().len(), &list["count"]), (1, &serde_json::json!(1)));
    let product = serde_json::json!({ "sku": "X", "name": "X", "price": 1 });
    assert_eq!(program.post("/api/products", &product).status, 403);

    // Who may see what is an owner's or a manager's to say, but for owners and for oneself.
    let owner = desk.owner();
    let path = |email: &str| format!("/settings/staff/{}/markets", uid(&desk, email));
    let own = owner.post(&path("marta@fernandkiln.example"), &[("markets", "main")]);
    assert_eq!(own.status, 409);
    own.must_say("An owner sees every market.");
    let unknown = owner.post(&path(URS), &[("markets", "mars")]);
    assert_eq!(unknown.status, 400);
    unknown.must_say("Choose from the markets of this shop.");
    assert_eq!(urs.post(&path(URS), &[]).status, 403);
    owner.submit(&path(URS), &[]).must_say("Urs Meier sees every market.");
    urs.see(&format!("/orders/{home}"));
    urs.see(&format!("/orders/{swiss}"));
    owner.submit(&path(URS), &[("markets", "switzerland")]);
    let role = format!("/settings/staff/{}/role", uid(&desk, URS));
    owner.submit(&role, &[("role", "owner")]);
    urs.see(&format!("/orders/{home}"));
}

#[test]
fn whoever_is_invited_to_one_market_sees_no_other_from_the_first_moment() {
    let desk = TestDesk::open();
    open_switzerland(&desk);
    let owner = desk.owner();
    let page = owner.see("/settings/staff");
    page.must_say("An owner always sees every market.");
    let token = page.field("form_token");
    let form = [
        ("form_token", token.as_str()),
        ("name", "Urs Meier"),
        ("email", URS),
        ("role", "support"),
        ("markets", "switzerland"),
    ];
    assert_eq!(owner.post("/settings/staff", &form).status, 201);
    let member = desk.read(|conn| staff::member_by_email(conn, URS));
    let markets = desk.read(Markets::load);
    let sees: Vec<bool> = markets.markets.iter().map(|market| member.reach.sees(market.id)).collect();
    assert_eq!(sees, [false, true]);
    owner.see("/settings/staff").must_say("Switzerland only");
}

#[test]
fn an_order_is_found_by_its_number_with_the_prefix_of_its_market_and_without() {
    let Scene { desk, swiss, .. } = Scene::set(Role::Viewer);
    let owner = desk.owner();
    for typed in [format!("CH{swiss}"), format!("ch{swiss}"), format!("#{swiss}"), swiss.to_string()] {
        let found = owner.get(&format!("/orders?q={}", typed.replace('#', "%23")));
        assert_eq!((found.status, found.location()), (303, format!("/orders/{swiss}").as_str()), "{typed}");
        let row = owner.fragment(&format!("/orders?q={}", typed.replace('#', "%23")));
        assert!(row.says("Heidi Frei") && !row.says("Eszter"), "{typed}");
    }
    assert!(owner.fragment(&format!("/orders?q=XX{swiss}")).says("Nothing matches"));
}

#[test]
fn a_search_finds_what_is_within_reach_however_much_there_is_of_it_elsewhere() {
    let Scene { desk, home: _, swiss, urs } = Scene::set(Role::Support);
    // More of the other market are newer than a search looks at.
    let draft = desk.order().line("MUG", "Mug", 1, 2_400).customer("Vera Frei", "vera@example.com").draft();
    desk.write(move |tx| {
        for _ in 0..=1_000 {
            slipway::moves::place(tx, &Actor::System { name: "Test" }, &draft)?;
        }
        Ok(())
    });
    let found = urs.see("/orders?q=frei");
    assert!(found.text().contains(&format!("/orders/{swiss}")) && found.says("1–1 of 1"), "{}", found.words());
    assert!(!found.says("More than 1,000") && !found.says("Vera"));
    desk.owner().see("/orders?q=frei").must_say("More than 1,000");
    assert!(urs.see("/customers?q=frei").says("1 found"));
}

#[test]
fn a_view_of_another_market_opens_without_it_and_says_so() {
    let Scene { desk, home: _, swiss, urs } = Scene::set(Role::Support);
    let owner = desk.owner();
    let form = owner.see("/views?query=market%3Dmain%26gift%3Dno");
    let saved = owner.post(
        "/views",
        &[
            ("name", "Home, no gifts"),
            ("query", "market=main&gift=no"),
            ("shared", "1"),
            ("form_token", &form.field("form_token")),
        ],
    );
    assert_eq!(saved.status, 303, "{}", saved.words());
    let view = saved.location().split("view=").nth(1).unwrap().to_owned();
    let opened = urs.see(&format!("/orders?view={view}"));
    opened.must_say("This view also narrows to a market or channel that you do not see.");
    assert!(opened.text().contains(&format!("/orders/{swiss}")) && !opened.says("Update this view"));
    urs.see("/views").must_say("a market or channel that you do not see");
    assert!(!owner.see(&format!("/orders?view={view}")).says("that you do not see"));
}

#[test]
fn an_order_is_given_to_nobody_who_cannot_see_it() {
    let Scene { desk, home, swiss, urs } = Scene::set(Role::Support);
    let owner = desk.owner();
    let member = desk.read(staff::members).into_iter().find(|member| member.name == "Urs Meier").unwrap();
    let colleagues = |number: i64| {
        let text = owner.see(&format!("/orders/{number}")).text();
        text.split("name=\"staff\"").nth(1).unwrap().split("</select>").next().unwrap().contains("Urs Meier")
    };
    assert!(colleagues(swiss) && !colleagues(home));
    let give = |number: i64| owner.post(&format!("/orders/{number}/assignee"), &[("staff", member.uid.as_str())]);
    let refused = give(home);
    assert_eq!(refused.status, 409);
    refused.must_say(&format!("Urs Meier is kept to other markets and cannot see #{home}."));
    assert_eq!(give(swiss).status, 303);
    assert_eq!((desk.look(home).assignee_id, desk.look(swiss).assignee_id), (None, Some(member.id)));
    // A program is told the same, and of several the one that can be is given.
    let program = desk.program();
    let refused = program.send(
        "PATCH",
        &format!("/api/orders/{home}"),
        &[],
        Some(&serde_json::json!({"assignee": member.email})),
    );
    assert_eq!(refused.problem(), (409, "order.assignee_away".into()));
    let form =
        [("o", home.to_string()), ("o", swiss.to_string()), ("do", "assign".into()), ("who", member.uid.clone())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    owner.post("/orders/bulk", &form).must_say("cannot see");
    assert_eq!(desk.look(home).assignee_id, None);
    drop(urs);
    let second = place_in(&desk, "switzerland", "Beat Frei", "beat@example.com");
    let left = member.clone();
    desk.write(move |tx| staff::disable_as(tx, &Actor::System { name: "Test" }, &left));
    let refused = program.send(
        "PATCH",
        &format!("/api/orders/{second}"),
        &[],
        Some(&serde_json::json!({"assignee": member.email})),
    );
    assert_eq!(refused.problem(), (409, "order.assignee_disabled".into()));
}
