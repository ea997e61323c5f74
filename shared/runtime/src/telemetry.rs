//! Logs: one JSON line each in Lambda, plain lines on a terminal. Ids only, never a person's data.

use tracing_subscriber::EnvFilter;

/// Starts logging; `LOG_FORMAT=json` and `RUST_LOG` are read from the environment. A second call changes nothing.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,dynoxide=error"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    // A panic's own text may quote a person's data: only where it happened is logged.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    // An error means that logging was started before, as in a test.
    let _ = if json_wanted() { builder.json().try_init() } else { builder.compact().try_init() };
}

#[expect(clippy::disallowed_methods, reason = "the environment is read in this crate only")]
fn json_wanted() -> bool {
    std::env::var("LOG_FORMAT").is_ok_and(|v| v == "json")
}
