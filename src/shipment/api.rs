//! Parcels as programs make, send and follow them.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Content, Shipment, ShipmentState, Tracking, Units, contents, of_order, order_of, tracking};
use crate::api::{Body, Reply};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::moves::{self, Authority, MoveRequest, ParcelOutcome, Telling};
use crate::order::api::{self, OrderJson};
use crate::order::{self, Line, Order};
use crate::staff::permission::{CancelOrders, MoveOrders, ViewOrders};
use crate::staff::{Caller, Permission, Program};
use crate::time::UtcTime;
use crate::web::Answer;

/// A parcel.
#[derive(Serialize, ToSchema)]
#[schema(as = Shipment)]
pub struct ShipmentJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// The order.
    #[schema(examples("ORD10468"))]
    pub order_id: String,
    /// Number within the order, from 1.
    pub position: i64,
    /// draft, picking, packed, shipped, delivered or cancelled; on_hold as long as its order is, unless it has left.
    #[schema(examples("packed"))]
    pub state: String,
    /// Who carries it.
    pub carrier: Option<String>,
    /// Tracking number.
    pub tracking_number: Option<String>,
    /// Where the carrier tells of it.
    pub tracking_url: Option<String>,
    /// What is in it.
    pub items: Vec<UnitsJson>,
    /// When it was planned.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was closed.
    #[schema(format = DateTime)]
    pub packed_at: Option<String>,
    /// When it left.
    #[schema(format = DateTime)]
    pub shipped_at: Option<String>,
    /// When it arrived.
    #[schema(format = DateTime)]
    pub delivered_at: Option<String>,
}

/// Units of a line.
#[derive(Serialize, ToSchema)]
#[schema(as = Units)]
pub struct UnitsJson {
    /// The line.
    #[schema(format = Uuid)]
    pub line_id: String,
    /// Its SKU.
    pub sku: Option<String>,
    /// What it is called.
    pub name: String,
    /// How many.
    pub quantity: i64,
}

/// Parcels of an order.
#[derive(Serialize, ToSchema)]
pub struct Shipments {
    /// By their number.
    pub shipments: Vec<ShipmentJson>,
}

/// What came of a change of a parcel.
#[derive(Serialize, ToSchema)]
pub struct ShipmentMade {
    /// The parcel.
    pub shipment: ShipmentJson,
    /// The order as it is now: its stage follows its parcels.
    pub order: OrderJson,
    /// Whether anything changed: not when it was so already.
    pub changed: bool,
}

/// Units of a line that are wanted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnits {
    /// The line.
    #[schema(format = Uuid)]
    pub line_id: String,
    /// How many.
    #[serde(deserialize_with = "crate::api::whole")]
    #[schema(minimum = 1, maximum = 1000000)]
    pub quantity: i64,
}

/// A parcel to be made.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShipment {
    /// What goes into it; everything that is in no parcel yet if left out.
    #[schema(max_items = 5000)]
    pub lines: Option<Vec<NewUnits>>,
    /// A parcel that has not left, out of which the units are taken.
    #[schema(format = Uuid)]
    pub out_of: Option<String>,
    /// Carrier and number, if they are known.
    pub tracking: Option<NewTracking>,
}

/// Who carries a parcel, and its number.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTracking {
    /// Tracking number.
    #[schema(examples("00340434161094015902"), max_length = 100)]
    pub number: Option<String>,
    /// Carrier. If left out it is the one whose numbers look so, where no other one's do.
    #[schema(max_length = 100)]
    pub carrier: Option<String>,
}

/// What is said with a change of a parcel.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentStep {
    /// Carrier and number, when it is sent.
    pub tracking: Option<NewTracking>,
    /// Words for the diary.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// Units that will not be sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCancellation {
    /// Which; units in a parcel cannot be taken out.
    #[schema(min_items = 1, max_items = 5000)]
    pub lines: Vec<NewUnits>,
    /// Key of the reason: customer, declined, fraud, inventory, staff, expired, other.
    #[schema(examples("inventory"))]
    pub reason: String,
    /// Words for the diary.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

impl NewTracking {
    fn tracking(&self) -> Tracking {
        let text = |given: &Option<String>| given.as_deref().unwrap_or_default().trim().to_owned();
        Tracking { carrier: text(&self.carrier), number: text(&self.number) }.with_carrier()
    }
    /// `place` is where the body holds it.
    fn check(&self, place: &str) -> Result<(), Refusal> {
        let named = [("number", self.number.as_ref()), ("carrier", self.carrier.as_ref())];
        named.iter().try_for_each(|(field, given)| check_tracking(&format!("{place}/{field}"), *given))
    }
}

/// Refuses a carrier or a number that is too long, pointing to where the body holds it.
///
/// # Errors
/// Says how long it may be.
pub fn check_tracking(pointer: &str, given: Option<&String>) -> Result<(), Refusal> {
    if given.is_some_and(|text| text.chars().count() > 100) {
        return Err(Refusal::field("shipment.too_long", pointer, "This takes 100 characters at the most."));
    }
    Ok(())
}

/// Units as the verbs take them.
pub fn units(lines: &[NewUnits]) -> Vec<Units> {
    lines.iter().map(|line| Units { line: line.line_id.clone(), quantity: line.quantity }).collect()
}

/// What is in a parcel or a return.
pub fn units_json(line: &Line, quantity: i64) -> UnitsJson {
    UnitsJson {
        line_id: line.uid.clone(),
        sku: (!line.sku.is_empty()).then(|| line.sku.clone()),
        name: line.title.clone(),
        quantity,
    }
}

fn represent(conn: &mut Conn, order: &Order, order_id: &str, parcels: &[Shipment]) -> Result<Vec<ShipmentJson>> {
    let lines = order::lines(conn, order.id)?;
    let keys: Vec<_> = parcels.iter().map(|parcel| parcel.id).collect();
    let inside = contents(conn, &keys)?;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let when = |at: Option<UtcTime>| at.map(UtcTime::rfc3339);
    let items = |parcel: &Shipment| {
        let own = |content: &&Content| content.shipment_id == parcel.id;
        let named = |content: &Content| {
            lines.iter().find(|line| line.id == content.line_id).map(|line| units_json(line, content.quantity))
        };
        inside.iter().filter(own).filter_map(named).collect()
    };
    Ok(parcels
        .iter()
        .map(|parcel| ShipmentJson {
            id: parcel.uid.clone(),
            order_id: order_id.to_owned(),
            position: parcel.position,
            state: parcel.word(order).to_owned(),
            carrier: given(&parcel.carrier),
            tracking_number: given(&parcel.tracking),
            tracking_url: tracking::link(&parcel.carrier, &parcel.tracking),
            items: items(parcel),
            created_at: parcel.created_at.rfc3339(),
            packed_at: when(parcel.packed_at),
            shipped_at: when(parcel.shipped_at),
            delivered_at: when(parcel.delivered_at),
        })
        .collect())
}

fn body(conn: &mut Conn, caller: &Caller, outcome: &ParcelOutcome) -> Result<ShipmentMade> {
    let order = api::represent(conn, caller, &outcome.order)?;
    let shown = represent(conn, &outcome.order, &order.order_id, std::slice::from_ref(&outcome.parcel))?;
    let shipment = shown.into_iter().next().ok_or_else(|| Error::broken("a parcel without a representation"))?;
    Ok(ShipmentMade { shipment, order, changed: outcome.changed })
}

fn request(caller: &Caller) -> MoveRequest {
    let authority = if caller.may(Permission::CorrectOrders) { Authority::Corrects } else { Authority::Moves };
    let telling = if caller.may(Permission::ViewMoney) { Telling::Amounts } else { Telling::NoAmounts };
    MoveRequest { authority, telling, ..MoveRequest::to("") }
}

/// List the shipments of an order
#[utoipa::path(
    get, path = "/api/orders/{order_id}/shipments", operation_id = "list_order_shipments", tag = "Shipments",
    params(("order_id" = String, Path, example = "ORD10468")),
    responses((status = 200, description = "Its parcels", body = Shipments), (status = 404, description = "No such order")),
)]
pub async fn index(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &id)?;
            let order_id = api::shown_id(&crate::market::Markets::load(conn)?, &order);
            let parcels = of_order(conn, order.id)?;
            Reply::ok(&Shipments { shipments: represent(conn, &order, &order_id, &parcels)? })
        })
        .await
}

/// Make a shipment
///
/// Puts units into a new parcel. The order must be approved or processed.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/shipments", operation_id = "create_shipment", tag = "Shipments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewShipment,
    responses((status = 201, description = "It is made", body = ShipmentMade), (status = 409, description = "Nothing is packed in this stage")),
)]
pub async fn create(program: Program<MoveOrders>, id: Path<String>, body: Body<NewShipment>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let wanted = match &value.lines {
                Some(lines) => units(lines),
                None => open_units(tx.conn, &order)?,
            };
            let from = value.out_of.as_deref();
            let mut outcome = moves::split(tx, caller.actor(), order.number, None, from, &wanted).map_err(in_words)?;
            if let Some(tracking) = &value.tracking {
                tracking.check("/tracking")?;
                let uid = outcome.parcel.uid.clone();
                let numbered = tracking.tracking();
                outcome = moves::retrack_parcel(tx, caller.actor(), order.number, None, &uid, &numbered)?;
            }
            let made = ShipmentMade { changed: true, ..self::body(tx.conn, caller, &outcome)? };
            let location = format!("/api/shipments/{}", made.shipment.id);
            Ok(Reply::created(&location, &made)?.version(outcome.order.version))
        })
        .await
}

fn open_units(conn: &mut Conn, order: &Order) -> Result<Vec<Units>> {
    let lines = order::lines(conn, order.id)?;
    let open = lines.iter().filter(|line| line.requires_shipping && line.quantities().open() > 0);
    Ok(open.map(|line| Units { line: line.uid.clone(), quantity: line.quantities().open() }).collect())
}

/// In the words of the API: a form's field for the units of a line is one of `lines`.
fn in_words(error: Error) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for field in &mut refusal.fields {
        if field.field.starts_with("units-") || field.field == "units" {
            field.field = "lines".to_owned();
        }
    }
    if let RefusalKind::Invalid = refusal.kind
        && refusal.fields.is_empty()
    {
        refusal.fields.push(crate::error::FieldProblem { field: "lines".into(), message: refusal.message.clone() });
    }
    Error::Refused(refusal)
}

/// The parcel that a program calls so, with its locked order.
fn find_for_change(tx: &mut Tx<'_>, caller: &Caller, uid: &str) -> Result<Order> {
    let missing = || Error::Missing(format!("shipment {uid}"));
    let key = order_of(tx.conn, uid)?;
    let order = order::find_by_id(tx.conn, key)?;
    if !caller.sees(order.market_id) {
        return Err(missing());
    }
    api::find_for_change(tx, caller, &order.uid)
}

/// Read a shipment
#[utoipa::path(
    get, path = "/api/shipments/{shipment_id}", operation_id = "show_shipment", tag = "Shipments",
    params(("shipment_id" = Uuid, Path)),
    responses((status = 200, description = "The parcel", body = ShipmentJson), (status = 404, description = "No such parcel")),
)]
pub async fn show(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let missing = || Error::Missing(format!("shipment {id}"));
            let order = order_of(conn, &id)?;
            let order = order::find_by_id(conn, order)?;
            if !caller.sees(order.market_id) {
                return Err(missing());
            }
            let order_id = api::shown_id(&crate::market::Markets::load(conn)?, &order);
            let parcel = super::find(conn, &order, &id)?;
            let shown = represent(conn, &order, &order_id, &[parcel])?;
            Reply::ok(&shown.into_iter().next().ok_or_else(missing)?)
        })
        .await
}

/// In the words of the API: a form's field for the tracking number is in `tracking`.
fn at_its_number(error: Error) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for field in refusal.fields.iter_mut().filter(|field| field.field == "tracking") {
        field.field = "/tracking/number".to_owned();
    }
    Error::Refused(refusal)
}

async fn step(program: Program<MoveOrders>, id: Path<String>, step: Body<ShipmentStep>, to: ShipmentState) -> Answer {
    let Body { value, canonical } = step;
    program
        .write(&canonical, move |tx, caller| {
            let order = find_for_change(tx, caller, &id)?;
            let tracking = value.tracking.clone().unwrap_or_default();
            tracking.check("/tracking")?;
            let wish = MoveRequest {
                tracking: tracking.tracking(),
                note: value.note.clone().unwrap_or_default(),
                ..request(caller)
            };
            let changed = moves::change_parcel(tx, caller.actor(), order.number, &id, to, &wish);
            let outcome = changed.map_err(at_its_number)?;
            let version = outcome.order.version;
            Ok(Reply::ok(&body(tx.conn, caller, &outcome)?)?.version(version))
        })
        .await
}

/// Pack a shipment
///
/// The first packed parcel makes its order processed.
#[utoipa::path(
    post, path = "/api/shipments/{shipment_id}/pack", operation_id = "pack_shipment", tag = "Shipments",
    params(("shipment_id" = Uuid, Path)), request_body = ShipmentStep,
    responses((status = 200, description = "The parcel", body = ShipmentMade), (status = 409, description = "Not possible now")),
)]
pub async fn pack(program: Program<MoveOrders>, id: Path<String>, body: Body<ShipmentStep>) -> Answer {
    step(program, id, body, ShipmentState::Packed).await
}

/// Ship a shipment
///
/// Sending the last open unit makes its order shipped.
#[utoipa::path(
    post, path = "/api/shipments/{shipment_id}/ship", operation_id = "ship_shipment", tag = "Shipments",
    params(("shipment_id" = Uuid, Path)), request_body = ShipmentStep,
    responses((status = 200, description = "The parcel", body = ShipmentMade), (status = 409, description = "It is not packed, or the order is not paid")),
)]
pub async fn ship(program: Program<MoveOrders>, id: Path<String>, body: Body<ShipmentStep>) -> Answer {
    step(program, id, body, ShipmentState::Shipped).await
}

/// Tell that a shipment arrived
///
/// The arrival of the last parcel makes its order delivered.
#[utoipa::path(
    post, path = "/api/shipments/{shipment_id}/deliver", operation_id = "deliver_shipment", tag = "Shipments",
    params(("shipment_id" = Uuid, Path)), request_body = ShipmentStep,
    responses((status = 200, description = "The parcel", body = ShipmentMade), (status = 409, description = "It has not left")),
)]
pub async fn deliver(program: Program<MoveOrders>, id: Path<String>, body: Body<ShipmentStep>) -> Answer {
    step(program, id, body, ShipmentState::Delivered).await
}

/// Take a shipment apart
///
/// Its units are in no parcel again.
#[utoipa::path(
    post, path = "/api/shipments/{shipment_id}/cancel", operation_id = "cancel_shipment", tag = "Shipments",
    params(("shipment_id" = Uuid, Path)), request_body = ShipmentStep,
    responses((status = 200, description = "The parcel", body = ShipmentMade), (status = 409, description = "It has left")),
)]
pub async fn cancel(program: Program<MoveOrders>, id: Path<String>, body: Body<ShipmentStep>) -> Answer {
    step(program, id, body, ShipmentState::Cancelled).await
}

/// Correct the tracking of a shipment
#[utoipa::path(
    put, path = "/api/shipments/{shipment_id}/tracking", operation_id = "update_shipment_tracking", tag = "Shipments",
    params(("shipment_id" = Uuid, Path)), request_body = NewTracking,
    responses((status = 200, description = "The parcel", body = ShipmentMade), (status = 404, description = "No such parcel")),
)]
pub async fn retrack(program: Program<MoveOrders>, id: Path<String>, body: Body<NewTracking>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = find_for_change(tx, caller, &id)?;
            value.check("")?;
            let outcome = moves::retrack_parcel(tx, caller.actor(), order.number, None, &id, &value.tracking())?;
            let version = outcome.order.version;
            Ok(Reply::ok(&self::body(tx.conn, caller, &outcome)?)?.version(version))
        })
        .await
}

/// Cancel units that will not be sent
///
/// What cannot be sent is taken out of the order and no longer owed. If everything else has left, the order is shipped.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/cancellations", operation_id = "cancel_units", tag = "Shipments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewCancellation,
    responses((status = 200, description = "The order", body = OrderJson), (status = 409, description = "Not possible in this stage")),
)]
pub async fn cancel_units(program: Program<CancelOrders>, id: Path<String>, body: Body<NewCancellation>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let wish = MoveRequest {
                reason: value.reason.clone(),
                note: value.note.clone().unwrap_or_default(),
                ..request(caller)
            };
            let units = units(&value.lines);
            let (order, _) =
                moves::cancel_remaining(tx, caller.actor(), order.number, &units, &wish).map_err(in_words)?;
            api::shown(tx.conn, caller, &order)
        })
        .await
}
