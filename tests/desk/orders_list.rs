//! The list finds, narrows, sorts and walks; its counts are exact; many orders are moved at once.

use std::collections::BTreeSet;

use slipway::money::Money;
use slipway::order::PaymentKind;
use slipway::{conversation, order};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// Numbers of the orders on a page, in its order.
fn listed(reply: &Reply) -> Vec<i64> {
    let text = reply.text();
    text.match_indices("name=\"o\" value=\"")
        .map(|(at, word)| text[at + word.len()..].split('"').next().unwrap().parse().unwrap())
        .collect()
}

/// Where a link with this label leads, if it is there.
fn link(reply: &Reply, label: &str) -> Option<String> {
    let text = reply.text();
    let at = text.find(&format!("aria-label=\"{label}\""))?;
    let tag = &text[text[..at].rfind('<').unwrap()..at];
    let href = tag.split("href=\"").nth(1)?.split('"').next()?;
    Some(href.replace("&amp;", "&").replace("&#38;", "&"))
}

fn on(person: &Person, query: &str) -> Vec<i64> {
    listed(&person.see(&format!("/orders?{query}")))
}

#[test]
fn a_search_finds_every_word_of_an_order_whatever_its_accents_and_order() {
    let desk = TestDesk::open();
    let eszter = desk.order().line("MUG-TC-350", "Mug, terracotta", 1, 2400).place();
    let other = desk.order().customer("Jonas Weber", "jonas@example.com").place();
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        conversation::write_note(tx, &actor, other, slipway::conversation::Audience::Internal, "Ring the bell twice")
    });
    let marta = desk.owner();
    for words in ["kovacs", "KOV%C3%81CS eszter", "esz kov", "eszter@example.com", "terracotta", "mug-tc-350", "mugtc"]
    {
        assert_eq!(on(&marta, &format!("q={}", words.replace(' ', "+").replace('@', "%40"))), [eszter], "{words}");
    }
    assert_eq!(on(&marta, "q=bell"), [other]);
    assert_eq!(on(&marta, "q=nobody"), Vec::<i64>::new());
    marta.see("/orders?q=nobody").must_say("Nothing matches “nobody”");
    for hostile in ["%22+OR+1%3D1", "*%27%3B--", "%28%29%7B%7D", "%3Cscript%3E", "%F0%9F%8D%B5", "%E2%80%8F"] {
        marta.see(&format!("/orders?q={hostile}"));
    }
}

#[test]
fn an_exact_number_opens_its_order_at_once() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let marta = desk.owner();
    for typed in [format!("{number}"), format!("%23{number}"), format!("ORD{number}"), format!("ord{number}")] {
        let reply = marta.get(&format!("/orders?q={typed}"));
        assert_eq!((reply.status, reply.location()), (303, format!("/orders/{number}").as_str()), "{typed}");
    }
    assert_eq!(marta.get("/orders?q=99999").status, 200);
    // While it is being typed nothing jumps.
    assert_eq!(marta.fragment(&format!("/orders?q={number}")).status, 200);
}

#[test]
fn filters_of_one_field_widen_and_of_several_narrow() {
    let desk = TestDesk::open();
    let placed = desk.order().place();
    let confirmed = desk.order().at("confirmed").place();
    let packed = desk
        .order()
        .customer("Priya Nair", "priya@example.com")
        .line("VASE", "Vase", 1, 40_000)
        .at("processed")
        .place();
    let archived = desk.order().at("archived").place();
    let held = desk.order().at("on_hold").place();
    let gift = desk.order().with(|draft| draft.gift = true).place();
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        order::tag(tx, &actor, packed, &["VIP".into()], &[])
    });
    let marta = desk.owner();
    let set = |query: &str| on(&marta, query).into_iter().collect::<BTreeSet<_>>();
    let all: BTreeSet<i64> = [placed, confirmed, packed, held, gift].into();
    assert_eq!(set(""), all, "archived orders are left out");
    assert_eq!(set("archived=only"), [archived].into());
    assert_eq!(set("archived=yes").len(), 6);
    assert_eq!(set("stage=archived"), [archived].into());
    assert_eq!(set("stage=placed&stage=confirmed"), [placed, confirmed, gift].into());
    assert_eq!(set("stage=placed&gift=yes"), [gift].into());
    assert_eq!(set("pay=paid"), [confirmed, packed, held].into());
    assert_eq!(set("pay=unpaid&pay=paid"), all);
    assert_eq!(set("ful=in_progress"), [packed].into());
    assert_eq!(set("tag=VIP"), [packed].into());
    assert_eq!(set("sku=VASE"), [packed].into());
    assert_eq!(set("total_min=100"), [packed].into());
    assert_eq!(set("total_max=99.99").len(), 4);
    assert_eq!(set("hold=address_check"), [held].into());
    assert_eq!(set("hold=stock"), BTreeSet::new());
    assert_eq!(set("placed=today"), all);
    assert_eq!(set("placed=yesterday"), BTreeSet::new());
    assert_eq!(set("printed=no"), all);
    assert_eq!(set("assignee=none"), all);
    assert_eq!(set("assignee=me"), BTreeSet::new());
    assert_eq!(set("note=yes"), BTreeSet::new());
    assert_eq!(set("unread=no"), all);
    assert_eq!(set("due=late"), BTreeSet::new());
    assert_eq!(set("age=0"), all);
    assert_eq!(set("channel=manual"), all);
    assert_eq!(set("channel_not=manual"), BTreeSet::new());
    assert_eq!(set("q=priya&stage=processed"), [packed].into());
    assert_eq!(set("q=priya&stage=placed"), BTreeSet::new());
    let chips = marta.see("/orders?pay=paid&tag=VIP");
    chips.must_say("Payment");
    assert_eq!(link(&chips, "Remove filter: tag VIP").as_deref(), Some("/orders?pay=paid"));
}

#[test]
fn a_list_that_no_stage_can_be_in_is_empty() {
    let desk = TestDesk::open();
    desk.order().place();
    let owner = desk.owner();
    for query in ["pay=paid", "gift=no&printed=no", "note=no&q=mug", "note=no&sort=stage", "ful=unfulfilled&sku=MUG"] {
        let page = owner.see(&format!("/orders?stage=placed&archived=only&{query}"));
        assert_eq!((page.status, listed(&page)), (200, Vec::new()), "{query}");
    }
}

#[test]
fn what_a_list_does_not_know_is_named_and_refused() {
    let desk = TestDesk::open();
    desk.order().place();
    let marta = desk.owner();
    for (query, says) in [
        ("colour=red", "knows nothing called colour"),
        ("stage=nowhere", "“nowhere” is nothing that stage can be"),
        ("pay=maybe", "Known are free, unpaid"),
        ("sort=luck", "“luck” is nothing that sort can be"),
        ("dir=up", "Known are desc, asc"),
        ("from=soon", "no day"),
        ("from=2026-11-21&to=2026-11-01", "lies before the first"),
        ("total_min=cheap", "no amount"),
        ("total_min=5&total_max=4", "Swap them"),
        ("q=a&q=b", "more than once"),
        ("after=nonsense", "Start from the first page"),
        ("sort=total&after=WyJkYXRlIix0cnVlLFsxLDAsIiIsMV0sMV0", "Start from the first page"),
        ("sort=due&archived=only", "no time left"),
    ] {
        let reply = marta.get(&format!("/orders?{query}"));
        assert_eq!(reply.status, 400, "{query}: {}", reply.words());
        reply.must_say(says);
    }
    assert!(marta.get("/orders?after=x").text().contains("href=\"/orders\""));
    assert_eq!(marta.get("/orders?view=gone").status, 404);
    assert_eq!(marta.get("/orders?q=%FF").status, 400);
}

#[test]
fn every_sort_walks_each_order_once_forward_and_back() {
    let desk = TestDesk::open();
    let names = ["Ágnes", "agnes", "Zoë", "Émile", "Øystein"];
    let mut all = Vec::new();
    for index in 0..115i64 {
        let name = names[index as usize % names.len()];
        let price = 1_000 + (index * 37 % 11) * 100;
        let order = desk.order().customer(name, "a@example.com").line("MUG", "Mug", 1, price);
        let order = order.with(|draft| {
            draft.due_at = (index % 3 == 0).then(|| slipway::time::UtcTime::now().plus_minutes(index));
        });
        all.push(match index % 4 {
            0 => order.place(),
            1 => order.paid().at("confirmed").place(),
            2 => order.authorized().place(),
            _ => order.at("approved").place(),
        });
    }
    let marta = desk.owner();
    for sort in ["date", "paid", "total", "customer", "age", "stage", "number", "due"] {
        for direction in ["asc", "desc"] {
            for filter in ["", "&stage=confirmed&stage=placed&stage=approved", "&archived=yes"] {
                if sort == "due" && filter == "&archived=yes" {
                    continue;
                }
                walk(&marta, &format!("/orders?sort={sort}&dir={direction}{filter}"), 115);
            }
            // Where a status stands in the order of payment completion, and in stages, the walk begins there.
            for statuses in [&["unpaid"][..], &["authorized"], &["paid"], &["unpaid", "paid"]] {
                let expected =
                    all.iter().filter(|number| statuses.contains(&desk.look(**number).payment_status.as_str()));
                let pay: String = statuses.iter().map(|status| format!("&pay={status}")).collect();
                let expected = expected.count();
                assert!(expected > 20, "{statuses:?}: {expected}");
                walk(&marta, &format!("/orders?sort={sort}&dir={direction}{pay}"), expected);
            }
        }
    }
    let totals: Vec<i64> = on(&marta, "sort=total&dir=asc").iter().map(|n| desk.look(*n).total_minor).collect();
    assert!(totals.is_sorted(), "{totals:?}");
    let names: Vec<String> = on(&marta, "sort=customer").iter().map(|n| desk.look(*n).customer_sort).collect();
    assert!(names.is_sorted());
}

fn walk(person: &Person, first: &str, expected: usize) {
    let mut seen = Vec::new();
    let mut at = person.see(first);
    let mut pages = vec![listed(&at)];
    while let Some(next) = link(&at, "Next page") {
        at = person.see(&next);
        pages.push(listed(&at));
        assert!(pages.len() < 10);
    }
    for page in &pages {
        seen.extend(page.iter().copied());
    }
    assert_eq!(seen.len(), expected, "{first}");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), expected, "{first} repeats an order");
    at.must_say(&format!("{}–{expected} of {expected}", expected / 50 * 50 + 1));
    for earlier in pages.iter().rev().skip(1) {
        at = person.see(&link(&at, "Previous page").unwrap());
        assert_eq!(&listed(&at), earlier, "back through {first}");
    }
    assert!(link(&at, "Previous page").is_none(), "{first} has something before its beginning");
}

#[test]
fn incomplete_payments_come_before_complete_ones_by_degree() {
    let desk = TestDesk::open();
    let paid = desk.order().paid().place();
    let promised = desk.order().authorized().place();
    let unpaid = desk.order().place();
    assert_eq!(on(&desk.owner(), "sort=paid&dir=asc"), [unpaid, promised, paid]);
    assert_eq!(on(&desk.owner(), "sort=paid"), [paid, promised, unpaid]);
    assert_eq!(PaymentKind::ALL.len(), 7);
}

#[test]
fn the_rail_counts_exactly_after_every_move() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    desk.order().at("confirmed").place();
    let marta = desk.owner();
    assert!(marta.see("/orders").says("Confirmed 2"), "{}", marta.see("/orders").words());
    let done =
        marta.post("/orders/bulk", &[("do", "next"), ("o", &number.to_string()), ("back", "/orders?stage=confirmed")]);
    assert_eq!((done.status, done.location()), (303, "/orders?stage=confirmed"));
    let after = marta.see("/orders");
    assert!(after.says("Confirmed 1") && after.says("Approved 1"));
    after.must_say("1–2 of 2");
}

#[test]
fn what_one_order_refuses_keeps_no_other_from_moving() {
    let desk = TestDesk::open();
    let ready: Vec<i64> = (0..3).map(|_| desk.order().at("confirmed").place()).collect();
    let held = desk.order().at("on_hold").place();
    let numbers: Vec<String> = ready.iter().chain([&held]).map(ToString::to_string).collect();
    let mut fields = vec![("do", "next"), ("back", "/orders")];
    fields.extend(numbers.iter().map(|number| ("o", number.as_str())));
    let marta = desk.owner();
    let look = marta.post("/orders/bulk/look", &fields);
    assert!(look.says("Approve 3 of 4"), "{}", look.words());
    let reply = marta.post("/orders/bulk", &fields);
    assert_eq!(reply.status, 200);
    reply.must_say("3 of 4 approved");
    reply.must_say(&format!("#{held} is on hold. Release its holds first."));
    assert!(ready.iter().all(|number| desk.look(*number).stage == "approved"));
    assert_eq!(desk.look(held).stage, "on_hold");
    for (fields, status) in [
        (vec![("do", "next")], 400),
        (vec![("do", "next"), ("o", "x")], 400),
        (vec![("do", "burn"), ("o", "1")], 400),
        (vec![("do", "next"), ("o", "999999")], 200),
    ] {
        assert_eq!(marta.post("/orders/bulk", &fields).status, status, "{fields:?}");
    }
    let away = marta
        .post("/orders/bulk", &[("do", "tag"), ("o", &numbers[0]), ("tag", "VIP"), ("back", "https://evil.example")]);
    assert_eq!(away.location(), "/orders");
    assert_eq!(desk.look(ready[0]).tags, "VIP");
}

#[test]
fn many_orders_are_cancelled_for_one_reason_and_each_answers_for_itself() {
    let desk = TestDesk::open();
    let unpaid: Vec<i64> = (0..2).map(|_| desk.order().authorized().at("confirmed").place()).collect();
    let paid = desk.order().at("confirmed").place();
    let numbers: Vec<String> = unpaid.iter().chain([&paid]).map(ToString::to_string).collect();
    let gone = desk.order().at("cancelled").place();
    let marta = desk.owner();
    let send = |what: &str, more: &[(&str, &str)], numbers: &[String]| {
        let mut fields = vec![("do", what), ("back", "/orders")];
        fields.extend(more);
        fields.extend(numbers.iter().map(|number| ("o", number.as_str())));
        marta.post("/orders/bulk", &fields)
    };
    let ask = send("cancel", &[], &numbers);
    assert_eq!(ask.status, 200);
    ask.must_say("Cancel 3 orders");
    ask.must_say("Money was received for 1 of them");
    ask.must_say("The customer changed their mind");
    send("reject", &[], &numbers).must_say("Out of stock");
    assert!(numbers.iter().all(|number| desk.look(number.parse().unwrap()).stage == "confirmed"), "only asked");

    let wrong = send("cancel", &[("reason", "weather")], &numbers);
    wrong.must_say("0 of 3 cancelled");
    wrong.must_say("Choose a reason.");
    let done = send("cancel", &[("reason", "inventory"), ("note", "The kiln broke")], &numbers);
    assert_eq!(done.status, 200);
    done.must_say("2 of 3 cancelled");
    done.must_say("Say whether it was given back or is kept.");
    assert!(unpaid.iter().all(|number| desk.look(*number).stage == "cancelled"));
    assert_eq!(desk.look(paid).stage, "confirmed");
    marta.see(&format!("/orders/{}/history", unpaid[0])).must_say("The kiln broke");

    let rest = [paid.to_string()];
    assert_eq!(send("reject", &[("reason", "price_error"), ("refund", "all")], &rest).status, 303);
    let after = desk.look(paid);
    assert_eq!((after.stage.as_str(), after.net_minor()), ("rejected", 0));
    assert_eq!(send("cancel", &[("reason", "other")], &[gone.to_string()]).status, 303, "it is so already");
    let moved = send("move", &[("to", "cancelled")], &[desk.order().place().to_string()]);
    moved.must_say("Choose Cancel or Reject for that");
    let jon = desk.packer();
    assert_eq!(jon.post("/orders/bulk", &[("do", "cancel"), ("o", &rest[0]), ("reason", "other")]).status, 403);
    assert!(!jon.see("/orders").says("Cancel…"));
}

#[test]
fn a_whole_list_is_taken_at_once_and_nothing_beside_it() {
    let desk = TestDesk::open();
    let many: Vec<i64> = (0..52).map(|_| desk.order().at("confirmed").place()).collect();
    let other = desk.order().at("approved").place();
    let marta = desk.owner();
    marta.see("/orders?stage=confirmed").must_say("All 52 of this list");
    assert!(!marta.see("/orders?stage=approved").says("All 1 of this list"));
    let first = many[0].to_string();
    let mut fields = vec![("do", "slips"), ("o", first.as_str()), ("all", "1"), ("back", "/orders?stage=confirmed")];
    let slips = marta.post("/orders/bulk", &fields).location().to_owned();
    assert!(many.iter().all(|number| slips.contains(&number.to_string())), "{slips}");
    assert!(!slips.contains(&other.to_string()), "{slips}");
    fields[0].1 = "next";
    assert!(marta.post("/orders/bulk/look", &fields).says("Approve 52"));
    assert_eq!(marta.post("/orders/bulk", &fields).status, 303);
    assert!(many.iter().all(|number| desk.look(*number).stage == "approved"));
    assert_eq!(desk.look(other).stage, "approved");
    assert_eq!(
        desk.packer().post("/orders/bulk", &[("do", "next"), ("all", "1"), ("back", "/orders?sort=total")]).status,
        403
    );
}

#[test]
fn a_packer_lists_orders_without_their_money() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let total = desk.look(number);
    let total = Money::new(total.total_minor, total.currency).to_string();
    let jon = desk.packer();
    let page = jon.see("/orders");
    assert_eq!(listed(&page), [number]);
    assert!(!page.text().contains(&total) && !page.says("Paid") && !page.text().contains("@example.com"));
    for refused in ["sort=total", "sort=paid", "pay=paid", "total_min=1"] {
        assert_eq!(jon.get(&format!("/orders?{refused}")).status, 403, "{refused}");
    }
    for page in ["/", "/board"] {
        assert!(!jon.see(page).text().contains('€'), "{page}");
    }
    assert_eq!(jon.post("/orders/bulk", &[("do", "tag"), ("o", "1"), ("tag", "x")]).status, 403);
    assert!(desk.owner().see("/orders").text().contains(&total));
}

#[test]
fn a_list_is_saved_under_a_name_for_oneself_or_for_everyone() {
    let desk = TestDesk::open();
    desk.order().at("confirmed").place();
    let (marta, sade) = (desk.owner(), desk.support());
    let form = marta.see("/views?query=stage%3Dconfirmed");
    let token = form.field("form_token");
    let fields = |name: &'static str, shared: bool, token: &str| -> Vec<(&'static str, String)> {
        let mut fields =
            vec![("name", name.to_owned()), ("query", "stage=confirmed".into()), ("form_token", token.to_owned())];
        if shared {
            fields.push(("shared", "yes".into()));
        }
        fields
    };
    let send = |person: &Person, fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        person.post("/views", &fields)
    };
    let saved = send(&marta, fields("Ready to approve", true, &token));
    assert_eq!((saved.status, saved.location()), (303, "/orders?view=ready-to-approve"));
    assert_eq!(send(&marta, fields("Ready to approve", true, &token)).location(), saved.location(), "a double click");
    assert_eq!(listed(&sade.see("/orders?view=ready-to-approve")).len(), 1);
    let token = sade.see("/views").field("form_token");
    assert_eq!(send(&sade, fields("For all", true, &token)).status, 403);
    assert_eq!(send(&sade, fields("READY to approve", false, &token)).status, 400);
    assert_eq!(send(&sade, fields("Mine", false, &token)).status, 303);
    assert_eq!(marta.get("/orders?view=mine").status, 404, "a view of one's own is seen by nobody else");
    sade.see("/orders?view=mine").must_say("Mine 1");
}

#[test]
fn a_view_takes_on_the_filter_its_list_was_given() {
    let desk = TestDesk::open();
    let promised = desk.order().authorized().at("confirmed").place();
    let paid = desk.order().at("confirmed").place();
    let (marta, sade) = (desk.owner(), desk.support());
    let token = marta.see("/views").field("form_token");
    let new = [("name", "Ready"), ("query", "stage=confirmed"), ("shared", "yes"), ("form_token", token.as_str())];
    assert_eq!(marta.post("/views", &new).status, 303);
    assert!(!marta.see("/orders?view=ready").says("Update this view"), "nothing was changed yet");
    assert!(marta.see("/orders?view=ready&sort=total&dir=asc").says("Update this view"), "its order was changed");
    assert!(!marta.see("/orders?stage=placed&was=gone").says("Update this view"));

    let changed = marta.see("/orders?view=ready&pay=paid");
    changed.must_say("Update this view");
    assert_eq!(listed(&changed), [paid]);
    let action = changed.text().split("action=\"").find(|text| text.starts_with("/views/")).unwrap().to_owned();
    let action = action.split('"').next().unwrap();
    let further = marta.see("/orders?stage=confirmed&pay=paid&gift=no&was=ready");
    further.must_say("Update this view");
    assert!(!sade.see("/orders?view=ready&pay=paid").says("Update this view"), "the view is the shop's");
    let fields = [("name", "Ready"), ("query", "stage=confirmed&pay=paid&was=ready"), ("update", "1")];
    assert_eq!(sade.post(action, &fields).status, 403);
    assert_eq!(listed(&sade.see("/orders?view=ready")).len(), 2);

    let saved = marta.post(action, &fields);
    assert_eq!((saved.status, saved.location()), (303, "/orders?view=ready"));
    let now = sade.see("/orders?view=ready");
    assert_eq!(listed(&now), [paid]);
    assert!(!marta.see("/orders?view=ready").says("Update this view"));
    marta.post(action, &[("name", "Ready"), ("query", ""), ("update", "1")]);
    assert_eq!(listed(&sade.see("/orders?view=ready&sort=date")).len(), 2, "{promised} and {paid}");
}

#[test]
fn columns_are_kept_with_the_person() {
    let desk = TestDesk::open();
    desk.order().place();
    let marta = desk.owner();
    let kept = marta
        .submit("/orders/columns", &[("column", "date"), ("column", "reference"), ("back", "/orders?stage=placed")]);
    assert!(kept.text().contains("c-re") && !kept.text().contains("class=\"c-st"));
    assert_eq!(marta.post("/orders/columns", &[("column", "luck")]).status, 400);
    assert!(desk.manager().see("/orders").text().contains("class=\"c-st"));
}

#[test]
fn a_fragment_is_the_list_alone() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let part = desk.owner().fragment("/orders?stage=placed&q=");
    assert_eq!(listed(&part), [number]);
    assert!(!part.text().contains("<html") && part.text().trim_start().starts_with("<div id=\"list\""));
    assert_eq!(part.header("hx-push-url"), "/orders?stage=placed");
}

#[test]
fn a_base_stands_for_every_stage_on_it() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    desk.order().customer("Eszter Kovács", "e@example.com").at("approved").place();
    desk.order().customer("Heidi Frei", "h@example.com").at("confirmed").place();
    let page = owner.see("/orders?stage=base%3Aapproved");
    assert!(page.says("Eszter Kovács") && !page.says("Heidi Frei"));
    let both = owner.see("/orders?stage=base%3Aapproved&stage=confirmed");
    assert!(both.says("Eszter Kovács") && both.says("Heidi Frei"));
    let refused = owner.get("/orders?stage=base%3Apacked");
    assert_eq!(refused.status, 400);
    refused.must_say("“base:packed” is nothing that stage can be.");
}
