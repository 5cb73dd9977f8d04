//! Markets and channels: opened and changed by whoever may change settings, with nothing typed lost.

use slipway::event::{self, Event};
use slipway::market::{self, Markets};

use crate::support::app::TestDesk;

/// The form of a market as it is posted: seven days with hours, then the rest.
fn posted<'a>(name: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("name", name),
        ("country", "CH"),
        ("time_zone", "Europe/Zurich"),
        ("currency", "CHF Swiss Franc"),
        ("prefix", "ch"),
        ("languages", "de-CH, fr-CH"),
        ("tax", "on_top"),
        ("tax_rate", "8.1"),
        ("abandon", "720"),
        ("stock", "45"),
        ("methods", "card"),
        ("methods", "invoice"),
    ];
    for day in 0..7 {
        form.push(("opens", if day < 5 { "09:00" } else { "" }));
        form.push(("closes", if day < 5 { "17:30" } else { "" }));
    }
    form.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    form.extend_from_slice(more);
    form
}

#[test]
fn a_market_is_opened_changed_and_told_of() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let token = owner.get("/settings/markets/new").field("form_token");
    let form =
        posted("Switzerland", &[("form_token", &token), ("closed", "2026-12-25\n2026-12-26"), ("abandons", "1")]);
    owner.submit("/settings/markets", &form).must_say("Market Switzerland opened.");
    owner.submit("/settings/markets", &form);
    let (known, hours) = desk.read(|conn| {
        let known = Markets::load(conn)?;
        let hours = market::hours(conn, known.markets[1].id)?;
        Ok((known, hours))
    });
    assert_eq!(known.markets.len(), 2, "a double click opens one market");
    let swiss = &known.markets[1];
    assert_eq!((swiss.slug.as_str(), swiss.currency.code(), swiss.order_prefix.as_str()), ("switzerland", "CHF", "CH"));
    assert_eq!((swiss.locale.as_str(), swiss.languages.as_str()), ("de-CH", "fr-CH"));
    assert_eq!(
        (swiss.tax_included, swiss.tax_rate_ppm, swiss.payment_methods.as_str()),
        (false, 81_000, "card invoice")
    );
    assert_eq!((swiss.abandons, swiss.abandon_after_minutes, swiss.stock_hold_minutes), (true, 720, 45));
    assert_eq!((swiss.deliver_after_days, swiss.archive_after_days, swiss.holds_after_hours), (None, None, false));
    assert_eq!(hours.week.iter().filter(|day| day.is_some()).count(), 5);
    assert_eq!(hours.closed.len(), 2);

    let page = owner.get("/settings/markets/switzerland");
    assert_eq!((page.field("tax_rate").as_str(), page.field("prefix").as_str()), ("8.1", "CH"));
    let form =
        posted("Switzerland", &[("deliver", "10"), ("archive", "30"), ("after_hours", "1"), ("tax_rate", "2.6")]);
    owner.submit("/settings/markets/switzerland", &form).must_say("Switzerland saved.");
    let told: Vec<(String, String, String)> = desk
        .read(|conn| event::of_shop(conn, 50))
        .into_iter()
        .filter_map(|entry| match entry.event {
            Event::SettingsChanged { setting, before, after } => Some((setting, before, after)),
            _ => None,
        })
        .collect();
    let fact = |what: &str| told.iter().find(|(setting, ..)| setting.starts_with(what)).cloned();
    assert_eq!(fact("delivered after").unwrap().1, "never");
    assert_eq!(fact("delivered after").unwrap().2, "10 days");
    assert_eq!(fact("closed days").unwrap().1, "2026-12-25, 2026-12-26");
    assert_eq!(fact("currency of the market"), None, "what stayed is not told");
    owner.get("/settings/markets").must_say("Switzerland");
    // The shop's own market is the first still.
    assert_eq!(desk.read(Markets::load).home().unwrap().name, "Fern & Kiln");
}

#[test]
fn what_does_not_fit_a_market_is_said_all_at_once_and_nothing_typed_is_lost() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let before = desk.read(Markets::load).markets[0].clone();
    let path = format!("/settings/markets/{}", before.slug);
    let wrong =
        [("abandon", "soon"), ("tax_rate", "x"), ("closed", "Christmas"), ("deliver", "9 days"), ("name", "Kept")];
    let refused = owner.post(&path, &posted("", &wrong));
    assert_eq!(refused.status, 400);
    for told in ["Enter a whole number.", "Enter the tax in percent", "“Christmas” is no day."] {
        refused.must_say(told);
    }
    assert_eq!((refused.field("name").as_str(), refused.field("deliver").as_str()), ("Kept", "9 days"));
    for (more, told) in [
        (vec![("prefix", "9")], "The prefix takes one to eight letters"),
        (vec![("time_zone", "Europe/Atlantis")], "This is not a known time zone."),
        (vec![("languages", "de;DROP")], "Give one to twelve language tags"),
        (vec![("opens", "25:00"), ("closes", "26:00")], "Monday opens and closes at times"),
        (vec![("opens", ""), ("closes", ""), ("after_hours", "1")], "Give opening hours first"),
        (vec![("archive", "0")], "This is between one day and ten years"),
    ] {
        let refused = owner.post(&path, &posted("Kept", &more));
        assert_eq!(refused.status, 400, "{more:?}");
        refused.must_say(told);
    }
    let after = desk.read(Markets::load).markets[0].clone();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    for path in ["/settings/markets", "/settings/markets/new", path.as_str()] {
        assert_eq!(desk.packer().get(path).status, 403);
    }
    assert_eq!(owner.get("/settings/markets/atlantis").status, 404);
}

#[test]
fn channels_belong_to_a_market_and_can_be_renamed() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let market = desk.read(Markets::load).markets[0].slug.clone();
    let page = format!("/settings/markets/{market}");
    let token = owner.get(&page).field("form_token");
    let form = [
        ("form_token", token.as_str()),
        ("channel_name", "Saturday stall"),
        ("kind", "stall"),
        ("payment_method", "cash"),
    ];
    owner.submit(&format!("{page}/channels"), &form).must_say("Channel Saturday stall added.");
    owner.submit(&format!("{page}/channels"), &form);
    let stalls = || -> Vec<_> {
        desk.read(Markets::load).channels.into_iter().filter(|channel| channel.slug == "saturday-stall").collect()
    };
    assert_eq!(stalls().len(), 1);
    assert_eq!(stalls()[0].payment_method, "cash");
    let renamed = [("channel_name", "Market stall"), ("kind", "stall")];
    owner.submit(&format!("{page}/channels/saturday-stall"), &renamed).must_say("Channel Market stall saved.");
    assert_eq!((stalls()[0].name.as_str(), stalls()[0].payment_method.as_str()), ("Market stall", ""));
    let other = desk.read(Markets::load).channels[0].name.clone();
    let taken = owner.post(&format!("{page}/channels/saturday-stall"), &[("channel_name", &other), ("kind", "stall")]);
    assert_eq!(taken.status, 400);
    taken.must_say("Another channel has this name.");
    // An order through it says so everywhere.
    owner.get("/orders/filters").must_say("Market stall");
}

#[test]
fn a_market_says_what_approves_itself_and_what_needs_a_tracking_number() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let send = |up_to: &str, tracked: &str| {
        let rule = [("currency", "EUR Euro"), ("approves", "1"), ("approve_up_to", up_to), ("tracked", tracked)];
        owner.post("/settings/markets/main", &posted("Fern & Kiln", &rule))
    };
    let refused = send("plenty", "Parcel, tracked");
    assert_eq!((refused.status, refused.field("approve_up_to").as_str()), (400, "plenty"));
    refused.must_say("Enter an amount in EUR, such as 500, or nothing.");
    send("0", "").must_say("Enter an amount above zero, or nothing.");
    send("", &"x".repeat(201)).must_say("each of 200 characters at the most");
    assert_eq!(send("250", "Parcel, tracked\r\n\r\n Courier ").status, 303);
    let market = desk.read(Markets::load).home().unwrap().clone();
    assert_eq!((market.approves_itself, market.approve_up_to_minor), (true, Some(25_000)));
    assert_eq!(market.tracked_ways, "Parcel, tracked\nCourier");
    let page = owner.see("/settings/markets/main");
    assert_eq!(page.field("approve_up_to"), "250.00");
    assert!(page.text().contains("Parcel, tracked\nCourier</textarea>"));
}
