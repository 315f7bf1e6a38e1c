//! The edge: sockets, threads and time. Everything that the pure rooms decide is carried out here.
//!
//! ```text
//! listener ─▶ the thread with fewest sessions ─▶ auth ─▶ driver ─ Session ─ SessionDecider, SessionObserver
//! main thread: accepts, follows catalogs, watches policies and signals, serves metrics
//! ```

mod database;
mod decide;
mod driver;
mod leg;
mod listen;
mod machine;
mod observe;
mod phase;
mod rule;
mod worker;
