//! Reading a request's body: bounded in size and in time, and whole or not at all.

use std::time::Duration;

use rocket::Data;
use rocket::data::ToByteUnit;
use rocket::http::Status;
use rocket::tokio::io::{AsyncReadExt, sink};
use rocket::tokio::time::timeout;

/// The largest form or JSON body.
pub const MOST_BYTES: usize = 16 * 1024;

/// How much of a body that is too large is read and thrown away, so that its
/// sender gets to see the answer instead of a broken connection.
const DRAINED_MEBIBYTES: u64 = 8;

const PATIENCE: Duration = Duration::from_secs(10);

/// The whole body.
///
/// # Errors
/// 413 when it is larger than [`MOST_BYTES`], 408 when it does not arrive in
/// time, 400 when the connection fails half-way.
pub async fn read(data: Data<'_>) -> Result<Vec<u8>, Status> {
    let read = async {
        let mut stream = data.open(DRAINED_MEBIBYTES.mebibytes());
        let mut body = Vec::new();
        let most = MOST_BYTES as u64 + 1;
        (&mut stream).take(most).read_to_end(&mut body).await.map_err(|_| Status::BadRequest)?;
        if body.len() > MOST_BYTES {
            rocket::tokio::io::copy(&mut stream, &mut sink())
                .await
                .map_err(|_| Status::BadRequest)?;
            return Err(Status::PayloadTooLarge);
        }
        Ok(body)
    };
    timeout(PATIENCE, read).await.unwrap_or(Err(Status::RequestTimeout))
}
