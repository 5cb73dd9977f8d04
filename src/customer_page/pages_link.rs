//! The secret address of the customer's page on the order's page: shown, made, revoked, made anew.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::Anew;
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::order::Order;
use crate::order::pages_way::{number_of, way_back, went};
use crate::staff::permission::EditOrders;
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Shell};

/// What staff see of the customer's page.
#[derive(Debug)]
pub struct LinkCard {
    /// The path of the page; nothing if it has no address.
    pub path: Option<String>,
    /// The whole address, as far as the shop said where it is reached.
    pub url: String,
    /// Until when it works; empty while the order is under way.
    pub until: String,
    /// Whether it no longer works.
    pub is_over: bool,
}

impl LinkCard {
    /// Of an order; nothing for people who may not edit orders.
    pub fn load(conn: &mut Conn, person: &Person, shell: &Shell, order: &Order) -> Result<Option<Self>> {
        if !person.may(Permission::EditOrders) {
            return Ok(None);
        }
        let Some(link) = super::link(conn, order.id)? else {
            return Ok(Some(LinkCard { path: None, url: String::new(), until: String::new(), is_over: false }));
        };
        let ends = super::ends_at(conn, order, &link)?;
        let home = web::setting(conn, "public_address")?.unwrap_or_default();
        let path = link.path();
        Ok(Some(LinkCard {
            url: format!("{}{path}", home.trim_end_matches('/')),
            path: Some(path),
            until: ends.map(|at| shell.when_long(&at)).unwrap_or_default(),
            is_over: ends.is_some_and(|at| at <= shell.now),
        }))
    }
}

/// What is to become of the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkForm {
    #[serde(default, rename = "do")]
    wish: String,
    #[serde(default)]
    back: String,
}

/// `POST /orders/{number}/customer-page`
pub async fn change(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<EditOrders>,
    form: Form<LinkForm>,
) -> Answer {
    let (number, actor, wish) = (number_of(&path)?, staff.actor(), form.wish.clone());
    let told = desk
        .db
        .write(move |tx| match wish.as_str() {
            "make" => super::make_link(tx, &actor, number, Anew::No).map(|_| "The customer’s page has its link."),
            "renew" => super::make_link(tx, &actor, number, Anew::Yes)
                .map(|_| "There is a new link. The old one no longer works."),
            "revoke" => super::revoke_link(tx, &actor, number).map(|_| "The link no longer works."),
            _ => {
                let told = "Say whether the link is to be made, revoked or made anew.";
                Err(Refusal::field("customer_page.link", "do", told).into())
            }
        })
        .await?;
    staff.toast(told);
    Ok(went(&request, &way_back(&form.back, number)))
}
