//! A browser's cookies, taken as strictly as a browser takes them.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// The cookies that a browser has, by name.
#[derive(Default)]
pub struct Jar(Mutex<BTreeMap<String, String>>);

impl Clone for Jar {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap().clone()))
    }
}

impl Jar {
    /// Keeps the cookie of a `Set-Cookie` line, or drops it where the line says
    /// so. Panics where a browser would not keep a cookie of that prefix, or
    /// where a script could read it.
    pub fn take(&self, line: &str) {
        let (pair, attributes) = line.split_once("; ").unwrap();
        assert!(attributes.starts_with("HttpOnly; Secure; SameSite=Lax; Path=/"), "{line}");
        assert!(!attributes.contains("Domain"), "{line}");
        let (name, value) = pair.split_once('=').unwrap();
        assert!(name.starts_with("__Host-"), "{line}");
        if attributes.contains("Max-Age=0") {
            self.forget(name);
        } else {
            self.set(name, value);
        }
    }

    /// All of them, as they are sent; empty when there are none.
    pub fn header(&self) -> String {
        let cookies = self.0.lock().unwrap();
        let pairs: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().get(name).cloned()
    }

    /// Puts one in, of any origin.
    pub fn set(&self, name: &str, value: &str) {
        self.0.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Puts in all of another browser's.
    pub fn add_all(&self, other: &Self) {
        self.0.lock().unwrap().extend(other.clone().0.into_inner().unwrap());
    }

    /// A browser drops a cookie whose time is over.
    pub fn forget(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }

    /// Drops all others.
    pub fn keep_only(&self, name: &str) {
        self.0.lock().unwrap().retain(|known, _| known == name);
    }

    /// Drops all.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}
