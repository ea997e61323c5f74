//! Faults that every format over HTTP meets, and what must become of each.

use std::future::Future;
use std::sync::Arc;

use domain::feed::Part;
use sync::mis::{Counter, Mis, MisError};

use super::school::all_of;
use super::server::{Fault, Reply, Server};

/// Whether an error is the right one.
pub(crate) type Right = fn(&MisError) -> bool;

/// What differs between formats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    /// Requests before the first page, such as for a token.
    pub(crate) first: usize,
    /// A part of several pages.
    pub(crate) part: Part,
    /// Whether a refused token is replaced and the page asked for once more.
    pub(crate) renews: bool,
}

pub(crate) fn is_truncated(e: &MisError) -> bool {
    matches!(e, MisError::Truncated(_))
}

pub(crate) fn is_malformed(e: &MisError) -> bool {
    matches!(e, MisError::Malformed(_))
}

pub(crate) fn is_inconsistent(e: &MisError) -> bool {
    matches!(e, MisError::Inconsistent(_))
}

pub(crate) fn is_too_large(e: &MisError) -> bool {
    matches!(e, MisError::TooLarge(_))
}

fn busy(seconds: &str) -> Fault {
    Fault::Answer(Reply::status(429).with("retry-after", seconds))
}

fn answer(status: u16) -> Fault {
    Fault::Answer(Reply::status(status))
}

fn again(fault: &Fault) -> Vec<Fault> {
    vec![fault.clone(); 4]
}

/// Faults that stay, and what they are told for.
fn staying() -> [(&'static str, Vec<Fault>, Right); 9] {
    [
        ("401", again(&answer(401)), |e| matches!(e, MisError::Unauthorised { status: 401 })),
        ("403", again(&answer(403)), |e| matches!(e, MisError::Unauthorised { status: 403 })),
        ("404", vec![answer(404)], |e| matches!(e, MisError::Refused { status: 404, .. })),
        (
            "a redirect",
            vec![Fault::Answer(Reply::status(302).with("location", "http://169.254.169.254/"))],
            |e| matches!(e, MisError::Refused { status: 302, .. }),
        ),
        ("429 for an hour", vec![busy("3600")], |e| {
            matches!(e, MisError::TooManyRequests { retry_after_s: Some(3600) })
        }),
        ("500 for good", again(&answer(500)), |e| matches!(e, MisError::Unreachable(_))),
        ("half of the JSON", vec![Fault::Half], is_truncated),
        ("dies on the page, always", again(&Fault::DiesMidway), is_truncated),
        ("another form", vec![Fault::Answer(Reply::ok("<html>Sign in</html>"))], is_malformed),
    ]
}

/// Faults that pass.
fn passing() -> [(&'static str, Vec<Fault>); 4] {
    [
        ("429 for two seconds", vec![busy("2")]),
        ("500 then right", vec![answer(500), answer(503)]),
        ("dies midway once", vec![Fault::DiesMidway]),
        ("slow once", vec![Fault::Silent]),
    ]
}

/// Lets each fault strike the first page, then a later one: those that pass are got over with the same feed as
/// without them, and those that stay are told for what they are.
pub(crate) async fn check<F, S>(start: F, format: Format)
where
    F: Fn() -> S,
    S: Future<Output = (Server, Arc<dyn Mis>)>,
{
    let (_server, mis) = start().await;
    let right = mis.read(all_of(format.part), &Counter::default()).await.unwrap();
    for later in [0, 1] {
        let before = || vec![Fault::None; format.first + later];
        for (what, faults, is_right) in staying() {
            let (server, mis) = start().await;
            // A refused token is asked for once more before it has failed.
            let faults = if format.renews && (what == "401" || what == "403") {
                vec![faults[0].clone(), Fault::None, faults[0].clone()]
            } else {
                faults
            };
            server.fail(before().into_iter().chain(faults));
            let read = mis.read(all_of(format.part), &Counter::default()).await;
            let error = read.expect_err(what);
            assert!(is_right(&error), "{what} after {later}: {error:?}");
            assert!(!error.public().is_empty());
        }
        for (what, faults) in passing() {
            let (server, mis) = start().await;
            server.fail(before().into_iter().chain(faults));
            let read = mis.read(all_of(format.part), &Counter::default()).await;
            assert_eq!(read.expect(what), right, "{what} after {later}");
        }
    }
    let (server, mis) = start().await;
    server.fail(std::iter::repeat_n(Fault::None, format.first).chain(vec![Fault::Silent; 4]));
    let error = mis.read(all_of(format.part), &Counter::default()).await.expect_err("slow for good");
    assert!(matches!(error, MisError::Unreachable(_)), "{error:?}");
    assert_eq!(server.requests(), format.first + 4, "four attempts");
}
