//! The threads that serve sessions. Each has a runtime of its own, and a session stays on its thread: its state needs
//! no lock, and one core's cache.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

/// Long texts of one thread's sessions that are decided at the same time, each on a thread that lasts as long; others wait
/// for them.
const MAX_ASIDE: usize = 4;

/// Statements are read by recursion, to the depth that `sql` allows; an unoptimised build takes tens of KiB a level. Only
/// what is used of it takes memory.
const STACK_LEN: usize = 128 << 20;

/// A connection that nobody serves yet; it belongs to no runtime.
pub enum Accepted {
    Tcp(std::net::TcpStream, SocketAddr),
    Unix(std::os::unix::net::UnixStream),
}

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves one connection from login to end.
pub type Serve = Arc<dyn Fn(Accepted) -> Serving + Send + Sync>;

/// All threads.
pub struct Pool {
    workers: Vec<Worker>,
}

struct Worker {
    queue: mpsc::UnboundedSender<Accepted>,
    /// Connections handed over and not ended.
    load: Arc<AtomicUsize>,
}

impl Pool {
    /// Starts the threads. They end once the pool is dropped and their sessions have ended.
    ///
    /// # Errors
    /// The operating system gives no thread or descriptor.
    pub fn start(threads: usize, serve: &Serve) -> io::Result<(Self, Vec<JoinHandle<()>>)> {
        let mut pool = Self { workers: Vec::with_capacity(threads) };
        let mut handles = Vec::with_capacity(threads);
        for number in 0..threads {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().max_blocking_threads(MAX_ASIDE).thread_stack_size(STACK_LEN).build()?;
            let (queue, accepted) = mpsc::unbounded_channel();
            let load = Arc::new(AtomicUsize::new(0));
            let worker = (accepted, serve.clone(), load.clone());
            let name = format!("sessions-{number}");
            let work = move || runtime.block_on(work(worker.0, worker.1, worker.2));
            handles.push(std::thread::Builder::new().name(name).stack_size(STACK_LEN).spawn(work)?);
            pool.workers.push(Worker { queue, load });
        }
        Ok((pool, handles))
    }

    /// Hands a connection to the thread that has fewest.
    pub fn take(&self, accepted: Accepted) {
        let least = self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed));
        if let Some(worker) = least {
            worker.load.fetch_add(1, Ordering::Relaxed);
            if worker.queue.send(accepted).is_err() {
                tracing::error!("a thread of sessions is gone");
            }
        }
    }
}

async fn work(mut queue: mpsc::UnboundedReceiver<Accepted>, serve: Serve, load: Arc<AtomicUsize>) {
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = queue.recv() => match accepted {
                Some(accepted) => { sessions.spawn(counted(serve(accepted), load.clone())); }
                None => break,
            },
            Some(ended) = sessions.join_next() => report(ended),
        }
    }
    while let Some(ended) = sessions.join_next().await {
        report(ended);
    }
}

/// Takes the connection off the count however it ends, a panic included.
async fn counted(serving: Serving, load: Arc<AtomicUsize>) {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let _counted = Counted(load);
    serving.await;
}

/// A panic ends its own session; both sockets were closed as it unwound.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("a session ended by a panic");
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn connections_go_where_there_are_fewest_and_a_panic_ends_only_its_own() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (release, held) = tokio::sync::watch::channel(());
        let serve: Serve = {
            let seen = seen.clone();
            Arc::new(move |_| {
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(std::thread::current().name().unwrap().to_owned());
                    seen.len()
                };
                let mut held = held.clone();
                Box::pin(async move {
                    assert_ne!(number, 2, "a session that fails");
                    // The error is the release.
                    let _ = held.changed().await;
                })
            })
        };
        let (pool, threads) = Pool::start(2, &serve).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _clients: Vec<TcpStream> = (1..=4)
            .map(|count| {
                let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                let (socket, peer) = listener.accept().unwrap();
                pool.take(Accepted::Tcp(socket, peer));
                // The second one fails, and its thread has none again.
                let is_settled =
                    |seen: usize| seen >= count && (count != 2 || pool.workers[1].load.load(Ordering::Relaxed) == 0);
                while !is_settled(seen.lock().unwrap().len()) {
                    std::thread::yield_now();
                }
                client
            })
            .collect();
        assert_eq!(*seen.lock().unwrap(), ["sessions-0", "sessions-1", "sessions-1", "sessions-0"]);
        drop((pool, release));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
