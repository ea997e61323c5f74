//! Signed references: what a provider carries along with a message and gives back with every report on it.
//!
//! A reference names one attempt at one delivery. It is not secret, but it cannot be made up: a report on a
//! delivery must have been told its reference by us.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::Epoch;
use domain::job::{DeliveryRef, PageRef};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of the tag: half of HMAC-SHA256.
const TAG: usize = 16;
/// Fewest bytes of secret that a key is made from.
const SECRET: usize = 32;

/// What the reference of an e-mail or text to staff begins with: it names no delivery, and no report on it is kept.
pub const NOTICE: &str = "notice-";

/// The secret is too short to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing secret needs at least {SECRET} bytes")]
pub struct WeakSecret;

/// A reference is not one that we signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reference of ours")]
pub struct BadReference;

/// Signs and checks references. Each purpose has a key of its own, so that what was signed for one never passes for
/// another.
#[derive(Clone)]
pub struct ReferenceKey {
    root: Hmac<Sha256>,
    delivery: Hmac<Sha256>,
}

impl fmt::Debug for ReferenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReferenceKey")
    }
}

impl ReferenceKey {
    /// A key from at least 32 bytes of secret.
    pub fn new(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < SECRET {
            return Err(WeakSecret);
        }
        let root = Hmac::new_from_slice(secret).map_err(|_| WeakSecret)?;
        let delivery = derive(&root, "delivery");
        Ok(Self { root, delivery })
    }

    /// The reference of an attempt, about 120 characters of `A-Z a-z 0-9 -`: fit for a path and for an SES tag, which
    /// takes nothing else.
    pub fn sign(&self, delivery: &DeliveryRef) -> String {
        let DeliveryRef { page: PageRef { school, message, epoch, page }, index, attempt } = delivery;
        let mut text = format!("{school}-{message}-{epoch}-{page}-{index}-{attempt}");
        let tag = self.delivery.clone().chain_update(&text).finalize().into_bytes();
        text.push('-');
        text.push_str(&hex::encode(&tag[..TAG]));
        text
    }

    /// The attempt that a reference names, if we signed it.
    pub fn verify(&self, reference: &str) -> Result<DeliveryRef, BadReference> {
        let (text, tag) = reference.rsplit_once('-').ok_or(BadReference)?;
        check(&self.delivery, text.as_bytes(), &hex::decode(tag).map_err(|_| BadReference)?)?;
        parse(text).ok_or(BadReference)
    }

    /// Six digits that nobody without the key can work out from a text.
    pub fn code(&self, purpose: &str, text: &str) -> String {
        let tag = derive(&self.root, purpose).chain_update(text).finalize().into_bytes();
        let number = tag.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    /// A short hash of a text, in hex, that tells whether two are the same and, without the key, nothing else.
    pub fn blur(&self, purpose: &str, text: &str) -> String {
        let tag = derive(&self.root, purpose).chain_update(text).finalize().into_bytes();
        hex::encode(&tag[..TAG / 2])
    }

    /// Seals a text for a purpose, such as an unsubscribe link. Anyone can read it, nobody can change it or use it for
    /// another purpose. Gives characters of `A-Z a-z 0-9 _ - .` only.
    pub fn seal(&self, purpose: &str, text: &str) -> String {
        let tag = derive(&self.root, purpose).chain_update(text).finalize().into_bytes();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(&tag[..TAG]))
    }

    /// The text that was sealed for this purpose.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<String, BadReference> {
        let (text, tag) = sealed.split_once('.').ok_or(BadReference)?;
        let text = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadReference)?;
        check(&derive(&self.root, purpose), &text, &URL_SAFE_NO_PAD.decode(tag).map_err(|_| BadReference)?)?;
        String::from_utf8(text).map_err(|_| BadReference)
    }
}

fn derive(root: &Hmac<Sha256>, purpose: &str) -> Hmac<Sha256> {
    let key =
        root.clone().chain_update("messenger reference\0").chain_update(purpose).finalize().into_bytes();
    <Hmac<Sha256> as KeyInit>::new(&block(&key))
}

/// An HMAC key of exactly one block, so that making a key cannot fail. Padding with zeros is what HMAC itself does.
fn block(key: &[u8]) -> hmac::digest::Key<Hmac<Sha256>> {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    block[..key.len()].copy_from_slice(key);
    block
}

/// Compares in constant time.
fn check(key: &Hmac<Sha256>, text: &[u8], tag: &[u8]) -> Result<(), BadReference> {
    if tag.len() != TAG {
        return Err(BadReference);
    }
    key.clone().chain_update(text).verify_truncated_left(tag).map_err(|_| BadReference)
}

fn parse(text: &str) -> Option<DeliveryRef> {
    let mut parts = text.split('-');
    let delivery = DeliveryRef {
        page: PageRef {
            school: parts.next()?.parse().ok()?,
            message: parts.next()?.parse().ok()?,
            epoch: Epoch::try_from(parts.next()?.to_owned()).ok()?,
            page: parts.next()?.parse().ok()?,
        },
        index: parts.next()?.parse().ok()?,
        attempt: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(delivery)
}

#[cfg(test)]
mod tests {
    use domain::ids::{MessageId, SchoolId};
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    fn key(byte: u8) -> ReferenceKey {
        ReferenceKey::new(&[byte; 32]).unwrap()
    }

    fn delivery(school: u128, page: u32, index: u8, attempt: u32) -> DeliveryRef {
        let page = PageRef {
            school: SchoolId::new(Ulid(school)),
            message: MessageId::new(Ulid(school ^ 1)),
            epoch: Epoch::new(Ulid(school)),
            page,
        };
        DeliveryRef { page, index, attempt }
    }

    proptest! {
        #[test]
        fn every_attempt_comes_back_from_its_reference(
            school: u128, page: u32, index: u8, attempt: u32, cut in 0_usize..120, put in "[A-Za-z0-9-]",
        ) {
            let delivery = delivery(school, page, index, attempt);
            let text = key(7).sign(&delivery);
            prop_assert!(text.len() < 200);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            prop_assert_eq!(key(7).verify(&text), Ok(delivery));
            prop_assert_eq!(key(8).verify(&text), Err(BadReference));

            let cut = cut % text.len();
            let mut forged = text.clone();
            forged.replace_range(cut..=cut, &put);
            // The tag may be written with capitals: that is the same tag.
            if !forged.eq_ignore_ascii_case(&text) {
                prop_assert_eq!(key(7).verify(&forged), Err(BadReference));
            }
        }

        #[test]
        fn anything_else_is_refused(text in ".{0,200}") {
            prop_assert_eq!(key(7).verify(&text), Err(BadReference));
            prop_assert_eq!(key(7).open("unsubscribe", &text), Err(BadReference));
        }

        #[test]
        fn a_sealed_text_opens_for_its_purpose_only(text in ".{0,80}") {
            let sealed = key(7).seal("unsubscribe", &text);
            prop_assert!(sealed.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
            prop_assert_eq!(key(7).open("unsubscribe", &sealed), Ok(text));
            prop_assert_eq!(key(7).open("confirm", &sealed), Err(BadReference));
            prop_assert_eq!(key(8).open("unsubscribe", &sealed), Err(BadReference));
        }
    }

    #[test]
    fn a_short_tag_or_secret_is_refused() {
        assert_eq!(ReferenceKey::new(&[1; 31]).err(), Some(WeakSecret));
        let text = key(7).sign(&delivery(9, 0, 0, 1));
        assert_eq!(key(7).verify(&text[..text.len() - 2]), Err(BadReference));
        assert_eq!(format!("{:?}", key(7)), "ReferenceKey");
    }
}
