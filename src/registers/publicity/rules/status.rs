//! How a duty to make something public stands, as known on any day asked.

use crate::kernel::Day;

/// How a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = PublicityStatus)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not public yet.
    Owed,
    /// Public on that day.
    OnDisplay,
    /// Was public, and long enough.
    Ended,
    /// Was public, and not as long as the law says: still to be done.
    TakenDownEarly,
    /// Fell away.
    Released,
}

impl Status {
    /// Every status, in the order of a duty's life.
    pub const ALL: [Status; 5] =
        [Status::Owed, Status::OnDisplay, Status::Ended, Status::TakenDownEarly, Status::Released];

    /// The name on the wire: `on_display`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Owed => "owed",
            Status::OnDisplay => "on_display",
            Status::Ended => "ended",
            Status::TakenDownEarly => "taken_down_early",
            Status::Released => "released",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(s: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == s)
    }
}

/// From when to when something was public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// First day.
    pub from: Day,
    /// Last day, announced or in fact; `None` while it has none.
    pub to: Option<Day>,
    /// The earliest last day that the law lets it have.
    pub at_least_until: Option<Day>,
}

impl Shown {
    fn is_there(self, on: Day) -> bool {
        self.from <= on && self.to.is_none_or(|to| on <= to)
    }

    /// Whether it ends, or will end, no sooner than the law says.
    pub fn is_long_enough(self) -> bool {
        match (self.to, self.at_least_until) {
            (Some(to), Some(least)) => to >= least,
            _ => true,
        }
    }
}

/// How a duty stands, and whether what the law asks is done or under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How it stands.
    pub status: Status,
    /// One of its publications is as long as the law says, by what is known of its last day.
    pub met: bool,
}

/// How a duty with these publications stands on the day `on`. What began after `on` is not looked at. A last day of a
/// publication counts as a day of it.
pub fn status(publications: &[Shown], released_on: Option<Day>, on: Day) -> Standing {
    if released_on.is_some_and(|day| day <= on) {
        return Standing { status: Status::Released, met: false };
    }
    let begun: Vec<Shown> = publications.iter().copied().filter(|shown| shown.from <= on).collect();
    let met = begun.iter().any(|shown| shown.is_long_enough());
    let status = if begun.is_empty() {
        Status::Owed
    } else if begun.iter().any(|shown| shown.is_there(on)) {
        Status::OnDisplay
    } else if met {
        Status::Ended
    } else {
        Status::TakenDownEarly
    };
    Standing { status, met }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Day = Day::of(2026, 9, 1);
    const LEAST: Day = Day::of(2026, 11, 1);

    fn shown(to: Option<Day>) -> Shown {
        Shown { from: FROM, to, at_least_until: Some(LEAST) }
    }

    fn stands(publications: &[Shown], on: Day) -> (Status, bool) {
        let standing = status(publications, None, on);
        (standing.status, standing.met)
    }

    #[test]
    fn a_publication_counts_from_its_first_day_through_its_last() {
        let long = [shown(Some(LEAST))];
        assert_eq!(stands(&[], LEAST), (Status::Owed, false));
        assert_eq!(stands(&long, FROM.add_days(-1)), (Status::Owed, false));
        assert_eq!(stands(&long, FROM), (Status::OnDisplay, true));
        assert_eq!(stands(&long, LEAST), (Status::OnDisplay, true));
        assert_eq!(stands(&long, LEAST.next()), (Status::Ended, true));
        assert_eq!(stands(&[shown(None)], LEAST.add_days(999)), (Status::OnDisplay, true));
    }

    #[test]
    fn a_day_short_of_the_laws_least_leaves_the_duty_unmet() {
        let short = [shown(Some(LEAST.add_days(-1)))];
        assert_eq!(stands(&short, FROM), (Status::OnDisplay, false));
        assert_eq!(stands(&short, LEAST), (Status::TakenDownEarly, false));
        let free = [Shown { at_least_until: None, ..short[0] }];
        assert_eq!(stands(&free, LEAST), (Status::Ended, true));
    }

    #[test]
    fn what_came_down_early_is_put_up_again() {
        let again = Shown { from: LEAST.add_days(9), to: None, at_least_until: Some(Day::of(2027, 1, 10)) };
        let both = [shown(Some(FROM.add_days(5))), again];
        assert_eq!(stands(&both, LEAST), (Status::TakenDownEarly, false));
        assert_eq!(stands(&both, LEAST.add_days(9)), (Status::OnDisplay, true));
        // A second channel that is short does not spoil the one that is not.
        assert_eq!(stands(&[shown(None), shown(Some(FROM))], LEAST), (Status::OnDisplay, true));
    }

    #[test]
    fn a_duty_falls_away_on_its_day_and_not_before() {
        let released = |on| status(&[shown(None)], Some(LEAST), on);
        assert_eq!(released(LEAST.add_days(-1)), Standing { status: Status::OnDisplay, met: true });
        assert_eq!(released(LEAST), Standing { status: Status::Released, met: false });
    }

    #[test]
    fn names_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(Status::parse("shown"), None);
    }
}
