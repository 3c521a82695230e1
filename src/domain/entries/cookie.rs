//! The cookie of an entry: `fa1.<id>.<MAC>`. The MAC is over the id and the
//! host, so a forged one costs no query, and one of another host is none.

use uuid::Uuid;

use crate::base::keys::{Keys, Purpose};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

const FORM: &str = "fa1";

/// The cookie of an entry into that host.
pub fn issue(keys: &Keys, id: Uuid, host: &str) -> String {
    let mac = keys.ring().signing(Purpose::Entry).mac(&parts(&id, host));
    format!("{FORM}.{}.{}", secrets::encode_id(id), secrets::encode(&mac))
}

/// The entry behind a cookie that was made for that host.
pub fn read(keys: &Keys, text: &str, host: &str, now: Timestamp) -> Option<Uuid> {
    let mut fields = text.splitn(3, '.');
    if fields.next()? != FORM {
        return None;
    }
    let id = secrets::decode_id(fields.next()?)?;
    let mac = secrets::decode(fields.next()?)?;
    keys.signed(Purpose::Entry, &parts(&id, host), &mac, now).then_some(id)
}

fn parts<'a>(id: &'a Uuid, host: &'a str) -> [&'a [u8]; 3] {
    [FORM.as_bytes(), id.as_bytes(), host.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_good_at_its_own_host_alone() {
        let now = Timestamp(1_767_268_800_000);
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::in_file(&folder.path().join("keys.json"), now).unwrap();
        let id = secrets::random_id();
        let cookie = issue(&keys, id, "wiki.example.org");
        assert!(cookie.len() < 100, "{}", cookie.len());
        assert_eq!(read(&keys, &cookie, "wiki.example.org", now), Some(id));
        assert_eq!(read(&keys, &cookie, "files.example.org", now), None);
        for other in [&cookie[..cookie.len() - 1], &cookie[1..], "fa1.a.b", "fa1", ""] {
            assert_eq!(read(&keys, other, "wiki.example.org", now), None, "{other}");
        }
        assert_eq!(read(&keys, &format!("{cookie}A"), "wiki.example.org", now), None);
    }
}
