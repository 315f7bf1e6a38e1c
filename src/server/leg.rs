//! One socket of a session with the bytes that have come and not been used yet.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use super::buffers;
use crate::wire::frame::{Head, Sender};

/// What a read asks for while little comes.
const SMALL_READ_LEN: usize = 8 * 1024;
/// What a read asks for while much comes.
const LARGE_READ_LEN: usize = 64 * 1024;

/// A connected socket and its input.
pub struct Leg<S> {
    stream: S,
    sender: Sender,
    pub input: BytesMut,
    read_len: usize,
    /// The peer sends nothing more.
    pub at_end: bool,
    /// Bytes were given to the stream that it may still hold (a TLS record).
    unflushed: bool,
    shut: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Leg<S> {
    /// `input` is what came behind the login already.
    pub fn new(stream: S, sender: Sender, input: BytesMut) -> Self {
        Self { stream, sender, input, read_len: SMALL_READ_LEN, at_end: false, unflushed: false, shut: false }
    }

    /// Whether more may be read: up to one large read, or up to the end of the first frame where that is longer.
    /// What lies beyond waits in the kernel, and its sender with it.
    pub fn has_room(&self) -> bool {
        let len = self.input.len();
        len < LARGE_READ_LEN || self.first_frame_len().is_some_and(|frame_len| len < frame_len)
    }

    /// Whether a whole message waits.
    pub fn has_frame(&self) -> bool {
        self.first_frame_len().is_some_and(|frame_len| frame_len <= self.input.len())
    }

    fn first_frame_len(&self) -> Option<usize> {
        Head::peek(&self.input, self.sender).ok().flatten().map(Head::frame_len)
    }

    /// Reads once; the number of bytes, 0 at the end.
    ///
    /// # Errors
    /// The socket's.
    pub fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        buffers::lend(&mut self.input);
        self.input.reserve(self.read_len);
        let read = pin!(self.stream.read_buf(&mut self.input)).poll(context);
        if read.is_pending() {
            buffers::give_back(&mut self.input);
        }
        let len = ready!(read)?;
        self.at_end = len == 0;
        if len >= self.read_len {
            self.read_len = LARGE_READ_LEN;
        }
        Poll::Ready(Ok(len))
    }

    /// Writes `output` until it is empty, and what the stream holds of it.
    ///
    /// # Errors
    /// The socket's.
    pub fn poll_write(&mut self, output: &mut BytesMut, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !output.is_empty() {
            let len = ready!(Pin::new(&mut self.stream).poll_write(context, output))?;
            if len == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            output.advance(len);
            self.unflushed = true;
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Tells the peer that nothing more comes; once.
    ///
    /// # Errors
    /// The socket's.
    pub fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.shut = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what is left and closes; a socket that fails is closed too.
    pub fn poll_finish(&mut self, output: &mut BytesMut, context: &mut Context<'_>) -> Poll<()> {
        match ready!(self.poll_write(output, context)) {
            Ok(()) => self.poll_shutdown(context).map(|_| ()),
            Err(_) => Poll::Ready(()),
        }
    }

    /// Gives memory back while nothing is under way.
    pub fn rest(&mut self) {
        buffers::give_back(&mut self.input);
        self.read_len = SMALL_READ_LEN;
    }
}
