//! Where a screen says which order it shows.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::presence;
use crate::order;
use crate::order::pages_way::number_of;
use crate::staff::Staff;
use crate::staff::permission::ViewOrders;
use crate::web::{Answer, Desk, Form};

/// What a screen says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PresenceForm {
    /// That it no longer shows the order.
    leaves: String,
}

/// `POST /orders/{number}/presence`: answers with who else is there.
pub async fn here(desk: Data<Desk>, path: Path<String>, staff: Staff<ViewOrders>, form: Form<PresenceForm>) -> Answer {
    let (number, me, leaves) = (number_of(&path)?, staff.id, !form.leaves.is_empty());
    let people = desk
        .db
        .write(move |tx| {
            let order = order::find(tx.conn, number)?.id;
            if leaves {
                presence::go(tx, order, me)?;
            } else {
                presence::come(tx, order, me)?;
            }
            let all = presence::all(tx.conn, tx.now)?;
            let others = all.into_iter().filter(|here| here.order == number && here.person != me);
            Ok(others.map(|here| here.name).collect::<Vec<_>>())
        })
        .await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "order": number, "people": people })))
}
