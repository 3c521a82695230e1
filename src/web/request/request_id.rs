//! The name of a request.

use rocket::Request;

use crate::base::secrets;

/// Names a request in the log and on error pages.
pub struct RequestId(String);

impl RequestId {
    /// The same for everyone who asks during one request.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r str {
        &request.local_cache(|| Self(secrets::encode(&secrets::random::<9>()))).0
    }
}
