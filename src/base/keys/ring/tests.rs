//! What rotating and revoking does.

use super::*;
use crate::base::keys::Keys;

const NOON: Timestamp = Timestamp(1_767_268_800_000);

#[test]
fn a_rotated_key_verifies_until_all_it_signed_has_expired() {
    let mut ring = Ring::generate(NOON);
    let old = ring.signing(Purpose::Access).kid.clone();
    let new = ring.rotate(Purpose::Access, Duration::minutes(10), NOON);
    assert_eq!(ring.signing(Purpose::Access).kid, new);
    assert!(ring.by_kid(Purpose::Access, &old, NOON + Duration::minutes(9)).is_some());
    assert!(ring.by_kid(Purpose::Access, &old, NOON + Duration::minutes(10)).is_none());
    assert!(ring.by_kid(Purpose::Refresh, &old, NOON).is_none());
}

#[test]
fn an_announced_key_verifies_at_once_and_signs_later() {
    let mut ring = Ring::generate(NOON);
    let old = ring.signing(Purpose::Access).kid.clone();
    let (ahead, life) = (Duration::hours(1), Duration::minutes(10));
    let new = ring.rotate_after(ahead, Purpose::Access, life, NOON);
    let signing = |at| &ring.signing_at(Purpose::Access, at).unwrap().kid;
    assert_eq!(signing(NOON + Duration::minutes(59)), &old);
    assert_eq!(signing(NOON + ahead), &new);
    assert!(ring.by_kid(Purpose::Access, &new, NOON).is_some());
    let believed = |minutes| {
        ring.by_kid(Purpose::Access, &old, NOON + ahead + Duration::minutes(minutes)).is_some()
    };
    assert!(believed(9) && !believed(10));
}

#[test]
fn an_announced_key_signs_at_once_when_the_one_before_is_revoked() {
    let mut ring = Ring::generate(NOON);
    let old = ring.signing(Purpose::Assertion).kid.clone();
    let new = ring.rotate(Purpose::Assertion, Duration::hours(24), NOON);
    let signing = |ring: &Ring, at| ring.signing_at(Purpose::Assertion, at).unwrap().kid.clone();
    assert_eq!(signing(&ring, NOON + Duration::minutes(59)), old);
    assert_eq!(signing(&ring, NOON + Duration::hours(1)), new);
    let known = |after| ring.by_kid(Purpose::Assertion, &old, NOON + after).is_some();
    assert!(known(Duration::hours(24)) && !known(Duration::hours(25)));
    ring.revoke(&old, NOON).unwrap();
    assert_eq!(signing(&ring, NOON), new);
}

#[test]
fn a_revoked_key_verifies_nothing_and_is_replaced() {
    let mut ring = Ring::generate(NOON);
    let old = ring.signing(Purpose::Form).kid.clone();
    assert_eq!(ring.revoke(&old, NOON).unwrap(), Purpose::Form);
    assert_ne!(ring.signing(Purpose::Form).kid, old);
    assert!(ring.by_kid(Purpose::Form, &old, NOON).is_none());
    assert!(matches!(ring.revoke("0", NOON), Err(Error::NotFound)));
}

#[test]
fn revoking_the_key_that_signs_leaves_one_that_is_believed() {
    // The one before has been rotated long ago: all it signed has expired.
    let mut ring = Ring::generate(NOON);
    let kid = ring.rotate(Purpose::Access, Duration::minutes(10), NOON);
    let later = NOON + Duration::hours(1);
    ring.revoke(&kid, later).unwrap();
    assert!(ring.signing(Purpose::Access).verifies(later));
    assert!(ring.signing(Purpose::Access).verifies(later + Duration::days(99)));
}

#[test]
fn a_new_key_signs_also_after_one_that_was_made_by_a_clock_that_was_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let ahead = Keys::in_file(&file, NOON + Duration::days(300)).unwrap();
    let kid =
        ahead.change(|ring| Ok(ring.rotate(Purpose::Access, Duration::minutes(10), NOON))).unwrap();
    let read = Keys::in_file(&file, NOON).unwrap();
    assert_eq!(read.ring().signing(Purpose::Access).kid, kid);
}

#[test]
fn a_running_server_takes_no_ring_that_lacks_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let server = Keys::in_file(&file, NOON).unwrap();
    let kid = server.ring().signing(Purpose::Refresh).kid.clone();
    let text = std::fs::read_to_string(&file).unwrap();
    let mut ring: serde_json::Value = serde_json::from_str(&text).unwrap();
    ring["keys"].as_array_mut().unwrap().retain(|key| key["purpose"] != "refresh");
    std::fs::write(&file, ring.to_string()).unwrap();
    let said = server.reload().err().map(|why| why.to_string()).unwrap_or_default();
    assert!(said.contains("no key for the purpose `refresh`"), "{said}");
    assert_eq!(server.ring().signing(Purpose::Refresh).kid, kid);
}

/// A ring as the first versions made it.
fn early_ring() -> Ring {
    let mut ring = Ring::generate(NOON);
    ring.keys.retain(|key| Purpose::later().all(|later| later != key.purpose));
    ring
}

#[test]
fn copies_of_an_early_ring_get_the_same_keys_for_what_it_had_none_for() {
    let (mut ring, mut copy) = (early_ring(), early_ring());
    copy.keys = ring.keys.clone();
    assert!(ring.add_later() && copy.add_later() && !ring.add_later());
    assert_eq!(ring.derived(), Purpose::later().collect::<Vec<_>>());
    assert!(Ring::generate(NOON).derived().is_empty());
    for purpose in Purpose::later() {
        let (ours, theirs) = (ring.signing(purpose), copy.signing(purpose));
        assert_eq!((&ours.kid, ours.secret()), (&theirs.kid, theirs.secret()));
        assert_ne!(ours.secret(), ring.signing(Purpose::Form).secret());
    }
    assert_ne!(ring.signing(Purpose::Browser).secret(), ring.signing(Purpose::Throttle).secret());
}

#[test]
fn a_key_made_from_another_is_revoked_with_it_and_never_made_again() {
    let mut ring = early_ring();
    ring.add_later();
    let (form, browser) =
        [Purpose::Form, Purpose::Browser].map(|purpose| ring.signing(purpose).kid.clone()).into();
    ring.revoke(&form, NOON).unwrap();
    assert!(!ring.knows(&browser).unwrap().verifies(NOON));
    assert_ne!(ring.signing(Purpose::Browser).kid, browser);
    assert!(ring.derived().is_empty());
    let later = NOON + Duration::days(31);
    ring.rotate(Purpose::Form, Duration::ZERO, later);
    assert!(ring.knows(&browser).is_none() && !ring.add_later());
}

#[test]
fn a_file_of_the_first_versions_grows_and_whoever_has_a_copy_agrees() {
    use std::fs;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let kids = |keys: &Keys| {
        let ring = keys.ring();
        Purpose::needed().map(|purpose| ring.signing(purpose).kid.clone()).collect::<Vec<_>>()
    };
    let first = kids(&Keys::in_file(&file, NOON).unwrap());
    let mut text: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let later =
        |key: &serde_json::Value| Purpose::later().any(|purpose| key["purpose"] == purpose.name());
    text["keys"].as_array_mut().unwrap().retain(|key| !later(key));
    fs::write(&file, text.to_string()).unwrap();
    let server = Keys::in_file(&file, NOON).unwrap();
    assert_eq!(kids(&server)[..4], first[..4], "nobody is signed out");
    assert!(fs::read_to_string(&file).unwrap().contains("throttle"), "written down");
    assert_eq!(kids(&server), kids(&Keys::in_variable(&text.to_string()).unwrap()));
    // The file is put back as it was.
    fs::write(&file, text.to_string()).unwrap();
    assert!(server.reload().unwrap());
    assert_eq!(kids(&server), kids(&Keys::in_file(&file, NOON).unwrap()));
}

#[test]
fn keys_of_passwords_stay_good_until_they_are_revoked() {
    let mut ring = Ring::generate(NOON);
    assert!(ring.pepper().is_none());
    let old = ring.rotate(Purpose::Password, Duration::ZERO, NOON);
    let new = ring.rotate(Purpose::Password, Duration::ZERO, NOON);
    assert_eq!(ring.pepper().unwrap().kid, new);
    assert!(ring.knows(&old).unwrap().verifies(NOON + Duration::days(9999)));
    ring.revoke(&new, NOON).unwrap();
    assert_eq!(ring.pepper().unwrap().kid, old);
}

#[test]
fn a_key_that_servers_may_have_recorded_is_known_for_a_day_after_its_end() {
    let mut ring = Ring::generate(NOON);
    let old = ring.signing(Purpose::Throttle).kid.clone();
    ring.rotate(Purpose::Throttle, Duration::ZERO, NOON);
    ring.rotate(Purpose::Access, Duration::minutes(10), NOON + Duration::seconds(1));
    assert!(ring.has(&old) && !ring.knows(&old).unwrap().verifies(NOON));
    ring.rotate(Purpose::Access, Duration::minutes(10), NOON + Duration::days(1));
    assert!(!ring.has(&old));
}

#[test]
fn a_key_that_others_were_made_from_revokes_them_however_long_ago_it_was_rotated() {
    let mut ring = early_ring();
    ring.add_later();
    let form = ring.signing(Purpose::Form).kid.clone();
    ring.rotate(Purpose::Form, Duration::ZERO, NOON);
    let later = NOON + Duration::days(99);
    ring.rotate(Purpose::Access, Duration::minutes(10), later);
    assert_eq!(ring.derived(), Purpose::later().collect::<Vec<_>>());
    ring.revoke(&form, later).unwrap();
    assert!(ring.derived().is_empty());
}
