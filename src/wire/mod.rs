//! The PostgreSQL wire protocol, version 3: frames and messages. Pure: bytes in, values out.

pub mod backend;
pub mod body;
pub mod error;
pub mod frame;
pub mod frontend;
pub mod limits;

pub use error::{PgError, SqlState};
