//! The news as a stream of server-sent events.

use std::convert::Infallible;

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::Deserialize;

use super::Hub;
use crate::staff::Staff;
use crate::staff::permission::ViewOrders;
use crate::web::{Answer, Query};

/// Where a stream goes on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewsQuery {
    /// The last place that was heard; the end of the diary if not given.
    after: Option<i64>,
}

/// `GET /news`
pub async fn show(hub: Data<Hub>, request: HttpRequest, staff: Staff<ViewOrders>, query: Query<NewsQuery>) -> Answer {
    let heard = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let listener = hub.listen(&staff, heard.or(query.after)).await?;
    let news = stream::unfold(listener, |mut listener| async move {
        let said = listener.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(said)), listener))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        // Neither we nor a proxy may hold it back to pack it.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((header::CACHE_CONTROL, "no-store, no-transform"))
        .insert_header(("x-accel-buffering", "no"))
        // A connection kept for more would hold up the desk's shutting down.
        .force_close()
        .streaming(news))
}

/// Ends the streams when the process is told to stop, for which the server waits.
pub async fn end_with_process(hub: Hub) {
    #[cfg(unix)]
    {
        use actix_web::rt::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut told) => {
                told.recv().await;
                hub.close();
            }
            Err(error) => tracing::warn!(%error, "the desk will shut down slowly while screens listen"),
        }
    }
    #[cfg(not(unix))]
    drop(hub);
}
