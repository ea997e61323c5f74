//! Every place that a page can have in the menus: its address, words and icon, and the right that opens it.

use domain::people::Page;

/// The menu that offers a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Menu {
    /// The bar on top, and the one at the bottom of a phone.
    Bar,
    /// The list under *Tools*.
    Tools,
    /// None: other links lead there.
    Hidden,
}

/// An entry of the menus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NavItem {
    /// Its name in templates.
    pub(crate) code: &'static str,
    pub(crate) href: &'static str,
    /// What has to be open to the user for this.
    pub(crate) page: Page,
    pub(crate) words: &'static str,
    /// For the bottom bar of a phone.
    pub(crate) short: &'static str,
    /// What it is for, in the list of tools.
    pub(crate) hint: &'static str,
    /// Its icon: what is drawn inside of an `svg` of 24 by 24.
    icon: &'static str,
    pub(crate) menu: Menu,
}

/// Every place, in the order of the menus.
pub(crate) const PLACES: [NavItem; 15] = [
    NavItem::HOME,
    NavItem::SEND,
    NavItem::HISTORY,
    NavItem::AUTHORISE,
    NavItem::CONTACTS,
    NavItem::ABSENCE,
    NavItem::PREFERENCES,
    NavItem::SETTINGS,
    NavItem::USERS,
    NavItem::UPLOAD,
    NavItem::USAGE,
    NavItem::RELEASE_NOTES,
    NavItem::AUDIT,
    NavItem::TOOLS,
    NavItem::SYNC,
];

impl NavItem {
    pub(crate) const HOME: Self =
        Self::new("home", "/", Page::Own, "Home").icon(r#"<path d="M4 11 12 4l8 7v9h-5v-6H9v6H4z"/>"#);
    pub(crate) const SEND: Self = Self::new("send", "/send", Page::Compose, "Send a message")
        .in_bar("Send")
        .icon(r#"<path d="M21 3 10.5 13.5M21 3l-6.5 18-4-7.5L3 9.5z"/>"#);
    pub(crate) const HISTORY: Self = Self::new("history", "/history", Page::History, "History")
        .in_bar("History")
        .icon(r#"<path d="M4 6h16M4 12h16M4 18h10"/>"#);
    pub(crate) const AUTHORISE: Self = Self::new("authorise", "/authorise", Page::Authorise, "Authorise")
        .in_bar("Authorise")
        .icon(r#"<path d="M4 12.500 9.500 18 20 6.500"/>"#);
    pub(crate) const CONTACTS: Self = Self::new("contacts", "/contacts", Page::Contacts, "Contacts")
        .in_bar("Contacts")
        .icon(
            r#"<circle cx="9" cy="8" r="3.5"/><path d="M2.5 20c.5-3.8 3-6 6.500-6s6 2.200 6.500 6M16 4.800a3.500 3.500 0 0 1 0 6.400M18 14.500c2 .8 3.200 2.700 3.500 5.500"/>"#,
        );
    pub(crate) const ABSENCE: Self = Self::new("absence", "/absence", Page::Compose, "Absences")
        .in_tools("Who is missing, and whose family knows");
    pub(crate) const PREFERENCES: Self = Self::new(
        "preferences",
        "/preferences",
        Page::Own,
        "User preferences",
    )
    .in_tools("Your e-mail address, password and second step")
    .icon(r#"<circle cx="12" cy="8" r="4"/><path d="M4.500 20.500c.8-4 3.700-6 7.500-6s6.700 2 7.500 6"/>"#);
    pub(crate) const SETTINGS: Self = Self::new("settings", "/settings", Page::Settings, "Account settings")
        .in_tools("What governs your school’s messages; API keys")
        .icon(
            r#"<path d="M4 7h9m4 0h3M4 17h3m4 0h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>"#,
        );
    pub(crate) const USERS: Self = Self::new("users", "/users", Page::Users, "Users")
        .in_tools("Who may sign in, and what they may do")
        .icon(r#"<circle cx="12" cy="8" r="3.500"/><path d="M5 20c.5-3.800 3.200-6 7-6s6.500 2.200 7 6"/>"#);
    pub(crate) const UPLOAD: Self = Self::new("upload", "/upload", Page::Upload, "Upload data")
        .in_tools("Load contacts from a spreadsheet")
        .icon(r#"<path d="M12 16V4m-4.500 4.500L12 4l4.500 4.500M4 16v4h16v-4"/>"#);
    pub(crate) const USAGE: Self = Self::new("usage", "/usage", Page::Usage, "Usage")
        .in_tools("What was sent, day by day, and what it came to")
        .icon(r#"<path d="M5 20v-6m7 6V5m7 15v-9"/>"#);
    pub(crate) const RELEASE_NOTES: Self =
        Self::new("release-notes", "/release-notes", Page::Own, "Release notes")
            .in_tools("What is new in Messenger");
    pub(crate) const AUDIT: Self =
        Self::new("audit", "/audit", Page::Audit, "Audit").in_tools("Who did what, and when");
    pub(crate) const TOOLS: Self = Self::new("tools", "/tools", Page::Own, "Tools").icon(
        r#"<circle cx="5" cy="12" r="1.200"/><circle cx="12" cy="12" r="1.200"/><circle cx="19" cy="12" r="1.200"/>"#,
    );
    pub(crate) const SYNC: Self = Self::new("sync", "/sync", Page::Own, "Refresh from the MIS");
    /// On no page of ours: the request went wrong.
    pub(crate) const NOWHERE: Self = Self::new("nowhere", "/", Page::Own, "");

    const fn new(code: &'static str, href: &'static str, page: Page, words: &'static str) -> Self {
        let icon = r#"<path d="M7 4h10v16H7z"/>"#;
        Self { code, href, page, words, short: words, hint: "", icon, menu: Menu::Hidden }
    }

    const fn in_bar(mut self, short: &'static str) -> Self {
        self.short = short;
        self.menu = Menu::Bar;
        self
    }

    const fn in_tools(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self.menu = Menu::Tools;
        self
    }

    const fn icon(mut self, drawing: &'static str) -> Self {
        self.icon = drawing;
        self
    }

    /// The place with this name.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        PLACES.into_iter().find(|item| item.code == code)
    }
}

/// The drawing of a place's icon, by its name; safe HTML.
pub(crate) fn icon(code: &str) -> &'static str {
    NavItem::from_code(code).unwrap_or(NavItem::NOWHERE).icon
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_name_and_an_address_of_its_own() {
        for item in PLACES {
            let same = PLACES.iter().filter(|other| other.code == item.code || other.href == item.href);
            assert_eq!(same.count(), 1, "{}", item.code);
        }
    }
}
