//! Pictures and documents that customers send by WhatsApp: asked for by their name at the Graph API, fetched from
//! where that says they are, and attached to the message in the conversation, judged by what is in them like every
//! other file. What cannot be fetched now is tried again; the message is there without it, and says so once nobody
//! tries any more.

use serde::{Deserialize, Serialize};

use super::graph::Lack;
use super::{Kept, account, graph, store};
use crate::conversation::{self, Message, attachments};
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
    if kept.media_ref.is_empty() {
        return Ok(());
    }
    if !(kind.starts_with("image/") || kind == "application/pdf") {
        return lose(tx, kept, message.id, "Only pictures and PDF are kept here.");
    }
    let wanted = Wanted { kept: kept.id, message: message.id };
    let key = format!("{JOB} {}", message.uid);
    job::enqueue(tx, JOB, &serde_json::to_value(&wanted)?, tx.now, Some(&key))
}

/// Says in the conversation that a file is not to be had, so that somebody asks for it.
fn lose(tx: &mut Tx<'_>, kept: &Kept, message: i64, why: &str) -> Result<()> {
    let name = match kept.media_name.trim() {
        "" => kept.kind.as_str(),
        name => name,
    };
    conversation::lose_file(tx, message, &format!("A file that could not be fetched: {name}. {why}"))
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
    let media = found.media_ref;
    let most = attachments::MOST_BYTES as u64 + 1;
    let fetched = tokio::task::spawn_blocking(move || graph::fetch(&account, &media, most)).await;
    let fetched = match fetched.map_err(Error::broken)? {
        Err(Lack::Now(why)) if job.is_last_try() => {
            tracing::error!(why, "a file from WhatsApp is not tried again");
            Err("WhatsApp did not give it in ten tries.".to_owned())
        }
        Err(Lack::Now(why)) => return Err(Error::broken(why)),
        Err(Lack::Forever(why)) => Err(why),
        Ok(bytes) => Ok(bytes),
    };
    db.write(move |tx| {
        let still = store::find(tx.conn, kept)?.filter(|found| !found.media_ref.is_empty());
        let Some(kept) = still else { return Ok(()) };
        if !attachments::of_message(tx.conn, message)?.is_empty() {
            return Ok(());
        }
        match fetched {
            Ok(bytes) => attach(tx, &kept, message, &bytes),
            Err(why) => lose(tx, &kept, message, &why),
        }
    })
    .await
}

fn attach(tx: &mut Tx<'_>, kept: &Kept, message: i64, bytes: &[u8]) -> Result<()> {
    let name = if kept.media_name.trim().is_empty() { "photo" } else { &kept.media_name };
    match attachments::attach(tx, message, name, bytes) {
        Err(Error::Refused(refusal)) => {
            tracing::warn!(code = refusal.code, "a file from WhatsApp is of no kind that is kept");
            let why = match refusal.code {
                "talk.file_too_large" => "It is larger than 10 MB.",
                "talk.file_empty" => "It is empty.",
                _ => "It is no picture and no PDF that can be read, whatever it says.",
            };
            lose(tx, kept, message, why)
        }
        attached => attached.map(drop),
    }
}
