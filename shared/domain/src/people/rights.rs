//! The one function that says what a member of staff may open and do.

use super::role::{Role, Roles};

/// A page, or a set of pages that open together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Home, own preferences, release notes.
    Own,
    /// Writing a message.
    Compose,
    /// Messages that wait for approval.
    Authorise,
    /// Every message and its deliveries, and replies.
    History,
    /// The address book.
    Contacts,
    /// Groups.
    Groups,
    /// What calls are put together from.
    VoiceLibrary,
    /// Message and letter templates.
    Templates,
    /// Bringing in a spreadsheet.
    Upload,
    /// What is wrong with the address book.
    DataQuality,
    /// Users and their roles.
    Users,
    /// The school's settings.
    Settings,
    /// What was sent per day.
    Usage,
    /// Who did what.
    Audit,
    /// Parental payments.
    Payments,
}

/// Something that is done, as against seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Change one's own preferences.
    ChangeOwnPreferences,
    /// Write a message, which may then wait for approval.
    Compose,
    /// Send what one wrote oneself, at once.
    SendOwn,
    /// Approve, reject or edit what another wrote.
    AuthoriseOthers,
    /// Send a message again to those it did not reach, or stop one that another wrote.
    ControlSending,
    /// Attach documents.
    Attach,
    /// Post on X.
    Tweet,
    /// Have another's message posted on X: approving it is what posts it.
    AuthoriseTweet,
    /// Add a contact by hand.
    AddContact,
    /// Change or delete contacts.
    EditContact,
    /// Make a group.
    AddGroup,
    /// Change or delete a group.
    EditGroup,
    /// Change templates.
    EditTemplates,
    /// Change the voice library.
    EditVoiceLibrary,
    /// Bring in a spreadsheet.
    Upload,
    /// Add users and change what they may do; whom and what, [`super::Manager`] says.
    ManageUsers,
    /// Change the school's settings, its API keys among them.
    ChangeSettings,
    /// Ask for a sync run.
    Refresh,
    /// Have a sync run that is held applied, or let it be.
    DecideSync,
    /// See the counts of each day.
    SeeUsage,
    /// Open the parental payments page.
    ManagePayments,
}

/// What the school has switched on, as far as rights depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switches {
    /// The school subscribes to voice.
    pub voice: bool,
    /// Parental payments are enabled.
    pub payments: bool,
}

/// The rights of one member of staff in one school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    roles: Roles,
    switches: Switches,
    linked: bool,
}

impl Rights {
    /// The rights that these roles give. Without [`Role::User`] they give none.
    pub const fn new(roles: Roles, switches: Switches) -> Self {
        let roles = if roles.has(Role::User) { roles } else { Roles::NONE };
        Self { roles, switches, linked: false }
    }

    /// The rights of somebody who is linked to groups, if they are. Whatever would get them at other people is gone:
    /// the roles of [`Roles::WIDE`], and acting on what others wrote.
    pub const fn linked(self, linked: bool) -> Self {
        let roles = if linked { self.roles.without_all(Roles::WIDE) } else { self.roles };
        Self { roles, linked, ..self }
    }

    /// Whether the school subscribes to voice: without it no page offers a call.
    pub const fn has_voice(self) -> bool {
        self.switches.voice
    }

    /// The roles that work.
    pub const fn roles(self) -> Roles {
        self.roles
    }

    /// Whether they may open a page. `admin` opens every page that the school has.
    pub fn may_open(self, page: Page) -> bool {
        let any = |roles: &[Role]| roles.iter().any(|role| self.roles.has(*role));
        let exists = match page {
            Page::VoiceLibrary => self.switches.voice,
            Page::Payments => self.switches.payments,
            Page::Authorise => !self.linked,
            _ => true,
        };
        exists
            && (self.roles.has(Role::Admin)
                || match page {
                    Page::Own => any(&[Role::User]),
                    Page::Compose => any(&[Role::ComposeMessage]),
                    Page::Authorise => any(&[Role::AuthoriseMessage]),
                    Page::History | Page::Usage => any(&[Role::MessageHistory]),
                    Page::Contacts => any(&[Role::AddContact, Role::EditContact]),
                    Page::Groups => any(&[Role::AddGroup, Role::EditGroup]),
                    Page::VoiceLibrary => any(&[Role::MessageLibrary]),
                    Page::Templates => any(&[Role::EditMessageText]),
                    Page::Upload => any(&[Role::UploadData]),
                    Page::DataQuality => any(&[Role::EditContact, Role::UploadData]),
                    Page::Users => any(&[Role::ManageUser]),
                    Page::Settings => any(&[Role::Preferences]),
                    Page::Audit => false,
                    Page::Payments => any(&[Role::ManagePayments]),
                })
    }

    /// Whether they may do something. `admin` is no other role: it does nothing for which the role is missing.
    pub const fn may(self, action: Action) -> bool {
        let roles = self.roles;
        match action {
            Action::ChangeOwnPreferences | Action::Refresh => roles.has(Role::User),
            Action::Compose => roles.has(Role::ComposeMessage),
            Action::SendOwn => roles.has(Role::ComposeMessage) && roles.has(Role::AuthoriseMessage),
            Action::AuthoriseOthers | Action::ControlSending => {
                roles.has(Role::AuthoriseMessage) && !self.linked
            }
            Action::Attach => roles.has(Role::ComposeMessage) && roles.has(Role::DocumentManagement),
            Action::Tweet => roles.has(Role::ComposeMessage) && roles.has(Role::Tweet),
            Action::AuthoriseTweet => self.may(Action::AuthoriseOthers) && roles.has(Role::Tweet),
            Action::AddContact => roles.has(Role::AddContact),
            Action::EditContact => roles.has(Role::EditContact),
            Action::AddGroup => roles.has(Role::AddGroup) || roles.has(Role::EditGroup),
            Action::EditGroup => roles.has(Role::EditGroup),
            Action::EditTemplates => roles.has(Role::EditMessageText),
            Action::EditVoiceLibrary => roles.has(Role::MessageLibrary) && self.switches.voice,
            Action::Upload => roles.has(Role::UploadData),
            Action::ManageUsers => roles.has(Role::ManageUser) || roles.has(Role::Admin),
            Action::ChangeSettings => roles.has(Role::Preferences),
            Action::DecideSync => roles.has(Role::Preferences) || roles.has(Role::Admin),
            Action::SeeUsage => roles.has(Role::MessageHistory) || roles.has(Role::Admin),
            Action::ManagePayments => roles.has(Role::ManagePayments) && self.switches.payments,
        }
    }
}
