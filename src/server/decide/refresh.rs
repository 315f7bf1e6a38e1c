//! A newer catalog on demand.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::catalog::follow::{Follower, Unavailable};

type Asking = Pin<Box<dyn Future<Output = Result<(), Unavailable>> + Send>>;

/// Where the session's last request for a newer catalog stands.
#[derive(Default)]
pub enum Refresh {
    #[default]
    Idle,
    Asking(Asking),
    /// Come, and nothing decided with it yet.
    Fresh,
    /// Refused once for it; the next statement asks again, since what it was needed for still holds.
    Failed(Unavailable),
    Owed,
}

/// What a decision has to know of it.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    None,
    Fresh,
    Failed(Unavailable),
    /// It has to be asked for first.
    Owed,
}

impl Refresh {
    /// Asks unless it has been asked. Ready once there is an answer.
    pub fn poll(&mut self, follower: &Follower, context: &mut Context<'_>) -> Poll<()> {
        if !matches!(self, Self::Asking(_)) {
            let follower = follower.clone();
            *self = Self::Asking(Box::pin(async move { follower.refresh().await.map(|_| ()) }));
        }
        let Self::Asking(asking) = self else { return Poll::Ready(()) };
        *self = match ready!(asking.as_mut().poll(context)) {
            Ok(()) => Self::Fresh,
            Err(reason) => Self::Failed(reason),
        };
        Poll::Ready(())
    }

    /// Takes the news: it is good for one decision.
    pub fn take_news(&mut self) -> News {
        match std::mem::take(self) {
            Self::Idle => News::None,
            Self::Fresh => News::Fresh,
            Self::Failed(reason) => {
                *self = Self::Owed;
                News::Failed(reason)
            }
            asking @ (Self::Asking(_) | Self::Owed) => {
                *self = asking;
                News::Owed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_refresh_is_owed_until_one_succeeds() {
        let mut refresh = Refresh::Failed(Unavailable::RefreshFailed);
        assert_eq!(refresh.take_news(), News::Failed(Unavailable::RefreshFailed));
        assert_eq!(refresh.take_news(), News::Owed);
        assert_eq!(refresh.take_news(), News::Owed);
        refresh = Refresh::Fresh;
        assert_eq!(refresh.take_news(), News::Fresh);
        assert_eq!(refresh.take_news(), News::None, "fresh once");
    }
}
