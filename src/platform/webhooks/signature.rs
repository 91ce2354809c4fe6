//! What a subscriber knows a delivery by: HMAC-SHA256 over the instant and the body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `Jingtu-Signature` for a body sent at an instant (seconds since 1970, UTC): `t=<instant>,v1=<hex>`, where
/// `v1` is HMAC-SHA256 under the secret's text, over the instant in decimal digits, a dot, and the body's bytes.
pub fn sign(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = keyed(secret.as_bytes());
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2: the key `Jefe`, the text `what do ya want for nothing?`.
    #[test]
    fn the_mac_is_the_one_of_rfc_4231() {
        let mut mac = keyed(b"Jefe");
        mac.update(b"what do ya want for nothing?");
        assert_eq!(
            hex::encode(mac.finalize().into_bytes()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_instant_is_signed_with_the_body() {
        let sent = sign("jts_x", 1_763_697_600, b"{}");
        assert!(sent.starts_with("t=1763697600,v1=") && sent.len() == "t=1763697600,v1=".len() + 64);
        assert_ne!(sent.split("v1=").last(), sign("jts_x", 1_763_697_601, b"{}").split("v1=").last());
        assert_ne!(sent, sign("jts_y", 1_763_697_600, b"{}"));
        assert_ne!(sent, sign("jts_x", 1_763_697_600, b"[]"));
    }
}
