//! Packets before authentication: they have no type byte, only a length and a code.
//!
//! Source: PostgreSQL `ProcessStartupPacket` in `src/backend/tcop/backend_startup.c`, `src/include/libpq/pqcomm.h`.

use bytes::{BufMut as _, BytesMut};
use zeroize::Zeroizing;

use crate::wire::body::Body;
use crate::wire::frame::violation;
use crate::wire::{PgError, SqlState};

/// `MAX_STARTUP_PACKET_LENGTH`: what follows the length field.
const MAX_PACKET_LEN: usize = 10_000;
/// `NAMEDATALEN - 1`: PostgreSQL cuts longer names off, and would then authenticate somebody else.
const MAX_NAME_LEN: usize = 63;
/// PostgreSQL 18 and protocol 3.2: `MAX_CANCEL_KEY_LENGTH`.
const MAX_CANCEL_KEY_LEN: usize = 256;

/// 1234.5678, 1234.5679 and 1234.5680: codes in the place of a protocol version.
const CANCEL_REQUEST: u32 = 80_877_102;
pub const SSL_REQUEST: u32 = 80_877_103;
pub const GSSENC_REQUEST: u32 = 80_877_104;

/// What a client may begin with.
pub enum Packet {
    Startup(Startup),
    Cancel(CancelRequest),
    SslRequest,
    GssEncRequest,
}

/// The newest protocol the proxy understands.
pub const NEWEST: Version = Version { minor: 2 };

/// 3.`minor`; there is no other major version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub minor: u16,
}

impl Version {
    pub fn code(self) -> u32 {
        3 << 16 | u32::from(self.minor)
    }
}

/// What a client asks for when it logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Startup {
    /// As asked for: may be newer than what the proxy understands.
    pub version: Version,
    pub user: String,
    /// The user's name where the client named none.
    pub database: String,
    /// Name and value as they came and in their order, without protocol options.
    parameters: Vec<(String, Vec<u8>)>,
    /// Protocol options (`_pq_.`): none is known, so none is passed on.
    pub unknown_options: Vec<String>,
}

/// A request to cancel what another connection runs.
pub struct CancelRequest {
    pub pid: u32,
    pub key: Zeroizing<Vec<u8>>,
}

/// The length of what follows a length field.
///
/// # Errors
/// 08P01 for a length that no packet has.
pub fn body_len(announced: [u8; 4]) -> Result<usize, PgError> {
    let len = usize::try_from(i32::from_be_bytes(announced)).ok().and_then(|len| len.checked_sub(4));
    len.filter(|len| (4..=MAX_PACKET_LEN).contains(len)).ok_or_else(|| violation("invalid length of startup packet"))
}

impl Packet {
    /// Reads what follows the length field.
    ///
    /// # Errors
    /// 08P01 for a malformed packet, 0A000 for another protocol or for replication, 28000 for a missing or unusable
    /// name.
    pub fn parse(body: &[u8]) -> Result<Self, PgError> {
        let mut body = Body::new(body);
        match body.u32()? {
            CANCEL_REQUEST => CancelRequest::parse(body).map(Self::Cancel),
            SSL_REQUEST => body.end().map(|()| Self::SslRequest),
            GSSENC_REQUEST => body.end().map(|()| Self::GssEncRequest),
            code => Startup::parse(version(code)?, body).map(Self::Startup),
        }
    }
}

fn version(code: u32) -> Result<Version, PgError> {
    let [_, major, high, low] = code.to_be_bytes();
    if code >> 24 == 0 && major == 3 {
        return Ok(Version { minor: u16::from_be_bytes([high, low]) });
    }
    Err(unsupported(code))
}

/// 0A000 in PostgreSQL's words.
pub fn unsupported(code: u32) -> PgError {
    let message = format!(
        "unsupported frontend protocol {}.{}: server supports 3.0 to 3.{}",
        code >> 16,
        code & 0xffff,
        NEWEST.minor
    );
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message)
}

impl CancelRequest {
    fn parse(mut body: Body<'_>) -> Result<Self, PgError> {
        let pid = body.u32()?;
        let key = body.rest();
        if !(1..=MAX_CANCEL_KEY_LEN).contains(&key.len()) {
            return Err(violation("invalid length of cancel key"));
        }
        Ok(Self { pid, key: Zeroizing::new(key.to_vec()) })
    }

    /// The packet, as sent.
    pub fn write(&self, output: &mut BytesMut) {
        output.put_u32(u32::try_from(12 + self.key.len()).unwrap_or(u32::MAX));
        output.put_u32(CANCEL_REQUEST);
        output.put_u32(self.pid);
        output.put_slice(&self.key);
    }
}

impl Startup {
    fn parse(version: Version, mut body: Body<'_>) -> Result<Self, PgError> {
        let mut parameters = Vec::new();
        let mut unknown_options = Vec::new();
        loop {
            let name = utf8(body.cstr()?)?;
            if name.is_empty() {
                body.end()?;
                break;
            }
            let value = body.cstr()?.to_vec();
            if name.starts_with("_pq_.") {
                unknown_options.push(name);
            } else {
                parameters.push((name, value));
            }
        }
        check(&parameters)?;
        let user =
            name(&parameters, "user")?.ok_or_else(|| refused("no PostgreSQL user name specified in startup packet"))?;
        let database = name(&parameters, "database")?.unwrap_or_else(|| user.clone());
        Ok(Self { version, user, database, parameters, unknown_options })
    }

    /// A parameter's value, by a name in any case as PostgreSQL reads settings; the last of several holds.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let value = self.parameters.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
        value.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// What the client calls itself, for display: PostgreSQL too replaces what is not ASCII.
    pub fn application_name(&self) -> String {
        let value = self.parameters.iter().rev().find(|(known, _)| is_application_name(known));
        value.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }

    /// The packet as it goes to the server.
    pub fn write(&self, output: &mut BytesMut) {
        let start = output.len();
        output.put_u32(0);
        output.put_u32(self.version.min(NEWEST).code());
        for (name, value) in &self.parameters {
            for text in [name.as_bytes(), value] {
                output.put_slice(text);
                output.put_u8(0);
            }
        }
        output.put_u8(0);
        let len = u32::try_from(output.len() - start).unwrap_or(u32::MAX);
        if let Some(place) = output.get_mut(start..start + 4) {
            place.copy_from_slice(&len.to_be_bytes());
        }
    }
}

/// What the proxy decides by has to mean one thing, to it and to the server.
fn check(parameters: &[(String, Vec<u8>)]) -> Result<(), PgError> {
    for (index, (name, value)) in parameters.iter().enumerate() {
        let is_told_once = !matches!(name.as_str(), "user" | "database" | "options" | "replication");
        if !is_told_once && parameters.iter().take(index).any(|(earlier, _)| earlier == name) {
            return Err(violation("duplicate parameter in startup packet"));
        }
        if !is_application_name(name) {
            utf8(value)?;
        }
        if name == "replication" && !matches!(value.as_slice(), b"false" | b"off" | b"no" | b"0") {
            let message = "replication connections are not supported by this proxy";
            return Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message));
        }
    }
    Ok(())
}

fn is_application_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("application_name")
}

fn name(parameters: &[(String, Vec<u8>)], wanted: &str) -> Result<Option<String>, PgError> {
    let Some((_, value)) = parameters.iter().find(|(name, _)| name == wanted) else { return Ok(None) };
    match value.len() {
        0 => Ok(None),
        1..=MAX_NAME_LEN => utf8(value).map(Some),
        _ => Err(refused("user or database name is longer than 63 bytes")),
    }
}

/// The server's encoding is not known yet: a name in another one could be taken for somebody else's.
fn utf8(bytes: &[u8]) -> Result<String, PgError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| refused("startup packet is not in UTF-8"))
}

fn refused(message: &'static str) -> PgError {
    PgError::new(SqlState::INVALID_AUTHORIZATION, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn startup(version: u32, words: &[&[u8]]) -> Result<Startup, PgError> {
        let mut body = version.to_be_bytes().to_vec();
        for word in words {
            body.extend_from_slice(word);
            body.push(0);
        }
        body.push(0);
        match Packet::parse(&body)? {
            Packet::Startup(startup) => Ok(startup),
            _ => panic!("a startup packet"),
        }
    }

    #[test]
    fn lengths() {
        let cases = [(8, Some(4)), (10_004, Some(10_000)), (10_005, None), (7, None), (4, None), (0, None), (-1, None)];
        for (announced, expect) in cases {
            assert_eq!(body_len(i32::to_be_bytes(announced)).ok(), expect, "{announced}");
        }
        assert_eq!(body_len(i32::MIN.to_be_bytes()).ok(), None);
    }

    #[test]
    fn what_is_asked_for_is_passed_on() {
        let words: &[&[u8]] =
            &[b"user", b"teller", b"_pq_.new", b"1", b"options", b"-c x=1", b"Search_Path", b"a", b"search_path", b"b"];
        let startup = startup(0x0003_270f, words).unwrap();
        assert_eq!((startup.user.as_str(), startup.database.as_str()), ("teller", "teller"));
        assert_eq!(startup.parameter("SEARCH_PATH"), Some("b"));
        assert_eq!(startup.parameter("missing"), None);
        assert_eq!(startup.unknown_options, ["_pq_.new"]);
        let mut output = BytesMut::new();
        startup.write(&mut output);
        let expect = b"\0\0\0\x40\0\x03\0\x02user\0teller\0options\0-c x=1\0Search_Path\0a\0search_path\0b\0\0";
        assert_eq!(&output[..], &expect[..]);
        assert_eq!(output.len(), 0x40);
    }

    #[test]
    fn an_application_may_be_called_anything() {
        let startup =
            startup(0x0003_0000, &[b"user", b"u", b"database", b"d", b"application_name", b"\xb9\xf1"]).unwrap();
        assert_eq!((startup.database.as_str(), startup.application_name().as_str()), ("d", "\u{fffd}\u{fffd}"));
    }

    #[test]
    fn refused_packets() {
        let long = [b'a'; 64];
        let cases: [(u32, &[&[u8]], &str); 13] = [
            (0x0003_0000, &[], "28000"),
            (0x0003_0000, &[b"user", b""], "28000"),
            (0x0003_0000, &[b"user", &long], "28000"),
            (0x0003_0000, &[b"user", b"u", b"database", &long], "28000"),
            (0x0003_0000, &[b"user", b"\xff"], "28000"),
            (0x0003_0000, &[b"user", b"u", b"search_path", b"\xff"], "28000"),
            (0x0003_0000, &[b"user", b"u", b"user", b"v"], "08P01"),
            (0x0003_0000, &[b"user", b"u", b"replication", b"database"], "0A000"),
            (0x0003_0000, &[b"user", b"u", b"replication", b"true"], "0A000"),
            (0x0003_0000, &[b"user"], "08P01"),
            (0x0002_0000, &[b"user", b"u"], "0A000"),
            (0x0004_0000, &[b"user", b"u"], "0A000"),
            (0x0103_0000, &[b"user", b"u"], "0A000"),
        ];
        for (version, words, expect) in cases {
            let code = startup(version, words).unwrap_err().code;
            assert_eq!(code.as_str(), expect, "{version:x} {words:?}");
        }
        assert!(startup(0x0003_0000, &[b"user", b"u", b"replication", b"off"]).is_ok());
    }

    #[test]
    fn a_packet_ends_where_it_says() {
        let cases: [&[u8]; 6] = [
            b"",
            b"\0\x03\0",
            b"\0\x03\0\0user\0u",
            b"\0\x03\0\0user\0u\0",
            b"\0\x03\0\0user\0u\0\0x",
            b"\x04\xd2\x16\x2fx",
        ];
        for body in cases {
            let code = Packet::parse(body).err().map(|error| error.code);
            assert_eq!(code, Some(SqlState::PROTOCOL_VIOLATION), "{body:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(code in 80_877_101_u32..80_877_106, body: Vec<u8>) {
            for code in [code, 0x0003_0000] {
                let _either = Packet::parse(&[&code.to_be_bytes(), body.as_slice()].concat());
            }
        }
    }

    #[test]
    fn cancel_keys_have_any_length_up_to_256() {
        for (len, is_taken) in [(0, false), (1, true), (4, true), (32, true), (256, true), (257, false)] {
            let mut body = b"\x04\xd2\x16\x2e\0\0\0\x07".to_vec();
            body.extend(vec![9; len]);
            match Packet::parse(&body) {
                Ok(Packet::Cancel(request)) => {
                    let mut output = BytesMut::new();
                    request.write(&mut output);
                    assert_eq!((request.pid, &output[4..]), (7, &body[..]));
                    assert_eq!(output[..4], u32::try_from(len + 12).unwrap().to_be_bytes());
                    assert!(is_taken, "{len}");
                }
                Ok(_) | Err(_) => assert!(!is_taken, "{len}"),
            }
        }
    }
}
