//! Argon2id on threads of its own. Apart from the web server's threads because
//! hashing there stalls every other page, and apart from the runtime's blocking
//! pool because hundreds of 19 MiB blocks are never given back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version};
use tokio::sync::oneshot;
use zeroize::{Zeroize, Zeroizing};

use super::password::{NewPassword, Password, PasswordRules};
use crate::error::{Error, Refusal, Result};
use crate::keys::{Key, Keys, Purpose, Ring};
use crate::secrets;

/// Jobs that may wait; more are turned away with [`Error::Busy`].
pub const QUEUE: usize = 32;

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
    /// It did, and the hash should be made anew, at today's cost and with today's key.
    YesAnew,
}

/// The hashing threads. Dropping it ends them.
pub struct Hasher {
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
    params: Params,
    keys: Arc<Keys>,
    /// Stands in for the hash of an account that does not exist.
    nobodys: PasswordHash,
}

/// Work for a hashing thread, in that thread's memory.
type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

impl Hasher {
    /// Starts as many threads as there are cores, at most four.
    ///
    /// # Errors
    /// Parameters that Argon2 refuses, or a system out of threads.
    pub fn start(cost: Cost, keys: Arc<Keys>) -> Result<Self> {
        let params = cost.params()?;
        let (jobs, queue) = sync_channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hasher-{number}"))
                .spawn(move || work(&queue))
                .map_err(|why| Error::broken(format!("A hashing thread cannot start: {why}.")))?;
        }
        let nobodys = PasswordHash {
            algorithm: Ident::new("argon2id").expect("a valid name"),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("parameters have a text form"),
            salt: Some(new_salt()),
            hash: Some(Output::new(&secrets::random::<32>()).expect("32 bytes")),
        };
        Ok(Self { jobs, waiting: Arc::default(), params, keys, nobodys })
    }

    /// The hash to store, in PHC text form.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let (salt, ring) = (new_salt(), self.keys.ring());
        let pepper = ring.pepper();
        let params = with_key(&self.params, pepper)?;
        let text = ParamsString::try_from(&params).map_err(|_| unreadable())?;
        let secret = pepper.map(|key| Zeroizing::new(*key.secret()));
        let hash = Some(self.compute(password, salt, params, secret).await?);
        let made = PasswordHash { salt: Some(salt), params: text, hash, ..self.nobodys.clone() };
        Ok(made.to_string())
    }

    /// Whether `password` made `stored`. Without a stored hash it takes as long
    /// and the answer is no, so that a stopwatch cannot list our accounts.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full; a stored hash that cannot be read.
    pub async fn matches(&self, password: &Password, stored: Option<&str>) -> Result<Match> {
        let hash = match stored {
            Some(text) => PasswordHash::new(text).map_err(|_| unreadable())?,
            None => self.nobodys.clone(),
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
        let output = self.compute(password, salt, params, secret).await?;
        let same = secrets::same(output.as_bytes(), expected.as_bytes());
        Ok(match (same && stored.is_some(), current) {
            (false, _) => Match::No,
            (true, true) => Match::Yes,
            (true, false) => Match::YesAnew,
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

    /// Holds a password against the policy. Here, because guessing how it would
    /// be guessed takes milliseconds, too.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full; [`Refusal::UnfitPassword`] with
    /// the rule it breaks.
    pub async fn judge(&self, password: &Password, rules: PasswordRules) -> Result<()> {
        let password = password.clone();
        let judged = self
            .on_a_thread(move |_| NewPassword::parse(password.expose(), &rules).map(drop))
            .await?;
        Ok(judged.map_err(|fault| Refusal::UnfitPassword(fault.to_string()))?)
    }

    /// How many jobs wait for a thread.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    async fn compute(
        &self,
        password: &Password,
        salt: Salt,
        params: Params,
        secret: Option<Secret>,
    ) -> Result<Output> {
        let password = password.clone();
        self.on_a_thread(move |memory| run(&password, &salt, &params, secret, memory)).await?
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let waiting = Arc::clone(&self.waiting);
        let queued = Instant::now();
        let job = Box::new(move |memory: &mut Vec<Block>| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            let seconds = queued.elapsed().as_secs_f64();
            metrics::histogram!("doorward_hashing_wait_seconds").record(seconds);
            // Nobody waits for a browser that has gone away.
            if !answer.is_closed() {
                drop(answer.send(work(memory)));
            }
        });
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|why| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match why {
                TrySendError::Full(_) => Error::Busy,
                TrySendError::Disconnected(_) => Error::broken("The hashing threads have ended."),
            }
        })?;
        answered.await.map_err(|_| Error::broken("A hashing thread ended early."))
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

fn work(queue: &Mutex<Receiver<Job>>) {
    // A log-in may wait a little longer so that everybody's pages do not.
    // Where the system refuses, hashing merely competes with the pages.
    let _ = rustix::process::setpriority_process(None, 10);
    let mut memory = Vec::new();
    loop {
        let waiting = queue.lock().expect("receiving does not panic").try_recv();
        let next = match waiting {
            Ok(job) => Ok(job),
            Err(_) => {
                // Nothing to do: leave no trace of the last password in memory.
                memory.iter_mut().for_each(Zeroize::zeroize);
                queue.lock().expect("receiving does not panic").recv()
            }
        };
        let Ok(job) = next else { return };
        job(&mut memory);
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
mod tests {
    use time::Duration;

    use super::*;
    use crate::timestamp::Timestamp;

    const NOON: Timestamp = Timestamp(1_767_268_800_000);

    fn keys() -> (tempfile::TempDir, Arc<Keys>) {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::in_file(&folder.path().join("keys.json"), Timestamp(0)).unwrap();
        (folder, Arc::new(keys))
    }

    fn start(cost: Cost) -> Result<Hasher> {
        Hasher::start(cost, keys().1)
    }

    #[tokio::test]
    async fn a_key_goes_into_hashes_and_those_without_it_or_with_an_older_one_are_made_anew() {
        let (_folder, keys) = keys();
        let hasher = Hasher::start(Cost { memory_kib: 64, passes: 1 }, Arc::clone(&keys)).unwrap();
        let password = password("quiet river");
        let rotate = |ring: &mut Ring| Ok(ring.rotate(Purpose::Password, Duration::ZERO, NOON));
        let mut before = hasher.hash(&password).await.unwrap();
        let mut kids = vec![];
        for _ in 0..2 {
            kids.push(keys.change(rotate).unwrap());
            let hash = hasher.hash(&password).await.unwrap();
            assert!(hash.contains(",keyid="), "{hash}");
            let anew = hasher.matches(&password, Some(&before)).await.unwrap();
            assert_eq!(anew, Match::YesAnew, "{before}");
            assert_eq!(hasher.matches(&password, Some(&hash)).await.unwrap(), Match::Yes);
            before = hash;
        }
        keys.change(|ring| ring.revoke(&kids[1], NOON)).unwrap();
        assert_eq!(hasher.matches(&password, Some(&before)).await.unwrap(), Match::No);
        let elsewhere = start(Cost::default()).unwrap().matches(&password, Some(&before)).await;
        assert!(matches!(elsewhere, Err(Error::MissingKey(kid)) if kid == kids[1]));
    }

    fn password(text: &str) -> Password {
        Password::parse(text).expect("a usable password")
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_no_other() {
        let hasher = start(Cost::default()).unwrap();
        let hash = hasher.hash(&password("quiet river")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(
            hasher.matches(&password("quiet river"), Some(&hash)).await.unwrap(),
            Match::Yes
        );
        assert_eq!(hasher.matches(&password("quiet River"), Some(&hash)).await.unwrap(), Match::No);
        assert_eq!(hasher.matches(&password("quiet river"), None).await.unwrap(), Match::No);
        let again = hasher.hash(&password("quiet river")).await.unwrap();
        assert_ne!(hash, again);
    }

    #[tokio::test]
    async fn the_hash_is_the_one_the_library_makes() {
        use argon2::password_hash::PasswordVerifier;
        let hasher = start(Cost::default()).unwrap();
        let hash = hasher.hash(&password("quiet river")).await.unwrap();
        let parsed = PasswordHash::new(&hash).unwrap();
        assert!(Argon2::default().verify_password(b"quiet river", &parsed).is_ok());
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_still_matches_and_asks_to_be_made_anew() {
        let old = start(Cost { memory_kib: 8192, passes: 3 }).unwrap();
        let hash = old.hash(&password("quiet river")).await.unwrap();
        let new = start(Cost::default()).unwrap();
        let found = new.matches(&password("quiet river"), Some(&hash)).await.unwrap();
        assert_eq!(found, Match::YesAnew);
    }

    #[tokio::test]
    async fn a_stored_hash_cannot_ask_for_unlimited_memory() {
        let hasher = start(Cost::default()).unwrap();
        let huge = "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(hasher.matches(&password("quiet river"), Some(huge)).await.is_err());
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let hasher = start(Cost::default()).unwrap();
        let password = password("quiet river");
        let jobs = (0..200).map(|_| hasher.hash(&password));
        let done = rocket::futures::future::join_all(jobs).await;
        assert!(done.iter().any(|job| matches!(job, Err(Error::Busy))));
        assert!(done.iter().filter(|job| job.is_ok()).count() >= QUEUE);
    }
}
