//! Proof that a request comes from somebody who may do what it asks: a handler that takes
//! [`Staff<MoveOrders>`](Staff) runs only for those people.

use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_session::{Session, SessionExt};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use super::permission::{Anyone, Needed};
use super::session::{KEEP, STAFF, UID, expiry};
use super::{Person, forbidden, store_sessions};
use crate::error::{Error, Refusal, RefusalKind};
use crate::ids::StaffId;
use crate::time::UtcTime;
use crate::web::{
    Desk, Problem, Toast, market_of_order, put_toast, see_other, take_toast, wants_events, wants_fragment,
};

/// How often it is noted that somebody is here.
const TOUCH_SECONDS: i64 = 5 * 60;

/// Somebody who is signed in and may do `P`. Dereferences to the [`Person`].
pub struct Staff<P = Anyone> {
    person: Person,
    session: Session,
    proof: PhantomData<P>,
}

impl<P> Staff<P> {
    /// The person, to take along into a read or write.
    pub fn person(&self) -> Person {
        self.person.clone()
    }
    /// Shows a message on the next page.
    pub fn toast(&self, text: impl Into<String>) {
        put_toast(&self.session, &Toast::new(text));
    }
    /// Shows a message on the next page with a button that takes the change back.
    pub fn toast_with(&self, toast: &Toast) {
        put_toast(&self.session, toast);
    }
    /// Ends this session and goes to the sign-in page.
    pub fn sign_out(&self) -> HttpResponse {
        self.session.purge();
        see_other("/login?notice=out")
    }
}

impl<P> Deref for Staff<P> {
    type Target = Person;
    fn deref(&self) -> &Person {
        &self.person
    }
}

fn sign_in_needed() -> Problem {
    Refusal::new(RefusalKind::Unauthenticated, "sign_in.needed", "Sign in to see this page.").into()
}

/// Who is signed in with this request's session, if anybody.
pub(super) async fn signed_in(request: &HttpRequest) -> Result<Option<(Person, Session)>, Problem> {
    let session = request.get_session();
    let staff = session.get::<i64>(STAFF).ok().flatten().map(StaffId);
    let uid = session.get::<String>(UID).ok().flatten();
    let (Some(staff), Some(uid), Some(desk)) = (staff, uid, request.app_data::<Data<Desk>>()) else {
        return Ok(None);
    };
    let found = desk.db.read(move |conn| store_sessions::person(conn, staff, &uid)).await?;
    let Some((person, seen_at)) = found else { return Ok(None) };
    if UtcTime::now().seconds_since(seen_at) > TOUCH_SECONDS {
        let (uid, keep) = (person.session.clone(), session.get::<bool>(KEEP).ok().flatten().unwrap_or(false));
        desk.db.write(move |tx| store_sessions::touch(tx, staff, &uid, expiry(tx.now, keep))).await?;
    }
    Ok(Some((person, session)))
}

/// Refuses an order that is in the address and not within this person's reach, as if it were not there.
/// Every address of one order calls its number `number`.
async fn within_reach(request: &HttpRequest, person: &Person) -> Result<(), Problem> {
    let (Some(text), false) = (request.match_info().get("number"), person.reach.is_everywhere()) else {
        return Ok(());
    };
    let missing = || Problem::from(Error::Missing(format!("order {text}")));
    let number: i64 = text.parse().map_err(|_| missing())?;
    let desk = request.app_data::<Data<Desk>>().cloned().ok_or_else(missing)?;
    let market = desk.db.read(move |conn| market_of_order(conn, number)).await?;
    if market.is_some_and(|market| person.reach.sees(market)) { Ok(()) } else { Err(missing()) }
}

impl<P: Needed> FromRequest for Staff<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (mut person, session) = signed_in(&request).await?.ok_or_else(sign_in_needed)?;
            if let Some(permission) = P::PERMISSION
                && !person.may(permission)
            {
                return Err(Error::from(forbidden(&person, permission)).into());
            }
            within_reach(&request, &person).await?;
            let is_page = !wants_fragment(&request) && !wants_events(&request);
            if request.method() == Method::GET && is_page {
                person.toast = take_toast(&session);
            }
            Ok(Staff { person, session, proof: PhantomData })
        })
    }
}
