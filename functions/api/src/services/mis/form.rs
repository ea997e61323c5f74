//! The form of the MIS: checked whole.

use domain::report::{ReportMapping, ReportSystem};
use domain::sync::{Connector, MisSettings, Windows};
use runtime::{Blocked, Outside, SecretText};

use crate::error::FieldError;
use crate::forms::FormFields;

/// Longest address, and longest credential, in bytes.
const LONGEST: usize = 2_000;
/// Hours of a day.
pub const HOURS: u8 = 24;

/// Reads the MIS from a form: as it would be, with new credentials where some were typed; or everything that is wrong.
pub fn read(
    before: &MisSettings,
    form: &FormFields,
    outside: Outside,
) -> Result<(MisSettings, Option<SecretText>), Vec<FieldError>> {
    if form.text("kind") == "none" {
        return Ok((MisSettings { windows: before.windows, ..MisSettings::default() }, None));
    }
    let Some(kind) = Connector::from_code(form.text("kind")) else {
        return Err(vec![FieldError::new("kind", "Choose one of the kinds of MIS that are listed.")]);
    };
    // An unticked box is no field.
    let leaves_contacts = kind.may_leave_contacts() && form.text("contacts") != "on";
    if kind.reads_files() {
        return of_files(before, kind, form).map(|mis| (MisSettings { leaves_contacts, ..mis }, None));
    }
    let mut errors = Vec::new();
    let address = form.text("address");
    if let Err(words) = checked(address, outside) {
        errors.push(FieldError::new("address", words));
    }
    let school = form.text("school");
    errors.extend(wrong_school(kind, school));
    // Credentials are kept for the server that they were entered for, and sent to no other.
    let kept =
        !before.secret.is_empty() && before.kind == kind.code() && origin(&before.address) == origin(address);
    let text = credentials(kind, form, kept, outside).unwrap_or_else(|wrong| {
        errors.extend(wrong);
        None
    });
    let windows = windows(form).unwrap_or_else(|wrong| {
        errors.push(wrong);
        before.windows
    });
    if !errors.is_empty() {
        return Err(errors);
    }
    let secret = if kept { before.secret.clone() } else { String::new() };
    let mis = MisSettings {
        kind: kind.code().to_owned(),
        address: address.to_owned(),
        school: school.to_owned(),
        secret,
        windows,
        leaves_contacts,
        ..MisSettings::default()
    };
    Ok((mis, text))
}

fn wrong_school(kind: Connector, school: &str) -> Option<FieldError> {
    let words = match school {
        "" if kind.needs_school() => "Enter how the MIS names the school.",
        _ if !kind.is_school(school) => "This cannot be the name of a school in this MIS.",
        _ => return None,
    };
    Some(FieldError::new("school", words))
}

/// What is handed in has no address and no windows. Columns that were matched stay for the system whose they are.
fn of_files(
    before: &MisSettings,
    kind: Connector,
    form: &FormFields,
) -> Result<MisSettings, Vec<FieldError>> {
    let mis = MisSettings { kind: kind.code().to_owned(), windows: before.windows, ..MisSettings::default() };
    if kind != Connector::Report {
        return Ok(mis);
    }
    let Some(system) = ReportSystem::from_code(form.text("system")) else {
        return Err(vec![FieldError::new("system", "Choose the system that writes the report.")]);
    };
    let same = before.kind == mis.kind && before.system == system.code();
    let columns = if same { before.columns.clone() } else { ReportMapping::new() };
    Ok(MisSettings { system: system.code().to_owned(), columns, ..mis })
}

/// Scheme, host and port.
fn origin(address: &str) -> Option<(String, String)> {
    let (scheme, rest) = address.trim().split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some((scheme.to_ascii_lowercase(), host.to_ascii_lowercase()))
}

fn checked(address: &str, outside: Outside) -> Result<(), &'static str> {
    if address.len() > LONGEST || address.contains('?') {
        return Err("Enter the address alone, without a question mark and what follows it.");
    }
    outside.check(address).map(|_| ()).map_err(|blocked| match blocked {
        Blocked::Unusable => {
            "Enter a whole address, such as https://mis.example/api, without a user name in it."
        }
        Blocked::NotHttps => "The address must begin with https://, so that nobody can read along.",
        Blocked::NotPublic => "This address leads into a network that is not public. It will not be called.",
    })
}

/// The credentials that were typed; `None` where all fields are empty and those from before are kept.
fn credentials(
    kind: Connector,
    form: &FormFields,
    kept: bool,
    outside: Outside,
) -> Result<Option<SecretText>, Vec<FieldError>> {
    let known = kind.credentials();
    if kept && known.iter().all(|c| form.text(c.name).is_empty()) {
        return Ok(None);
    }
    let mut errors = Vec::new();
    let mut object = serde_json::Map::new();
    for credential in known {
        let typed = form.text(credential.name);
        let wrong = if typed.is_empty() {
            Some("Enter this too: credentials are kept and replaced all together.")
        } else if typed.len() > LONGEST || typed.chars().any(char::is_control) {
            Some("This is too long, or has a line break in it.")
        } else if credential.address {
            checked(typed, outside).err()
        } else {
            None
        };
        errors.extend(wrong.map(|words| FieldError::new(credential.name, words)));
        object.insert(credential.name.to_owned(), typed.into());
    }
    if errors.is_empty() {
        Ok(Some(SecretText::new(serde_json::Value::Object(object).to_string())))
    } else {
        Err(errors)
    }
}

fn windows(form: &FormFields) -> Result<Windows, FieldError> {
    let hour = |name: &'static str| {
        let hour = form.text(name).parse::<u8>().ok().filter(|hour| *hour < HOURS);
        hour.ok_or_else(|| FieldError::new(name, "Choose an hour of the day."))
    };
    let (hourly_from, hourly_to) = if form.text("hourly") == "on" {
        let (from, to) = (hour("hourly_from")?, hour("hourly_to")?);
        if from > to {
            return Err(FieldError::new("hourly_to", "The last hourly run cannot be before the first."));
        }
        (Some(from), to)
    } else {
        (None, 0)
    };
    let overnight = if form.text("overnight").is_empty() { None } else { Some(hour("overnight")?) };
    Ok(Windows { hourly_from, hourly_to, overnight })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(errors: Result<(MisSettings, Option<SecretText>), Vec<FieldError>>) -> Vec<String> {
        errors.err().unwrap_or_default().into_iter().map(|e| e.field).collect()
    }

    fn form(text: &str) -> FormFields {
        FormFields::parse(text.as_bytes())
    }

    const WONDE: &str = "kind=wonde&address=https://api.wonde.com/v1.0&school=A1&hourly=on&hourly_from=7&hourly_to=17\
                         &overnight=2";

    fn saved() -> MisSettings {
        let (mis, _) =
            read(&MisSettings::default(), &form(&format!("{WONDE}&token=t")), Outside::Internet).unwrap();
        MisSettings { secret: "wonde-1".to_owned(), ..mis }
    }

    #[test]
    fn credentials_are_kept_for_the_same_server_and_asked_for_again_for_another() {
        let (mis, text) = read(&saved(), &form(&WONDE.replace("v1.0", "v1.1")), Outside::Internet).unwrap();
        assert!(mis.secret == "wonde-1" && text.is_none());
        for elsewhere in [
            WONDE.replace("api.wonde.com", "thief.example.org"),
            WONDE.replace("api.wonde.com", "api.wonde.com:444"),
            WONDE.replace("api.wonde.com", "api.wonde.com.thief.example.org"),
        ] {
            assert_eq!(
                fields(read(&saved(), &form(&elsewhere), Outside::Internet)),
                ["token"],
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let wrong = "kind=xporter&address=http://10.0.0.1/&school=32/85&token_url=https://169.254.169.254/&password=p\
                     &hourly=on&hourly_from=17&hourly_to=7";
        let named = fields(read(&MisSettings::default(), &form(wrong), Outside::Internet));
        assert_eq!(named, ["address", "school", "token_url", "relying_party", "hourly_to"]);
        assert_eq!(fields(read(&saved(), &form("kind=excel"), Outside::Internet)), ["kind"]);
    }

    #[test]
    fn without_an_mis_nothing_is_kept_but_the_windows() {
        let (mis, text) = read(&saved(), &form("kind=none"), Outside::Internet).unwrap();
        assert!(!mis.is_on() && mis.secret.is_empty() && text.is_none());
        assert_eq!(mis.windows, saved().windows);
    }
}
