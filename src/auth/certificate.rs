//! The two things that a login needs of a certificate: whose it is, and the hash that channel binding uses.
//!
//! Whoever calls has verified the certificate, or owns it: this only finds fields.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::scram::EndPoint;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const INTEGER: u8 = 0x02;
const EXPLICIT_0: u8 = 0xa0;
const EXPLICIT_1: u8 = 0xa1;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 1.2.840.113549.1.1, PKCS #1; its last number says which signature.
const PKCS_1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// 1.2.840.10045.4.3, ECDSA with a hash of the SHA-2 family.
const ECDSA_SHA_2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
/// 2.16.840.1.101.3.4.2, the SHA-2 family.
const SHA_2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// The subject's common name. `None` unless there is exactly one, in a string type that is read without guessing:
/// an ambiguous name binds to no principal.
pub fn common_name(certificate: &[u8]) -> Option<String> {
    let mut names = Der(subject(certificate)?);
    let mut found = None;
    while !names.0.is_empty() {
        let mut set = Der(names.take(SET)?);
        while !set.0.is_empty() {
            let mut attribute = Der(set.take(SEQUENCE)?);
            if attribute.take(OID)? == COMMON_NAME && found.replace(text(attribute)?).is_some() {
                return None;
            }
        }
    }
    found
}

fn subject(certificate: &[u8]) -> Option<&[u8]> {
    let mut fields = Der(Der(Der(certificate).take(SEQUENCE)?).take(SEQUENCE)?);
    // The version is left out in version 1
    if fields.0.first() == Some(&EXPLICIT_0) {
        fields.take(EXPLICIT_0)?;
    }
    for skipped in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE] {
        fields.take(skipped)?;
    }
    fields.take(SEQUENCE)
}

fn text(mut value: Der<'_>) -> Option<String> {
    let (tag, content) = value.any()?;
    let text = std::str::from_utf8(content).ok()?;
    let is_plain = matches!(tag, UTF8_STRING | PRINTABLE_STRING | IA5_STRING) && !text.contains(char::is_control);
    (is_plain && !text.is_empty()).then(|| text.to_owned())
}

/// `tls-server-end-point`: the certificate's hash by its own signature's hash function, SHA-256 in place of MD5 and
/// SHA-1. `None` for a signature that has none (Ed25519) or another one: no binding is offered then.
/// Source: RFC 5929, section 4.1; PostgreSQL `be_tls_get_certificate_hash`.
pub fn end_point(certificate: &[u8]) -> Option<EndPoint> {
    let hash = signature_hash(certificate)?;
    Some(match hash {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

fn signature_hash(certificate: &[u8]) -> Option<Hash> {
    let mut outer = Der(Der(certificate).take(SEQUENCE)?);
    outer.take(SEQUENCE)?;
    let mut algorithm = Der(outer.take(SEQUENCE)?);
    let (last, family) = algorithm.take(OID)?.split_last()?;
    match (family, last) {
        // MD5 and SHA-1, then RSASSA-PSS, then the SHA-2 family
        (PKCS_1, 4 | 5 | 11) | (ECDSA_SHA_2, 2) => Some(Hash::Sha256),
        (PKCS_1, 10) => pss_hash(algorithm),
        (PKCS_1, 12) | (ECDSA_SHA_2, 3) => Some(Hash::Sha384),
        (PKCS_1, 13) | (ECDSA_SHA_2, 4) => Some(Hash::Sha512),
        _ => None,
    }
}

/// RSASSA-PSS names its hash in its parameters; left out it is SHA-1, which counts as SHA-256.
fn pss_hash(mut algorithm: Der<'_>) -> Option<Hash> {
    let mut parameters = Der(algorithm.take(SEQUENCE)?);
    if parameters.0.first() != Some(&EXPLICIT_0) {
        return matches!(parameters.0.first(), None | Some(&EXPLICIT_1)).then_some(Hash::Sha256);
    }
    let mut hash = Der(Der(parameters.take(EXPLICIT_0)?).take(SEQUENCE)?);
    let (last, family) = hash.take(OID)?.split_last()?;
    match (family, last) {
        (SHA_2, 1) => Some(Hash::Sha256),
        (SHA_2, 2) => Some(Hash::Sha384),
        (SHA_2, 3) => Some(Hash::Sha512),
        _ => None,
    }
}

/// Elements of DER, one after the other.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.any()?;
        (found == tag).then_some(content)
    }

    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => long_len(usize::from(first & 0x7f), rest)?,
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((tag, content))
    }
}

/// A length in so many bytes of its own.
fn long_len(count: usize, rest: &[u8]) -> Option<(usize, &[u8])> {
    let (digits, rest) = rest.split_at_checked(count)?;
    Some((digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)), rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SignatureAlgorithm};

    use super::*;

    fn certificate(algorithm: &'static SignatureAlgorithm, names: &[(DnType, DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::new(["db.bank".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        params.self_signed(&KeyPair::generate_for(algorithm).unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn subjects() {
        let utf8 = |name: &str| DnValue::Utf8String(name.to_owned());
        let organization = (DnType::OrganizationName, utf8("Bank"));
        let cases = [
            (vec![(DnType::CommonName, utf8("柜员"))], Some("柜员")),
            (vec![organization.clone(), (DnType::CommonName, utf8("teller"))], Some("teller")),
            (vec![(DnType::CommonName, DnValue::PrintableString("teller".try_into().unwrap()))], Some("teller")),
            (vec![(DnType::CommonName, DnValue::BmpString("teller".try_into().unwrap()))], None),
            (vec![(DnType::CommonName, utf8("a\0b"))], None),
            (vec![organization], None),
            (vec![], None),
        ];
        for (names, expect) in cases {
            let certificate = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, &names);
            assert_eq!(common_name(&certificate).as_deref(), expect, "{names:?}");
        }
    }

    #[test]
    fn end_points_follow_the_signature() {
        let cases = [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Some(32)),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Some(48)),
            (&rcgen::PKCS_ECDSA_P521_SHA512, Some(64)),
            (&rcgen::PKCS_RSA_SHA256, Some(32)),
            (&rcgen::PKCS_RSA_SHA512, Some(64)),
            (&rcgen::PKCS_ED25519, None),
        ];
        for (algorithm, expect) in cases {
            let certificate = certificate(algorithm, &[]);
            assert_eq!(end_point(&certificate).map(|hash| hash.len()), expect, "{algorithm:?}");
        }
    }

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        [&[tag, u8::try_from(content.len()).unwrap()], content.as_slice()].concat()
    }

    #[test]
    fn pss_says_its_hash_in_its_parameters() {
        let hash = |last: u8| element(EXPLICIT_0, &[&element(SEQUENCE, &[&element(OID, &[SHA_2, &[last]])])]);
        let mask = element(EXPLICIT_1, &[b"x"]);
        let cases = [
            (hash(1), Some(Hash::Sha256)),
            (hash(2), Some(Hash::Sha384)),
            (hash(3), Some(Hash::Sha512)),
            ([hash(3), mask.clone()].concat(), Some(Hash::Sha512)),
            (hash(4), None),
            (mask, Some(Hash::Sha256)),
            (Vec::new(), Some(Hash::Sha256)),
            (element(EXPLICIT_0, &[]), None),
        ];
        for (parameters, expect) in cases {
            let algorithm = element(SEQUENCE, &[&element(OID, &[PKCS_1, &[10]]), &element(SEQUENCE, &[&parameters])]);
            let certificate = element(SEQUENCE, &[&element(SEQUENCE, &[]), &algorithm]);
            assert_eq!(signature_hash(&certificate), expect, "{parameters:?}");
        }
    }

    #[test]
    fn whatever_is_cut_off_is_nothing() {
        let name = (DnType::CommonName, DnValue::Utf8String("teller".to_owned()));
        let whole = certificate(&rcgen::PKCS_ECDSA_P256_SHA256, &[name]);
        for len in 0..whole.len() {
            assert_eq!((common_name(&whole[..len]), end_point(&whole[..len])), (None, None), "{len}");
        }
        assert_eq!(common_name(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
