//! Short-lived tokens that a key is exchanged for: JSON Web Tokens (RFC 9068), always signed with ES256.
//! How one is made and what must hold of one that comes back; which keys sign is told in `signing.rs`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ids::new_uid;
use crate::time::UtcTime;

/// How long a token is good for.
pub const LIFETIME_SECONDS: i64 = 15 * 60;
/// How far the clocks of two machines may be apart.
pub const LEEWAY_SECONDS: i64 = 30;
/// What the header calls these tokens.
const KIND: &str = "at+jwt";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Where it was made.
    pub iss: String,
    /// Public identifier of the key it was made for.
    pub sub: String,
    /// What it is good for.
    pub aud: String,
    /// The key again, as RFC 9068 wants it.
    pub client_id: String,
    /// The second after which it is no longer good.
    pub exp: i64,
    /// The second it was made.
    pub iat: i64,
    /// The second before which it is not yet good.
    pub nbf: i64,
    /// Its own identifier.
    pub jti: String,
    /// What it allows, a scope each between single spaces.
    pub scope: String,
}

impl Claims {
    /// A token of this desk for a key.
    pub fn new(issuer: &str, key_uid: &str, scope: String, now: UtcTime) -> Self {
        let seconds = now.0.div_euclid(1_000_000);
        Claims {
            iss: issuer.to_owned(),
            sub: key_uid.to_owned(),
            aud: audience(issuer),
            client_id: key_uid.to_owned(),
            exp: seconds + LIFETIME_SECONDS,
            iat: seconds,
            nbf: seconds,
            jti: new_uid(),
            scope,
        }
    }
}

/// What tokens of this desk are good for: its API.
pub fn audience(issuer: &str) -> String {
    format!("{issuer}/api")
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It was good once.
    Expired,
    /// Anything else; more is not told.
    Wrong,
}

/// The identifier of the key that signed a token, if it says that it is one of ours.
pub fn kid_of(token: &str) -> Option<String> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    let ours = header.alg == Algorithm::ES256 && header.typ.as_deref() == Some(KIND) && header.crit.is_none();
    header.kid.filter(|_| ours)
}

/// A key that signs tokens.
pub struct PrivateKey {
    kid: String,
    secret: SecretKey,
}

/// The public half of a key as a JSON Web Key (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PublicKey {
    /// Kind of key.
    #[schema(example = "EC")]
    kty: &'static str,
    /// The curve.
    #[schema(example = "P-256")]
    crv: &'static str,
    /// What it is for.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    purpose: &'static str,
    /// What it signs with.
    #[schema(example = "ES256")]
    alg: &'static str,
    /// What the header of a token calls it.
    kid: String,
    /// First half of the point.
    x: String,
    /// Second half of the point.
    y: String,
}

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self> {
        loop {
            let mut bytes = [0u8; 32];
            getrandom::fill(&mut bytes).map_err(|error| Error::broken(format!("no random bytes: {error}")))?;
            // One in four thousand million is no number of this curve.
            if let Ok(secret) = SecretKey::from_slice(&bytes) {
                return Ok(PrivateKey { kid: new_uid(), secret });
            }
        }
    }

    /// A key as it was kept.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(kid: String, kept: &str) -> Result<Self> {
        let broken = || Error::broken("a key that signs tokens cannot be read");
        let der = STANDARD_NO_PAD.decode(kept).map_err(|_| broken())?;
        Ok(PrivateKey { kid, secret: SecretKey::from_pkcs8_der(&der).map_err(|_| broken())? })
    }

    /// As it is kept: PKCS #8 in base64.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn kept(&self) -> Result<String> {
        Ok(STANDARD_NO_PAD.encode(self.der()?.as_bytes()))
    }

    fn der(&self) -> Result<p256::pkcs8::SecretDocument> {
        self.secret.to_pkcs8_der().map_err(|error| Error::broken(format!("a key cannot be written: {error}")))
    }

    /// What the header of a token calls it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let point = self.secret.public_key().to_encoded_point(false);
        let half = |half: Option<&p256::FieldBytes>| half.map(|half| URL_SAFE_NO_PAD.encode(half)).unwrap_or_default();
        PublicKey {
            kty: "EC",
            crv: "P-256",
            purpose: "sig",
            alg: "ES256",
            kid: self.kid.clone(),
            x: half(point.x()),
            y: half(point.y()),
        }
    }

    /// Makes a token.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(KIND.to_owned());
        header.kid = Some(self.kid.clone());
        let key = EncodingKey::from_ec_der(self.der()?.as_bytes());
        jsonwebtoken::encode(&header, claims, &key)
            .map_err(|error| Error::broken(format!("a token cannot be signed: {error}")))
    }

    /// What a token says, if this key signed it and it is good here and now.
    ///
    /// # Errors
    /// Says whether it has expired or is wrong.
    pub fn check(&self, token: &str, issuer: &str) -> Result<Claims, Unfit> {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.leeway = LEEWAY_SECONDS.unsigned_abs();
        rules.validate_nbf = true;
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        rules.set_issuer(&[issuer]);
        rules.set_audience(&[audience(issuer)]);
        let point = self.secret.public_key().to_encoded_point(false);
        let key = DecodingKey::from_ec_der(point.as_bytes());
        match jsonwebtoken::decode::<Claims>(token, &key, &rules) {
            Ok(read) => Ok(read.claims),
            Err(error) if *error.kind() == ErrorKind::ExpiredSignature => Err(Unfit::Expired),
            Err(_) => Err(Unfit::Wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://desk.example";

    fn claims(now: UtcTime) -> Claims {
        Claims::new(HERE, "01a2", "orders:read".to_owned(), now)
    }

    #[test]
    fn a_token_is_good_here_and_now_and_only_with_its_own_key() {
        let key = PrivateKey::new().expect("a key");
        let token = key.sign(&claims(UtcTime::now())).expect("a token");
        assert_eq!(kid_of(&token).as_deref(), Some(key.kid()));
        let again = PrivateKey::read(key.kid().to_owned(), &key.kept().expect("kept")).expect("read");
        assert_eq!(again.check(&token, HERE).expect("good").sub, "01a2");
        assert_eq!(key.check(&token, "https://other.example"), Err(Unfit::Wrong));
        assert_eq!(PrivateKey::new().expect("another").check(&token, HERE), Err(Unfit::Wrong));
    }

    #[test]
    fn a_token_expires_after_a_quarter_of_an_hour_and_half_a_minute() {
        let key = PrivateKey::new().expect("a key");
        let made = |seconds: i64| key.sign(&claims(UtcTime::now().plus_seconds(seconds))).expect("a token");
        assert!(key.check(&made(-LIFETIME_SECONDS - LEEWAY_SECONDS + 10), HERE).is_ok());
        assert_eq!(key.check(&made(-LIFETIME_SECONDS - LEEWAY_SECONDS - 10), HERE), Err(Unfit::Expired));
        assert!(key.check(&made(LEEWAY_SECONDS - 10), HERE).is_ok());
        assert_eq!(key.check(&made(LEEWAY_SECONDS + 10), HERE), Err(Unfit::Wrong));
    }
}
