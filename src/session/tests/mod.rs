//! The session between a scripted client and a model of PostgreSQL.

mod cases;
mod client;
mod decider;
mod harness;
mod model;
mod pipeline;
