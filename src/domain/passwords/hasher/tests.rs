use std::time::Duration as StdDuration;

use time::Duration;

use super::*;
use crate::base::timestamp::Timestamp;
use crate::domain::passwords::refusals;

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
    let mut before = hasher.hash(&password, Waiter::House).await.unwrap();
    let mut kids = vec![];
    for _ in 0..2 {
        kids.push(keys.change(rotate).unwrap());
        let hash = hasher.hash(&password, Waiter::House).await.unwrap();
        assert!(hash.contains(",keyid="), "{hash}");
        let anew = hasher.matches(&password, Some(&before), Waiter::House).await.unwrap();
        assert_eq!(anew, Match::NeedsRehash, "{before}");
        assert_eq!(
            hasher.matches(&password, Some(&hash), Waiter::House).await.unwrap(),
            Match::Yes
        );
        before = hash;
    }
    keys.change(|ring| ring.revoke(&kids[1], NOON)).unwrap();
    assert_eq!(hasher.matches(&password, Some(&before), Waiter::House).await.unwrap(), Match::No);
    let elsewhere =
        start(Cost::default()).unwrap().matches(&password, Some(&before), Waiter::House).await;
    assert!(matches!(elsewhere, Err(Error::MissingKey(kid)) if kid == kids[1]));
}

fn password(text: &str) -> Password {
    Password::parse(text).expect("a usable password")
}

#[tokio::test]
async fn a_password_matches_its_own_hash_and_no_other() {
    let hasher = start(Cost::default()).unwrap();
    let hash = hasher.hash(&password("quiet river"), Waiter::House).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(
        hasher.matches(&password("quiet river"), Some(&hash), Waiter::House).await.unwrap(),
        Match::Yes
    );
    assert_eq!(
        hasher.matches(&password("quiet River"), Some(&hash), Waiter::House).await.unwrap(),
        Match::No
    );
    assert_eq!(
        hasher.matches(&password("quiet river"), None, Waiter::House).await.unwrap(),
        Match::No
    );
    let again = hasher.hash(&password("quiet river"), Waiter::House).await.unwrap();
    assert_ne!(hash, again);
}

#[tokio::test]
async fn the_hash_is_the_one_the_library_makes() {
    use argon2::password_hash::PasswordVerifier;
    let hasher = start(Cost::default()).unwrap();
    let hash = hasher.hash(&password("quiet river"), Waiter::House).await.unwrap();
    let parsed = phc::PasswordHash::new(&hash).unwrap();
    assert!(Argon2::default().verify_password(b"quiet river", &parsed).is_ok());
}

#[tokio::test]
async fn a_hash_of_another_cost_still_matches_and_asks_to_be_made_anew() {
    let old = start(Cost { memory_kib: 8192, passes: 3 }).unwrap();
    let hash = old.hash(&password("quiet river"), Waiter::House).await.unwrap();
    let new = start(Cost::default()).unwrap();
    let found = new.matches(&password("quiet river"), Some(&hash), Waiter::House).await.unwrap();
    assert_eq!(found, Match::NeedsRehash);
}

#[tokio::test]
async fn a_stored_hash_cannot_ask_for_unlimited_memory() {
    let hasher = start(Cost::default()).unwrap();
    let huge = "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(hasher.matches(&password("quiet river"), Some(huge), Waiter::House).await.is_err());
}

#[tokio::test]
async fn a_panic_costs_no_thread() {
    let hasher = start(Cost::default()).unwrap();
    for _ in 0..8 {
        let failed: Result<()> =
            hasher.on_a_thread(Waiter::House, |_| panic!("as a library may")).await;
        assert!(failed.is_err());
    }
    hasher.on_a_thread(Waiter::House, |_| ()).await.unwrap();
}

#[test]
fn the_rest_of_todays_cost_is_worked_off_beside_an_older_hash() {
    let params = |memory_kib, passes| Cost { memory_kib, passes }.params().unwrap();
    let work = |params: &Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
    for (old, today) in [((19_456, 2), (65_536, 3)), ((19_456, 2), (19_456, 3)), ((8, 1), (128, 1))]
    {
        let (old, today) = (params(old.0, old.1), params(today.0, today.1));
        let sum = work(&old) + work(&difference(&old, &today).unwrap());
        assert!((work(&today) - sum) * 100 <= work(&today), "{sum} of {}", work(&today));
        assert!(difference(&today, &old).is_none(), "a dearer hash is no cheaper");
        assert!(difference(&today, &today).is_none());
    }
}

#[tokio::test]
async fn a_wrong_password_takes_as_long_with_an_older_hash_as_with_none() {
    let old = start(Cost { memory_kib: 4096, passes: 1 }).unwrap();
    let hash = old.hash(&password("quiet river"), Waiter::House).await.unwrap();
    let new = start(Cost { memory_kib: 65_536, passes: 2 }).unwrap();
    let wrong = password("quiet River");
    let time = async |stored: Option<&str>| {
        let began = Instant::now();
        assert_eq!(new.matches(&wrong, stored, Waiter::House).await.unwrap(), Match::No);
        began.elapsed()
    };
    let (mut older, mut none) = (StdDuration::MAX, StdDuration::MAX);
    for _ in 0..6 {
        older = older.min(time(Some(&hash)).await);
        none = none.min(time(None).await);
    }
    let ratio = older.as_secs_f64() / none.as_secs_f64();
    // By itself, the older one takes a thirtieth.
    assert!((0.4..2.5).contains(&ratio), "{older:?}, {none:?}");
}

#[tokio::test]
async fn only_a_password_that_the_policy_lets_pass_gets_a_hash_to_store() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::in_file(&folder.path().join("keys.json"), Timestamp(0)).unwrap();
    let hasher = Hasher::start(Cost { memory_kib: 64, passes: 1 }, Arc::new(keys)).unwrap();
    let rules = || PasswordRules { min_length: 12, context: vec![] };
    let made = hasher.hash_new(&password("qwertyuiop123"), rules(), Waiter::House).await;
    assert!(matches!(made, Err(Error::Refused(refusals::PASSWORD_COMMON))));
    let good = password("quiet river under stone");
    let made = hasher.hash_new(&good, rules(), Waiter::House).await.unwrap().into_text();
    assert_eq!(hasher.matches(&good, Some(&made), Waiter::House).await.unwrap(), Match::Yes);
    let (unknown, made) = hasher.hash_unknown().await.unwrap();
    assert!(unknown.expose().len() >= 43, "256 random bits");
    let made = made.into_text();
    assert_eq!(hasher.matches(&unknown, Some(&made), Waiter::House).await.unwrap(), Match::Yes);
}

#[tokio::test]
async fn a_thread_without_work_gives_its_memory_back() {
    let queue = Arc::new(Queue::default());
    let place = queue.place(Waiter::House).await.unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let job = || {
        let tell = tell.clone();
        Box::new(move |memory: &mut Vec<Block>| {
            tell.send(memory.len()).unwrap();
            memory.resize(8, Block::default());
        })
    };
    queue.put(&place, job()).unwrap();
    queue.put(&place, job()).unwrap();
    let hashing = Arc::clone(&queue);
    let hashing = thread::spawn(move || work(&hashing));
    assert_eq!((told.recv(), told.recv()), (Ok(0), Ok(8)));
    let mut left = 8;
    for _ in 0..10 {
        thread::sleep(5 * KEPT);
        queue.put(&place, job()).unwrap();
        left = told.recv().unwrap();
        if left == 0 {
            break;
        }
    }
    assert_eq!(left, 0);
    queue.close();
    hashing.join().unwrap();
}
