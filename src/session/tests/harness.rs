//! A client, the session and the model server on one wire, with bytes that come when they will.

use std::sync::Arc;

use bytes::BytesMut;

use super::client::{Say, bytes, summary};
use super::decider::{ByText, Trail};
use super::model::Model;
use crate::keys::Keyring;
use crate::reveal::Values;
use crate::session::{Fatal, Outbox, Parameters, Session, Step};
use crate::value::Style;

pub(super) struct Wire {
    pub session: Session<ByText, Trail>,
    pub model: Model,
    /// What the client has got.
    pub received: BytesMut,
    from_client: BytesMut,
    to_server: BytesMut,
    from_server: BytesMut,
}

impl Wire {
    pub fn new() -> Self {
        Self {
            session: session(ByText::default()),
            model: Model::default(),
            received: BytesMut::new(),
            from_client: BytesMut::new(),
            to_server: BytesMut::new(),
            from_server: BytesMut::new(),
        }
    }

    /// Says it all at once, and returns what comes back.
    pub fn say(&mut self, messages: &[Say]) -> Result<String, Fatal> {
        self.say_in_parts(messages, usize::MAX, &[])
    }

    /// The bytes come in parts of `part_len`; which side moves next goes by `order`, then by turns.
    pub fn say_in_parts(&mut self, messages: &[Say], part_len: usize, order: &[u8]) -> Result<String, Fatal> {
        let mut said = bytes(messages);
        let mut order = order.iter().copied();
        let mut idle_turns = 0;
        let mut turn: u8 = 0;
        while idle_turns < 4 {
            turn = turn.wrapping_add(1);
            let ordered = order.next();
            let moved = match ordered.unwrap_or(turn) % 3 {
                0 => self.client_moves(&mut said, part_len)?,
                1 => self.server_moves(part_len),
                _ => self.answers_move(part_len)?,
            };
            idle_turns = if moved || ordered.is_some() { 0 } else { idle_turns + 1 };
        }
        assert!(said.is_empty(), "the client could not say everything");
        Ok(summary(&self.received.split()))
    }

    fn client_moves(&mut self, said: &mut BytesMut, part_len: usize) -> Result<bool, Fatal> {
        let len = said.len().min(part_len);
        self.from_client.extend_from_slice(&said.split_to(len));
        self.on_client().map(|moved| moved || len > 0)
    }

    fn on_client(&mut self) -> Result<bool, Fatal> {
        let (before, mut outbox) = (self.from_client.len(), Outbox::default());
        let step = self.session.on_client(&mut self.from_client, &mut outbox)?;
        self.take(outbox);
        Ok(before != self.from_client.len() || step == Step::NeedCatalog)
    }

    fn server_moves(&mut self, part_len: usize) -> bool {
        let len = self.to_server.len().min(part_len);
        let mut part = self.to_server.split_to(len);
        self.model_input(&mut part);
        len > 0
    }

    fn model_input(&mut self, part: &mut BytesMut) {
        // The model takes whole messages: what is cut stays for the next part.
        self.model.held.extend_from_slice(part);
        let mut held = self.model.held.split();
        self.model.read(&mut held);
        self.model.held = held;
    }

    fn answers_move(&mut self, part_len: usize) -> Result<bool, Fatal> {
        let len = self.model.output.len().min(part_len);
        self.from_server.extend_from_slice(&self.model.output.split_to(len));
        let (before, mut outbox) = (self.from_server.len(), Outbox::default());
        let result = self.session.on_server(&mut self.from_server, &mut outbox);
        self.take(outbox);
        let step = result?;
        let moved = len > 0 || before != self.from_server.len() || step == Step::NeedReceipt;
        self.on_client().map(|more| more || moved)
    }

    fn take(&mut self, outbox: Outbox) {
        self.to_server.extend_from_slice(&outbox.to_server);
        self.received.extend_from_slice(&outbox.to_client);
    }
}

pub(super) fn session(decider: ByText) -> Session<ByText, Trail> {
    let parameters = Parameters { client_encoding: "UTF8".into(), ..Parameters::default() };
    let parameters = Parameters { date_style: "ISO, MDY".into(), time_zone: "UTC".into(), ..parameters };
    let values = Values { keys: keys(), style: Style::default(), encoding: String::new() };
    Session::new(decider, Trail::default(), values, parameters)
}

fn keys() -> Arc<Keyring> {
    Arc::new(Keyring::ephemeral(&std::collections::BTreeMap::new()).unwrap())
}
