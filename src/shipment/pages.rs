//! Parcels of an order: making, splitting, sending, following and taking them apart from the desk.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use super::ShipmentState;
use super::pages_form::{FormQuery, ParcelPost, Purpose, again, shown};
use crate::error::{Error, Refusal};
use crate::moves::pages::version_of;
use crate::moves::{self, MoveRequest, ParcelOutcome};
use crate::order::pages_way::{number_of, way_back, went};
use crate::staff::Staff;
use crate::staff::permission::{CancelOrders, MoveOrders};
use crate::web::{self, Answer, Desk, Form, Query, Toast};

fn purpose_of(parcel: &str) -> Purpose {
    if parcel.is_empty() { Purpose::Fill } else { Purpose::Split(parcel.to_owned()) }
}

/// `GET /orders/{number}/parcels/new`
pub async fn new(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path, purpose_of(&query.parcel), &query).await
}

/// `POST /orders/{number}/parcels`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, person, posted) = (number_of(&path)?, staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, credential, sent, place) = (person.actor(), person.credential(), posted.clone(), back.clone());
    let from = (!query.parcel.is_empty()).then(|| query.parcel.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let (version, units) = (version_of(&sent.version)?, sent.wanted()?);
            web::once(tx, &credential, &sent.form_token, |tx| {
                moves::split(tx, &actor, number, Some(version), from.as_deref(), &units)?;
                Ok(place)
            })
        })
        .await;
    match outcome {
        Ok(done) => {
            staff.toast(format!("#{number} has another parcel."));
            Ok(went(&request, &done.location))
        }
        Err(error) => again(&desk, &request, person, number, purpose_of(&query.parcel), posted, error).await,
    }
}

/// `POST /orders/{number}/parcels/{uid}`
pub async fn update(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let Some(to) = ShipmentState::parse(&posted.to) else {
        let told = "There is no such state of a parcel. Open the order again and choose from there.";
        return Err(Error::from(Refusal::field("parcel.state_unknown", "to", told)).into());
    };
    let (actor, mover) = (person.actor(), person.clone());
    let outcome =
        desk.db.write(move |tx| moves::change_parcel(tx, &actor, number, &uid, to, &posted.request(&mover)?)).await?;
    staff.toast_with(&told(&outcome, &back));
    Ok(went(&request, &back))
}

/// What is said after a parcel changed, with the way back.
pub(super) fn told(outcome: &ParcelOutcome, back: &str) -> Toast {
    let (number, parcel) = (outcome.order.number, &outcome.parcel);
    let state = match parcel.state {
        ShipmentState::Draft => "is planned",
        ShipmentState::Picking => "is being picked",
        ShipmentState::Packed => "is packed",
        ShipmentState::Shipped => "is on its way",
        ShipmentState::Delivered => "has arrived",
        ShipmentState::Cancelled => "was taken apart",
    };
    let already = if outcome.changed { "" } else { " already" };
    let fields = |to: Option<&str>| {
        let to = to.map(|to| ("to".to_owned(), to.to_owned()));
        let rest = [("version", outcome.order.version.to_string()), ("back", back.to_owned())];
        rest.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(to).collect::<Vec<_>>()
    };
    if let Some(moved) = &outcome.moved {
        let toast = Toast::new(format!("Parcel {} {state}. #{number} is {} now.", parcel.position, moved.to_label));
        let undo = format!("/orders/{number}/moves/undo");
        return if moved.can_undo { toast.with_undo(undo, fields(None)) } else { toast };
    }
    let toast = Toast::new(format!("Parcel {} of #{number} {state}{already}.", parcel.position));
    let former = match parcel.state {
        ShipmentState::Picking => Some("draft"),
        ShipmentState::Packed => Some("picking"),
        ShipmentState::Shipped => Some("packed"),
        ShipmentState::Delivered => Some("shipped"),
        ShipmentState::Draft | ShipmentState::Cancelled => None,
    };
    match former.filter(|_| outcome.changed) {
        Some(former) => toast.with_undo(format!("/orders/{number}/parcels/{}", parcel.uid), fields(Some(former))),
        None => toast,
    }
}

/// `GET /orders/{number}/parcels/{uid}/ship`
pub async fn ask_ship(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path.0, Purpose::Ship(path.1.clone()), &query).await
}

/// `POST /orders/{number}/parcels/{uid}/ship`
pub async fn ship(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, mover, sent, parcel) = (person.actor(), person.clone(), posted.clone(), uid.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let request = MoveRequest { tracking: sent.tracked()?, ..sent.request(&mover)? };
            moves::change_parcel(tx, &actor, number, &parcel, ShipmentState::Shipped, &request)
        })
        .await;
    match outcome {
        Ok(outcome) => {
            staff.toast_with(&told(&outcome, &back));
            Ok(went(&request, &back))
        }
        Err(error) => again(&desk, &request, person, number, Purpose::Ship(uid), posted, error).await,
    }
}

/// `GET /orders/{number}/parcels/{uid}/tracking`
pub async fn ask_track(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path.0, Purpose::Track(path.1.clone()), &query).await
}

/// `POST /orders/{number}/parcels/{uid}/tracking`
pub async fn track(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, sent, parcel) = (person.actor(), posted.clone(), uid.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let version = version_of(&sent.version)?;
            moves::retrack_parcel(tx, &actor, number, Some(version), &parcel, &sent.tracked()?)
        })
        .await;
    match outcome {
        Ok(outcome) => {
            let changed = if outcome.changed { "changed" } else { "is as it was" };
            staff.toast(format!("The tracking number of parcel {} {changed}.", outcome.parcel.position));
            Ok(went(&request, &back))
        }
        Err(error) => again(&desk, &request, person, number, Purpose::Track(uid), posted, error).await,
    }
}

/// `GET /orders/{number}/remaining`
pub async fn ask_cut(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<CancelOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path, Purpose::Cut, &query).await
}

/// `POST /orders/{number}/remaining`
pub async fn cut(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<CancelOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, person, posted) = (number_of(&path)?, staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, credential, mover, sent, place) =
        (person.actor(), person.credential(), person.clone(), posted.clone(), back.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let (units, request) = (sent.wanted()?, sent.request(&mover)?);
            let mut landed = None;
            let done = web::once(tx, &credential, &sent.form_token, |tx| {
                landed = moves::cancel_remaining(tx, &actor, number, &units, &request)?.1;
                Ok(place)
            })?;
            Ok((done, landed))
        })
        .await;
    match outcome {
        Ok((done, landed)) => {
            let now = landed.map(|moved| format!(" #{number} is {} now.", moved.to_label)).unwrap_or_default();
            staff.toast(format!("The units were cancelled.{now}"));
            Ok(went(&request, &done.location))
        }
        Err(error) => again(&desk, &request, person, number, Purpose::Cut, posted, error).await,
    }
}
