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

/// What an MIS calls a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchoolName {
    /// Nothing: there is one school for each address.
    None,
    /// It may be named, in so many printable characters.
    May(usize, &'static str),
    /// It must be named, in so many letters and digits.
    Must(usize, &'static str),
}

/// All that is known of a connector before it is called.
struct Facts {
    code: &'static str,
    words: &'static str,
    /// Whether its files are handed in; otherwise it is called.
    reads_files: bool,
    has_registers: bool,
    may_leave_contacts: bool,
    usual_address: &'static str,
    /// Whether nearly every school has the usual address.
    one_address: bool,
    school: SchoolName,
    credentials: &'static [Credential],
    lacks: &'static str,
}

const fn secret(name: &'static str, label: &'static str, hint: &'static str) -> Credential {
    Credential { name, label, hint, address: false }
}

const fn address(name: &'static str, label: &'static str, hint: &'static str) -> Credential {
    Credential { name, label, hint, address: true }
}

/// What holds unless a connector says otherwise.
const CALLED: Facts = Facts {
    code: "",
    words: "",
    reads_files: false,
    has_registers: false,
    may_leave_contacts: false,
    usual_address: "",
    one_address: false,
    school: SchoolName::None,
    credentials: &[],
    lacks: "",
};

const XPORTER: Facts = Facts {
    code: "xporter",
    words: "Xporter on Demand",
    has_registers: true,
    usual_address: "https://xporter.groupcall.com/",
    school: SchoolName::Must(40, "The school’s seven digits: authority and establishment."),
    credentials: &[
        address(
            "token_url",
            "Address for tokens",
            "Such as https://login.groupcall.com/idaas/sts/STS/GetToken",
        ),
        secret("relying_party", "Relying party", "The name under which Groupcall knows us."),
        secret("password", "Password", ""),
    ],
    lacks: "The published fields of Xporter hold no court orders. One is read where your Xporter gives it; ask your \
            supplier whether it does before you rely on it.",
    ..CALLED
};

const WONDE: Facts = Facts {
    code: "wonde",
    words: "Wonde",
    usual_address: "https://api.wonde.com/v1.0",
    one_address: true,
    school: SchoolName::Must(40, "Wonde’s ID of the school, such as A1930499544."),
    credentials: &[secret("token", "Token", "From Wonde, for this school.")],
    lacks: "Attendance marks are not read from Wonde: absence messages need another source. A court order is read \
            where Wonde gives it.",
    ..CALLED
};

const ONE_ROSTER_12: Facts = Facts {
    code: "oneroster12",
    words: "OneRoster 1.2",
    usual_address: "https://mis.example/ims/oneroster/rostering/v1p2",
    school: SchoolName::May(255, "The school’s sourcedId, if the server is shared by several schools."),
    credentials: &[
        address("token_url", "Address for tokens", "Where the server gives out OAuth 2 tokens."),
        secret("client_id", "Client ID", ""),
        secret("client_secret", "Client secret", ""),
    ],
    lacks: "OneRoster has no court orders, no priority of contacts and no attendance.",
    ..CALLED
};

const ONE_ROSTER_11: Facts = Facts {
    code: "oneroster11",
    words: "OneRoster 1.1",
    usual_address: "https://mis.example/ims/oneroster/v1p1",
    ..ONE_ROSTER_12
};

const SIF: Facts = Facts {
    code: "sif",
    words: "SIF",
    has_registers: true,
    may_leave_contacts: true,
    usual_address: "https://mis.example/sif3/requests",
    credentials: &[
        secret("session_token", "Session token of the environment", ""),
        secret("shared_secret", "Shared secret", ""),
    ],
    lacks: "The SIF objects that are read have no court orders and no houses. Only the Australian data model is \
            understood.",
    ..CALLED
};

const REPORT: Facts = Facts {
    code: "report",
    words: "Report file",
    reads_files: true,
    may_leave_contacts: true,
    lacks: "A report has no members of staff and no attendance: they stay as they are here. A court order is read \
            where a column of the report says so.",
    ..CALLED
};

const ONE_ROSTER_CSV: Facts = Facts {
    code: "oneroster_csv",
    words: "OneRoster file",
    reads_files: true,
    lacks: ONE_ROSTER_12.lacks,
    ..CALLED
};

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

    const fn facts(self) -> &'static Facts {
        match self {
            Self::Xporter => &XPORTER,
            Self::Wonde => &WONDE,
            Self::OneRoster12 => &ONE_ROSTER_12,
            Self::OneRoster11 => &ONE_ROSTER_11,
            Self::Sif => &SIF,
            Self::Report => &REPORT,
            Self::OneRosterCsv => &ONE_ROSTER_CSV,
        }
    }

    /// Whether its files are handed in; otherwise it is called.
    pub const fn reads_files(self) -> bool {
        self.facts().reads_files
    }

    /// Whether it brings the marks of the registers.
    pub const fn has_registers(self) -> bool {
        self.facts().has_registers
    }

    /// Whether a school may leave its contacts out, because they are looked after here.
    pub const fn may_leave_contacts(self) -> bool {
        self.facts().may_leave_contacts
    }

    /// The code, as the settings hold it.
    pub const fn code(self) -> &'static str {
        self.facts().code
    }

    /// The kind of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        self.facts().words
    }

    /// The address that most schools have, or what one looks like.
    pub const fn usual_address(self) -> &'static str {
        self.facts().usual_address
    }

    /// The address that nearly every school has; empty where each has its own.
    pub const fn only_address(self) -> &'static str {
        if self.facts().one_address { self.facts().usual_address } else { "" }
    }

    /// What the MIS calls a school; `None` where there is one for each address.
    pub const fn school_words(self) -> Option<&'static str> {
        match self.facts().school {
            SchoolName::None => None,
            SchoolName::May(_, words) | SchoolName::Must(_, words) => Some(words),
        }
    }

    /// Whether the school must be named.
    pub const fn needs_school(self) -> bool {
        matches!(self.facts().school, SchoolName::Must(..))
    }

    /// Whether a text can name a school there.
    pub fn is_school(self, text: &str) -> bool {
        match self.facts().school {
            SchoolName::None => text.is_empty(),
            SchoolName::May(most, _) => text.len() <= most && text.bytes().all(|b| b.is_ascii_graphic()),
            SchoolName::Must(most, _) => {
                (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
            }
        }
    }

    /// With what it signs in.
    pub const fn credentials(self) -> &'static [Credential] {
        self.facts().credentials
    }

    /// What its published fields do not carry, so that nobody counts on it.
    pub const fn lacks(self) -> &'static str {
        self.facts().lacks
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
