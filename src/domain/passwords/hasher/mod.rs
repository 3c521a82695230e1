//! Argon2id on threads of its own. Apart from the web server's threads because
//! hashing there stalls every other page, and apart from the runtime's blocking
//! pool because hundreds of 19 MiB blocks are never given back.

mod queue;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::{self, Ident, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version};
use tokio::sync::oneshot;
use zeroize::{Zeroize, Zeroizing};

use self::queue::Queue;
pub use self::queue::Waiter;
use crate::base::error::{Error, Result};
use crate::base::keys::{Key, Keys, Purpose, Ring};
use crate::base::secrets;
use crate::domain::passwords::hash::PasswordHash;
use crate::domain::passwords::policy::{Password, PasswordRules};

/// Stored hashes that ask for more than this are not worked on: the
/// parameters come from the database, and a forged row must not stop the server.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 32;

/// What one hash costs (OWASP: at least 19 MiB and two passes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: Params::DEFAULT_M_COST, passes: Params::DEFAULT_T_COST }
    }
}

impl Cost {
    fn params(self) -> Result<Params> {
        Params::new(self.memory_kib, self.passes, 1, Some(32))
            .map_err(|why| Error::broken(format!("Argon2 parameters: {why}")))
    }
}

/// Whether a password made a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It did not, or there was no hash.
    No,
    /// It did.
    Yes,
    /// It did, and the hash should be made again, at today's cost and with today's key.
    NeedsRehash,
}

/// The hashing threads. Dropping it ends them.
pub struct Hasher {
    queue: Arc<Queue>,
    params: Params,
    keys: Arc<Keys>,
    /// Stands in for the hash of an account that does not exist.
    dummy_hash: phc::PasswordHash,
}

impl Hasher {
    /// Starts as many threads as there are cores, at most four.
    ///
    /// # Errors
    /// Parameters that Argon2 refuses, or a system out of threads.
    pub fn start(cost: Cost, keys: Arc<Keys>) -> Result<Self> {
        let params = cost.params()?;
        let queue = Arc::<Queue>::default();
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue))
                .map_err(|why| Error::broken(format!("A hashing thread cannot start: {why}.")))?;
        }
        let dummy_hash = phc::PasswordHash {
            algorithm: Ident::new("argon2id").expect("a valid name"),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("parameters have a text form"),
            salt: Some(new_salt()),
            hash: Some(Output::new(&secrets::random::<32>()).expect("32 bytes")),
        };
        Ok(Self { queue, params, keys, dummy_hash })
    }

    /// The hash of a new password, if `rules` let it pass. How it would be
    /// guessed takes milliseconds to find out, so that is done here.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full; what the password rules refuse with
    /// the rule it breaks.
    pub async fn hash_new(
        &self,
        password: &Password,
        rules: PasswordRules,
        waiter: Waiter,
    ) -> Result<PasswordHash> {
        let new = password.clone();
        let judged = self.on_a_thread(waiter.clone(), move |_| rules.judge(&new)).await?;
        judged?;
        Ok(PasswordHash::judged(self.hash(password, waiter).await?))
    }

    /// A password that nobody knows, and its hash: for an account whose owner
    /// sets one by a recovery link.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full.
    pub async fn hash_unknown(&self) -> Result<(Password, PasswordHash)> {
        let password = Password::parse(&secrets::random_token());
        let password = password.ok_or_else(|| Error::broken("A random password is not one."))?;
        let hash = self.hash(&password, Waiter::House).await?;
        Ok((password, PasswordHash::judged(hash)))
    }

    /// The hash of a password that is somebody's already, in PHC text form.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full.
    pub async fn hash(&self, password: &Password, waiter: Waiter) -> Result<String> {
        let (salt, ring) = (new_salt(), self.keys.ring());
        let pepper = ring.pepper();
        let params = with_key(&self.params, pepper)?;
        let text = ParamsString::try_from(&params).map_err(|_| unreadable())?;
        let secret = pepper.map(|key| Zeroizing::new(*key.secret()));
        let password = password.clone();
        let work = move |memory: &mut _| run(&password, &salt, &params, secret, memory);
        let hash = Some(self.on_a_thread(waiter, work).await??);
        let made =
            phc::PasswordHash { salt: Some(salt), params: text, hash, ..self.dummy_hash.clone() };
        Ok(made.to_string())
    }

    /// Whether `password` made `stored`. Without a stored hash, and with one that
    /// cost less, no takes as long, so that a stopwatch cannot list our accounts.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full; a stored hash that cannot be read.
    pub async fn matches(
        &self,
        password: &Password,
        stored: Option<&str>,
        waiter: Waiter,
    ) -> Result<Match> {
        let hash = match stored {
            Some(text) => phc::PasswordHash::new(text).map_err(|_| unreadable())?,
            None => self.dummy_hash.clone(),
        };
        let params = Params::try_from(&hash).map_err(|_| unreadable())?;
        let fair = params.m_cost() <= MOST_MEMORY_KIB && params.t_cost() <= MOST_PASSES;
        let (Some(salt), Some(expected), true) = (hash.salt, hash.hash, fair) else {
            return Err(unreadable());
        };
        let ring = self.keys.ring();
        let current = same_cost(&params, &self.params)
            && params.keyid() == with_key(&self.params, ring.pepper())?.keyid();
        let secret = self.key_of(&params)?;
        let (password, rest) = (password.clone(), difference(&params, &self.params));
        let work = move |memory: &mut _| {
            let output = run(&password, &salt, &params, secret, memory)?;
            let same = secrets::same(output.as_bytes(), expected.as_bytes());
            if let Some(rest) = rest.filter(|_| !same) {
                run(&password, &salt, &rest, None, memory)?;
            }
            Ok::<_, Error>(same)
        };
        let same = self.on_a_thread(waiter, work).await??;
        Ok(match (same && stored.is_some(), current) {
            (false, _) => Match::No,
            (true, true) => Match::Yes,
            (true, false) => Match::NeedsRehash,
        })
    }

    /// The key that went into a hash. A revoked one makes no hash again.
    fn key_of(&self, params: &Params) -> Result<Option<Secret>> {
        if params.keyid().is_empty() {
            return Ok(None);
        }
        let kid: String = params.keyid().iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = |ring: &Ring| {
            let key = ring.knows(&kid).filter(|key| key.purpose == Purpose::Password)?;
            let revoked = || Zeroizing::new(secrets::random());
            Some(key.revoked_at.map_or_else(|| Zeroizing::new(*key.secret()), |_| revoked()))
        };
        self.keys.find(secret).ok_or(Error::MissingKey(kid.clone())).map(Some)
    }

    /// How many jobs wait for a thread.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        waiter: Waiter,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T> {
        let queued = Instant::now();
        let place = Arc::new(self.queue.place(waiter).await?);
        let held = Arc::clone(&place);
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |memory: &mut Vec<Block>| {
            let seconds = queued.elapsed().as_secs_f64();
            metrics::histogram!("doorward_hashing_wait_seconds").record(seconds);
            // Nobody waits for a browser that has gone away.
            if !answer.is_closed() {
                let done = work(memory);
                drop(held);
                drop(answer.send(done));
            }
        });
        self.queue.put(&place, job)?;
        drop(place);
        answered.await.map_err(|_| Error::broken("A hashing thread could not do its work."))
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// A key that goes into a hash.
type Secret = Zeroizing<[u8; 32]>;

fn unreadable() -> Error {
    Error::broken("A stored password hash cannot be read.")
}

/// The parameters of a hash with this key in it, which they name.
fn with_key(params: &Params, key: Option<&Key>) -> Result<Params> {
    let Some(key) = key else { return Ok(params.clone()) };
    let number = u64::from_str_radix(&key.kid, 16).map_err(|_| unreadable())?;
    let kid = KeyId::new(&number.to_be_bytes()).map_err(|_| unreadable())?;
    ParamsBuilder::new()
        .m_cost(params.m_cost())
        .t_cost(params.t_cost())
        .p_cost(params.p_cost())
        .output_len(params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))
        .keyid(kid)
        .build()
        .map_err(|why| Error::broken(format!("Argon2 parameters: {why}")))
}

fn same_cost(a: &Params, b: &Params) -> bool {
    (a.m_cost(), a.t_cost(), a.p_cost()) == (b.m_cost(), b.t_cost(), b.p_cost())
}

fn new_salt() -> Salt {
    Salt::new(&secrets::random::<16>()).expect("16 bytes are a salt")
}

/// What is missing of today's cost in a hash that cost less, as nearly as
/// memory and passes can be put together. A dearer one stays dearer.
fn difference(less: &Params, today: &Params) -> Option<Params> {
    let work = |params: &Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
    let rest = work(today).checked_sub(work(less))?;
    let passes = rest.div_ceil(u64::from(today.m_cost())).max(1);
    let (memory, passes) = (u32::try_from(rest / passes).ok()?, u32::try_from(passes).ok()?);
    Params::new(memory, passes, 1, None).ok()
}

/// A thread with nothing to do keeps its memory for so long.
const KEPT: Duration =
    if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(10) };

/// Of so many blocks, all memory goes back to the system: what glibc keeps for itself is
/// at most 32 MiB long. A block that nothing is written to costs no memory.
const GIVEN_BACK: usize = 33 * 1024;

fn work(queue: &Queue) {
    // A log-in may wait a little longer so that everybody's pages do not.
    // Where the system refuses, hashing merely competes with the pages.
    let _ = rustix::process::setpriority_process(None, 10);
    let mut memory = Vec::new();
    loop {
        let next = queue.next().or_else(|| {
            // Nothing to do: leave no trace of the last password in memory.
            memory.iter_mut().for_each(Zeroize::zeroize);
            queue.wait_for(KEPT).or_else(|| {
                memory = Vec::new();
                queue.wait()
            })
        });
        let Some(job) = next else { return };
        // Whatever a library makes of a password, the thread is there for the next one.
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            tracing::error!("hasher.panic");
        }
    }
}

fn run(
    password: &Password,
    salt: &Salt,
    params: &Params,
    secret: Option<Secret>,
    memory: &mut Vec<Block>,
) -> Result<Output> {
    let fault = |why: &dyn std::fmt::Display| Error::broken(format!("Argon2: {why}"));
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.reserve_exact(Ord::max(blocks, GIVEN_BACK) - memory.len());
        memory.resize(blocks, Block::default());
    }
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let secret = secret.as_ref().map_or(&[][..], |secret| &secret[..]);
    let (kind, version) = (Algorithm::Argon2id, Version::V0x13);
    let argon = Argon2::new_with_secret(secret, kind, version, params.clone())
        .map_err(|why| fault(&why))?;
    let mut out = vec![0; length];
    argon
        .hash_password_into_with_memory(
            password.expose().as_bytes(),
            salt,
            &mut out,
            &mut memory[..blocks],
        )
        .map_err(|why| fault(&why))?;
    Output::new(&out).map_err(|why| fault(&why))
}

#[cfg(test)]
mod tests;
