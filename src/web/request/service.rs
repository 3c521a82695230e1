//! The service that a request is for.

use std::sync::Arc;

use rocket::{Request, State};

use crate::service::Doorward;

/// The service, as routes take it.
pub type Service = State<Arc<Doorward>>;

impl Doorward {
    /// The service that this request is for.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        let service: &Arc<Self> = request.rocket().state().expect("the service is managed");
        service
    }
}
