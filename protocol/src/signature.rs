//! Signatures of messages between systems that share a secret: HMAC with SHA-256. Here, and not beside a transport, because
//! who signs and who checks must mean the same bytes: with a stamp, its text, a dot and the body; without one, the body.
//! Pure: what time it is, is said by who asks.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::envelope::RawRef;
use crate::instant::Instant;

/// What may stand before the hexadecimal digits, as some systems write it.
const PREFIX: &str = "sha256=";

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsigned {
    /// There is none.
    #[error("the header {header} is missing")]
    Missing {
        /// Where it was to stand.
        header: String,
    },
    /// It is no signature.
    #[error("the header {header} holds no 64 hexadecimal digits")]
    Unreadable {
        /// Where it stands.
        header: String,
    },
    /// It is another one.
    #[error("the signature is not one of this message with the secret that we share")]
    Wrong,
    /// The stamp is no time.
    #[error("the header {header} holds no seconds since 1970")]
    NoStamp {
        /// Where it stands.
        header: String,
    },
    /// It may be a message of yesterday, sent again by somebody else.
    #[error("the message was stamped {apart_s} s away from now, and {tolerance_s} s are allowed")]
    Stale {
        /// How far away, in s.
        apart_s: u64,
        /// How far it may be, in s.
        tolerance_s: u64,
    },
}

/// What both sides know.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// The header of the signature.
    pub header: String,
    /// The secret.
    pub secret: String,
    /// The header of the time at which it was signed, in seconds since 1970, and how far that may be from now; without one,
    /// a message may be sent again by whoever sees it.
    pub stamp: Option<(String, Duration)>,
}

impl Signature {
    /// The headers that sign a body.
    pub fn sign(&self, body: &[u8], now: Instant) -> Vec<(String, String)> {
        let stamp = self.stamp.as_ref().map(|(header, _)| (header.clone(), now.utc_ms().div_euclid(1_000).to_string()));
        let Some(mac) = self.mac(stamp.as_ref().map(|(_, text)| text.as_str()), body) else { return Vec::new() };
        let digits = RawRef::from_bytes(mac.finalize().into_bytes().into());
        [(self.header.clone(), format!("{PREFIX}{digits}"))].into_iter().chain(stamp).collect()
    }

    /// Whether a body was signed with the secret, lately. Takes the same time wherever two signatures differ.
    pub fn check(&self, header: impl Fn(&str) -> Option<String>, body: &[u8], now: Instant) -> Result<(), Unsigned> {
        let named = |name: &str| header(name).ok_or_else(|| Unsigned::Missing { header: name.to_owned() });
        let shown = bytes_of(&named(&self.header)?).ok_or_else(|| Unsigned::Unreadable { header: self.header.clone() })?;
        let stamp = self.stamp.as_ref().map(|(name, tolerance)| Ok((named(name)?, name, *tolerance))).transpose()?;
        let mac = self.mac(stamp.as_ref().map(|(text, ..)| text.as_str()), body).ok_or(Unsigned::Wrong)?;
        mac.verify_slice(&shown).map_err(|_| Unsigned::Wrong)?;
        let Some((text, name, tolerance)) = stamp else { return Ok(()) };
        let at: i64 = text.parse().map_err(|_| Unsigned::NoStamp { header: name.clone() })?;
        let apart_s = now.utc_ms().div_euclid(1_000).abs_diff(at);
        if apart_s > tolerance.as_secs() { Err(Unsigned::Stale { apart_s, tolerance_s: tolerance.as_secs() }) } else { Ok(()) }
    }

    fn mac(&self, stamp: Option<&str>, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).ok()?;
        if let Some(stamp) = stamp {
            mac.update(stamp.as_bytes());
            mac.update(b".");
        }
        mac.update(body);
        Some(mac)
    }
}

/// The secret is shown to nobody.
impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signature").field("header", &self.header).field("stamp", &self.stamp).finish_non_exhaustive()
    }
}

fn bytes_of(text: &str) -> Option<[u8; 32]> {
    let digits = text.trim();
    RawRef::parse(digits.strip_prefix(PREFIX).unwrap_or(digits)).ok().map(|hash| *hash.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(stamp: Option<u64>) -> Signature {
        let stamp = stamp.map(|seconds| ("X-Time".to_owned(), Duration::from_secs(seconds)));
        Signature { header: "X-Sign".into(), secret: "Jefe".into(), stamp }
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_utc_ms(seconds * 1_000)
    }

    fn checked(rule: &Signature, headers: &[(String, String)], body: &[u8], now: i64) -> Result<(), Unsigned> {
        rule.check(|name| headers.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone()), body, at(now))
    }

    #[test]
    fn the_signature_is_the_one_of_rfc_4231() {
        // Test case 2 of RFC 4231.
        let wanted = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let signed = signature(None).sign(b"what do ya want for nothing?", at(0));
        assert_eq!(signed, [("X-Sign".to_owned(), wanted.to_owned())]);
        for shown in [wanted, wanted.trim_start_matches("sha256="), &wanted.to_uppercase().replace("SHA256", "sha256")] {
            let headers = [("X-Sign".to_owned(), shown.to_owned())];
            assert_eq!(checked(&signature(None), &headers, b"what do ya want for nothing?", 0), Ok(()));
        }
    }

    #[test]
    fn a_changed_byte_another_secret_and_an_old_stamp_are_refused_each_in_its_own_words() {
        let rule = signature(Some(300));
        let signed = rule.sign(b"{}", at(1_000));
        assert_eq!(checked(&rule, &signed, b"{}", 1_300), Ok(()));
        assert_eq!(checked(&rule, &signed, b"{ }", 1_000), Err(Unsigned::Wrong));
        assert_eq!(checked(&rule, &signed, b"{}", 1_301), Err(Unsigned::Stale { apart_s: 301, tolerance_s: 300 }));
        assert_eq!(checked(&rule, &signed, b"{}", 699), Err(Unsigned::Stale { apart_s: 301, tolerance_s: 300 }));
        let other = Signature { secret: "Jeff".into(), ..rule.clone() };
        assert_eq!(checked(&other, &signed, b"{}", 1_000), Err(Unsigned::Wrong));
        let newer = [signed[0].clone(), ("X-Time".to_owned(), "1300".to_owned())];
        assert_eq!(checked(&rule, &newer, b"{}", 1_300), Err(Unsigned::Wrong), "the stamp is signed, too");
    }

    #[test]
    fn what_is_missing_or_no_signature_is_said() {
        let rule = signature(Some(300));
        let signed = rule.sign(b"", at(0));
        assert_eq!(checked(&rule, &[], b"", 0), Err(Unsigned::Missing { header: "X-Sign".into() }));
        assert_eq!(checked(&rule, &signed[..1], b"", 0), Err(Unsigned::Missing { header: "X-Time".into() }));
        for odd in ["", "sha256=", "sha1=00", &"é".repeat(32), &"0".repeat(63)] {
            let headers = [("X-Sign".to_owned(), odd.to_owned()), signed[1].clone()];
            assert_eq!(checked(&rule, &headers, b"", 0), Err(Unsigned::Unreadable { header: "X-Sign".into() }));
        }
        assert!(!format!("{rule:?}").contains("Jefe"));
    }
}
