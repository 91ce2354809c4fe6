//! The table role × permission. Committed as text in `roles.txt`, so that a change of policy is a diff to read.

use super::Role;
use Role::{
    Admin, Agriculture, Auditor, CountyEcology, Government, LandUser, Planning, PrefectureEcology, ProvinceEcology,
    ThirdParty,
};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $wire:literal, public: $public:literal, [$($role:expr),* $(,)?];)+) => {
        /// What can be allowed. Every operation of the HTTP surface names one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission { $($(#[$doc])* $name),+ }

        impl Permission {
            /// Every permission, in the order of the table.
            pub const ALL: &[Permission] = &[$(Permission::$name),+];

            /// Its name in the OpenAPI document and in audit lines.
            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$name => $wire),+ }
            }

            /// Whether everybody has it. What the public then sees is only what is public.
            pub const fn is_public(self) -> bool {
                match self { $(Permission::$name => $public),+ }
            }

            /// The roles that hold it in full, each in its division and below (a land user: for its own sites).
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Permission::$name => &[$($role),*]),+ }
            }
        }
    };
}

permissions! {
    /// Service, documentation, the page, collections as such.
    Open = "open", public: true, [];
    /// See divisions.
    DivisionRead = "division.read", public: true, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, ThirdParty, Auditor, Admin];
    /// Load divisions.
    DivisionWrite = "division.write", public: false, [Admin];
    /// See sites. The public sees the directory of contaminated sites only, without the land user's contact.
    SiteRead = "site.read", public: true, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, Auditor, Admin];
    /// See a site's event log.
    SiteLogRead = "site.log_read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, Auditor, Admin];
    /// Register a site as candidate (any department reports a lead); as suspected the ecology bureaus only.
    SiteRegister = "site.register", public: false, [CountyEcology, PrefectureEcology, Planning, Agriculture, Government];
    /// Correct a site's attributes or outline.
    SiteCorrect = "site.correct", public: false, [CountyEcology, PrefectureEcology];
    /// Record an event of the life cycle; which one, the site's rules say.
    SiteEvent = "site.event", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Government, LandUser, ThirdParty];
    /// Bar uses on a site's land, or lift the bar: its negative list.
    NegativeListWrite = "negative_list.write", public: false, [CountyEcology, PrefectureEcology, Planning];
    /// Make the exchange of the three lists that the other departments are given.
    ExchangeMake = "exchange.make", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology];
    /// Read such exchanges.
    ExchangeRead = "exchange.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Load sites in bulk.
    SiteImport = "site.import", public: false, [CountyEcology, PrefectureEcology];
    /// See statutory clocks.
    DeadlineRead = "deadline.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, Auditor, Admin];
    /// See what has to be public. The public sees what is on display of records that it may see.
    PublicityRead = "publicity.read", public: true, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, Auditor, Admin];
    /// See which duties to make public are not met, bureau by bureau.
    PublicityUnmetRead = "publicity.unmet_read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, Auditor, Admin];
    /// Say that a yearly report was handed in; each role its own.
    DeadlineFulfil = "deadline.fulfil", public: false, [PrefectureEcology, ProvinceEcology];
    /// Open yearly duties and take steps of escalation: the server itself, once a day.
    DeadlineKeep = "deadline.keep", public: false, [];
    /// Load a year's calendar of rest days.
    CalendarWrite = "calendar.write", public: false, [Admin];
    /// File a document.
    DocumentAdd = "document.add", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, ThirdParty];
    /// Read documents.
    DocumentRead = "document.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, ThirdParty, Auditor, Admin];
    /// Read written notices. A land user reads those served on it.
    NoticeRead = "notice.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Government, LandUser, Auditor, Admin];
    /// Issue written notices, record their service, void them; which kind, the notices' rules say.
    NoticeIssue = "notice.issue", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology];
    /// See farmland units.
    FarmlandRead = "farmland.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Register farmland units with their class as given.
    FarmlandWrite = "farmland.write", public: false, [Agriculture];
    /// Enter, amend and withdraw local standards of soil; reading them is open to everybody.
    StandardWrite = "standard.write", public: false, [ProvinceEcology];
    /// See proposals to give farmland units their classes, and how they went on.
    ClassAdjustmentRead = "class_adjustment.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Propose classes of farmland units.
    ClassAdjustmentPropose = "class_adjustment.propose", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Agriculture];
    /// Carry a proposal on: agree, approve, upload, return; who at which step, the register's rules say.
    ClassAdjustmentDecide = "class_adjustment.decide", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Agriculture, Government];
    /// See warnings on priority-protection land.
    ProtectionRead = "protection.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Follow warnings up; who at which step, the register's rules say.
    ProtectionFollow = "protection.follow", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Agriculture, Government];
    /// Make and file measures on farmland, record their events and the results of their years; which, the measures' rules say.
    FarmlandMeasureWrite = "farmland_measure.write", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Agriculture, Government];
    /// See sampling points, samples and results. A land user sees its own self-monitoring.
    SamplingRead = "sampling.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, Auditor, Admin];
    /// Enter and correct sampling points, samples and results, and hold them to the standards anew.
    SamplingWrite = "sampling.write", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Agriculture];
    /// See counts of points and samples per county, which are public.
    SamplingSummaryRead = "sampling.summary_read", public: true, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, ThirdParty, Auditor, Admin];
    /// Ask whether land may change hands or use.
    LandCheckAsk = "land_check.ask", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government];
    /// Say of a reply to a land check that it is not relied on any more.
    LandCheckWithdraw = "land_check.withdraw", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government];
    /// Hold what changed against the replies on record: the server itself.
    LandCheckWatch = "land_check.watch", public: false, [];
    /// Read land checks.
    LandCheckRead = "land_check.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Consult the ecology bureau on a land check, and share the checks of a quarter.
    LandCheckConsult = "land_check.consult", public: false, [Planning, Agriculture, Government];
    /// Reply in writing to a land check.
    LandCheckReply = "land_check.reply", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology];
    /// See what checks look at beside the registers: coverage, key units. Control zones are public.
    CheckBasisRead = "check_basis.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Keep what checks look at beside the registers: coverage, control zones, the control list, key units.
    CheckBasisWrite = "check_basis.write", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Government];
    /// See parcels, who uses them, and what came of which.
    ParcelRead = "parcel.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Register parcels, put their records right, and record what came of which.
    ParcelWrite = "parcel.write", public: false, [Planning, Admin];
    /// Publish zones in which the siting of industry is controlled, end them, and record limits on approvals.
    SitingZoneWrite = "siting_zone.write", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Agriculture, Government];
    /// See reference layers; the public sees those that are public.
    ReferenceRead = "reference.read", public: true, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Make reference layers and load them.
    ReferenceWrite = "reference.write", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Admin];
    /// See which land was taken into use again.
    RedevelopmentRead = "redevelopment.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Enter which land was taken into use again, or withdraw such an entry.
    RedevelopmentWrite = "redevelopment.write", public: false, [CountyEcology, PrefectureEcology, Planning];
    /// See the indicators and the rows behind them.
    IndicatorRead = "indicator.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Freeze the indicators of a reporting period.
    IndicatorFreeze = "indicator.freeze", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Agriculture];
    /// Send files for import and follow the job; the target's own permission is asked for as well.
    ImportRun = "import.run", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Admin];
    /// Follow one's own jobs; auditors and administrators follow all.
    JobRead = "job.read", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, Auditor, Admin];
    /// Read the feed of changes: departments of their divisions, land users what is their own, everybody what is public.
    ChangeRead = "change.read", public: true, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, Auditor, Admin];
    /// Be told of changes: keep one's own subscriptions. Auditors see all of them, administrators keep all of them.
    SubscriptionManage = "subscription.manage", public: false, [CountyEcology, PrefectureEcology, ProvinceEcology, Planning, Agriculture, Government, LandUser, ThirdParty, Auditor, Admin];
    /// Make and revoke keys.
    KeyManage = "key.manage", public: false, [Admin];
    /// Check the audit chain.
    AuditRead = "audit.read", public: false, [Auditor, Admin];
}

/// The table as committed text: one line per permission, one column per role.
pub fn table_as_text() -> String {
    let mut out = String::from("permission            public");
    for role in Role::ALL {
        out.push(' ');
        out.push_str(role.as_str());
    }
    out.push('\n');
    for permission in Permission::ALL {
        out.push_str(&format!("{:<22}{:<6}", permission.as_str(), if permission.is_public() { "yes" } else { "-" }));
        for role in Role::ALL {
            let mark = if permission.roles().contains(&role) { "yes" } else { "-" };
            out.push_str(&format!(" {mark:<width$}", width = role.as_str().len()));
        }
        while out.ends_with(' ') {
            out.pop();
        }
        out.push('\n');
    }
    out
}
