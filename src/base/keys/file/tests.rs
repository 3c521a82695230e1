//! The key ring and its file.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

const NOON: Timestamp = Timestamp(1_767_268_800_000);

#[test]
fn a_key_that_was_just_put_there_is_found_by_all_who_look_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let (keys, other) = (Keys::in_file(&file, NOON).unwrap(), Keys::in_file(&file, NOON));
    let rotate = |ring: &mut Ring| Ok(ring.rotate(Purpose::Form, time::Duration::DAY, NOON));
    let other = other.unwrap();
    for _ in 0..100 {
        let new = other.change(rotate).unwrap();
        let start = std::sync::Barrier::new(8);
        let look = || {
            start.wait();
            keys.find(|ring| ring.knows(&new).map(|_| ())).is_some()
        };
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(look)).collect();
            assert!(all.into_iter().all(|one| one.join().unwrap()));
        });
    }
}

fn fault(made: Result<Keys>) -> String {
    made.err().expect("the ring is refused").to_string()
}

#[test]
fn of_changes_made_at_once_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    Keys::in_file(&file, NOON).unwrap();
    let start = std::sync::Barrier::new(8);
    let rotate = |ring: &mut Ring| Ok(ring.rotate(Purpose::Form, time::Duration::DAY, NOON));
    let change = || {
        let keys = Keys::in_file(&file, NOON).unwrap();
        start.wait();
        let revoked = keys.change(rotate).unwrap();
        keys.change(|ring| ring.revoke(&revoked, NOON)).unwrap();
        let made: Vec<String> = (0..20).map(|_| keys.change(rotate).unwrap()).collect();
        (revoked, made)
    };
    let changes: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(change)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let ring = Keys::in_file(&file, NOON).unwrap().ring();
    let found = |kid: &String| ring.all().iter().find(|key| key.kid == *kid);
    for (revoked, made) in changes {
        assert!(found(&revoked).is_some_and(|key| key.revoked_at.is_some()), "stays revoked");
        assert!(made.iter().all(|kid| found(kid).is_some()), "was made");
    }
    assert_eq!(fs::metadata(file.with_extension("lock")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_new_ring_is_readable_by_its_owner_alone_and_read_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/keys.json");
    let keys = Keys::in_file(&file, NOON).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    let again = Keys::in_file(&file, NOON).unwrap();
    let kid = |keys: &Keys| keys.ring().signing(Purpose::Access).kid.clone();
    assert_eq!(kid(&keys), kid(&again));
}

#[test]
fn a_key_file_that_others_could_read_or_swap_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    Keys::in_file(&file, NOON).unwrap();
    let link = folder.path().join("link.json");
    symlink(&file, &link).unwrap();
    assert!(fault(Keys::in_file(&link, NOON)).contains("not a plain file"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(fault(Keys::in_file(&file, NOON)).contains("chmod 600"));
}

#[test]
fn short_constant_and_broken_keys_are_refused_without_being_quoted() {
    for (secret, sentence) in [
        ("c2hvcnQ", "not 32 bytes"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "repeated byte"),
        ("not base64!", "not 32 bytes"),
    ] {
        let text = format!(
            r#"{{"keys":[{{"kid":"0123456789abcdef","purpose":"access","created_at":0,"secret":"{secret}"}}]}}"#
        );
        let words = fault(Keys::in_variable(&text));
        assert!(words.contains(sentence) && !words.contains(secret), "{words}");
    }
    assert!(fault(Keys::in_variable("{}")).contains("not a key ring"));
    assert!(fault(Keys::in_variable(r#"{"keys":[]}"#)).contains("no key for the purpose"));
}

#[test]
fn a_replaced_file_is_taken_up_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let server = Keys::in_file(&file, NOON).unwrap();
    let operator = Keys::in_file(&file, NOON).unwrap();
    let life = time::Duration::minutes(10);
    let kid = operator.change(|ring| Ok(ring.rotate(Purpose::Access, life, NOON))).unwrap();
    assert!(server.reload().unwrap());
    assert_eq!(server.ring().signing(Purpose::Access).kid, kid);
    assert!(!server.reload().unwrap());
    fs::write(&file, "half a file").unwrap();
    assert!(server.reload().is_err());
    assert_eq!(server.ring().signing(Purpose::Access).kid, kid);
}

#[test]
fn a_key_of_a_purpose_that_a_later_version_knows_is_kept_and_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    Keys::in_file(&file, NOON).unwrap();
    let later = serde_json::json!({
        "kid": "00112233445566aa", "purpose": "id_token", "created_at": NOON.0,
        "signs_from": NOON.0 + 60_000, "secret": "c2hvcnQ", "public": { "crv": "P-256" },
    });
    let written =
        || -> serde_json::Value { serde_json::from_slice(&fs::read(&file).unwrap()).unwrap() };
    let mut text = written();
    text["keys"].as_array_mut().unwrap().push(later.clone());
    fs::write(&file, text.to_string()).unwrap();
    for keys in [Keys::in_file(&file, NOON), Keys::in_variable(&text.to_string())] {
        let ring = keys.unwrap().ring();
        assert!(ring.has("00112233445566aa") && ring.knows("00112233445566aa").is_none());
    }
    let keys = Keys::in_file(&file, NOON).unwrap();
    keys.change(|ring| Ok(ring.rotate(Purpose::Form, time::Duration::DAY, NOON))).unwrap();
    let kept = written();
    assert!(kept["keys"].as_array().unwrap().contains(&later), "{later}");
    // A field that nobody knows is a mistake in a key that is used.
    text["keys"][0]["public"] = "?".into();
    assert!(fault(Keys::in_variable(&text.to_string())).contains("field `public`"));
}
