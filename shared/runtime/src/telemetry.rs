//! Logs: one JSON line each in Lambda, plain lines on a terminal. Ids only, never a person's data.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::variable;

/// Starts logging; `LOG_FORMAT=json` and `RUST_LOG` are read from the environment. A second call changes nothing.
///
/// `RUST_LOG` is a level, or levels by module, as `info,dynoxide=error`; filters by span or field would cost the
/// functions a regex engine.
pub fn start_logging() {
    let lines = fmt::layer().with_target(false);
    let registry = tracing_subscriber::registry().with(filter(variable("RUST_LOG").as_deref()));
    // A panic's own text may quote a person's data: only where it happened is logged.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    let json_wanted = variable("LOG_FORMAT").is_some_and(|v| v == "json");
    // An error means that logging was started before, as in a test.
    let _ = if json_wanted {
        registry.with(lines.json()).try_init()
    } else {
        registry.with(lines.compact()).try_init()
    };
}

/// Informative unless something else is asked for in words that can be read.
fn filter(asked: Option<&str>) -> Targets {
    let ordinary =
        || Targets::new().with_default(LevelFilter::INFO).with_target("dynoxide", LevelFilter::ERROR);
    asked.and_then(|text| text.parse().ok()).unwrap_or_else(ordinary)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn what_is_logged_follows_the_environment() {
        let cases = [
            (None, "dispatch", Level::INFO, true),
            (None, "dispatch", Level::DEBUG, false),
            (None, "dynoxide::server", Level::WARN, false),
            (Some("not=a=filter"), "dispatch", Level::INFO, true),
            (Some("warn"), "dispatch", Level::INFO, false),
            (Some("warn"), "dispatch", Level::WARN, true),
            (Some("warn,dispatch=debug"), "dispatch::send", Level::DEBUG, true),
            (Some("warn,dispatch=debug"), "store", Level::INFO, false),
        ];
        for (asked, module, level, logged) in cases {
            assert_eq!(filter(asked).would_enable(module, &level), logged, "{asked:?} {module} {level}");
        }
    }
}
