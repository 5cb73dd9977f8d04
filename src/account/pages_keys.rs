//! `/account/keys`: keys that do no more than their person may.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use crate::settings::keys::form::KeyForm;
use crate::settings::keys::pages::{Whose, ask, end, list, make_one};
use crate::staff::Staff;
use crate::web::{Answer, Desk, Form};

/// `GET /account/keys`
pub async fn index(desk: Data<Desk>, staff: Staff) -> Answer {
    list(&desk, &staff, Whose::Own).await
}

/// `POST /account/keys`
pub async fn create(desk: Data<Desk>, request: HttpRequest, staff: Staff, form: Form<KeyForm>) -> Answer {
    make_one(&desk, &request, &staff, Whose::Own, form.0).await
}

/// `GET /account/keys/{uid}/revoke`
pub async fn ask_revoke(desk: Data<Desk>, staff: Staff, uid: Path<String>) -> Answer {
    ask(&desk, &staff, Whose::Own, uid.into_inner()).await
}

/// `POST /account/keys/{uid}/revoke`
pub async fn revoke(desk: Data<Desk>, staff: Staff, uid: Path<String>) -> Answer {
    end(&desk, &staff, Whose::Own, uid.into_inner()).await
}
