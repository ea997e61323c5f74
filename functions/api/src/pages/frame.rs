//! What stands around every page: the school, the user, and where one can go.

use domain::people::{Page, Rights};

use super::sync::SyncLine;

/// Where the user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Home,
    Absence,
    Preferences,
    Send,
    History,
    Authorise,
    Contacts,
    Tools,
    Upload,
    Usage,
    Settings,
    ReleaseNotes,
    Sync,
    Users,
    Audit,
    /// On no page of ours: what was asked for went wrong.
    Nowhere,
}

impl Here {
    const ALL: [Self; 15] = [
        Self::Home,
        Self::Absence,
        Self::Preferences,
        Self::Send,
        Self::History,
        Self::Authorise,
        Self::Contacts,
        Self::Tools,
        Self::Upload,
        Self::Usage,
        Self::Settings,
        Self::ReleaseNotes,
        Self::Sync,
        Self::Users,
        Self::Audit,
    ];

    /// What has to be open to them for this.
    pub(crate) const fn page(self) -> Page {
        match self {
            Self::Home
            | Self::Preferences
            | Self::Tools
            | Self::ReleaseNotes
            | Self::Sync
            | Self::Nowhere => Page::Own,
            Self::Settings => Page::Settings,
            Self::Send | Self::Absence => Page::Compose,
            Self::History => Page::History,
            Self::Authorise => Page::Authorise,
            Self::Contacts => Page::Contacts,
            Self::Upload => Page::Upload,
            Self::Usage => Page::Usage,
            Self::Users => Page::Users,
            Self::Audit => Page::Audit,
        }
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Absence => "absence",
            Self::Preferences => "preferences",
            Self::Send => "send",
            Self::History => "history",
            Self::Authorise => "authorise",
            Self::Contacts => "contacts",
            Self::Tools => "tools",
            Self::Upload => "upload",
            Self::Usage => "usage",
            Self::Settings => "settings",
            Self::ReleaseNotes => "release-notes",
            Self::Sync => "sync",
            Self::Users => "users",
            Self::Audit => "audit",
            Self::Nowhere => "nowhere",
        }
    }
}

/// A way to another page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) href: &'static str,
    pub(crate) words: &'static str,
    /// For the bottom bar of a phone.
    pub(crate) short: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) here: bool,
    /// How many things wait there; 0 for none.
    pub(crate) count: u32,
}

/// The frame of one page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Name of the school.
    pub(crate) school: String,
    /// Where its logo is, if it has put one up.
    pub(crate) logo: Option<String>,
    /// Whether it has parental payments enabled.
    pub(crate) payments: bool,
    /// Name of the user.
    pub(crate) user: String,
    /// The school's time zone, for the footer.
    pub(crate) zone: String,
    /// Goes into every form.
    pub(crate) csrf: String,
    /// The page's place.
    pub(crate) here: Here,
    /// What the user may open: nothing else is offered.
    pub(crate) rights: Rights,
    /// They are a member of more than one school, and can switch.
    pub(crate) several_schools: bool,
    /// Groups outside of which they see nobody, in words.
    pub(crate) linked: Option<String>,
    /// Messages that wait for them to authorise.
    pub(crate) waiting: u32,
    /// How fresh the copy of the MIS is; `None` where the school has no MIS.
    pub(crate) sync: Option<SyncLine>,
}

impl Frame {
    /// The pages that most people need, in order.
    pub(crate) fn links(&self) -> Vec<Link> {
        let link = |place: Here, href, words, short| Link {
            href,
            words,
            short,
            hint: "",
            icon: place.code(),
            here: self.here == place,
            count: if place == Here::Authorise { self.waiting } else { 0 },
        };
        self.open_to_them([
            (Here::Send, link(Here::Send, "/send", "Send a message", "Send")),
            (Here::History, link(Here::History, "/history", "History", "History")),
            (Here::Authorise, link(Here::Authorise, "/authorise", "Authorise", "Authorise")),
            (Here::Contacts, link(Here::Contacts, "/contacts", "Contacts", "Contacts")),
        ])
    }

    /// The pages under *Tools*.
    pub(crate) fn tools(&self) -> Vec<Link> {
        let link = |place: Here, href, words, hint| Link {
            href,
            words,
            short: words,
            hint,
            icon: place.code(),
            here: self.here == place,
            count: 0,
        };
        self.open_to_them([
            (
                Here::Absence,
                link(Here::Absence, "/absence", "Absences", "Who is missing, and whose family knows"),
            ),
            (
                Here::Preferences,
                link(
                    Here::Preferences,
                    "/preferences",
                    "User preferences",
                    "Your e-mail address, password and second step",
                ),
            ),
            (
                Here::Settings,
                link(
                    Here::Settings,
                    "/settings",
                    "Account settings",
                    "What governs your school’s messages; API keys",
                ),
            ),
            (Here::Users, link(Here::Users, "/users", "Users", "Who may sign in, and what they may do")),
            (Here::Upload, link(Here::Upload, "/upload", "Upload data", "Load contacts from a spreadsheet")),
            (
                Here::Usage,
                link(Here::Usage, "/usage", "Usage", "What was sent, day by day, and what it came to"),
            ),
            (
                Here::ReleaseNotes,
                link(Here::ReleaseNotes, "/release-notes", "Release notes", "What is new in Messenger"),
            ),
            (Here::Audit, link(Here::Audit, "/audit", "Audit", "Who did what, and when")),
        ])
    }

    fn open_to_them<const N: usize>(&self, links: [(Here, Link); N]) -> Vec<Link> {
        let open = links.into_iter().filter(|(place, _)| self.rights.may_open(place.page()));
        open.map(|(_, link)| link).collect()
    }

    /// Whether a place, by its code, is open to them: for links elsewhere on a page.
    pub(crate) fn opens(&self, code: &str) -> bool {
        Here::ALL.iter().any(|place| place.code() == code && self.rights.may_open(place.page()))
    }

    pub(crate) fn in_tools(&self) -> bool {
        matches!(
            self.here,
            Here::Tools
                | Here::Absence
                | Here::Preferences
                | Here::Upload
                | Here::Usage
                | Here::Audit
                | Here::Settings
                | Here::ReleaseNotes
                | Here::Users
        )
    }

    pub(crate) fn school_initials(&self) -> String {
        initials(&self.school)
    }

    pub(crate) fn user_initials(&self) -> String {
        initials(&self.user)
    }
}

/// The first letters of the first two words.
fn initials(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’').filter(|w| !w.is_empty());
    words.filter_map(|w| w.chars().next()).take(2).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
impl Frame {
    pub(crate) fn sample(here: Here) -> Self {
        Self {
            school: "Green Abbey School".to_owned(),
            logo: None,
            payments: false,
            user: "Morgan Ellis".to_owned(),
            zone: "Europe/London".to_owned(),
            csrf: "sample".to_owned(),
            here,
            rights: Rights::new(
                domain::people::Roles::all(),
                domain::people::Switches { voice: true, payments: false },
            ),
            several_schools: true,
            linked: None,
            waiting: 2,
            sync: Some(SyncLine { working: false, words: "Up to date, today 08:45".to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_two_words() {
        for (name, letters) in
            [("Green Abbey School", "GA"), ("5976.joe.bloggs", "5J"), ("élan", "É"), ("", "")]
        {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
