#![doc = include_str!("README.md")]
#![forbid(unsafe_code)]

pub mod analyze;
pub mod audit;
pub mod auth;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod copy;
pub mod crypto;
pub mod demo;
pub mod explain;
pub mod keys;
pub mod log;
pub mod mask;
pub mod metrics;
pub mod plan;
pub mod policy;
pub mod reveal;
pub mod server;
pub mod session;
pub mod sql;
pub mod upstream;
pub mod value;
pub mod wire;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
