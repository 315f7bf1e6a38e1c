use super::client::{Channel, Client};
use super::keys::{StoredKey, base64, hmac};
use super::server::{Challenged, Proven, Server, binding};
use super::*;

const USER_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const SALT: &[u8] = b"\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81";
const FIRST: &[u8] = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SIGNATURE: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

/// PBKDF2 with one block, as the standard's Hi().
fn derive(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    key[..password.len()].copy_from_slice(password);
    let mut round = hmac(&key, &[SALT, &[0, 0, 0, 1]].concat());
    let mut sum = round;
    for _ in 1..4096 {
        round = hmac(&key, &round);
        sum.iter_mut().zip(round).for_each(|(byte, other)| *byte ^= other);
    }
    sum
}

/// Of "pencil": the tests need it often, and 4096 rounds each time are slow.
static PENCIL: std::sync::LazyLock<[u8; 32]> = std::sync::LazyLock::new(|| derive(b"pencil"));

fn salted_password(password: &[u8]) -> [u8; 32] {
    if password == b"pencil" { *PENCIL } else { derive(password) }
}

fn client_key(password: &[u8]) -> ClientKey {
    ClientKey::new(hmac(&salted_password(password), b"Client Key"))
}

fn verifier(password: &[u8]) -> Verifier {
    let server_key = ServerKey::new(hmac(&salted_password(password), b"Server Key"));
    Verifier { salt: SALT.to_vec(), iterations: 4096, stored_key: client_key(password).stored(), server_key }
}

fn proven(password: &[u8]) -> Proven {
    let verifier = verifier(password);
    let server_key = verifier.server_key.clone();
    Proven { client_key: client_key(password), server_key, verifier, signature: String::new() }
}

fn challenged(end_point: Option<EndPoint>) -> Challenged {
    let server = Server::new(verifier(b"pencil"), end_point);
    server.challenge_with(SCRAM_SHA_256, FIRST, SERVER_NONCE).unwrap().0
}

#[test]
fn rfc_7677_as_server() {
    let server = Server::new(verifier(b"pencil"), None);
    let (challenged, challenge) = server.challenge_with(SCRAM_SHA_256, FIRST, SERVER_NONCE).unwrap();
    assert_eq!(challenge, CHALLENGE);
    let proven = challenged.prove(LAST.as_bytes()).unwrap();
    assert_eq!(proven.signature, SIGNATURE);
    // The recovered key is the password's own
    assert_eq!(proven.client_key.proof(b"x"), client_key(b"pencil").proof(b"x"));
}

#[test]
fn rfc_7677_as_client() {
    let (client, first) = Client::begin_with(proven(b"pencil"), Channel::Unbound, "user", USER_NONCE);
    assert_eq!(first.as_bytes(), FIRST);
    let (proving, last) = client.respond(CHALLENGE.as_bytes()).unwrap();
    assert_eq!(last, LAST);
    assert_eq!(proving.verify(SIGNATURE.as_bytes()), Ok(()));
}

/// A client's exchange with us, whose recovered key then serves an exchange of ours with a server.
#[test]
fn both_ends_meet_over_every_channel() {
    let end_point = || Some(vec![7; 32]);
    let cases = [
        (Channel::Bound(vec![7; 32]), end_point()),
        (Channel::NotOffered, None),
        (Channel::Unbound, end_point()),
        (Channel::Unbound, None),
    ];
    for (channel, end_point) in cases {
        let mut proven = proven(b"pencil");
        for _leg in 0..2 {
            let (client, first) = Client::begin(proven, channel.clone()).unwrap();
            let server = Server::new(verifier(b"pencil"), end_point.clone());
            let (challenged, challenge) = server.challenge(channel.mechanism(), first.as_bytes()).unwrap();
            let (proving, last) = client.respond(challenge.as_bytes()).unwrap();
            proven = challenged.prove(last.as_bytes()).unwrap();
            proving.verify(proven.signature.as_bytes()).unwrap();
        }
    }
}

#[test]
fn refused_first_messages() {
    use ScramError::{Downgraded, Malformed};
    let plus = SCRAM_SHA_256_PLUS;
    let long_nonce = format!("n,,n=,r={}", "a".repeat(MAX_NONCE_LEN + 1));
    let huge = format!("n,,n=,r=a,x={}", "a".repeat(MAX_MESSAGE_LEN));
    let cases: [(&str, &str, bool, ScramError); 19] = [
        (SCRAM_SHA_256, "y,,n=,r=a", true, Downgraded),
        (SCRAM_SHA_256, "p=tls-server-end-point,,n=,r=a", true, Malformed),
        (plus, "n,,n=,r=a", true, Malformed),
        (plus, "y,,n=,r=a", true, Malformed),
        (plus, "p=tls-unique,,n=,r=a", true, Malformed),
        (plus, "p=tls-server-end-point,,n=,r=a", false, Malformed),
        ("SCRAM-SHA-1", "n,,n=,r=a", false, Malformed),
        (SCRAM_SHA_256, "", false, Malformed),
        (SCRAM_SHA_256, "n", false, Malformed),
        (SCRAM_SHA_256, "n,a=other,n=,r=a", false, Malformed),
        (SCRAM_SHA_256, "n,,m=x,n=,r=a", false, Malformed),
        (SCRAM_SHA_256, "n,,n=", false, Malformed),
        (SCRAM_SHA_256, "n,,n=,r=", false, Malformed),
        (SCRAM_SHA_256, "n,,n=,r=a b", false, Malformed),
        (SCRAM_SHA_256, "n,,n=,r=a,", false, Malformed),
        (SCRAM_SHA_256, "n,,n=,r=a,m=x", false, Malformed),
        (SCRAM_SHA_256, "n,,n=,r=a\0", false, Malformed),
        (SCRAM_SHA_256, &long_nonce, false, Malformed),
        (SCRAM_SHA_256, &huge, false, Malformed),
    ];
    for (mechanism, first, is_plus_offered, expect) in cases {
        let server = Server::new(verifier(b"pencil"), is_plus_offered.then(|| vec![7; 32]));
        assert_eq!(server.challenge(mechanism, first.as_bytes()).err(), Some(expect), "{mechanism} {first:.60}");
    }
    let server = Server::new(verifier(b"pencil"), None);
    assert!(server.challenge(SCRAM_SHA_256, b"n,,n=\xff,r=a").is_err());
}

#[test]
fn tampered_proofs_fail() {
    use ScramError::{Malformed, WrongChannel, WrongProof};
    let swap = |from: &str, to: &str| LAST.replace(from, to);
    let cases = [
        (swap("p=dHz", "p=eHz"), WrongProof),
        (swap("c=biws", "c=eSws"), WrongChannel),
        (swap("c=biws", &format!("c={}", binding("p=tls-server-end-point", &[7; 32]))), WrongChannel),
        (swap("NlF$k0", "NlF$k1"), Malformed),
        (swap("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", ""), Malformed),
        (swap(",p=", ",m=x,p="), Malformed),
        (swap(",p=", ",q="), Malformed),
        (swap("VQ=", "VQ"), Malformed),
        (swap("VQ=", "VQ=,x=1"), Malformed),
        (swap(",p=", ",x=1,p="), WrongProof),
        (String::new(), Malformed),
        ("c=biws".to_owned(), Malformed),
        (",p=".to_owned(), Malformed),
    ];
    for (last, expect) in cases {
        assert_eq!(challenged(None).prove(last.as_bytes()).err(), Some(expect), "{last}");
    }
    let other = Server::new(verifier(b"pencils"), None);
    let (challenged, _) = other.challenge_with(SCRAM_SHA_256, FIRST, SERVER_NONCE).unwrap();
    assert_eq!(challenged.prove(LAST.as_bytes()).err(), Some(WrongProof));
}

#[test]
fn a_client_bound_to_another_certificate_is_refused() {
    let (client, first) = Client::begin(proven(b"pencil"), Channel::Bound(vec![8; 32])).unwrap();
    let server = Server::new(verifier(b"pencil"), Some(vec![7; 32]));
    let (challenged, challenge) = server.challenge(SCRAM_SHA_256_PLUS, first.as_bytes()).unwrap();
    let (_, last) = client.respond(challenge.as_bytes()).unwrap();
    assert_eq!(challenged.prove(last.as_bytes()).err(), Some(ScramError::WrongChannel));
}

#[test]
fn servers_are_checked_too() {
    use ScramError::{Malformed, OtherVerifier};
    let cases = [
        (CHALLENGE.replace("rOpr", "sOpr"), Malformed),
        (CHALLENGE.replace("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", ""), Malformed),
        (CHALLENGE.replace("i=4096", "i=4097"), OtherVerifier),
        (CHALLENGE.replace("i=4096", "i=-1"), Malformed),
        (CHALLENGE.replace("W22Z", "X22Z"), OtherVerifier),
        (CHALLENGE.replace(",i=4096", ""), Malformed),
        (format!("m=x,{CHALLENGE}"), Malformed),
        ("r=".to_owned() + &"a".repeat(65_536), Malformed),
    ];
    let begin = || Client::begin_with(proven(b"pencil"), Channel::Unbound, "user", USER_NONCE).0;
    for (challenge, expect) in cases {
        assert_eq!(begin().respond(challenge.as_bytes()).err(), Some(expect), "{challenge:.60}");
    }
    for last in ["", "e=invalid-proof", "v=", "v=AAAA", &SIGNATURE.replace("6rri", "7rri")] {
        let (proving, _) = begin().respond(CHALLENGE.as_bytes()).unwrap();
        assert_eq!(proving.verify(last.as_bytes()), Err(ScramError::WrongServer), "{last}");
    }
}

fn written(stored_key: &[u8]) -> String {
    format!("SCRAM-SHA-256$4096:{}${}:{}", base64(SALT), base64(stored_key), base64(&[2; 32]))
}

#[test]
fn verifiers_are_read_strictly() {
    let good = written(&[1; 32]);
    assert!(Verifier::parse(&good).is_some());
    let bad = [
        String::new(),
        "md5abcdef".to_owned(),
        written(&[1; 31]),
        good.replace("4096", "0"),
        good.replace("4096", "99999999999"),
        good.replace("4096", "-1"),
        good.replace("$", ""),
        good.replace("SHA-256", "SHA-1"),
        format!("{good} "),
        format!("{good}="),
    ];
    for text in bad {
        assert!(Verifier::parse(&text).is_none(), "{text}");
    }
}

#[test]
fn a_file_of_verifiers() {
    let good = written(&[1; 32]);
    let text = format!("; comment\n\n# comment\n\"a\"\"b\" \"{good}\"\r\n  \"客户\"\t\"{good}\"  \n");
    let verifiers = Verifiers::parse(&text).unwrap();
    for user in ["a\"b", "客户"] {
        assert_eq!(verifiers.get(user).salt, SALT, "{user}");
    }
    let cases = [
        (format!("\"a\" \"{good}\"\n\"a\" \"{good}\""), VerifiersError::Twice(2)),
        (format!("a \"{good}\""), VerifiersError::BadLine(1)),
        (format!("\n\"\" \"{good}\""), VerifiersError::BadLine(2)),
        (format!("\"a\" \"{good}\" \"b\""), VerifiersError::BadLine(1)),
        (format!("\"a\" {good}"), VerifiersError::BadLine(1)),
        ("\"a\" \"secret\"".to_owned(), VerifiersError::BadLine(1)),
        ("\"a".to_owned(), VerifiersError::BadLine(1)),
    ];
    for (text, expect) in cases {
        let error = Verifiers::parse(&text).err();
        assert_eq!(error, Some(expect));
    }
}

/// Who exists cannot be told from the exchange: an unknown name keeps its salt, and no proof fits it.
#[test]
fn unknown_users_get_a_believable_exchange() {
    let verifiers = Verifiers::parse(&format!("\"known\" \"{}\"", written(&[1; 32]))).unwrap();
    let (once, again, other) = (verifiers.get("unknown"), verifiers.get("unknown"), verifiers.get("unknown2"));
    assert_eq!((once.salt.len(), once.iterations), (16, 4096));
    assert_eq!(once.salt, again.salt);
    assert_ne!(once.salt, other.salt);
    let server = Server::new(once, None);
    let (challenged, _) = server.challenge_with(SCRAM_SHA_256, FIRST, SERVER_NONCE).unwrap();
    assert_eq!(challenged.prove(LAST.as_bytes()).err(), Some(ScramError::WrongProof));
}

#[test]
fn only_the_right_proof_gives_a_key() {
    let key = client_key(b"pencil");
    let stored = key.stored();
    assert!(stored.recover(&key.proof(b"m"), b"m").is_some());
    assert!(stored.recover(&key.proof(b"m"), b"n").is_none());
    assert!(StoredKey::new([0; 32]).recover(&key.proof(b"m"), b"m").is_none());
}

proptest::proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(message: Vec<u8>, tail in ".{0,40}") {
        let begun = [b"n,,n=,r=".as_slice(), tail.as_bytes()].concat();
        for first in [&message, &begun] {
            let _either = Server::new(verifier(b"pencil"), None).challenge(SCRAM_SHA_256, first);
        }
        let _refused = challenged(None).prove(&message);
        let _refused = Client::begin_with(proven(b"pencil"), Channel::Unbound, "", USER_NONCE).0.respond(&message);
    }
}
