//! Attachments as browsers get them: as what they are, never as a page, and unable to do anything.

use actix_web::http::header::{self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::attachments::{self, Attachment, NewFile};
use crate::error::{Error, Result};
use crate::order;
use crate::order::pages_way::number_of;
use crate::staff::Staff;
use crate::staff::permission::ViewOrders;
use crate::web::{Answer, Desk, FileLimits, Sent};

/// `GET /orders/{number}/files/{uid}`
pub async fn show(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    _staff: Staff<ViewOrders>,
) -> Answer {
    let (number, uid) = (number_of(&path.0)?, path.1.clone());
    let found = desk
        .db
        .read(move |conn| {
            let order = order::find(conn, number)?;
            attachments::open(conn, order.id, &uid)
        })
        .await?;
    let (file, _, bytes) = found.ok_or_else(missing)?;
    Ok(answer(&request, &file, bytes))
}

/// What a form with a message may bring.
pub const LIMITS: FileLimits = FileLimits { files: attachments::MOST, bytes: attachments::MOST_BYTES };

/// The files of a form.
///
/// # Errors
/// Refuses files that are too many or too large.
pub fn files_of(sent: &mut Sent) -> Result<Vec<NewFile>> {
    if sent.more > 0 {
        return Err(attachments::too_many().into());
    }
    if let Some(large) = sent.files.iter().find(|file| file.is_cut) {
        return Err(attachments::too_large(&large.name).into());
    }
    Ok(sent.files.drain(..).map(|file| NewFile { name: file.name, bytes: file.bytes }).collect())
}

/// That there is no such file.
pub fn missing() -> Error {
    Error::Missing("such file".to_owned())
}

/// A file as an answer. It cannot run, load or be framed; documents are saved rather than opened here. A
/// browser may keep it but asks each time whether it may still show it.
pub fn answer(request: &HttpRequest, file: &Attachment, bytes: Vec<u8>) -> HttpResponse {
    let tag = format!("\"{}\"", file.uid);
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        return HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .insert_header((header::CACHE_CONTROL, "private, no-cache"))
            .finish();
    }
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, file.kind.media_type()))
        .insert_header(disposition(file))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .body(bytes)
}

fn disposition(file: &Attachment) -> ContentDisposition {
    let plain: String = file.name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '_' }).collect();
    let value = file.name.clone().into_bytes();
    ContentDisposition {
        disposition: if file.is_shown() { DispositionType::Inline } else { DispositionType::Attachment },
        parameters: vec![
            DispositionParam::Filename(plain),
            DispositionParam::FilenameExt(ExtendedValue {
                charset: Charset::Ext("UTF-8".into()),
                language_tag: None,
                value,
            }),
        ],
    }
}
