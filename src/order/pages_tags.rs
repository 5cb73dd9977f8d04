//! Tags of an order, and who is responsible for it.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::pages_show::{Wish, again};
use super::pages_way::{number_of, way_back, went};
use crate::staff;
use crate::staff::Staff;
use crate::staff::permission::EditOrders;
use crate::web::{Answer, Desk, Form};

/// Posted tags.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagForm {
    #[serde(default)]
    tag: String,
    #[serde(default)]
    remove: String,
    #[serde(default)]
    back: String,
}

/// `POST /orders/{number}/tags`
pub async fn tag(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<EditOrders>,
    form: Form<TagForm>,
) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let back = way_back(&form.back, number);
    let (actor, add, remove) = (person.actor(), form.0.tag, form.0.remove);
    let list = |text: &str| text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect();
    let (add, remove): (Vec<String>, Vec<String>) = (list(&add), vec![remove]);
    match desk.db.write(move |tx| super::tag(tx, &actor, number, &add, &remove)).await {
        Ok(_) => Ok(went(&request, &back)),
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => {
                let wish = Wish { tag: Some(refusal), ..Wish::default() };
                again(&desk, person, number, &back, StatusCode::BAD_REQUEST, wish).await
            }
            None => Err(error.into()),
        },
    }
}

/// Posted responsibility.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssigneeForm {
    #[serde(default)]
    staff: String,
    #[serde(default)]
    back: String,
}

/// `POST /orders/{number}/assignee`
pub async fn assign(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<EditOrders>,
    form: Form<AssigneeForm>,
) -> Answer {
    let number = number_of(&path)?;
    let back = way_back(&form.back, number);
    let (actor, uid) = (staff.actor(), form.0.staff);
    let name = desk
        .db
        .write(move |tx| {
            let member = if uid.is_empty() { None } else { Some(staff::member(tx.conn, &uid)?) };
            super::assign(tx, &actor, number, member.as_ref().map(|member| member.id))?;
            Ok(member.map(|member| member.name))
        })
        .await?;
    staff.toast(match name {
        Some(name) => format!("#{number} is assigned to {name}."),
        None => format!("#{number} is assigned to nobody."),
    });
    Ok(went(&request, &back))
}
