//! How long a message may be, by type: every length that a peer announces is checked here first.
//!
//! Source: PostgreSQL `src/include/libpq/libpq.h` (`PQ_SMALL_MESSAGE_LIMIT` 10000, `PQ_LARGE_MESSAGE_LIMIT`
//! `MaxAllocSize - 1`), applied by `SocketBackend` in `src/backend/tcop/postgres.c`; libpq's
//! `VALID_LONG_MESSAGE_TYPE` and its 30000 in `src/interfaces/libpq/fe-protocol3.c`.

/// `PQ_SMALL_MESSAGE_LIMIT`: the length field of a message that carries no data.
pub const SMALL_MESSAGE_LEN: usize = 10_000;
/// `PQ_LARGE_MESSAGE_LIMIT` (`MaxAllocSize - 1`): the length field of a message that carries data.
pub const LARGE_MESSAGE_LEN: usize = 0x3fff_ffff - 1;
/// What libpq takes for lost synchronisation in a type that is never long.
pub const SMALL_ANSWER_LEN: usize = 30_000;

/// The greatest length field that a client may announce after authentication; `None` for an unknown type.
pub const fn client(kind: u8) -> Option<usize> {
    match kind {
        b'Q' | b'P' | b'B' | b'F' | b'd' => Some(LARGE_MESSAGE_LEN),
        b'C' | b'D' | b'E' | b'H' | b'S' | b'X' | b'c' | b'f' => Some(SMALL_MESSAGE_LEN),
        _ => None,
    }
}

/// The greatest length field that a server may announce after authentication; `None` for an unknown type.
pub const fn server(kind: u8) -> Option<usize> {
    match kind {
        b'D' | b'd' | b'T' | b't' | b'E' | b'N' | b'A' | b'V' => Some(LARGE_MESSAGE_LEN),
        b'1' | b'2' | b'3' | b'C' | b'G' | b'H' | b'I' | b'K' | b'R' | b'S' | b'W' | b'Z' | b'c' | b'n' | b's'
        | b'v' => Some(SMALL_ANSWER_LEN),
        _ => None,
    }
}
