//! Stock follows orders: one unit goes to one buyer, what is stopped gives back, and whatever happened,
//! the ledger adds up to what is shown.

use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl};
use slipway::actor::Actor;
use slipway::catalog::stock::{self, Cause, Levels};
use slipway::catalog::{self, NewProduct};
use slipway::db::{Conn, Db};
use slipway::error::{Error, Refusal, RefusalKind};
use slipway::ids::{LineId, ProductId};
use slipway::moves::{self, Authority, MoveRequest, RefundChoice, StockMode};
use slipway::order::changes::{ChangeSet, Wish};
use slipway::order::{self, Order, PaymentKind};
use slipway::payment::NewPayment;
use slipway::time::UtcTime;

use crate::support::app::TestDesk;
use crate::support::program::Program;

const ANA: Actor = Actor::System { name: "Ana" };
const MUG: &str = "MUG-OAT-L";

#[derive(QueryableByName)]
struct Fact {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    shown: i64,
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

impl TestDesk {
    /// A counted product with so many units on the shelf.
    pub fn product(&self, sku: &str, units: i64) -> ProductId {
        let new = NewProduct { sku: sku.into(), title: format!("Product {sku}"), tracked: true, ..Default::default() };
        self.write(move |tx| {
            let id = catalog::create(tx, &new)?.id;
            stock::count(tx, &ANA, id, units, "First count", "first")?;
            Ok(id)
        })
    }
    /// On hand, allocated, softly held.
    pub fn levels(&self, product: ProductId) -> (i64, i64, i64) {
        let Levels { on_hand, allocated, soft_held } = self.read(|conn| stock::levels(conn, &[product]))[0].1;
        (on_hand, allocated, soft_held)
    }
    fn go(&self, number: i64, request: MoveRequest) -> Result<Order, Error> {
        let request = MoveRequest { authority: Authority::Corrects, ..request };
        self.db.write_blocking(move |tx| moves::move_to_stage(tx, &ANA, number, &request).map(|moved| moved.order))
    }
    fn pay(&self, number: i64) -> Order {
        let new = NewPayment {
            kind: PaymentKind::Capture,
            amount_minor: self.look(number).amount_due(),
            method: "card".into(),
            reference: String::new(),
            note: String::new(),
            expires_at: None,
        };
        self.write(move |tx| moves::record_payment(tx, &ANA, number, None, &new))
    }
    fn round(&self) -> usize {
        tokio::runtime::Runtime::new().unwrap().block_on(moves::run_timers(&self.db)).unwrap()
    }
    fn first_line(&self, number: i64) -> LineId {
        self.read(|conn| {
            let id = order::find(conn, number)?.id;
            Ok(order::lines(conn, id)?[0].id)
        })
    }
    /// Levels, claims and ledger agree, whatever happened.
    pub fn stock_must_add_up(&self) {
        stock_must_add_up(&self.db);
    }
}

/// Levels, claims and ledger agree, whatever happened.
pub fn stock_must_add_up(db: &Db) {
    let ledger = |column: &str| {
        format!(
            "SELECT 'the ledger of {column} of ' || CAST(l.product_id AS TEXT) AS what, l.{column} AS shown, \
             CAST((SELECT COALESCE(SUM(m.{column}), 0) FROM stock_movements m WHERE m.product_id = l.product_id) \
             AS BIGINT) AS sum FROM stock_levels l"
        )
    };
    let claims = |column: &str| {
        format!(
            "SELECT 'the claims of {column} of ' || CAST(l.product_id AS TEXT) AS what, l.{column} AS shown, \
             CAST((SELECT COALESCE(SUM(c.{column}), 0) FROM stock_claims c WHERE c.product_id = l.product_id) \
             AS BIGINT) AS sum FROM stock_levels l"
        )
    };
    let stopped = "SELECT 'claims of stopped order ' || CAST(o.number AS TEXT) AS what, \
                   CAST(0 AS BIGINT) AS shown, CAST(SUM(c.allocated + c.soft_held) AS BIGINT) AS sum \
                   FROM stock_claims c JOIN orders o ON o.id = c.order_id \
                   WHERE o.base IN ('cancelled', 'rejected', 'abandoned', 'archived') GROUP BY o.number";
    let open = "SELECT 'allocation of order ' || CAST(o.number AS TEXT) AS what, c.allocated AS shown, \
                n.quantity - n.cancelled_quantity - n.shipped_quantity AS sum \
                FROM stock_claims c JOIN order_lines n ON n.id = c.line_id JOIN orders o ON o.id = c.order_id \
                JOIN products p ON p.id = c.product_id \
                WHERE p.tracked AND n.product_id = c.product_id AND o.base IN ('confirmed', 'approved', \
                'processed', 'shipped', 'delivered', 'returned')";
    let mut facts: Vec<Fact> = Vec::new();
    let queries = [
        ledger("on_hand"),
        ledger("allocated"),
        ledger("soft_held"),
        claims("allocated"),
        claims("soft_held"),
        stopped.to_owned(),
        open.to_owned(),
    ];
    for query in queries {
        let found: Result<Vec<Fact>, Error> = db.read_blocking(|conn| {
            Ok(match conn {
                Conn::Sqlite(conn) => diesel::sql_query(query).load(conn)?,
                Conn::Pg(conn) => diesel::sql_query(query).load(conn)?,
            })
        });
        facts.extend(found.unwrap());
    }
    assert!(!facts.is_empty());
    for fact in facts {
        assert_eq!(fact.shown, fact.sum, "{}", fact.what);
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => *refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn of_many_buyers_of_one_unit_exactly_one_is_confirmed_and_the_others_leave_nothing_behind() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 1);
    let buyers: Vec<i64> = (0..16).map(|_| desk.order().line(MUG, "Mug", 1, 2850).authorized().place()).collect();
    // Nobody's soft hold decides it.
    let later = UtcTime::now().plus_minutes(61);
    for number in &buyers {
        let number = *number;
        desk.write(move |tx| {
            let id = order::find(tx.conn, number)?.id;
            stock::free_expired(&mut tx.at(later), &ANA, id)
        });
    }
    assert_eq!(desk.levels(mug), (1, 0, 0));
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let buy = |number: i64| {
            let desk = &desk;
            move || desk.go(number, MoveRequest::to("confirmed"))
        };
        let all: Vec<_> = buyers.iter().map(|number| scope.spawn(buy(*number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for lost in outcomes.into_iter().filter(Result::is_err) {
        let told = refusal(lost);
        assert_eq!((told.kind, told.code), (RefusalKind::State, "stock.short"));
        assert!(told.message.contains("Product MUG-OAT-L (MUG-OAT-L): 1 needed, 0 available."), "{}", told.message);
    }
    let confirmed: Vec<_> = buyers.iter().filter(|number| desk.look(**number).stage == "confirmed").collect();
    assert_eq!((confirmed.len(), desk.levels(mug)), (1, (1, 1, 0)));
    for number in buyers.iter().filter(|number| desk.look(**number).stage != "confirmed") {
        let order = desk.look(*number);
        let (claims, diary) =
            desk.read(|conn| Ok((stock::claims(conn, order.id)?, slipway::event::timeline(conn, order.id)?)));
        assert!(claims.iter().all(|claim| claim.allocated == 0 && claim.soft_held == 0));
        assert_eq!((order.stage.as_str(), diary.len()), ("placed", 2), "placed and paid, no more: {diary:?}");
    }
    desk.stock_must_add_up();
}

#[test]
fn a_soft_hold_is_turned_into_an_allocation_even_of_the_last_unit() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 2);
    let first = desk.order().line(MUG, "Mug", 2, 2850).place();
    assert_eq!(desk.levels(mug), (2, 0, 2));
    let second = desk.order().line(MUG, "Mug", 1, 2850).place();
    assert_eq!(desk.levels(mug), (2, 0, 2), "who comes second holds nothing");
    assert_eq!(desk.pay(second).stage, "placed", "it waits although it is paid");
    assert_eq!(desk.pay(first).stage, "confirmed");
    assert_eq!(desk.levels(mug), (2, 2, 0));
    desk.stock_must_add_up();
}

#[test]
fn a_soft_hold_follows_an_edit_up_and_down_as_far_as_there_is_enough() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 4);
    let number = desk.order().line(MUG, "Mug", 1, 2850).place();
    let edit = |quantity: i64| {
        desk.write(move |tx| {
            let order = order::find(tx.conn, number)?;
            let line = order::lines(tx.conn, order.id)?.remove(0);
            let wish = Wish { line: line.id, quantity, unit_minor: line.unit_minor, discount_minor: 0 };
            let wanted = ChangeSet { wishes: vec![wish], ..ChangeSet::default() };
            moves::edit_lines(tx, &ANA, number, None, &wanted).map(drop)
        });
        desk.levels(mug)
    };
    assert_eq!(desk.levels(mug), (4, 0, 1));
    assert_eq!(edit(3), (4, 0, 3));
    assert_eq!(edit(2), (4, 0, 2));
    assert_eq!(edit(5), (4, 0, 2), "what is not there is not held, and refuses nothing yet");
    desk.stock_must_add_up();
}

#[test]
fn what_the_shelf_has_no_more_is_not_approved_until_it_has() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 4);
    let count = |units: i64, once: &'static str| {
        desk.write(move |tx| stock::count(tx, &ANA, mug, units, "Two broke", once));
    };
    let approve = |number: i64| desk.go(number, MoveRequest::to("approved"));
    let first = desk.order().line(MUG, "Mug", 2, 2850).at("confirmed").place();
    let second = desk.order().line(MUG, "Mug", 2, 2850).at("confirmed").place();
    count(3, "fewer");
    let told = refusal(approve(second));
    assert_eq!(told.code, "order.not_ready");
    assert!(told.message.contains("(MUG-OAT-L): 2 needed, 1 on the shelf for it."), "{}", told.message);
    approve(first).unwrap();
    count(4, "found");
    approve(second).unwrap();
    // What is being prepared comes before what is only confirmed, though that came earlier.
    desk.go(first, MoveRequest { reason: "mistake".into(), ..MoveRequest::to("confirmed") }).unwrap();
    count(3, "broken again");
    assert!(refusal(approve(first)).message.contains("2 needed, 1 on the shelf for it."));
    // What may be promised although there is none is not looked for.
    let promise = "UPDATE products SET oversell = TRUE";
    match desk.look_behind() {
        Conn::Sqlite(mut conn) => diesel::sql_query(promise).execute(&mut conn).unwrap(),
        Conn::Pg(mut conn) => diesel::sql_query(promise).execute(&mut conn).unwrap(),
    };
    approve(first).unwrap();
    desk.stock_must_add_up();
}

/// Ordered, cancelled, allocated, on back order and shipped units of each line, as programs read them.
fn units(program: &Program, number: i64) -> Vec<[i64; 5]> {
    let order = program.see(&format!("/api/orders/{number}"));
    let names = ["quantity", "cancelled_quantity", "allocated_quantity", "backordered_quantity", "shipped_quantity"];
    let items = order["items"].as_array().unwrap();
    items.iter().map(|item| names.map(|name| item[name].as_i64().unwrap())).collect()
}

#[test]
fn what_is_promised_beyond_the_shelf_is_on_back_order_line_by_line() {
    let desk = TestDesk::open();
    let (mug, program) = (desk.product(MUG, 3), desk.program());
    let promise = "UPDATE products SET oversell = TRUE";
    match desk.look_behind() {
        Conn::Sqlite(mut conn) => diesel::sql_query(promise).execute(&mut conn).unwrap(),
        Conn::Pg(mut conn) => diesel::sql_query(promise).execute(&mut conn).unwrap(),
    };
    let waits = desk.order().line(MUG, "Mug", 2, 2850).place();
    assert_eq!(units(&program, waits), [[2, 0, 0, 0, 0]], "nothing is allocated before it is confirmed");
    desk.go(waits, MoveRequest::to("abandoned")).unwrap();
    let first = desk.order().line(MUG, "Mug", 2, 2850).line(MUG, "Mug, a gift", 2, 2850).at("confirmed").place();
    assert_eq!(units(&program, first), [[2, 0, 2, 0, 0], [2, 0, 1, 1, 0]]);
    desk.owner().see(&format!("/orders/{first}")).must_say("To be packed · 1 on back order");
    let second = desk.order().line(MUG, "Mug", 1, 2850).at("confirmed").place();
    assert_eq!(units(&program, second), [[1, 0, 0, 1, 0]]);
    // What is being prepared comes first.
    desk.go(second, MoveRequest::to("approved")).unwrap();
    assert_eq!((units(&program, second), units(&program, first)[1]), (vec![[1, 0, 1, 0, 0]], [2, 0, 0, 2, 0]));
    desk.write(move |tx| stock::count(tx, &ANA, mug, 5, "Delivery", "second"));
    assert_eq!(units(&program, first)[1], [2, 0, 2, 0, 0]);
    desk.go(second, MoveRequest::to("processed")).unwrap();
    desk.go(second, MoveRequest::to("shipped")).unwrap();
    assert_eq!(units(&program, second), [[1, 0, 0, 0, 1]]);
    // A hold that lets others have its goods allocates none of them.
    let free = MoveRequest { reason: "stock".into(), stock: StockMode::Free, ..MoveRequest::to("on_hold") };
    desk.go(first, free).unwrap();
    assert_eq!(units(&program, first), [[2, 0, 0, 0, 0]; 2]);
    let cancel =
        MoveRequest { reason: "customer".into(), refund: RefundChoice::Nothing, ..MoveRequest::to("cancelled") };
    desk.go(first, cancel).unwrap();
    assert_eq!(units(&program, first), [[2, 2, 0, 0, 0]; 2]);
}

#[test]
fn two_lines_of_one_product_are_asked_for_together() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 3);
    let number = desk.order().line(MUG, "Mug", 2, 2850).line(MUG, "Mug, as a gift", 2, 2850).authorized().place();
    let told = refusal(desk.go(number, MoveRequest::to("confirmed")));
    assert!(told.message.contains("4 needed, 3 available"), "{}", told.message);
    assert_eq!(desk.levels(mug), (3, 0, 0));
    desk.write(move |tx| stock::count(tx, &ANA, mug, 4, "Found one more", "second"));
    desk.go(number, MoveRequest::to("confirmed")).unwrap();
    assert_eq!(desk.levels(mug), (4, 4, 0));
    desk.stock_must_add_up();
}

#[test]
fn an_order_takes_its_goods_along_and_every_step_back_returns_them() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 10);
    let number = desk.order().line(MUG, "Mug", 3, 2850).at("processed").place();
    assert_eq!(desk.levels(mug), (10, 3, 0));
    desk.go(number, MoveRequest::to("shipped")).unwrap();
    assert_eq!(desk.levels(mug), (7, 0, 0));
    desk.go(number, MoveRequest { reason: "mistake".into(), ..MoveRequest::to("processed") }).unwrap();
    assert_eq!(desk.levels(mug), (10, 3, 0), "a correction reverses what shipping did");
    let shipped = desk.go(number, MoveRequest::to("shipped")).unwrap();
    desk.write(move |tx| moves::undo(tx, &ANA, number, shipped.version));
    assert_eq!(desk.levels(mug), (10, 3, 0), "so does an undo");
    let cancel =
        MoveRequest { reason: "customer".into(), refund: RefundChoice::Nothing, ..MoveRequest::to("cancelled") };
    let cancelled = desk.go(number, cancel.clone()).unwrap();
    assert_eq!(desk.levels(mug), (10, 0, 0));
    desk.write(move |tx| moves::undo(tx, &ANA, number, cancelled.version));
    assert_eq!(desk.levels(mug), (10, 3, 0));
    desk.go(number, cancel.clone()).unwrap();
    desk.go(number, MoveRequest { reason: "mistake".into(), ..MoveRequest::to("confirmed") }).unwrap();
    assert_eq!(desk.levels(mug), (10, 3, 0), "reinstated");
    desk.go(number, cancel).unwrap();
    assert_eq!(desk.levels(mug), (10, 0, 0), "cancelled twice, given back once");
    desk.stock_must_add_up();
}

#[test]
fn what_was_put_back_once_is_not_put_back_again() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 10);
    let number = desk.order().line(MUG, "Mug", 2, 2850).at("delivered").place();
    let line = desk.first_line(number);
    let put = |kind: &'static str, key: &'static str, units: i64| {
        desk.write(move |tx| stock::put_back(tx, &ANA, mug, units, &Cause::new(kind, key).of_line(line)))
    };
    assert_eq!(desk.levels(mug), (8, 0, 0));
    assert_eq!(put("refund", "r1", 2), 2);
    assert_eq!(put("refund", "r1", 2), 0, "the same cause");
    assert_eq!(put("return", "t1", 2), 0, "the same units by another cause");
    assert_eq!(desk.levels(mug), (10, 0, 0));
    let taken = desk.write(move |tx| stock::take_back(tx, &ANA, &Cause::new("refund", "r1").of_line(line)));
    assert_eq!((taken, desk.levels(mug)), (2, (8, 0, 0)));
    assert_eq!(put("return", "t2", 1), 1);
    desk.stock_must_add_up();
    for number in [-1, i64::MAX] {
        let outcome =
            desk.db.write_blocking(move |tx| stock::put_back(tx, &ANA, mug, number, &Cause::new("return", "x")));
        assert_eq!(refusal(outcome).kind, RefusalKind::Invalid);
    }
}

#[test]
fn a_soft_hold_ends_by_itself_once_however_many_look() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 5);
    let number = desk.order().line(MUG, "Mug", 2, 2850).place();
    assert_eq!((desk.levels(mug), desk.round()), ((5, 0, 2), 0), "its hour is not over");
    let hour_ago = UtcTime::now().plus_minutes(-61);
    let second = desk.write(move |tx| {
        // As if it had been placed an hour ago.
        let id = order::find(tx.conn, number)?.id;
        stock::free_expired(&mut tx.at(UtcTime::now().plus_minutes(61)), &ANA, id)?;
        let mut draft_of = order::lines(tx.conn, id)?;
        let line = draft_of.remove(0);
        let wants = [stock::Want { line: line.id, product: mug, open: 2, shipped: 0 }];
        let firmness = stock::Firmness::SoftlyUntil(hour_ago);
        stock::settle(tx, &ANA, id, firmness, &wants, &Cause::new("placed", "again"), stock::Shortage::Refuses)?;
        Ok(number)
    });
    assert_eq!(desk.levels(mug), (5, 0, 2));
    let rounds: usize = std::thread::scope(|scope| {
        let desk = &desk;
        let all: Vec<_> = (0..3).map(|_| scope.spawn(move || desk.round())).collect();
        all.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!((rounds, desk.levels(mug), desk.look(second).stage.as_str()), (1, (5, 0, 0), "placed"));
    desk.stock_must_add_up();
}

#[test]
fn a_product_that_is_not_counted_never_blocks_a_move() {
    let desk = TestDesk::open();
    let mug = desk.write(|tx| {
        let new = NewProduct { sku: MUG.into(), title: "Mug".into(), ..Default::default() };
        Ok(catalog::create(tx, &new)?.id)
    });
    desk.order().line(MUG, "Mug", 2, 2850).at("delivered").place();
    desk.order().line("UNKNOWN", "Something", 2, 2850).at("delivered").place();
    assert_eq!(desk.levels(mug), (0, 0, 0));
    let counted = desk.product("PLATE", 0);
    desk.write(|tx| stock::switch(tx, &ANA, false));
    desk.order().line("PLATE", "Plate", 2, 2850).at("delivered").place();
    assert_eq!(desk.levels(counted), (0, 0, 0), "nothing is counted in the whole shop");
    desk.stock_must_add_up();
}

#[test]
fn an_order_paid_after_it_was_given_up_waits_on_hold_when_its_goods_are_gone() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 1);
    let late = desk.order().line(MUG, "Mug", 1, 2850).place();
    desk.go(late, MoveRequest::to("abandoned")).unwrap();
    assert_eq!(desk.levels(mug), (1, 0, 0));
    let quick = desk.order().line(MUG, "Mug", 1, 2850).place();
    assert_eq!(desk.pay(quick).stage, "confirmed");
    let held = desk.pay(late);
    assert_eq!((held.stage.as_str(), held.resume_stage.as_deref()), ("on_hold", Some("confirmed")));
    let hold = desk.read(|conn| moves::open_holds(conn, held.id)).remove(0);
    assert_eq!(hold.reason, "paid_after_abandon_no_stock");
    let uid = hold.uid.clone();
    let told = refusal(desk.db.write_blocking(move |tx| moves::release(tx, &ANA, late, None, &uid)));
    assert_eq!(told.code, "stock.short");
    desk.write(move |tx| stock::count(tx, &ANA, mug, 2, "Delivery", "second"));
    desk.write(move |tx| moves::release(tx, &ANA, late, None, &hold.uid));
    assert_eq!((desk.look(late).stage.as_str(), desk.levels(mug)), ("confirmed", (2, 2, 0)));
    desk.stock_must_add_up();
}

#[test]
fn a_hold_keeps_its_stock_or_lets_others_have_it() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 2);
    let number = desk.order().line(MUG, "Mug", 2, 2850).at("confirmed").place();
    let hold = |stock| MoveRequest { reason: "stock".into(), stock, ..MoveRequest::to("on_hold") };
    let kept = desk.go(number, hold(StockMode::Keep)).unwrap();
    assert_eq!(desk.levels(mug), (2, 2, 0));
    let freed = desk.write(move |tx| moves::hold(tx, &ANA, number, &hold(StockMode::Free)));
    assert_eq!(desk.levels(mug), (2, 0, 0));
    let other = desk.order().line(MUG, "Mug", 1, 2850).at("confirmed").place();
    let holds = desk.read(|conn| moves::open_holds(conn, kept.id));
    let free = holds.iter().find(|hold| hold.stock_mode == "free").unwrap().uid.clone();
    let again = free.clone();
    let told = refusal(desk.db.write_blocking(move |tx| moves::release(tx, &ANA, number, None, &free)));
    assert!(told.message.contains("2 needed, 1 available"), "{}", told.message);
    assert_eq!(desk.look(number).version, freed.order.version, "the refusal left nothing behind");
    let cancel =
        MoveRequest { reason: "customer".into(), refund: RefundChoice::Nothing, ..MoveRequest::to("cancelled") };
    desk.go(other, cancel).unwrap();
    desk.write(move |tx| moves::release(tx, &ANA, number, None, &again));
    assert_eq!(desk.levels(mug), (2, 2, 0), "claimed again");
    desk.stock_must_add_up();
}

#[test]
fn a_held_order_that_waits_keeps_its_soft_hold_past_its_hour_or_lets_others_have_it() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 2);
    let number = desk.order().line(MUG, "Mug", 2, 2850).place();
    let hold = |stock| MoveRequest { reason: "stock".into(), stock, ..MoveRequest::to("on_hold") };
    let hour_passes = || {
        desk.write(|tx| {
            let sql = format!("UPDATE stock_claims SET expires_at = {}", tx.now.0 - 1);
            slipway::on_each_database!(tx.conn, conn => diesel::sql_query(sql).execute(conn))?;
            Ok(())
        });
    };
    let release = |uid: String| {
        let outcome = desk.write(move |tx| moves::release(tx, &ANA, number, None, &uid));
        (outcome.order.stage, desk.levels(mug))
    };
    let id = desk.look(number).id;
    let holds = || desk.read(|conn| moves::open_holds(conn, id));
    let held = desk.go(number, hold(StockMode::Keep)).unwrap();
    assert_eq!((held.base.as_str(), held.resume_stage.as_deref()), ("on_hold", Some("placed")));
    hour_passes();
    assert_eq!((desk.round(), desk.levels(mug)), (0, (2, 0, 2)), "it is kept for as long as the hold is open");
    // Another hold lets others have it, and the last word counts while it is open.
    desk.write(move |tx| moves::hold(tx, &ANA, number, &hold(StockMode::Free)));
    assert_eq!(desk.levels(mug), (2, 0, 0));
    let free = holds().into_iter().find(|hold| hold.stock_mode == "free").unwrap().uid;
    assert_eq!(release(free), ("on_hold".into(), (2, 0, 2)), "taken again, for the hold that is left keeps it");
    let kept = holds().remove(0).uid;
    assert_eq!(release(kept), ("placed".into(), (2, 0, 2)));
    assert_eq!((desk.round(), desk.levels(mug)), (0, (2, 0, 2)), "its hour begins anew");
    hour_passes();
    assert_eq!((desk.round(), desk.levels(mug)), (1, (2, 0, 0)), "and ends");
    // What it let go and somebody else has is not there for it again.
    let freed = desk.go(number, hold(StockMode::Free)).unwrap();
    desk.order().line(MUG, "Mug", 1, 2850).at("confirmed").place();
    let free = holds().remove(0).uid;
    assert_eq!((freed.base.as_str(), release(free)), ("on_hold", ("placed".into(), (2, 1, 0))));
    desk.stock_must_add_up();
}

#[test]
fn a_count_below_nothing_beyond_reason_or_without_one_is_refused() {
    let desk = TestDesk::open();
    let mug = desk.product(MUG, 4);
    for (counted, reason) in [(-1, "Lost"), (i64::MAX, "Found"), (3, " "), (3, &"x".repeat(201))] {
        let reason = reason.to_owned();
        let outcome = desk.db.write_blocking(move |tx| stock::count(tx, &ANA, mug, counted, &reason, "c"));
        assert_eq!(refusal(outcome).kind, RefusalKind::Invalid);
    }
    for _ in 0..2 {
        desk.write(move |tx| stock::count(tx, &ANA, mug, 3, "One broke", "same click"));
    }
    assert_eq!(desk.levels(mug), (3, 0, 0));
    let told: Vec<_> = desk.read(|conn| stock::movements(conn, mug, 10));
    assert_eq!((told.len(), told[0].on_hand, told[0].note.as_str()), (2, -1, "One broke"));
}
