//! The log: tracing lines of this crate and of nobody else. Rocket writes
//! rejected form values, paths and cookies into its own log, so its log is
//! never enabled.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// One JSON object a line.
    Json,
}

/// Takes every record of the `log` crate and keeps none, but for what is wrong
/// with a template, and that only while developing: it may quote a value.
struct Silence;

impl log::Log for Silence {
    fn enabled(&self, about: &log::Metadata<'_>) -> bool {
        cfg!(debug_assertions) && about.target().starts_with("rocket_dyn_templates")
    }
    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            tracing::error!(what = %record.args(), "template");
        }
    }
    fn flush(&self) {}
}

/// Starts logging to standard error. Call once, before anything of Rocket.
pub fn start(format: LogFormat, level: LevelFilter) {
    // The first logger stays: Rocket sets its own only if there is none.
    if log::set_logger(&Silence).is_ok() {
        let developing = cfg!(debug_assertions);
        log::set_max_level(if developing {
            log::LevelFilter::Error
        } else {
            log::LevelFilter::Off
        });
    }
    let ours = Targets::new().with_target("doorward", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(ours);
    let started = match format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init(),
    };
    if started.is_err() {
        // Another subscriber is in place, as in tests: it stays.
    }
    std::panic::set_hook(Box::new(|panic| {
        // Where, not what: the message may hold a value.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "error.panic");
    }));
}
