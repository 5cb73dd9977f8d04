//! Random commands against the verbs, legal and illegal, one after another and from many threads.
//! Whatever they do, ledgers, parcels, statuses, counts, search and diary must agree afterwards.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl};
use slipway::actor::Actor;
use slipway::address::Address;
use slipway::conversation::{self, Audience};
use slipway::db::{Conn, Db, Location};
use slipway::error::{Error, Result};
use slipway::event::{self, Event};
use slipway::ids::StaffId;
use slipway::market::{ChannelKind, Markets, find_or_make_channel};
use slipway::moves::{self, Authority, MoveRequest, RefundChoice};
use slipway::order::{self, Correction, Draft, DraftLine, EntryState, Order, PaymentKind};
use slipway::payment::{self, NewCapture, NewPayment, NewRefund};
use slipway::returns::{self, Condition, ReturnState};
use slipway::shipment::{self, ShipmentState, Units};
use slipway::workflow::{Base, Stages};

use crate::support::app::TestDesk;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len() as u64) as usize]
    }
}

fn somebody(dice: &mut Dice) -> Actor {
    match dice.roll(3) {
        0 => Actor::Customer { name: "Eszter".into() },
        1 => Actor::Staff { id: StaffId(1), name: "Marta".into() },
        _ => Actor::Channel { name: "Web shop".into() },
    }
}

fn new_draft(dice: &mut Dice, markets: &Markets) -> Draft {
    let market = &markets.markets[0];
    let mut draft = Draft::new(market.id, markets.channels[0].id, market.currency);
    draft.customer_name = (*dice.pick(&["Eszter Kovács", "Ørsted", "山田 花子", "ليلى العنبر"])).into();
    draft.email = if dice.roll(2) == 0 { "eszter@example.hu".into() } else { String::new() };
    draft.payment_method = (*dice.pick(&["", "card", "bank_transfer", "cash_on_delivery"])).into();
    if dice.roll(3) > 0 {
        draft.ship_to = Some(budapest());
    }
    for _ in 0..=dice.roll(3) {
        draft.lines.push(DraftLine {
            sku: format!("MUG-{}", dice.roll(5)),
            title: "Stoneware mug".into(),
            quantity: dice.roll(4) as i64,
            unit_minor: *dice.pick(&[0, 1, 2_400, 99_999]),
            digital: dice.roll(5) == 0,
            ..DraftLine::default()
        });
    }
    draft
}

fn budapest() -> Address {
    Address {
        name: "Eszter Kovács".into(),
        street1: "Ráday utca 18".into(),
        city: "Budapest".into(),
        postcode: "1092".into(),
        country: "HU".into(),
        ..Address::default()
    }
}

/// Who else acts on the same orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    /// Nobody, so that it is known what an undo should restore.
    Alone,
    /// Others, in between.
    Others,
}

/// One command. Refusals are answers like any other; only a fault of ours is an error here.
fn command(db: &Db, dice: &mut Dice, markets: &Markets, orders: &mut Vec<i64>, company: Company) {
    let actor = somebody(dice);
    if orders.is_empty() || dice.roll(8) == 0 {
        let draft = new_draft(dice, markets);
        let placed = db.write_blocking(move |tx| moves::place(tx, &actor, &draft));
        orders.extend(answer(placed).map(|placed| placed.order.number));
        return;
    }
    let number = *dice.pick(orders);
    let seen = db.read_blocking(|conn| order::find(conn, number)).unwrap();
    let version = match dice.roll(6) {
        0 => None,
        1 => Some(seen.version - 1),
        2..=4 if company == Company::Others => None,
        _ => Some(seen.version),
    };
    match dice.roll(21) {
        15..=17 => parcel_command(db, dice, &seen, version, actor, company),
        18 | 19 => return_command(db, dice, &seen, version, actor),
        20 => cut_command(db, dice, &seen, version, actor),
        0..=5 => {
            let request = wish(dice, version);
            let by = actor.clone();
            let moved = answer(db.write_blocking(move |tx| moves::move_to_stage(tx, &by, number, &request)));
            let is_restored = company == Company::Alone && dice.roll(4) == 0;
            if let Some(moved) = moved.filter(|moved| moved.changed && is_restored) {
                undo_restores(db, &seen, moved.order.version, &actor);
            }
        }
        6 => {
            let new = NewPayment {
                kind: *dice.pick(&[PaymentKind::Authorization, PaymentKind::Capture]),
                amount_minor: *dice.pick(&[0, 1, 2_400, seen.total_minor, seen.amount_due()]),
                method: (*dice.pick(&["card", "cash"])).into(),
                reference: String::new(),
                note: String::new(),
                expires_at: None,
            };
            answer(db.write_blocking(move |tx| moves::record_payment(tx, &actor, number, version, &new)));
        }
        7 => {
            let request = MoveRequest { reason: "stock".into(), ..wish(dice, version) };
            answer(db.write_blocking(move |tx| moves::hold(tx, &actor, number, &request)));
        }
        8 => {
            let holds = db.read_blocking(|conn| moves::open_holds(conn, seen.id)).unwrap();
            if !holds.is_empty() {
                let hold = dice.pick(&holds).uid.clone();
                answer(db.write_blocking(move |tx| moves::release(tx, &actor, number, version, &hold)));
            }
        }
        9 => {
            let change = Correction { ship_to: Some(budapest()), ..Correction::default() };
            answer(db.write_blocking(move |tx| moves::correct(tx, &actor, number, version, &change)));
        }
        11 => {
            let new = NewRefund {
                amount_minor: *dice.pick(&[0, 1, 2_400, seen.captured_minor, seen.captured_minor / 2]),
                adjustment_minor: *dice.pick(&[0, 1, 2_400, seen.captured_minor, seen.captured_minor / 2]),
                reason: (*dice.pick(&["", "other"])).into(),
                ..NewRefund::default()
            };
            let new = if dice.roll(4) > 0 { NewRefund { adjustment_minor: new.amount_minor, ..new } } else { new };
            answer(db.write_blocking(move |tx| payment::refund(tx, &actor, number, version, &new)));
        }
        12 => {
            let ledger = db.read_blocking(|conn| payment::ledger(conn, seen.id)).unwrap();
            let promises: Vec<_> = ledger.iter().filter(|e| e.kind == PaymentKind::Authorization).collect();
            if !promises.is_empty() {
                let uid = dice.pick(&promises).uid.clone();
                let capture = NewCapture {
                    authorization: uid.clone(),
                    amount_minor: *dice.pick(&[1, 2_400, seen.authorized_minor, seen.authorized_minor / 2]),
                    more_to_come: dice.roll(2) == 0,
                    reference: String::new(),
                    note: String::new(),
                };
                let releases = dice.roll(4) == 0;
                answer(db.write_blocking(move |tx| match releases {
                    true => payment::void(tx, &actor, number, version, &uid, ""),
                    false => moves::capture_payment(tx, &actor, number, version, &capture),
                }));
            }
        }
        10 | 13 => {
            answer(db.write_blocking(move |tx| {
                conversation::write_note(tx, &actor, number, Audience::Internal, "Wrap it twice")
            }));
        }
        _ => {
            answer(db.write_blocking(move |tx| moves::undo(tx, &actor, number, version.unwrap_or(0))));
        }
    }
}

/// Units of the lines, some of them more than there are.
fn some_units(db: &Db, dice: &mut Dice, seen: &Order) -> Vec<Units> {
    let lines = db.read_blocking(|conn| order::lines(conn, seen.id)).unwrap();
    lines.iter().map(|line| Units { line: line.uid.clone(), quantity: dice.roll(3) as i64 }).collect()
}

/// Splits an order, or brings one of its parcels anywhere.
fn parcel_command(db: &Db, dice: &mut Dice, seen: &Order, version: Option<i64>, actor: Actor, company: Company) {
    let number = seen.number;
    let parcels = db.read_blocking(|conn| shipment::of_order(conn, seen.id)).unwrap();
    if parcels.is_empty() || dice.roll(4) == 0 {
        let units = some_units(db, dice, seen);
        let from = (dice.roll(2) == 0).then(|| parcels.first().map(|parcel| parcel.uid.clone())).flatten();
        answer(db.write_blocking(move |tx| moves::split(tx, &actor, number, version, from.as_deref(), &units)));
        return;
    }
    let (parcel, to) = (dice.pick(&parcels).uid.clone(), *dice.pick(ShipmentState::ALL));
    let (request, by) = (wish(dice, version), actor.clone());
    let changed = answer(db.write_blocking(move |tx| moves::change_parcel(tx, &by, number, &parcel, to, &request)));
    let moved = changed.filter(|changed| changed.moved.as_ref().is_some_and(|moved| moved.can_undo));
    if let Some(changed) = moved.filter(|_| company == Company::Alone && dice.roll(3) == 0) {
        undo_restores(db, seen, changed.order.version, &actor);
    }
}

/// Asks for a return, or brings one further.
fn return_command(db: &Db, dice: &mut Dice, seen: &Order, version: Option<i64>, actor: Actor) {
    let number = seen.number;
    let returns = db.read_blocking(|conn| returns::of_order(conn, seen.id)).unwrap();
    if returns.is_empty() || dice.roll(3) == 0 {
        let (units, request) = (some_units(db, dice, seen), wish(dice, version));
        answer(db.write_blocking(move |tx| moves::request_return(tx, &actor, number, version, &units, &request)));
        return;
    }
    let uid = dice.pick(&returns).uid.clone();
    if dice.roll(2) == 0 {
        let to = *dice.pick(ReturnState::ALL);
        answer(db.write_blocking(move |tx| moves::settle_return(tx, &actor, number, version, &uid, to, "no")));
        return;
    }
    let (lines, inside) = db
        .read_blocking(|conn| {
            let known = returns::find(conn, seen, &uid)?;
            Ok((order::lines(conn, seen.id)?, returns::contents(conn, &[known.id])?))
        })
        .unwrap();
    let gone = dice.roll(2) as i64;
    let conditions: Vec<Condition> = inside
        .iter()
        .map(|content| Condition {
            line: lines.iter().find(|line| line.id == content.line_id).unwrap().uid.clone(),
            restock: content.quantity - gone,
            damaged: 0,
            discard: 0,
            missing: gone,
        })
        .collect();
    answer(db.write_blocking(move |tx| moves::receive_return(tx, &actor, number, version, &uid, &conditions)));
}

/// Takes units that are in no parcel out of the order.
fn cut_command(db: &Db, dice: &mut Dice, seen: &Order, version: Option<i64>, actor: Actor) {
    let (number, units, request) = (seen.number, some_units(db, dice, seen), wish(dice, version));
    answer(db.write_blocking(move |tx| moves::cancel_remaining(tx, &actor, number, &units, &request)));
}

fn wish(dice: &mut Dice, version: Option<i64>) -> MoveRequest {
    MoveRequest {
        version,
        reason: (*dice.pick(&["", "stock", "customer", "out_of_stock", "mistake", "other"])).into(),
        refund: *dice.pick(&[RefundChoice::Unasked, RefundChoice::All, RefundChoice::Nothing]),
        authority: *dice.pick(&[Authority::Moves, Authority::Corrects]),
        ..MoveRequest::to(dice.pick(Base::ALL).as_str())
    }
}

/// Taking a move back at once leaves the order as it was, or is refused.
fn undo_restores(db: &Db, before: &Order, version: i64, actor: &Actor) {
    let (number, by) = (before.number, actor.clone());
    let Some(undone) = answer(db.write_blocking(move |tx| moves::undo(tx, &by, number, version))) else { return };
    let now = undone.order;
    assert_eq!((&now.stage, now.base, &now.resume_stage), (&before.stage, before.base, &before.resume_stage));
    assert_eq!(now.fulfilment_status, before.fulfilment_status, "fulfilment of {number} after an undo");
    assert_eq!(now.payment_status, before.payment_status, "payment of {number} after an undo");
    assert_eq!(now.stage_entered_at, before.stage_entered_at);
    assert_eq!(now.abandon_at, before.abandon_at);
}

fn answer<T>(outcome: Result<T>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        // What others took away meanwhile is missing.
        Err(Error::Refused(_) | Error::Missing(_)) => None,
        Err(other) => panic!("a command failed: {other}"),
    }
}

/// Everything that must be true of an order, whatever happened to it.
fn check(conn: &mut Conn, number: i64) {
    let order = order::find(conn, number).unwrap();
    let lines = order::lines(conn, order.id).unwrap();
    let ledger = payment::ledger(conn, order.id).unwrap();
    let story = event::timeline(conn, order.id).unwrap();
    let told = || story.iter().map(|e| format!("\n{} {:?}", e.seq, e.event)).collect::<String>();

    let stages = Stages::load(conn).unwrap();
    assert_eq!(stages.find(&order.stage).unwrap().base, order.base);
    assert_eq!(order.base_rank, order.base.rank());
    let remembered = order.resume_stage.as_deref().and_then(|slug| stages.find(slug)).map(|stage| stage.base);
    assert_eq!(remembered, order.resume_base);
    let remembers = matches!(order.base, Base::OnHold | Base::Archived);
    assert_eq!(order.resume_stage.is_some(), remembers, "{number} remembers a stage{}", told());
    let holds = moves::open_holds(conn, order.id).unwrap();
    assert_eq!(!holds.is_empty(), order.base == Base::OnHold, "holds of {number}{}", told());

    for line in lines.iter().filter(|line| line.requires_shipping) {
        let gone = matches!(order.base, Base::Shipped | Base::Delivered | Base::Returned);
        let stopped = matches!(order.base, Base::Cancelled | Base::Rejected);
        assert!(!(gone || stopped) || line.quantities().open() == 0, "open units of {number}{}", told());
        assert!(!gone || line.packed_quantity == 0);
    }
    check_parcels(conn, &order, &lines, &told);
    check_returns(conn, &order, &lines, &told);
    check_money(&order, &ledger, &story, &told);

    for (index, entry) in story.iter().enumerate() {
        assert_eq!(entry.seq, index as i64 + 1, "numbers of the diary of {number}");
        assert!(!entry.actor_name.is_empty());
    }
    let last_stage = story.iter().rev().find_map(|entry| match &entry.event {
        Event::OrderMoved(moved) => Some(moved.to.clone()),
        Event::MoveUndone { from, .. } => Some(from.clone()),
        Event::OrderCreated { stage, .. } => Some(stage.clone()),
        _ => None,
    });
    assert_eq!(last_stage.as_deref(), Some(order.stage.as_str()), "the diary's stage of {number}{}", told());
}

fn check_parcels(conn: &mut Conn, order: &Order, lines: &[order::Line], told: &dyn Fn() -> String) {
    let parcels = shipment::of_order(conn, order.id).unwrap();
    let ids: Vec<_> = parcels.iter().map(|parcel| parcel.id).collect();
    let contents = shipment::contents(conn, &ids).unwrap();
    for line in lines {
        let (mut packed, mut left) = (0, 0);
        for content in contents.iter().filter(|content| content.line_id == line.id) {
            let parcel = parcels.iter().find(|parcel| parcel.id == content.shipment_id).unwrap();
            match parcel.state {
                ShipmentState::Shipped | ShipmentState::Delivered => left += content.quantity,
                _ => packed += content.quantity,
            }
        }
        assert_eq!(
            (packed, left),
            (line.packed_quantity, line.shipped_quantity),
            "parcels of {}{}",
            order.number,
            told()
        );
    }
    let delivered = !parcels.is_empty() && parcels.iter().all(|parcel| parcel.state == ShipmentState::Delivered);
    let quantities: Vec<_> = lines.iter().map(order::Line::quantities).collect();
    assert_eq!(order.fulfilment_status, order::status::fulfilment(&quantities, delivered), "{}", told());
}

fn check_returns(conn: &mut Conn, order: &Order, lines: &[order::Line], told: &dyn Fn() -> String) {
    let known = returns::of_order(conn, order.id).unwrap();
    let inside = returns::contents(conn, &known.iter().map(|one| one.id).collect::<Vec<_>>()).unwrap();
    for line in lines {
        let units = |counts: fn(ReturnState) -> bool| -> i64 {
            let of = |content: &&returns::ReturnLine| {
                content.line_id == line.id && known.iter().any(|r| r.id == content.return_id && counts(r.state))
            };
            inside.iter().filter(of).map(returns::ReturnLine::received).sum()
        };
        assert_eq!(units(ReturnState::is_here), line.returned_quantity, "returns of {}{}", order.number, told());
        assert!(returns::returnable(line, &known, &inside) >= 0, "too much comes back to {}{}", order.number, told());
    }
    if order.base == Base::Archived {
        assert!(known.iter().all(|one| !one.state.is_open()), "an open return of {}{}", order.number, told());
    }
}

fn check_money(order: &Order, ledger: &[payment::Payment], story: &[event::Entry], told: &dyn Fn() -> String) {
    let sums = payment::balance(ledger, slipway::time::UtcTime::now());
    let stored = (order.authorized_minor, order.captured_minor, order.refunded_minor);
    assert_eq!(stored, (sums.authorized, sums.captured, sums.refunded), "ledger of {}{}", order.number, told());
    assert_eq!(
        order.payment_status,
        sums.status(order.total_minor, order.due_in_all()),
        "payment of {}{}",
        order.number,
        told()
    );
    for promise in ledger.iter().filter(|entry| entry.kind == PaymentKind::Authorization) {
        let drawn: i64 = ledger
            .iter()
            .filter(|entry| entry.kind == PaymentKind::Capture && entry.parent_id == Some(promise.id))
            .map(|entry| entry.amount_minor)
            .sum();
        assert!(drawn <= promise.amount_minor, "{} was captured beyond its authorisation", order.number);
    }
    for capture in ledger.iter().filter(|entry| entry.kind == PaymentKind::Capture) {
        let back: i64 = ledger
            .iter()
            .filter(|entry| entry.kind == PaymentKind::Refund && entry.parent_id == Some(capture.id))
            .filter(|entry| entry.state != EntryState::Failed)
            .map(|entry| entry.amount_minor)
            .sum();
        assert!(back <= capture.amount_minor, "{} was refunded beyond its capture", order.number);
    }
    let mut replayed: BTreeMap<String, i64> = BTreeMap::new();
    for entry in story {
        if let Event::PaymentRecorded { entry, amount, .. } = &entry.event {
            *replayed.entry(entry.clone()).or_default() += amount.minor;
        }
    }
    assert_eq!(replayed.get("capture").copied().unwrap_or(0), order.captured_minor);
    assert_eq!(replayed.get("refund").copied().unwrap_or(0), order.refunded_minor);
    if order.base.is_stopped() {
        assert_eq!(order.authorized_minor, 0, "{} is stopped with a live authorisation{}", order.number, told());
    }
    if order.base == Base::Archived {
        assert_eq!(
            (order.amount_due(), order.credit_owed()),
            (0, 0),
            "{} was archived unsettled{}",
            order.number,
            told()
        );
    }
}

fn with_channel(desk: &TestDesk) -> Markets {
    desk.db
        .write_blocking(|tx| {
            let market = Markets::load(tx.conn)?.home()?.id;
            find_or_make_channel(tx, market, "web", "Web shop", ChannelKind::Web)?;
            Markets::load(tx.conn)
        })
        .inspect(|_| {
            // Of five mugs one is plentiful, one is scarce; the others nobody knows.
            desk.product("MUG-0", 500);
            desk.product("MUG-1", 6);
        })
        .unwrap()
}

fn check_all(desk: &TestDesk, orders: &[i64]) {
    desk.read(|conn| {
        orders.iter().for_each(|number| check(conn, *number));
        Ok(())
    });
    desk.stock_must_add_up();
}

#[test]
fn whatever_is_asked_of_an_order_its_ledgers_statuses_and_diary_agree() {
    let desk = TestDesk::open();
    let markets = with_channel(&desk);
    for seed in [7, 4_242, 990_017] {
        let mut dice = Dice(seed);
        let mut orders = Vec::new();
        for round in 0..600 {
            command(&desk.db, &mut dice, &markets, &mut orders, Company::Alone);
            if round % 40 == 0 {
                check_all(&desk, &orders);
            }
        }
        check_all(&desk, &orders);
    }
}

#[test]
fn sixteen_people_at_once_leave_every_order_whole() {
    let desk = TestDesk::open();
    let markets = with_channel(&desk);
    let mut orders = Vec::new();
    let mut dice = Dice(31);
    while orders.len() < 6 {
        command(&desk.db, &mut dice, &markets, &mut orders, Company::Alone);
    }
    std::thread::scope(|scope| {
        for person in 0..16 {
            let (db, markets, mut orders) = (desk.db.clone(), markets.clone(), orders.clone());
            scope.spawn(move || {
                let mut dice = Dice(1_000 + person);
                for _ in 0..60 {
                    command(&db, &mut dice, &markets, &mut orders, Company::Others);
                }
            });
        }
    });
    check_all(&desk, &all_orders(&desk.db));
}

/// Numbers of all orders. No number is ever left out.
fn all_orders(db: &Db) -> Vec<i64> {
    let is_there = |number: &i64| db.read_blocking(|conn| order::find(conn, *number)).is_ok();
    (FIRST_NUMBER..).take_while(is_there).collect()
}

/// Number of the first order of a shop.
const FIRST_NUMBER: i64 = 10_001;
/// Names the database of [`commands_until_killed`].
const DATABASE: &str = "SLIPWAY_MODEL_DATABASE";
/// Its seed.
const SEED: &str = "SLIPWAY_MODEL_SEED";
/// Processes that are killed one after another.
const KILLS: u64 = 5;

#[test]
fn however_often_the_desk_is_killed_every_order_is_whole() {
    let desk = TestDesk::open();
    with_channel(&desk);
    let url = desk.database_url();
    let mut dice = Dice(77);
    let mut before = 0;
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "model::commands_until_killed", "--ignored", "--quiet"])
            .envs([(DATABASE, url.as_str()), (SEED, &(round * 1_000 + 1).to_string())])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while newest_event(&desk.db) < before + 60 {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            assert!(started.elapsed() < Duration::from_secs(60), "writing takes too long");
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_micros(dice.roll(40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        wait_for_its_connections(&desk.db);
        before = newest_event(&desk.db);
        check_all(&desk, &all_orders(&desk.db));
    }
}

/// Orders are placed and changed by four people until somebody kills the process.
#[test]
#[ignore = "another test runs it, in a process of its own"]
fn commands_until_killed() {
    let Ok(url) = std::env::var(DATABASE) else { return };
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let db = Db::open(&Location::parse(&url).unwrap()).unwrap();
    let markets = db.read_blocking(Markets::load).unwrap();
    let known = all_orders(&db);
    std::thread::scope(|scope| {
        for person in 0..4 {
            let (db, markets, mut orders) = (&db, &markets, known.clone());
            scope.spawn(move || {
                let mut dice = Dice(seed + person);
                loop {
                    command(db, &mut dice, markets, &mut orders, Company::Others);
                }
            });
        }
    });
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(db: &Db, sql: &str) -> i64 {
    let found: Number = db
        .read_blocking(|conn| {
            Ok(match conn {
                Conn::Pg(inner) => diesel::sql_query(sql).get_result(inner)?,
                Conn::Sqlite(inner) => diesel::sql_query(sql).get_result(inner)?,
            })
        })
        .unwrap();
    found.number
}

fn newest_event(db: &Db) -> i64 {
    number(db, "SELECT COALESCE(MAX(id), 0) AS number FROM events")
}

/// A server goes on with a statement whose client is gone until it wants to answer.
fn wait_for_its_connections(db: &Db) {
    let busy = "SELECT COUNT(*) AS number FROM pg_stat_activity WHERE datname = current_database() \
                AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'";
    let started = Instant::now();
    while !db.location().is_sqlite() && number(db, busy) > 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "a connection of the dead lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}
