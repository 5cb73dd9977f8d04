//! Orders made straight through the verbs, for setting a scene. What a test is about goes through
//! the pages instead.

use slipway::actor::Actor;
use slipway::address::Address;
use slipway::market::Markets;
use slipway::moves::{self, Authority, MoveRequest, RefundChoice};
use slipway::order::{ChargeKind, Draft, DraftCharge, DraftLine, Order, PaymentKind};
use slipway::payment::{self, NewPayment};
use slipway::{order, shipment};

use super::app::TestDesk;

/// Stages in the order in which things usually go.
const WAY: [&str; 6] = ["placed", "confirmed", "approved", "processed", "shipped", "delivered"];

/// An order in the making: two oat mugs for Eszter in Budapest, card, unpaid, unless told otherwise.
pub struct Make<'a> {
    desk: &'a TestDesk,
    draft: Draft,
    paid: Option<PaymentKind>,
    stage: String,
}

impl TestDesk {
    /// Begins an order.
    pub fn order(&self) -> Make<'_> {
        let (market, channel) = self.read(|conn| {
            let markets = Markets::load(conn)?;
            let home = markets.home()?.clone();
            let channel = markets.channels.iter().find(|channel| channel.market_id == home.id).unwrap().id;
            Ok((home, channel))
        });
        let mut draft = Draft::new(market.id, channel, market.currency);
        draft.payment_method = "card".into();
        draft.shipping_method = "Parcel, tracked".into();
        draft.charges = vec![DraftCharge {
            kind: ChargeKind::Shipping,
            label: "Parcel, tracked".into(),
            code: String::new(),
            amount_minor: 695,
            rate_ppm: None,
        }];
        Make { desk: self, draft, paid: None, stage: String::new() }.customer("Eszter Kovács", "eszter@example.com")
    }

    /// An order as it is now.
    pub fn look(&self, number: i64) -> Order {
        self.read(|conn| order::find(conn, number))
    }
}

impl Make<'_> {
    /// For somebody in Budapest.
    pub fn customer(mut self, name: &str, email: &str) -> Self {
        self.draft.customer_name = name.into();
        self.draft.email = email.into();
        self.draft.ship_to = Some(Address {
            name: name.into(),
            street1: "Ráday utca 14".into(),
            city: "Budapest".into(),
            postcode: "1092".into(),
            country: "HU".into(),
            ..Address::default()
        });
        self
    }
    /// Something bought; the first replaces the mugs.
    pub fn line(mut self, sku: &str, title: &str, quantity: i64, unit_minor: i64) -> Self {
        let line = DraftLine { sku: sku.into(), title: title.into(), quantity, unit_minor, ..DraftLine::default() };
        self.draft.lines.push(line);
        self
    }
    /// Anything else about it.
    pub fn with(mut self, change: impl FnOnce(&mut Draft)) -> Self {
        change(&mut self.draft);
        self
    }
    /// Paid in full by card.
    pub fn paid(mut self) -> Self {
        self.paid = Some(PaymentKind::Capture);
        self
    }
    /// Promised in full by card.
    pub fn authorized(mut self) -> Self {
        self.paid = Some(PaymentKind::Authorization);
        self
    }
    /// Moved along the usual way to this stage, or from there to one aside of it. Orders beyond
    /// Placed are paid.
    pub fn at(mut self, stage: &str) -> Self {
        self.stage = stage.into();
        if stage != "placed" && self.paid.is_none() {
            self.paid = Some(PaymentKind::Capture);
        }
        self
    }

    /// What would be placed.
    pub fn draft(self) -> Draft {
        self.draft
    }

    /// Makes it with nothing paid, whatever its stage.
    pub fn place_unpaid(mut self) -> i64 {
        self.paid = None;
        self.place()
    }

    /// Makes it and answers with its number.
    pub fn place(mut self) -> i64 {
        if self.draft.lines.is_empty() {
            self = self.line("MUG-OAT-L", "Mug, oat glaze", 2, 2850);
        }
        let Make { desk, draft, paid, stage } = self;
        desk.write(move |tx| {
            let actor = Actor::System { name: "Test" };
            let placed = moves::place(tx, &actor, &draft)?.order;
            if let Some(kind) = paid {
                let payment = NewPayment {
                    kind,
                    amount_minor: placed.total_minor,
                    method: "card".into(),
                    reference: "ch_3PqL".into(),
                    note: String::new(),
                    expires_at: None,
                };
                payment::record(tx, &actor, placed.number, None, &payment)?;
            }
            for step in steps_to(&stage) {
                let request = MoveRequest {
                    reason: reason(step).into(),
                    refund: if matches!(step, "cancelled" | "rejected") {
                        RefundChoice::All
                    } else {
                        RefundChoice::Unasked
                    },
                    tracking: shipment::Tracking { carrier: "DHL".into(), number: "JVGL0612".into() },
                    authority: Authority::Corrects,
                    ..MoveRequest::to(step)
                };
                moves::move_to_stage(tx, &actor, placed.number, &request)?;
            }
            Ok(placed.number)
        })
    }
}

/// The stages after Placed: along the way, then aside.
fn steps_to(stage: &str) -> Vec<&str> {
    let along = |to: &str| WAY.iter().position(|step| *step == to).unwrap_or(0);
    if WAY.contains(&stage) || stage.is_empty() {
        return WAY[1..=along(stage)].to_vec();
    }
    let mut steps = WAY[1..=along(before(stage))].to_vec();
    steps.push(stage);
    steps
}

/// Where on the way an order leaves it for this stage.
fn before(stage: &str) -> &'static str {
    match stage {
        "on_hold" | "cancelled" => "confirmed",
        "returned" | "archived" => "delivered",
        _ => "placed",
    }
}

fn reason(stage: &str) -> &'static str {
    match stage {
        "on_hold" => "address_check",
        "cancelled" => "customer",
        "rejected" => "out_of_stock",
        _ => "",
    }
}
