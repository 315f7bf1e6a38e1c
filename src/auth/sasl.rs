//! SASL between server and client: SCRAM relayed, or ended here where both legs are TLS.

use bytes::{BufMut as _, Bytes, BytesMut};
use pgwire::messages::startup::Authentication;

use super::certificate::end_point;
use super::login::{Login, Request, request};
use super::scram::client::{Channel as Binding, Client};
use super::scram::server::{Proven, Server};
use super::scram::{SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramError, Verifiers};
use super::turned::{Failure, refused, scram_error, server_lost};
use crate::wire::PgError;
use crate::wire::body::Body;
use crate::wire::frame::{violation, write};

const METHOD: &str = "scram-sha-256";

/// Of the mechanisms in an AuthenticationSASL, those that we can do something with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Offer {
    scram: bool,
    plus: bool,
}

impl Login<'_> {
    /// From an AuthenticationSASL to before AuthenticationOk.
    pub(super) async fn sasl(&mut self, mechanisms: &[u8]) -> Result<&'static str, Failure> {
        let offer = offer(mechanisms).map_err(|_| server_lost())?;
        let has_two_legs = self.client.stream.is_tls() && self.server.stream.is_tls();
        match &self.materials.verifiers {
            Some(verifiers) if has_two_legs && (offer.scram || offer.plus) => self.end_scram(offer, verifiers).await?,
            _ if offer.scram => self.relay_scram(offer).await?,
            _ => return Err(refused("the server offers no SASL mechanism that can pass through this proxy").into()),
        }
        Ok(METHOD)
    }

    /// Without `-PLUS`: a binding is to a certificate, and the client sees another one than we do.
    async fn relay_scram(&mut self, offer: Offer) -> Result<(), Failure> {
        self.offer_client(&[SCRAM_SHA_256]).await?;
        let answer = self.client_answer().await?;
        let (mechanism, first) = initial_response(answer.body())?;
        if mechanism != SCRAM_SHA_256 {
            return Err(violation("client selected an invalid SASL authentication mechanism").into());
        }
        if offer.plus && first.starts_with(b"y") {
            return Err(cannot_relay().into());
        }
        self.ask_server(answer.frame()).await?;
        self.relay_challenge().await?;
        let last = self.client_answer().await?;
        self.ask_server(last.frame()).await?;
        let message = self.server_message().await?;
        match request(&message)? {
            Request::SaslFinal(_) => Ok(self.client.send(message.frame()).await?),
            _ => Err(server_lost().into()),
        }
    }

    async fn relay_challenge(&mut self) -> Result<(), Failure> {
        let message = self.server_message().await?;
        match request(&message)? {
            Request::SaslContinue(_) => Ok(self.client.send(message.frame()).await?),
            _ => Err(server_lost().into()),
        }
    }

    /// Two exchanges: the client proves itself to us, and with its key we prove ourselves to the server. The client
    /// hears that it succeeded only once the server agreed.
    async fn end_scram(&mut self, offer: Offer, verifiers: &Verifiers) -> Result<(), Failure> {
        let Proven { client_key, server_key, verifier, signature } = self.serve_client(verifiers).await?;
        let end_point = self.server_certificate.as_deref().and_then(end_point);
        let binding = Binding::choose(offer.plus, end_point);
        if binding.mechanism() == SCRAM_SHA_256 && !offer.scram {
            return Err(refused("the server asks for channel binding, which its certificate does not allow").into());
        }
        let proven = Proven { client_key, server_key, verifier, signature: String::new() };
        self.prove_to_server(proven, binding).await?;
        self.say(&Authentication::SASLFinal(Bytes::from(signature.into_bytes()))).await
    }

    async fn serve_client(&mut self, verifiers: &Verifiers) -> Result<Proven, Failure> {
        let user = &self.startup.user;
        let failed = |error| scram_error(error, user);
        let end_point = self.materials.client_tls.as_ref().and_then(|tls| tls.end_point.clone());
        let exchange = Server::new(verifiers.get(user), end_point);
        self.offer_client(exchange.mechanisms()).await?;
        let answer = self.client_answer().await?;
        let (mechanism, first) = initial_response(answer.body())?;
        let (exchange, challenge) = exchange.challenge(mechanism, first).map_err(failed)?;
        self.say(&Authentication::SASLContinue(Bytes::from(challenge.into_bytes()))).await?;
        let last = self.client_answer().await?;
        Ok(exchange.prove(last.body()).map_err(failed)?)
    }

    async fn prove_to_server(&mut self, proven: Proven, binding: Binding) -> Result<(), Failure> {
        let user = &self.startup.user;
        let failed = |error| {
            tracing::warn!(%error, "SCRAM with the server failed");
            match error {
                ScramError::Malformed => server_lost(),
                other => scram_error(other, user),
            }
        };
        let mechanism = binding.mechanism();
        let (exchange, first) = Client::begin(proven, binding).map_err(failed)?;
        self.ask_server(&written_initial_response(mechanism, &first)?).await?;
        let message = self.server_message().await?;
        let Request::SaslContinue(challenge) = request(&message)? else { return Err(server_lost().into()) };
        let (exchange, last) = exchange.respond(challenge).map_err(failed)?;
        let mut response = BytesMut::new();
        write(&mut response, b'p', |body| body.put_slice(last.as_bytes()))?;
        self.ask_server(&response).await?;
        let message = self.server_message().await?;
        let Request::SaslFinal(signature) = request(&message)? else { return Err(server_lost().into()) };
        Ok(exchange.verify(signature).map_err(failed)?)
    }

    async fn offer_client(&mut self, mechanisms: &[&str]) -> Result<(), Failure> {
        let mechanisms = mechanisms.iter().map(|mechanism| (*mechanism).to_owned()).collect();
        self.say(&Authentication::SASL(mechanisms)).await
    }
}

/// 28000 before the server's own "SCRAM channel binding negotiation error", which would not say what to do.
fn cannot_relay() -> PgError {
    refused("SCRAM channel binding cannot pass through this proxy")
        .with_hint("Give the proxy the role's verifier ([auth] verifiers), or connect with channel_binding=disable.")
}

fn offer(mechanisms: &[u8]) -> Result<Offer, PgError> {
    let mut body = Body::new(mechanisms);
    let mut offer = Offer::default();
    loop {
        match body.cstr()? {
            b"" => return body.end().map(|()| offer),
            name if name == SCRAM_SHA_256.as_bytes() => offer.scram = true,
            name if name == SCRAM_SHA_256_PLUS.as_bytes() => offer.plus = true,
            _ => {}
        }
    }
}

/// Mechanism and client-first-message of a SASLInitialResponse.
fn initial_response(body: &[u8]) -> Result<(&str, &[u8]), PgError> {
    let mut body = Body::new(body);
    let mechanism = std::str::from_utf8(body.cstr()?).unwrap_or_default();
    let first = body.value()?.unwrap_or_default();
    body.end().map(|()| (mechanism, first))
}

fn written_initial_response(mechanism: &str, first: &str) -> Result<BytesMut, PgError> {
    let mut message = BytesMut::new();
    write(&mut message, b'p', |body| {
        body.put_slice(mechanism.as_bytes());
        body.put_u8(0);
        body.put_u32(u32::try_from(first.len()).unwrap_or(u32::MAX));
        body.put_slice(first.as_bytes());
    })?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers() {
        type Case = (&'static [u8], Option<(bool, bool)>);
        let cases: [Case; 6] = [
            (b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", Some((true, true))),
            (b"SCRAM-SHA-256\0OAUTHBEARER\0\0", Some((true, false))),
            (b"OAUTHBEARER\0\0", Some((false, false))),
            (b"SCRAM-SHA-256\0", None),
            (b"\0x", None),
            (b"", None),
        ];
        for (mechanisms, expect) in cases {
            let found = offer(mechanisms).ok().map(|offer| (offer.scram, offer.plus));
            assert_eq!(found, expect, "{mechanisms:?}");
        }
    }

    #[test]
    fn initial_responses_are_exact() {
        let message = written_initial_response(SCRAM_SHA_256, "n,,n=,r=a").unwrap();
        assert_eq!(initial_response(&message[5..]), Ok((SCRAM_SHA_256, &b"n,,n=,r=a"[..])));
        for body in [&b"SCRAM-SHA-256"[..], b"M\0\0\0\0\x02a", b"M\0\0\0\0\x01ab", b"M\0\xff\xff\xff\xfe", b"M\0\0"] {
            assert!(initial_response(body).is_err(), "{body:?}");
        }
        assert_eq!(initial_response(b"M\0\xff\xff\xff\xff"), Ok(("M", &b""[..])));
    }
}
