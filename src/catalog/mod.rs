//! The database's catalog as a snapshot: what names mean.
//!
//! [`model`] is the snapshot, [`lookup`] and [`functions`] are what analysis asks of it. [`load`] reads one over a
//! login of the proxy's own, [`follow`] keeps it current, [`connect`] opens that login at one of the servers of [`place`].

pub mod connect;
pub mod follow;
pub mod functions;
pub mod load;
pub mod lookup;
pub mod model;
pub mod place;

pub use functions::FIRST_NORMAL_OID;
pub use lookup::{Resolution, TempSchema, parse_search_path};
pub use model::*;
