//! Buffers that the sessions of one thread share: a session holds one only while bytes are in it.
//!
//! An idle session keeps no buffer, and a busy one gets the buffer that was used last, which the processor's cache still
//! holds. What a buffer held is not wiped: it is read by nobody before it is overwritten, as a buffer of one session is.

use std::cell::RefCell;

use bytes::BytesMut;

/// As many as the busy sessions of one thread use at a time; more are given back to the allocator.
const KEPT: usize = 64;
/// Smaller ones are not worth keeping.
const MIN_KEPT_LEN: usize = 4 * 1024;
/// Larger ones would be kept for good.
const MAX_KEPT_LEN: usize = 64 * 1024;

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// Gives an empty buffer without room one that has been used before, if there is one.
pub fn lend(buffer: &mut BytesMut) {
    if buffer.capacity() == 0
        && let Some(spare) = SPARE.with_borrow_mut(Vec::pop)
    {
        *buffer = spare;
    }
}

/// Takes an empty buffer back.
pub fn give_back(buffer: &mut BytesMut) {
    if !buffer.is_empty() || buffer.capacity() == 0 {
        return;
    }
    let mut spare = std::mem::take(buffer);
    // What is left of a buffer that was cut gets back the whole of it, unless somebody holds another part.
    if !spare.try_reclaim(MIN_KEPT_LEN) || spare.capacity() > MAX_KEPT_LEN {
        return;
    }
    SPARE.with_borrow_mut(|spares| {
        if spares.len() < KEPT {
            spares.push(spare);
        }
    });
}

#[cfg(test)]
mod tests {
    use bytes::Buf as _;

    use super::*;

    #[test]
    fn a_buffer_goes_from_session_to_session_and_takes_no_bytes_along() {
        let mut first = BytesMut::with_capacity(8192);
        let place = first.as_ptr();
        first.extend_from_slice(b"of one session");
        give_back(&mut first);
        assert_eq!(&first[..], b"of one session", "it is in use");
        first.advance(first.len());
        give_back(&mut first);
        assert_eq!(first.capacity(), 0);
        let mut second = BytesMut::new();
        lend(&mut second);
        assert!(second.is_empty());
        second.reserve(8192);
        assert_eq!(second.as_ptr(), place, "the whole of it");
        let mut third = BytesMut::new();
        lend(&mut third);
        assert_eq!(third.capacity(), 0, "there was one");
    }

    #[test]
    fn large_and_small_buffers_are_not_kept() {
        for len in [16, 1 << 20] {
            give_back(&mut BytesMut::with_capacity(len));
            let mut lent = BytesMut::new();
            lend(&mut lent);
            assert_eq!(lent.capacity(), 0, "{len}");
        }
    }
}
