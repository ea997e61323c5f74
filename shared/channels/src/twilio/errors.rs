//! What Twilio's error codes mean to a school.
//!
//! Twilio adds codes and splits old ones, so the table names those that matter and every other code falls into the
//! class of its range.

use domain::delivery::Reason;

/// What a failure means, and whether the same send may work later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Why it failed.
    pub reason: Reason,
    /// Whether to try again.
    pub again: bool,
}

const fn final_(reason: Reason) -> Meaning {
    Meaning { reason, again: false }
}

const fn again(reason: Reason) -> Meaning {
    Meaning { reason, again: true }
}

/// The meaning of a code, of an HTTP status, or of both. 429 and 503 always mean *later*, whatever code they carry.
pub fn classify(code: Option<u32>, status: Option<u16>) -> Meaning {
    if matches!(status, Some(429 | 503)) {
        return again(Reason::TryLater);
    }
    match code {
        Some(code) => named(code).unwrap_or_else(|| by_range(code, status)),
        None => by_status(status),
    }
}

/// The codes whose meaning is known one by one.
const fn named(code: u32) -> Option<Meaning> {
    Some(match code {
        // No such number: malformed, unassigned or never in service.
        13_223 | 13_224 | 13_226 | 20_023 | 21_211 | 21_217 | 21_401 | 21_421 | 30_005 => {
            final_(Reason::NoSuchAddress)
        }
        // A number that cannot take texts, or that is not called on principle.
        21_202 | 21_612 | 21_614 | 30_006 | 30_011 => final_(Reason::WrongKind),
        21_610 => final_(Reason::OptedOut),
        21_214 => final_(Reason::Unreachable),
        30_003 => again(Reason::Unreachable),
        // The network or a block list took offence at the text or the number.
        13_225 | 21_216 | 21_618 | 30_004 | 30_007 | 30_019 => final_(Reason::Blocked),
        // Queues, limits and faults that pass by themselves.
        20_162 | 20_409 | 20_429 | 21_611 | 21_619 | 21_730 | 30_001 | 30_017 | 30_020 | 30_021 | 30_022
        | 30_023 | 30_027 | 30_410 | 63_018 => again(Reason::TryLater),
        // The account, the sender or the request is wrong: nothing about this family's number.
        30_002 | 30_010 | 30_012..=30_016 | 30_018 | 30_024 | 30_028..=30_035 => final_(Reason::OurFault),
        30_008 | 30_009 => again(Reason::Other),
        _ => return None,
    })
}

/// The class of a code that is not known by itself.
const fn by_range(code: u32, status: Option<u16>) -> Meaning {
    match code {
        // Requests and accounts.
        20_000..=20_999 => by_status(match status {
            None => Some(400),
            known => known,
        }),
        // Fetching and reading instructions for calls, dialling; and accounts, calls, numbers, texts and messaging
        // services, where nearly all say that the request or the set-up is wrong.
        11_000..=13_999 | 21_000..=21_999 => final_(Reason::OurFault),
        // Carriers.
        30_000..=30_999 => again(Reason::Other),
        _ => by_status(status),
    }
}

const fn by_status(status: Option<u16>) -> Meaning {
    match status {
        Some(408 | 409 | 423 | 425) => again(Reason::TryLater),
        Some(400..=499) => final_(Reason::OurFault),
        Some(_) => again(Reason::TryLater),
        None => final_(Reason::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes_mean_what_a_school_can_act_on() {
        let cases = [
            (21_211, Reason::NoSuchAddress, false),
            (21_217, Reason::NoSuchAddress, false),
            (30_005, Reason::NoSuchAddress, false),
            (21_614, Reason::WrongKind, false),
            (30_006, Reason::WrongKind, false),
            (21_610, Reason::OptedOut, false),
            (30_003, Reason::Unreachable, true),
            (30_004, Reason::Blocked, false),
            (30_007, Reason::Blocked, false),
            (20_429, Reason::TryLater, true),
            (30_001, Reason::TryLater, true),
            (63_018, Reason::TryLater, true),
            (30_008, Reason::Other, true),
            (20_003, Reason::OurFault, false),
            (21_212, Reason::OurFault, false),
            (21_408, Reason::OurFault, false),
            (21_606, Reason::OurFault, false),
            (21_617, Reason::OurFault, false),
            (13_227, Reason::OurFault, false),
            (30_002, Reason::OurFault, false),
        ];
        for (code, reason, again) in cases {
            assert_eq!(classify(Some(code), None), Meaning { reason, again }, "{code}");
            assert_eq!(classify(Some(code), Some(400)), Meaning { reason, again }, "{code} with 400");
        }
    }

    #[test]
    fn a_code_that_nobody_knows_falls_into_its_class() {
        let cases = [
            (Some(20_998), Some(401), Reason::OurFault, false),
            (Some(20_998), None, Reason::OurFault, false),
            (Some(21_999), Some(400), Reason::OurFault, false),
            (Some(30_999), None, Reason::Other, true),
            (Some(13_999), None, Reason::OurFault, false),
            (Some(11_200), None, Reason::OurFault, false),
            (Some(99_999), None, Reason::Other, false),
            (Some(99_999), Some(403), Reason::OurFault, false),
            (None, Some(404), Reason::OurFault, false),
            (None, Some(408), Reason::TryLater, true),
            (None, None, Reason::Other, false),
        ];
        for (code, status, reason, again) in cases {
            assert_eq!(classify(code, status), Meaning { reason, again }, "{code:?} {status:?}");
        }
    }

    #[test]
    fn slow_down_and_out_of_order_always_mean_later() {
        for code in [None, Some(21_211), Some(20_003), Some(7)] {
            for status in [429, 503] {
                assert_eq!(classify(code, Some(status)), again(Reason::TryLater));
            }
        }
    }

    #[test]
    fn every_published_code_has_a_meaning() {
        let Some(published) = crate::specs::json("twilio/error_codes.json") else {
            return;
        };
        let published = published.as_array().unwrap();
        for entry in published {
            let code = u32::try_from(entry["code"].as_u64().unwrap()).unwrap();
            for status in [None, Some(400)] {
                let meaning = classify(Some(code), status);
                let carrier = (30_000..31_000).contains(&code);
                assert!(carrier || meaning.reason != Reason::Other, "{code} has no class");
                // What is our fault is not cured by trying again.
                assert!(meaning.reason != Reason::OurFault || !meaning.again, "{code}");
            }
        }
        assert!(published.len() > 300);
    }
}
