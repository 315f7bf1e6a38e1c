//! What waits to be written. Whoever needs a record soon wakes the writer's thread or writes by itself; what only has to
//! be there in the end is taken along, or taken when the thread next looks.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A record that nobody waits for is written within this time.
pub(super) const LINGER: Duration = Duration::from_millis(10);

/// A bounded queue.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
    max_len: usize,
}

struct State<T> {
    waiting: Vec<T>,
    is_urgent: bool,
    is_closed: bool,
    /// The thread waits for the first item, however long that takes.
    is_asleep: bool,
}

impl<T> Queue<T> {
    pub fn new(max_len: usize) -> Self {
        let state = State { waiting: Vec::new(), is_urgent: false, is_closed: false, is_asleep: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), max_len }
    }

    /// Whether there was room.
    pub fn push(&self, item: T) -> bool {
        let mut state = self.lock();
        let has_room = state.waiting.len() < self.max_len && !state.is_closed;
        if has_room {
            state.waiting.push(item);
            if std::mem::take(&mut state.is_asleep) {
                self.wake.notify_one();
            }
        }
        has_room
    }

    /// Goes in whether there is room or not.
    pub fn push_last(&self, item: T) {
        self.lock().waiting.push(item);
        self.hurry();
    }

    /// Wakes the thread in [`Self::wait`].
    pub fn hurry(&self) {
        self.lock().is_urgent = true;
        self.wake.notify_one();
    }

    /// Nothing more goes in.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_one();
    }

    /// Blocks until something waits that has waited long enough, or is urgent. False once the queue is closed and empty.
    pub fn wait(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state.is_urgent || state.is_closed {
                state.is_urgent = false;
                return !state.is_closed || !state.waiting.is_empty();
            }
            if state.waiting.is_empty() {
                state.is_asleep = true;
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (next, waited) = self.wake.wait_timeout(state, LINGER).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if waited.timed_out() && !state.waiting.is_empty() {
                return true;
            }
        }
    }

    /// Takes what waits, up to `max_len` of it.
    pub fn take(&self, max_len: usize) -> Vec<T> {
        let mut state = self.lock();
        let len = state.waiting.len().min(max_len);
        match len == state.waiting.len() {
            true => std::mem::take(&mut state.waiting),
            false => state.waiting.drain(..len).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Nothing under this lock can be left half done.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_nobody_waits_for_comes_with_what_is_urgent_or_after_a_while() {
        let queue = Queue::new(2);
        assert!(queue.push(1) && queue.push(2) && !queue.push(3), "two fit");
        let began = Instant::now();
        assert!(queue.wait());
        assert!(began.elapsed() >= LINGER);
        assert_eq!((queue.take(1), queue.take(9), queue.len()), (vec![1], vec![2], 0));
        queue.push_last(4);
        assert!(queue.wait(), "at once");
        queue.close();
        assert!(queue.wait() && !queue.push(5), "what is in it is taken still");
        assert_eq!(queue.take(9), [4]);
        assert!(!queue.wait());
    }

    #[test]
    fn the_first_item_wakes_who_waits() {
        let queue = Queue::new(2);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.wait());
            while !queue.lock().is_asleep {
                std::thread::yield_now();
            }
            assert!(queue.push(1));
            assert!(waiting.join().expect("no panic"));
        });
        assert_eq!(queue.take(9), [1]);
    }
}
