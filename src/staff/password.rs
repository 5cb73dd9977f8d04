//! Passwords and one-time tokens. Only hashes are kept.

use std::sync::LazyLock;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
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
    let failed = |error: &dyn std::fmt::Display| Error::broken(format!("hashing a password failed: {error}"));
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).map_err(|error| failed(&error))?;
    let params = Params::default();
    let hash = derive(password, &salt, &params, Params::DEFAULT_OUTPUT_LEN).map_err(|error| failed(&error))?;
    let kept = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|error| failed(&error))?,
        salt: Some(Salt::new(&salt).map_err(|error| failed(&error))?),
        hash: Some(hash),
    };
    Ok(kept.to_string())
}

/// What the allocator maps on its own and gives back when it is freed. A block of just the 19 MiB
/// that are needed would stay with the process after the first sign-in.
const MAPPED: usize = 33 * 1024 * 1024;

fn derive(password: &str, salt: &[u8], params: &Params, length: usize) -> Result<Output, argon2::Error> {
    let mut memory: Vec<Block> = Vec::with_capacity(params.block_count().max(MAPPED / Block::SIZE));
    memory.resize(params.block_count(), Block::new());
    let mut out = vec![0u8; length];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut out, &mut memory)?;
    Output::new(&out).map_err(|_| argon2::Error::OutputTooLong)
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

fn verify(password: &str, kept: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else { return false };
    let (Some(salt), Some(expected)) = (kept.salt, kept.hash) else { return false };
    let Ok(params) = Params::try_from(&kept) else { return false };
    if kept.algorithm != Algorithm::Argon2id.ident() || password.len() > LONGEST {
        return false;
    }
    // Outputs are compared in constant time.
    derive(password, &salt, &params, expected.len()).is_ok_and(|found| found == expected)
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
