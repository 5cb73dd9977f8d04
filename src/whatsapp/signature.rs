//! Whether a body comes from WhatsApp: the keyed hash that Meta sends with it, over the very bytes. Pure.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a signature begins with.
const PREFIX: &str = "sha256=";

/// Whether this header signs these bytes with the app's secret. Compared in the same time wherever they
/// differ. The letters of the header may be upper or lower case: as digits they are the same.
pub fn is_signed(secret: &str, body: &[u8], header: &str) -> bool {
    let Some(mine) = Some(secret).filter(|secret| !secret.is_empty()) else { return false };
    let given = header.trim().to_ascii_lowercase();
    let Some(given) = given.strip_prefix(PREFIX).and_then(bytes_of) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(mine.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// Whether two secrets are the same, compared in the same time wherever they differ.
pub fn is_same(one: &str, other: &str) -> bool {
    let mac = |text: &str| Hmac::<Sha256>::new_from_slice(b"compare").map(|mac| mac.chain_update(text));
    match (mac(one), mac(other)) {
        (Ok(one), Ok(other)) => one.verify_slice(&other.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

/// The bytes that hexadecimal digits stand for.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The test case 2 of RFC 4231.
    const KEY: &str = "Jefe";
    const SAID: &[u8] = b"what do ya want for nothing?";
    const HASH: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn only_the_hash_of_these_bytes_with_this_secret_signs() {
        assert!(is_signed(KEY, SAID, &format!("sha256={HASH}")));
        assert!(is_signed(KEY, SAID, &format!("SHA256={}", HASH.to_uppercase())));
        assert!(!is_signed(KEY, SAID, HASH), "the prefix is missing");
        assert!(!is_signed(KEY, SAID, &format!("sha1={HASH}")));
        assert!(!is_signed(KEY, b"something else", &format!("sha256={HASH}")));
        assert!(!is_signed("Jeff", SAID, &format!("sha256={HASH}")));
        for header in
            ["", "sha256=", "sha256=zz", "sha256=+bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384"]
        {
            assert!(!is_signed(KEY, SAID, header), "{header}");
        }
        assert!(!is_signed("", b"", "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(is_same("meaty", "meaty") && is_same("", ""));
        assert!(!is_same("meaty", "meatyh") && !is_same("meaty", "Meaty"));
    }
}
