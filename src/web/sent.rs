//! A form with files, as a browser sends it. It is read once it is known who sends it, never before; what is
//! too large is read to its end and left out, so that the form can be shown again with the rest.

use actix_multipart::{Field as Part, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Payload;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::extract::{FORM_LIMIT, read_pairs, read_payload, strict_text};
use crate::error::{Refusal, RefusalKind, Result};

/// Fields and files that a form has at the most.
const MOST_PARTS: usize = 200;

/// A file of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentFile {
    /// Its name as the browser told it.
    pub name: String,
    /// What is in it; nothing if it was too large.
    pub bytes: Vec<u8>,
    /// Whether it was larger than it may be.
    pub is_cut: bool,
}

/// A form with files.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Fields in their order.
    pub fields: Vec<(String, String)>,
    /// Files that were chosen.
    pub files: Vec<SentFile>,
    /// How many files there were beyond those that are taken.
    pub more: usize,
}

/// How many files are taken, and how large each may be.
#[derive(Clone, Copy, Debug)]
pub struct FileLimits {
    /// Files.
    pub files: usize,
    /// Bytes of each.
    pub bytes: usize,
}

impl Sent {
    /// Reads a form, with files or without.
    ///
    /// # Errors
    /// Refuses what is no form, what breaks off, and fields that are no text or hold more than a mebibyte.
    pub async fn read(request: &HttpRequest, payload: Payload, limits: FileLimits) -> Result<Sent> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => read_parts(Multipart::new(request.headers(), payload), limits).await,
            "" | "application/x-www-form-urlencoded" => {
                let body = read_payload(&mut payload.into_inner(), "A form").await.map_err(|problem| problem.0)?;
                Ok(Sent { fields: read_pairs(&body, "form")?, ..Sent::default() })
            }
            other => Err(Refusal::new(
                RefusalKind::Unsupported,
                "request.unsupported",
                format!("This page takes a form, not {other}. Nothing was changed."),
            )
            .into()),
        }
    }

    /// Its fields as a type.
    ///
    /// # Errors
    /// As reading a [`Form`](super::Form).
    pub fn form<T: DeserializeOwned>(&self) -> Result<T> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&self.fields);
        Ok(read_pairs(form.finish().as_bytes(), "form")?)
    }
}

fn cut_off() -> Refusal {
    Refusal::invalid("request.cut_off", "What you sent did not arrive whole. Nothing was changed; send it again.")
}

async fn read_parts(mut form: Multipart, limits: FileLimits) -> Result<Sent> {
    let mut sent = Sent::default();
    let (mut room, mut parts) = (FORM_LIMIT, 0);
    while let Some(part) = form.next().await {
        let mut part = part.map_err(|_| cut_off())?;
        parts += 1;
        if parts > MOST_PARTS {
            return Err(Refusal::invalid("request.malformed", "The form has too many fields.").into());
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.content_disposition().and_then(|place| place.get_filename()).map(str::to_owned);
        match file {
            None => {
                let (bytes, is_cut) = read_part(&mut part, room).await?;
                if is_cut {
                    let told =
                        "A form may hold 1 MB besides its files. Nothing was changed; shorten it and send it again.";
                    return Err(Refusal::new(RefusalKind::TooLarge, "request.too_large", told).into());
                }
                room -= bytes.len();
                let text = String::from_utf8(bytes).map_err(|_| {
                    Refusal::invalid("request.not_utf8", "The form holds bytes that are no text (UTF-8).")
                })?;
                strict_text(&text, "form")?;
                sent.fields.push((name, text));
            }
            Some(file) => {
                let wanted = if sent.files.len() < limits.files { limits.bytes } else { 0 };
                let (bytes, is_cut) = read_part(&mut part, wanted).await?;
                // A browser sends an empty part for a field in which no file was chosen.
                if file.is_empty() && bytes.is_empty() && !is_cut {
                    continue;
                }
                if sent.files.len() < limits.files {
                    sent.files.push(SentFile { name: file, bytes: if is_cut { Vec::new() } else { bytes }, is_cut });
                } else {
                    sent.more += 1;
                }
            }
        }
    }
    Ok(sent)
}

/// What is in a part, and whether it is more than there is room for; the rest is read and thrown away.
async fn read_part(part: &mut Part, room: usize) -> Result<(Vec<u8>, bool)> {
    let (mut bytes, mut is_cut) = (Vec::new(), false);
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|_| cut_off())?;
        is_cut |= bytes.len() + chunk.len() > room;
        if is_cut {
            bytes = Vec::new();
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok((bytes, is_cut))
}
