//! What integration tests share. Each test file uses a part of it.
#![allow(dead_code)]

pub mod batch;
pub mod bound;
pub mod canary;
pub mod cases;
pub mod frames;
pub mod gate;
pub mod postgres;
pub mod proxy;
pub mod rights;
pub mod rng;
pub mod seen;
pub mod side_doors;
pub mod twins;
pub mod views;
pub mod wire;
