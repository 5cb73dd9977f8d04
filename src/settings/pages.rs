//! `/settings/shop`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::{change_shop, currencies, shop, time_zones};
use crate::error::Refusal;
use crate::event;
use crate::setup::NewShop;
use crate::staff::permission::ManageSettings;
use crate::staff::{Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

/// The posted facts of the shop.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShopForm {
    shop: String,
    address: String,
    country: String,
    time_zone: String,
    currency: String,
    prefix: String,
    public_address: String,
}

struct DiaryLine {
    at: UtcTime,
    who: String,
    what: String,
}

#[derive(Template)]
#[template(path = "settings/shop.html")]
struct ShopPage {
    shell: Shell,
    form: ShopForm,
    zones: Vec<&'static str>,
    currencies: Vec<(String, String)>,
    diary: Vec<DiaryLine>,
    refusal: Option<Refusal>,
}

impl ShopPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

async fn load(desk: &Desk, person: Person, sent: Option<(ShopForm, Refusal)>) -> Result<ShopPage, web::Problem> {
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let (form, refusal) = match sent {
                Some((form, refusal)) => (form, Some(refusal)),
                None => (form_of(shop(conn)?), None),
            };
            let diary = event::of_shop(conn, 20)?;
            let line = |entry: event::Entry| DiaryLine {
                at: entry.at,
                what: event::sentence(&entry.event, &|slug| slug.to_owned()),
                who: entry.actor_name,
            };
            let diary = diary.into_iter().map(line).collect();
            Ok(ShopPage { shell, form, zones: time_zones(), currencies: currencies(), diary, refusal })
        })
        .await?;
    Ok(page)
}

fn form_of(shop: NewShop) -> ShopForm {
    ShopForm {
        shop: shop.name,
        address: shop.address,
        country: shop.country,
        time_zone: shop.time_zone,
        currency: shop.currency,
        prefix: shop.order_prefix,
        public_address: shop.public_address,
    }
}

/// `GET /settings/shop`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    web::page(&load(&desk, staff.person(), None).await?)
}

/// `POST /settings/shop`
pub async fn save(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<ShopForm>) -> Answer {
    let form = form.0;
    let new = NewShop {
        name: form.shop.clone(),
        address: form.address.clone(),
        country: form.country.clone(),
        time_zone: form.time_zone.clone(),
        currency: form.currency.clone(),
        order_prefix: form.prefix.clone(),
        public_address: form.public_address.clone(),
        ..NewShop::default()
    };
    let (actor, address) = (staff.actor(), new.public_address.trim().to_owned());
    match desk.db.write(move |tx| change_shop(tx, &actor, &new)).await {
        Ok(()) => {
            desk.public_address_is(&address);
            staff.toast("Settings saved.");
            Ok(see_other("/settings/shop"))
        }
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => {
                let page = load(&desk, staff.person(), Some((form, refusal))).await?;
                web::page_as(StatusCode::BAD_REQUEST, &page)
            }
            None => Err(error.into()),
        },
    }
}
