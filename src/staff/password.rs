//! Passwords and one-time tokens. Only hashes are kept.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::error::{Error, Refusal, Result};

/// Fewest characters of a password.
pub const SHORTEST: usize = 12;
/// Most bytes of a password; longer ones only cost time.
const LONGEST: usize = 1024;

/// Hashing takes 19 MiB a time, so that only so many run at once.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Verified against when there is no account, so that both answers take as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this password").unwrap_or_default());

/// Refuses a password that is too short or too long.
///
/// # Errors
/// Names the field `password`.
pub fn check_password(password: &str) -> Result<(), Refusal> {
    if password.chars().count() < SHORTEST {
        return Err(Refusal::field("password.short", "password", "Enter a password of 12 characters or more."));
    }
    if password.len() > LONGEST {
        return Err(Refusal::field("password.long", "password", "Enter a password of at most 1,024 bytes."));
    }
    let first = password.chars().next();
    if password.chars().all(|c| Some(c) == first) {
        return Err(Refusal::field(
            "password.plain",
            "password",
            "Enter a password that is not one character repeated.",
        ));
    }
    Ok(())
}

/// The hash to keep of a password, with argon2id. Takes some 30 ms; call it off the event loop.
///
/// # Errors
/// When the system gives no random bytes.
pub fn hash_password(password: &str) -> Result<String> {
    hash(password)
}

fn hash(password: &str) -> Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::broken(format!("hashing a password failed: {error}")))
}

/// Hashes without holding up the event loop.
pub(super) async fn hash_later(password: String) -> Result<String> {
    let _turn = HASHING.acquire().await.map_err(Error::broken)?;
    tokio::task::spawn_blocking(move || hash(&password)).await.map_err(Error::broken)?
}

/// Whether this is the password. Without a hash it takes as long and is not.
pub(super) async fn verify_later(password: String, hash: Option<String>) -> Result<bool> {
    let _turn = HASHING.acquire().await.map_err(Error::broken)?;
    tokio::task::spawn_blocking(move || {
        let nobody = NOBODY.as_str();
        let matches = verify(&password, hash.as_deref().unwrap_or(nobody));
        matches && hash.is_some()
    })
    .await
    .map_err(Error::broken)
}

fn verify(password: &str, hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    password.len() <= LONGEST && Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
}

/// A token nobody can guess: 32 random bytes for an address.
pub(crate) fn token() -> String {
    let mut bytes = [0u8; 32];
    if getrandom::fill(&mut bytes).is_err() {
        // Two random UUIDs come from the same source but abort instead of answering with zeros.
        bytes[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        bytes[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of a token.
pub(crate) fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_as_argon2id_and_recognised() {
        let kept = hash("correct horse battery").expect("a hash");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("correct horse battery", &kept));
        assert!(!verify("correct horse batterz", &kept));
        assert!(!verify("correct horse battery", "not a hash"));
    }

    #[test]
    fn short_and_plain_passwords_are_refused() {
        assert!(check_password("elevenchars").is_err());
        assert!(check_password("aaaaaaaaaaaaaa").is_err());
        assert!(check_password("correct horse").is_ok());
    }

    #[test]
    fn tokens_differ_and_are_kept_as_hashes() {
        let (one, two) = (token(), token());
        assert_ne!(one, two);
        assert_ne!(token_hash(&one), one);
    }
}
