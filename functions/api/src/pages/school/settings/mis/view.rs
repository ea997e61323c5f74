//! What the page of the MIS shows.

use askama::Template;
use domain::report::ReportSystem;
use domain::sync::{Connector, MAX_SYNC_FILE_BYTES, MisSettings, SyncFile, Trial, TrialState, Windows};

use super::file;
use crate::forms::FormFields;
use crate::pages::kit::components::{Tag, Tone};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::files::FileLine;
use crate::pages::kit::form::{Choice, Field, Problem, error_of};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::words::LocalTime;
use crate::services::mis::{HOURS, entered_ms, seen, system_words, windows_words};

#[derive(Template)]
#[template(path = "mis.html")]
pub(crate) struct MisPage {
    frame: Frame,
    pub(super) notice: Option<String>,
    problems: Vec<Problem>,
    /// Which MIS is read, in words.
    now: String,
    /// Whether there is something to connect to.
    called: bool,
    trial: TrialView,
    /// Where files are handed in; `None` where the MIS is called.
    hand_in: Option<FilesView>,
    /// The kinds to choose from, the one of the form marked.
    kinds: Vec<Choice>,
    seen: String,
    code: &'static str,
    title: &'static str,
    /// `None` where no MIS is read.
    form: Option<KindForm>,
    sure_error: Option<String>,
}

/// Where files are handed in, and the latest ones.
pub(super) struct FilesView {
    /// What was read last.
    last: String,
    /// Largest file, in MB.
    most: u64,
    latest: Vec<FileLine>,
}

impl FilesView {
    pub(super) fn new(latest: &[SyncFile], context: &PageContext, now_ms: i64) -> Self {
        let read = context.standing.file;
        let line = |file: &SyncFile| FileLine {
            id: file.id.to_string(),
            tag: file::tag(file, read == Some(file.id), now_ms),
            name: file.name.clone(),
            words: format!("Handed in {}", context.local.when(file.made_ms)),
        };
        let last = match read.map(|id| i64::try_from(id.made_at_ms()).unwrap_or_default()) {
            Some(ms) => format!(
                "The address book is as the file has it that was handed in {}. A refresh without a new file reads that \
                 one again, for a month.",
                context.local.when(ms)
            ),
            None => "No file has been read yet.".to_owned(),
        };
        Self { last, most: MAX_SYNC_FILE_BYTES >> 20, latest: latest.iter().map(line).collect() }
    }
}

/// The form of one kind.
struct KindForm {
    lacks: &'static str,
    /// Whether it is called: it has an address, credentials and hours.
    called: bool,
    /// The systems that may write a report, for the kind that reads them.
    systems: Option<Vec<Choice>>,
    system_error: Option<String>,
    /// Whether contacts are taken, for the kinds that may leave them.
    contacts: Option<bool>,
    address: Field,
    school: Option<Field>,
    credentials_words: String,
    credentials: Vec<Field>,
    windows: WindowsForm,
}

/// When it is read.
struct WindowsForm {
    hourly: bool,
    hourly_from: Vec<Choice>,
    hourly_to: Vec<Choice>,
    hourly_error: Option<String>,
    overnight: Vec<Choice>,
}

/// How the latest trial came out, by itself.
#[derive(Template)]
#[template(path = "mis_live.html")]
pub(crate) struct TrialPart {
    pub(super) trial: TrialView,
}

/// How the latest trial came out.
pub(super) struct TrialView {
    /// What it is, in a word; `None` where the MIS was not tried.
    tag: Option<Tag>,
    words: String,
    waits: bool,
}

impl TrialView {
    pub(super) fn new(trial: Option<Trial>, local: &LocalTime, now_ms: i64) -> Self {
        let Some(trial) = trial else {
            let words = "Not tried yet with these settings.".to_owned();
            return Self { tag: None, words, waits: false };
        };
        let when = local.when(trial.asked_ms);
        let tag = |tone, words: &str| Some(Tag::new(tone, words));
        let told = |tone, word| Self {
            tag: tag(tone, word),
            words: format!("{} (tried {when})", trial.said),
            waits: false,
        };
        match trial.state {
            TrialState::Good => told(Tone::Delivered, "Works"),
            TrialState::OtherName => told(Tone::Waiting, "Look at this"),
            TrialState::Wrong => told(Tone::Failed, "Does not work"),
            TrialState::Waiting if trial.waits(now_ms) => Self {
                tag: tag(Tone::Sent, "Trying"),
                words: "Asking the MIS for the name of the school. This takes a few seconds.".to_owned(),
                waits: true,
            },
            TrialState::Waiting => Self {
                tag: tag(Tone::Waiting, "No outcome"),
                words: "The connection test did not finish: the sync may be busy. Try again.".to_owned(),
                waits: false,
            },
        }
    }
}

fn hours(chosen: Option<u8>) -> Vec<Choice> {
    let hour = |h: u8| Choice::new(h.to_string(), format!("{h:02}:00"), chosen == Some(h));
    (0..HOURS).map(hour).collect()
}

fn now_words(mis: &MisSettings) -> String {
    let Some(kind) = Connector::from_code(&mis.kind) else {
        return "No MIS is read: people come from uploads, from partners’ systems or by hand.".to_owned();
    };
    let left =
        if mis.leaves_contacts { " Contacts and their relationships are left as they are." } else { "" };
    match kind {
        Connector::Report => {
            let system = system_words(mis);
            return format!(
                "Reports that are handed in, written by {system}: CSV or Excel, read when they come.{left}"
            );
        }
        Connector::OneRosterCsv => {
            return "OneRoster packages that are handed in, read when they come.".to_owned();
        }
        _ => {}
    }
    let school = if mis.school.is_empty() { String::new() } else { format!(", school {}", mis.school) };
    format!("{} at {}{school}. Read {}.{left}", kind.words(), mis.address, windows_words(mis.windows))
}

impl MisPage {
    /// The form of `kind`, or of the school's own MIS: as it stands, or as it was typed. Credentials are never filled
    /// in.
    pub(super) fn new(
        frame: Frame,
        mis: &MisSettings,
        local: &LocalTime,
        trial: TrialView,
        kind: Option<&str>,
        form: Option<&FormFields>,
        problems: Vec<Problem>,
    ) -> Self {
        let kind = Connector::from_code(kind.unwrap_or(&mis.kind));
        let code = kind.map_or("none", Connector::code);
        let choice = |k: Connector| Choice::new(k.code(), k.words(), kind == Some(k));
        let mut kinds: Vec<Choice> = Connector::ALL.into_iter().map(choice).collect();
        kinds.push(Choice::new("none", "No MIS, or our own push", kind.is_none()));
        Self {
            frame,
            notice: None,
            now: now_words(mis),
            called: Connector::from_code(&mis.kind).is_some_and(|kind| !kind.reads_files()),
            hand_in: None,
            trial,
            kinds,
            seen: seen(mis),
            code,
            title: kind.map_or("No MIS is read", Connector::words),
            form: kind.map(|kind| KindForm::new(kind, mis, local, form, &problems)),
            sure_error: error_of(&problems, "sure"),
            problems,
        }
    }

    pub(super) fn with_files(self, hand_in: Option<FilesView>) -> Self {
        Self { hand_in, ..self }
    }
}

impl KindForm {
    fn new(
        kind: Connector,
        mis: &MisSettings,
        local: &LocalTime,
        form: Option<&FormFields>,
        problems: &[Problem],
    ) -> Self {
        let same = mis.kind == kind.code();
        let value = |name: &str, stored: &str| match form {
            Some(form) => form.text(name).to_owned(),
            None if same => stored.to_owned(),
            None => String::new(),
        };
        let usual = if same { "" } else { kind.only_address() };
        let address = Some(value("address", &mis.address)).filter(|a| !a.is_empty());
        let address = Field::new("address", "Address", address.unwrap_or_else(|| usual.to_owned()))
            .kind("url")
            .hint(format!("Such as {}", kind.usual_address()))
            .checked(problems);
        let school = kind.school_words().map(|words| {
            let field = Field::new("school", "The school’s ID", value("school", &mis.school)).hint(words);
            let field = if kind.needs_school() { field } else { field.optional() };
            field.checked(problems)
        });
        let credentials = kind.credentials().iter().map(|c| {
            // What is secret cannot be read over a shoulder; an address is no secret, but kept with the others.
            let field = Field::new(c.name, c.label, "").kind(if c.address { "url" } else { "password" });
            field.autocomplete(if c.address { "off" } else { "new-password" }).hint(c.hint).checked(problems)
        });
        Self {
            lacks: kind.lacks(),
            called: !kind.reads_files(),
            systems: (kind == Connector::Report).then(|| {
                let chosen = value("system", &mis.system);
                let choice = |s: ReportSystem| Choice::new(s.code(), s.words(), chosen == s.code());
                ReportSystem::ALL.into_iter().map(choice).collect()
            }),
            system_error: error_of(problems, "system"),
            contacts: kind.may_leave_contacts().then(|| match form {
                Some(form) => form.text("contacts") == "on",
                None => !(same && mis.leaves_contacts),
            }),
            address,
            school,
            credentials_words: credentials_words(mis, same, local),
            credentials: credentials.collect(),
            windows: WindowsForm::new(mis.windows, form, problems),
        }
    }
}

/// What to know of the credentials, which are never shown. `same`: the form is for the kind whose credentials are kept.
fn credentials_words(mis: &MisSettings, same: bool, local: &LocalTime) -> String {
    if !same || mis.secret.is_empty() {
        return "They are kept apart from all else and never shown again, not even to you.".to_owned();
    }
    let since = entered_ms(mis).map_or_else(String::new, |ms| format!(" since {}", local.when(ms)));
    format!(
        "Kept{since}, and never shown. Leave all of these empty to keep them; for another server they must be entered again."
    )
}

impl WindowsForm {
    fn new(windows: Windows, form: Option<&FormFields>, problems: &[Problem]) -> Self {
        let hour = |name: &str, stored: Option<u8>| match form {
            Some(form) => form.text(name).parse().ok(),
            None => stored,
        };
        let last = if windows.hourly_from.is_some() { windows.hourly_to } else { 17 };
        let night = hour("overnight", windows.overnight);
        let mut overnight = vec![Choice::new("", "Not at night", night.is_none())];
        overnight.extend(hours(night));
        Self {
            hourly: form.map_or(windows.hourly_from.is_some(), |form| form.text("hourly") == "on"),
            hourly_from: hours(hour("hourly_from", windows.hourly_from.or(Some(7)))),
            hourly_to: hours(hour("hourly_to", Some(last))),
            hourly_error: error_of(problems, "hourly_to").or_else(|| error_of(problems, "hourly_from")),
            overnight,
        }
    }
}

#[cfg(test)]
impl TrialPart {
    pub(crate) fn sample() -> Self {
        Self {
            trial: TrialView {
                tag: Some(Tag::new(Tone::Delivered, "Works")),
                words: "The MIS answers as Green Abbey School. (tried today 08:57)".to_owned(),
                waits: false,
            },
        }
    }
}

#[cfg(test)]
impl MisPage {
    fn sample_of(
        mis: &MisSettings,
        trial: TrialView,
        form: Option<&FormFields>,
        wrong: Vec<Problem>,
    ) -> Self {
        let local = LocalTime::new(1_788_260_400_000, jiff::tz::TimeZone::UTC);
        let frame = Frame::sample(crate::pages::kit::places::NavItem::SETTINGS);
        Self::new(frame, mis, &local, trial, None, form, wrong)
    }

    fn xporter() -> MisSettings {
        MisSettings {
            kind: "xporter".to_owned(),
            address: "https://xporter.groupcall.com/".to_owned(),
            school: "3285976".to_owned(),
            secret: "xporter-01K3ZZZZZZ0000000000000000".to_owned(),
            ..MisSettings::default()
        }
    }

    pub(crate) fn sample() -> Self {
        Self::sample_of(&Self::xporter(), TrialPart::sample().trial, None, Vec::new())
    }

    pub(crate) fn sample_report() -> Self {
        let mis =
            MisSettings { kind: "report".to_owned(), system: "seemis".to_owned(), ..MisSettings::default() };
        let untried = TrialView { tag: None, words: String::new(), waits: false };
        let line = FileLine {
            id: "01K3ZZZZZZ0000000000000000".to_owned(),
            tag: Tag::new(Tone::Delivered, "Read last"),
            name: "contacts.csv".to_owned(),
            words: "Handed in today 08:57".to_owned(),
        };
        let files = FilesView { last: "No file has been read yet.".to_owned(), most: 20, latest: vec![line] };
        Self::sample_of(&mis, untried, None, Vec::new()).with_files(Some(files))
    }

    pub(crate) fn sample_none() -> Self {
        let untried = TrialView { tag: None, words: "Not tried yet.".to_owned(), waits: false };
        Self::sample_of(&MisSettings::default(), untried, None, Vec::new())
    }

    pub(crate) fn sample_with_problems() -> Self {
        let wrong = vec![
            Problem::new("address", "The address must begin with https://, so that nobody can read along."),
            Problem::new("password", "Enter this too: credentials are kept and replaced all together."),
            Problem::new("hourly_to", "The last hourly run cannot be before the first."),
            Problem::new("sure", "Tick that you mean to change this for the whole school."),
        ];
        let form = FormFields::parse(b"kind=xporter&address=http://mis.example/&school=3285976&hourly=on");
        let waiting = TrialView {
            tag: Some(Tag::new(Tone::Failed, "Does not work")),
            words: "The MIS does not answer. (tried today 08:57)".to_owned(),
            waits: false,
        };
        Self::sample_of(&Self::xporter(), waiting, Some(&form), wrong)
    }
}
