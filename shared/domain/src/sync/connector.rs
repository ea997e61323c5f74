//! The kinds of MIS that a school can choose, and what each has to be told.

/// A kind of MIS: one that is called over the network, or one whose files are handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connector {
    /// Xporter on Demand.
    Xporter,
    /// Wonde.
    Wonde,
    /// OneRoster 1.2 over REST.
    OneRoster12,
    /// OneRoster 1.1 over REST.
    OneRoster11,
    /// SIF 3, in the Australian data model.
    Sif,
    /// A report, CSV or Excel, whose columns were matched once: SIMS, SEEMIS, e1, Progresso.
    Report,
    /// OneRoster as a package of CSV files.
    OneRosterCsv,
}

/// One of the texts with which a connector signs in. All of a connector's are kept together, and none is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// Its name among the credentials and in the form.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// For people; empty for nothing to say.
    pub hint: &'static str,
    /// Whether it is an address, which is checked like the MIS's own.
    pub address: bool,
}

const fn secret(name: &'static str, label: &'static str, hint: &'static str) -> Credential {
    Credential { name, label, hint, address: false }
}

const fn address(name: &'static str, label: &'static str, hint: &'static str) -> Credential {
    Credential { name, label, hint, address: true }
}

const XPORTER: &[Credential] = &[
    address("token_url", "Address for tokens", "Such as https://login.groupcall.com/idaas/sts/STS/GetToken"),
    secret("relying_party", "Relying party", "The name under which Groupcall knows us."),
    secret("password", "Password", ""),
];
const WONDE: &[Credential] = &[secret("token", "Token", "From Wonde, for this school.")];
const ONE_ROSTER: &[Credential] = &[
    address("token_url", "Address for tokens", "Where the server gives out OAuth 2 tokens."),
    secret("client_id", "Client ID", ""),
    secret("client_secret", "Client secret", ""),
];
const SIF: &[Credential] = &[
    secret("session_token", "Session token of the environment", ""),
    secret("shared_secret", "Shared secret", ""),
];

impl Connector {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Xporter,
        Self::Wonde,
        Self::OneRoster12,
        Self::OneRoster11,
        Self::Sif,
        Self::Report,
        Self::OneRosterCsv,
    ];

    /// Whether its files are handed in; otherwise it is called.
    pub const fn reads_files(self) -> bool {
        matches!(self, Self::Report | Self::OneRosterCsv)
    }

    /// Whether it brings the marks of the registers.
    pub const fn has_registers(self) -> bool {
        matches!(self, Self::Xporter | Self::Sif)
    }

    /// Whether a school may leave its contacts out, because they are looked after here.
    pub const fn may_leave_contacts(self) -> bool {
        matches!(self, Self::Sif | Self::Report)
    }

    /// The code, as the settings hold it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Xporter => "xporter",
            Self::Wonde => "wonde",
            Self::OneRoster12 => "oneroster12",
            Self::OneRoster11 => "oneroster11",
            Self::Sif => "sif",
            Self::Report => "report",
            Self::OneRosterCsv => "oneroster_csv",
        }
    }

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Xporter => "Xporter on Demand",
            Self::Wonde => "Wonde",
            Self::OneRoster12 => "OneRoster 1.2",
            Self::OneRoster11 => "OneRoster 1.1",
            Self::Sif => "SIF",
            Self::Report => "Report file",
            Self::OneRosterCsv => "OneRoster file",
        }
    }

    /// The address that most schools have, or what one looks like.
    pub const fn usual_address(self) -> &'static str {
        match self {
            Self::Xporter => "https://xporter.groupcall.com/",
            Self::Wonde => "https://api.wonde.com/v1.0",
            Self::OneRoster12 => "https://mis.example/ims/oneroster/rostering/v1p2",
            Self::OneRoster11 => "https://mis.example/ims/oneroster/v1p1",
            Self::Sif => "https://mis.example/sif3/requests",
            Self::Report | Self::OneRosterCsv => "",
        }
    }

    /// What the MIS calls a school; `None` where there is one for each address.
    pub const fn school_words(self) -> Option<&'static str> {
        match self {
            Self::Xporter => Some("The school’s seven digits: authority and establishment."),
            Self::Wonde => Some("Wonde’s ID of the school, such as A1930499544."),
            Self::OneRoster12 | Self::OneRoster11 => {
                Some("The school’s sourcedId, if the server is shared by several schools.")
            }
            Self::Sif | Self::Report | Self::OneRosterCsv => None,
        }
    }

    /// Whether the school must be named.
    pub const fn needs_school(self) -> bool {
        matches!(self, Self::Xporter | Self::Wonde)
    }

    /// Whether a text can name a school there.
    pub fn is_school(self, text: &str) -> bool {
        match self {
            Self::Xporter | Self::Wonde => {
                (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
            }
            Self::OneRoster12 | Self::OneRoster11 => {
                text.len() <= 255 && text.bytes().all(|b| b.is_ascii_graphic())
            }
            Self::Sif | Self::Report | Self::OneRosterCsv => text.is_empty(),
        }
    }

    /// With what it signs in.
    pub const fn credentials(self) -> &'static [Credential] {
        match self {
            Self::Xporter => XPORTER,
            Self::Wonde => WONDE,
            Self::OneRoster12 | Self::OneRoster11 => ONE_ROSTER,
            Self::Sif => SIF,
            Self::Report | Self::OneRosterCsv => &[],
        }
    }

    /// What its published fields do not carry, so that nobody counts on it.
    pub const fn lacks(self) -> &'static str {
        match self {
            Self::Xporter => {
                "The published fields of Xporter hold no court orders. One is read where your Xporter gives it; ask \
                 your supplier whether it does before you rely on it."
            }
            Self::Wonde => {
                "Attendance marks are not read from Wonde: absence messages need another source. A court order is read \
                 where Wonde gives it."
            }
            Self::Report => {
                "A report has no members of staff and no attendance: they stay as they are here. A court order is read \
                 where a column of the report says so."
            }
            Self::OneRoster12 | Self::OneRoster11 | Self::OneRosterCsv => {
                "OneRoster has no court orders, no priority of contacts and no attendance."
            }
            Self::Sif => {
                "The SIF objects that are read have no court orders and no houses. Only the Australian data model is \
                 understood."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_code_and_signs_in_with_something_if_it_is_called() {
        for kind in Connector::ALL {
            assert_eq!(Connector::from_code(kind.code()), Some(kind));
            assert!(!kind.words().is_empty() && !kind.lacks().is_empty());
            assert_eq!(kind.credentials().is_empty(), kind.reads_files());
        }
        assert_eq!(Connector::from_code(""), None);
        assert_eq!(Connector::from_code("push"), None);
    }

    #[test]
    fn a_schools_name_there_can_lead_nowhere_else() {
        for wrong in ["", "328/5976", "328..", "a b", "é", &"1".repeat(41)] {
            assert!(!Connector::Xporter.is_school(wrong) && !Connector::Wonde.is_school(wrong), "{wrong:?}");
        }
        assert!(Connector::Xporter.is_school("3285976") && Connector::Wonde.is_school("A1930499544"));
        assert!(Connector::OneRoster12.is_school("") && !Connector::OneRoster12.is_school("a\r\nb"));
        assert!(Connector::Sif.is_school("") && !Connector::Sif.is_school("x"));
    }
}
