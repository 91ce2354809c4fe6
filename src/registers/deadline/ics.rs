//! Deadlines as a calendar (RFC 5545): all-day events, lines folded at 75 octets.

use super::rules::{Status, catalogue::find};
use super::store::Deadline;
use crate::kernel::{Day, Lang, Text};
use chrono::{DateTime, Utc};

/// Octets of a line at most, without its end.
const FOLD: usize = 75;

/// Writes a calendar line by line.
pub(super) struct Calendar {
    out: String,
    lang: Lang,
}

impl Calendar {
    /// An empty calendar.
    pub(super) fn new(lang: Lang) -> Calendar {
        let mut calendar = Calendar { out: String::new(), lang };
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Jingtu//Deadlines//ZH",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
        ] {
            calendar.line(line);
        }
        let name = Text::fixed("净土：法定时限", "Jingtu: statutory deadlines");
        calendar.text("X-WR-CALNAME", name.in_lang(lang));
        calendar
    }

    /// Adds the clock as the event of its last day, as both stand on the day asked. A local service level is marked as one;
    /// a clock without a last day has no place on a calendar.
    pub(super) fn event(&mut self, clock: &Deadline, on: Day) {
        let Some(due_on) = clock.course().due_then(on) else { return };
        let status = clock.standing(on);
        let internal = Text::fixed("内部时限", "service level, not law");
        let mark = match (clock.internal, self.lang) {
            (false, _) => String::new(),
            (true, Lang::Zh) => format!("（{}）", internal.zh),
            (true, Lang::En) => format!(" ({})", internal.en),
        };
        let rule =
            find(&clock.rule).map_or_else(|| clock.rule.clone(), |rule| rule.title.in_lang(self.lang).to_owned());
        let standing = status_title(status);
        let standing = standing.in_lang(self.lang);
        let colon = if self.lang == Lang::Zh { "：" } else { ": " };
        let mut description = format!("{} {}\n{standing}", clock.subject_code, clock.subject_name);
        for step in &clock.why.0 {
            description.push('\n');
            description.push_str(if self.lang == Lang::Zh { &step.text_zh } else { &step.text_en });
        }
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}@deadlines.jingtu", clock.id));
        self.line(&format!("DTSTAMP:{}", instant(clock.sys_from)));
        self.line(&format!("LAST-MODIFIED:{}", instant(clock.sys_from)));
        self.line(&format!("SEQUENCE:{}", clock.revision.saturating_sub(1)));
        self.line(&format!("DTSTART;VALUE=DATE:{}", date(due_on)));
        self.line(&format!("DTEND;VALUE=DATE:{}", date(due_on.next())));
        self.text("SUMMARY", &format!("{rule}{colon}{}{mark}", clock.subject_name));
        self.text("DESCRIPTION", &description);
        self.text("CATEGORIES", standing);
        if clock.internal {
            self.text("CATEGORIES", internal.in_lang(self.lang));
        }
        self.line(match (status, clock.provisional) {
            (Status::Cancelled, _) => "STATUS:CANCELLED",
            (Status::Suspended, _) | (_, true) => "STATUS:TENTATIVE",
            (_, false) => "STATUS:CONFIRMED",
        });
        self.line("TRANSP:TRANSPARENT");
        self.line("END:VEVENT");
    }

    /// The whole calendar.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.line("END:VCALENDAR");
        self.out.into_bytes()
    }

    fn text(&mut self, name: &str, value: &str) {
        let mut line = format!("{name}:");
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => line.extend(['\\', c]),
                '\n' => line.push_str("\\n"),
                c if c.is_control() => {}
                c => line.push(c),
            }
        }
        self.line(&line);
    }

    /// Ends the line, folded so that no piece is longer than [`FOLD`] octets and no character is cut.
    fn line(&mut self, line: &str) {
        let mut room = FOLD;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.out.push_str("\r\n ");
                // The space that marks the fold counts.
                room = FOLD - 1;
            }
            room -= c.len_utf8();
            self.out.push(c);
        }
        self.out.push_str("\r\n");
    }
}

/// What people call a status.
pub(super) fn status_title(status: Status) -> Text {
    match status {
        Status::Open => Text::fixed("进行中", "open"),
        Status::DueSoon => Text::fixed("即将到期", "due soon"),
        Status::Overdue => Text::fixed("已逾期", "overdue"),
        Status::Met => Text::fixed("按期完成", "met"),
        Status::MetLate => Text::fixed("逾期完成", "met late"),
        Status::Cancelled => Text::fixed("已撤销", "cancelled"),
        Status::Suspended => Text::fixed("已中止", "suspended"),
    }
}

fn date(day: Day) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_fold_between_characters_and_unfold_to_what_they_were() {
        let mut calendar = Calendar::new(Lang::Zh);
        let value = "地块，名称;带\\符号,和\n换行".repeat(20);
        calendar.text("SUMMARY", &value);
        let out = String::from_utf8(calendar.finish()).unwrap();
        assert!(out.ends_with("END:VCALENDAR\r\n"));
        assert!(out.split("\r\n").all(|line| line.len() <= FOLD && !line.contains('\n')));
        let unfolded = out.replace("\r\n ", "");
        let line = unfolded.split("\r\n").find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
        let back = line.replace("\\n", "\n").replace("\\;", ";").replace("\\,", ",").replace("\\\\", "\\");
        assert_eq!(back, value);
    }
}
