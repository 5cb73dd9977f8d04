//! Secrets and signatures, as Standard Webhooks has them. Pure but for drawing a secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Random bytes in a secret.
const BYTES: usize = 32;

/// A new secret: `whsec_` and 32 random bytes in base64.
///
/// # Errors
/// When the system gives no randomness.
pub fn draw() -> Result<String> {
    let mut bytes = [0u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::broken(error.to_string()))?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// As it is shown after the first time: enough to tell two apart.
pub fn hint(secret: &str) -> String {
    format!("{PREFIX}…{}", &secret[secret.len().saturating_sub(5)..])
}

/// The header `webhook-signature`: a signature by each of the secrets.
///
/// # Errors
/// When a secret is none.
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a str>,
    message: &str,
    timestamp: i64,
    body: &str,
) -> Result<String> {
    let signed: Result<Vec<String>> =
        secrets.into_iter().map(|secret| signature(secret, message, timestamp, body)).collect();
    Ok(signed?.join(" "))
}

fn signature(secret: &str, message: &str, timestamp: i64, body: &str) -> Result<String> {
    let key = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
    let key = key.ok_or_else(|| Error::broken("a webhook's secret is malformed"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| Error::broken("a webhook's secret is malformed"))?;
    mac.update(format!("{message}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the Standard Webhooks libraries.
        let header = signatures(
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(header.expect("a secret"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, other) = (draw().expect("randomness"), draw().expect("randomness"));
        assert_ne!(one, other);
        assert_eq!(STANDARD.decode(&one[PREFIX.len()..]).expect("base64").len(), BYTES);
        assert_eq!(hint(&one).chars().count(), PREFIX.len() + 6);
        assert!(signatures(["nonsense"], "m", 1, "{}").is_err());
    }
}
