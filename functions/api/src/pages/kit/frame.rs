//! What stands around every page: the school, the user, and where one can go.

use domain::people::Rights;
use domain::sync::RunState;
use store::SyncStanding;

use crate::pages::kit::places::{Menu, NavItem, PLACES};
use crate::pages::kit::words::LocalTime;

/// A way to another page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) item: NavItem,
    pub(crate) here: bool,
    /// How many things wait there; 0 for none.
    pub(crate) count: u32,
}

/// The line in the footer of every page.
#[derive(Debug, Clone)]
pub(crate) struct SyncLine {
    /// A run is at work.
    pub(crate) working: bool,
    /// How it stands, in a few words.
    pub(crate) words: String,
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
    pub(crate) here: NavItem,
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

impl SyncLine {
    pub(crate) fn of(standing: &SyncStanding, local: &LocalTime, now_ms: i64) -> Self {
        let working = standing.at_work(now_ms).is_some();
        let last = standing.last.as_ref().map(|last| last.state);
        let words = match (working, last, standing.fresh_ms) {
            (true, ..) => "Refreshing now".to_owned(),
            _ if standing.lost(now_ms).is_some() => {
                "The refresh broke off: it will go on by itself".to_owned()
            }
            (_, Some(RunState::Held), _) => "Refresh held: have a look".to_owned(),
            (_, Some(RunState::Failed), _) => "The last refresh failed".to_owned(),
            (_, _, Some(fresh_ms)) => match standing.file_ms() {
                // To read an old file again makes nothing newer.
                Some(file_ms) => format!("As in the file of {}", local.when(file_ms)),
                None => format!("Up to date, {}", local.when(fresh_ms)),
            },
            (_, _, None) => "Not refreshed yet".to_owned(),
        };
        Self { working, words }
    }
}

impl Frame {
    /// The pages that most people need, in order.
    pub(crate) fn links(&self) -> Vec<Link> {
        self.open_to_them(Menu::Bar)
    }

    /// The pages under *Tools*.
    pub(crate) fn tools(&self) -> Vec<Link> {
        self.open_to_them(Menu::Tools)
    }

    fn open_to_them(&self, menu: Menu) -> Vec<Link> {
        let open = PLACES.into_iter().filter(|item| item.menu == menu && self.rights.may_open(item.page));
        let count = |item| if item == NavItem::AUTHORISE { self.waiting } else { 0 };
        open.map(|item| Link { item, here: self.here == item, count: count(item) }).collect()
    }

    /// Whether a place, by its name, is open to them: for links elsewhere on a page.
    pub(crate) fn opens(&self, code: &str) -> bool {
        NavItem::from_code(code).is_some_and(|item| self.rights.may_open(item.page))
    }

    pub(crate) fn in_tools(&self) -> bool {
        self.here == NavItem::TOOLS || self.here.menu == Menu::Tools
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
    pub(crate) fn sample(here: NavItem) -> Self {
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
