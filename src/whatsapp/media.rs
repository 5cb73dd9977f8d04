//! Pictures and documents that customers send by WhatsApp: asked for by their name at the Graph API, fetched from
//! where that says they are, and attached to the message in the conversation, judged by what is in them like every
//! other file. What cannot be fetched now is tried again; the message is there without it.

use serde::{Deserialize, Serialize};

use super::{Kept, account, graph, store};
use crate::conversation::{Message, attachments};
use crate::db::{Db, Tx};
use crate::error::{Error, Result};
use crate::job::{self, Job};

/// The job that fetches one.
pub const JOB: &str = "whatsapp_media";

#[derive(Serialize, Deserialize)]
struct Wanted {
    /// Key of what came from WhatsApp.
    kept: i64,
    /// Key of the message in the conversation.
    message: i64,
}

/// Has the file of a message fetched, if it says that it is of a kind that messages carry.
pub(super) fn want(tx: &mut Tx<'_>, kept: &Kept, message: &Message) -> Result<()> {
    let kind = kept.media_mime.split(';').next().unwrap_or_default().trim();
    if kept.media_ref.is_empty() || !(kind.starts_with("image/") || kind == "application/pdf") {
        return Ok(());
    }
    let wanted = Wanted { kept: kept.id, message: message.id };
    let key = format!("{JOB} {}", message.uid);
    job::enqueue(tx, JOB, &serde_json::to_value(&wanted)?, tx.now, Some(&key))
}

/// Fetches a file and attaches it.
///
/// # Errors
/// When it is to be tried again.
pub async fn fetch(db: &Db, job: &Job) -> Result<()> {
    let Wanted { kept, message } = serde_json::from_str(&job.payload)?;
    let (found, account) = db.read(move |conn| Ok((store::find(conn, kept)?, account(conn)?))).await?;
    // Whoever was erased meanwhile sent nothing.
    let Some(found) = found.filter(|found| !found.media_ref.is_empty()) else { return Ok(()) };
    let media = found.media_ref.clone();
    let most = attachments::MOST_BYTES as u64 + 1;
    let fetched = tokio::task::spawn_blocking(move || graph::fetch(&account, &media, most)).await;
    let bytes = fetched.map_err(Error::broken)?.map_err(Error::broken)?;
    let name = if found.media_name.trim().is_empty() { "photo".to_owned() } else { found.media_name };
    db.write(move |tx| {
        let still = store::find(tx.conn, kept)?.is_some_and(|found| !found.media_ref.is_empty());
        if !still || !attachments::of_message(tx.conn, message)?.is_empty() {
            return Ok(());
        }
        match attachments::attach(tx, message, &name, &bytes) {
            Err(Error::Refused(refusal)) => {
                tracing::warn!(code = refusal.code, "a file from WhatsApp is of no kind that is kept");
                Ok(())
            }
            attached => attached.map(drop),
        }
    })
    .await
}
