//! Whether a notice may be issued: does the stage have it, may this bureau, does the law of the day carry it, what is missing.

use super::kinds::{Due, Kind, NoticeKind, Place};
use super::words;
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day, Error, Fault, Provision, Text};
use crate::platform::Role;
use crate::registers::site::{RiskGrade, Stage};
use crate::standards::law;

/// What a site's record says for a notice.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteFacts {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Option<String>,
    /// Its division.
    pub division_code: String,
    /// Name of that division.
    pub division_name: String,
    /// Where it stands.
    pub stage: Stage,
    /// Day of the entry in the list of suspected sites.
    pub suspected_on: Option<Day>,
    /// Day of the entry in the directory of contaminated sites.
    pub contaminated_on: Option<Day>,
    /// Its grade.
    pub risk_grade: Option<RiskGrade>,
}

/// What a notice is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The site.
    pub site: SiteFacts,
    /// Who is addressed.
    pub recipient: Option<String>,
    /// Whether the request named whom to address.
    pub recipient_named: bool,
    /// The bureau, as it signs.
    pub issuer: String,
    /// In which role it acts.
    pub role: Role,
    /// The day on the notice.
    pub issued_on: Day,
    /// The day that the bureau sets.
    pub due_on: Option<Day>,
    /// Why.
    pub reason: Option<String>,
    /// Whom to ask: department, telephone, address.
    pub contact: Option<String>,
    /// The period that begins with receipt, for a kind that has one.
    pub period: Option<Period>,
    /// The last day of the running six months, where they run.
    pub running_due_on: Option<Day>,
}

/// A period of months that begins with the receipt of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// How many.
    pub months: u32,
    /// Its last day, were the notice received on the day of issue.
    pub due_on: Day,
    /// Whether a last day of rest moved there.
    pub moved: bool,
}

/// Longest reason, contact line, name: characters.
const MAX_REASON: usize = 2_000;
const MAX_LINE: usize = 200;

/// Why a notice is not issued.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The stage does not have it.
    Stage {
        /// What was asked.
        kind: NoticeKind,
        /// Where the site stands.
        stage: Stage,
        /// The kinds that the stage has.
        allowed: Vec<NoticeKind>,
        /// The day it is judged by.
        on: Day,
    },
    /// Another bureau issues it.
    Issuer {
        /// What was asked.
        kind: NoticeKind,
        /// Its place.
        place: &'static Place,
        /// Who asked.
        role: Role,
        /// The day it is judged by.
        on: Day,
    },
    /// The law of the day does not carry it.
    NoGround {
        /// What was asked.
        kind: NoticeKind,
        /// Its place.
        place: &'static Place,
        /// The day it is judged by.
        on: Day,
    },
    /// Something is missing or wrong.
    Faults {
        /// What was asked.
        kind: NoticeKind,
        /// Its place.
        place: &'static Place,
        /// What is wrong, place by place.
        faults: Vec<Fault>,
        /// The day it is judged by.
        on: Day,
    },
}

/// The place of a notice that may be issued.
///
/// # Errors
/// In this order: [`Refusal::Stage`], [`Refusal::Issuer`], [`Refusal::NoGround`], [`Refusal::Faults`] with all of them.
pub fn permit(kind: &'static Kind, facts: &Facts, today: Day) -> Result<&'static Place, Refusal> {
    let (stage, on) = (facts.site.stage, facts.issued_on);
    let place = kind.place(stage).ok_or_else(|| Refusal::Stage {
        kind: kind.kind,
        stage,
        allowed: NoticeKind::all().filter(|kind| kind.row().place(stage).is_some()).collect(),
        on,
    })?;
    if !place.issuers.contains(&facts.role) {
        return Err(Refusal::Issuer { kind: kind.kind, place, role: facts.role, on });
    }
    let carried = place.provisions.iter().any(|provision| provision.cite(on).is_some());
    if kind.since.is_some_and(|since| on < since) || !carried {
        return Err(Refusal::NoGround { kind: kind.kind, place, on });
    }
    let faults = faults(kind, facts, today);
    if faults.is_empty() { Ok(place) } else { Err(Refusal::Faults { kind: kind.kind, place, faults, on }) }
}

fn faults(kind: &Kind, facts: &Facts, today: Day) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut say = |pointer: &str, code, zh: String, en: String| {
        faults.push(Fault::new(pointer, code, Text::new(zh, en)));
    };
    if facts.issued_on > today {
        say(
            "/issued_on",
            "in_the_future",
            format!("不得晚于今天 {today}。"),
            format!("Must not lie after today, {today}."),
        );
    }
    for (pointer, value, max, broken) in [
        ("/reason", &facts.reason, MAX_REASON, true),
        ("/contact", &facts.contact, MAX_LINE, false),
        ("/recipient", &facts.recipient, MAX_LINE, false),
        ("/issuer", &Some(facts.issuer.clone()), MAX_LINE, false),
    ] {
        let Some(value) = value else { continue };
        let length = value.chars().count();
        if value.trim().is_empty() || length > max || value.chars().any(|c| c.is_control() && !(broken && c == '\n')) {
            say(
                pointer,
                "bad_text",
                format!("应为 1 至 {max} 个字符，不含控制字符。"),
                format!("must have 1 to {max} characters, none of them control characters."),
            );
        }
    }
    if facts.recipient_named && kind.kind != NoticeKind::StopWork {
        say(
            "/recipient",
            "unexpected_field",
            "受送达人为登记的土地使用权人；只有停止建设通知书可另行注明建设单位。".to_owned(),
            "The registered land user is addressed; only a stop-work notice may name another, who builds there."
                .to_owned(),
        );
    }
    if facts.recipient.is_none() {
        say(
            "/recipient",
            "no_recipient",
            "地块没有登记土地使用权人，无法确定受送达人；请先更正地块信息。".to_owned(),
            "The site has no registered land user to be addressed; correct the site first.".to_owned(),
        );
    }
    if kind.needs_reason && facts.reason.is_none() {
        say(
            "/reason",
            "missing",
            format!("“{}”须写明事由。", kind.title.zh),
            format!("\"{}\" needs a reason.", kind.title.en),
        );
    }
    match (kind.due, facts.due_on) {
        (Due::SetByBureau(_), None) => say(
            "/due_on",
            "missing",
            "没有条文规定期限，须由签发机关确定完成日期。".to_owned(),
            "No article gives a period; the bureau sets the last day (`due_on`).".to_owned(),
        ),
        (Due::SetByBureau(_) | Due::MayBeSet, Some(due)) if due <= facts.issued_on => say(
            "/due_on",
            "before_issue",
            format!("须晚于签发日 {}。", facts.issued_on),
            format!("Must lie after the day of issue, {}.", facts.issued_on),
        ),
        (Due::None | Due::FromReceipt(_) | Due::AtOnce, Some(_)) => say(
            "/due_on",
            "unexpected_field",
            "此类文书的期限不由签发机关另定。".to_owned(),
            "The bureau sets no day of its own with this kind.".to_owned(),
        ),
        _ => {}
    }
    faults
}

/// Everything that a notice stands on: its place, the province's text, and Order 42 art. 4 where the prefecture acts for the
/// county.
pub fn grounds(kind: &Kind, place: &Place, division: &str, role: Role) -> Vec<&'static Provision> {
    let mut grounds = place.provisions.to_vec();
    grounds.extend(kind.regional.iter().filter(|(province, _)| division.starts_with(province)).map(|(_, p)| *p));
    if place.issuers.contains(&Role::CountyEcology)
        && role == Role::PrefectureEcology
        && kind.kind != NoticeKind::StopWork
    {
        grounds.push(&law::ORDER_42_4);
    }
    grounds
}

impl Refusal {
    /// The rule that refuses: the rulebook's number of the step.
    pub fn rule(&self) -> &'static str {
        match self {
            Refusal::Stage { kind, .. } => kind.row().places.first().map_or("", |place| place.rule),
            Refusal::Issuer { place, .. } | Refusal::NoGround { place, .. } | Refusal::Faults { place, .. } => {
                place.rule
            }
        }
    }

    /// The articles of that rule, of the day of issue.
    pub fn citations(&self) -> Vec<Citation> {
        match self {
            Refusal::Stage { kind, on, .. } => {
                kind.row().places.iter().flat_map(|place| cite_all(place.provisions, *on)).collect()
            }
            Refusal::Issuer { place, on, .. }
            | Refusal::NoGround { place, on, .. }
            | Refusal::Faults { place, on, .. } => cite_all(place.provisions, *on),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        let (rule, citations) = (refusal.rule(), refusal.citations());
        match refusal {
            Refusal::Stage { kind, stage, allowed, .. } => {
                let (title, here) = (&kind.row().title, stage.title());
                let stages = || kind.row().places.iter().flat_map(|place| place.stages).map(|stage| stage.title());
                let zh: Vec<_> = stages().map(|stage| format!("“{}”", stage.zh)).collect();
                let en: Vec<_> = stages().map(|stage| format!("\"{}\"", stage.en)).collect();
                Error::conflict(
                    "notice_not_allowed",
                    Text::new(
                        format!(
                            "地块现处于“{}”阶段，不能签发“{}”：仅可在{}阶段签发。",
                            here.zh,
                            title.zh,
                            zh.join("、")
                        ),
                        format!(
                            "The site is at \"{}\"; a \"{}\" is issued at {} only.",
                            here.en,
                            title.en,
                            en.join(", ")
                        ),
                    ),
                )
                .allowing(allowed.into_iter().map(NoticeKind::as_str))
            }
            Refusal::Issuer { kind, place, role, .. } => {
                let (title, who) = (&kind.row().title, role.title());
                let zh: Vec<_> = place.issuers.iter().map(|role| role.title().zh).collect();
                let en: Vec<_> = place.issuers.iter().map(|role| role.title().en).collect();
                Error::forbidden(
                    "other_role_must_act",
                    Text::new(
                        format!("“{}”应由{}签发，{}无权签发。", title.zh, zh.join("、"), who.zh),
                        format!("\"{}\" is issued by: {}. {} may not.", title.en, en.join(", "), who.en),
                    ),
                )
            }
            Refusal::NoGround { kind, place, on } => Error::conflict("no_legal_ground", no_ground(kind, place, on)),
            Refusal::Faults { faults, .. } => Error::invalid(faults),
        }
        .under(rule, citations)
    }
}

/// What the law of the day lacks.
fn no_ground(kind: NoticeKind, place: &Place, on: Day) -> Text {
    let title = &kind.row().title;
    let cited = cite_all(place.provisions, on);
    let later = cited.iter().find_map(|citation| citation.successor.as_deref());
    match (cited.first(), later, kind.row().since) {
        (Some(then), Some(next), Some(since)) => Text::new(
            format!(
                "签发日{}施行的是《{}》{}，其中没有可据以签发“{}”的规定；自{}起，依据为《{}》{}。",
                words::day(on),
                then.instrument_zh,
                words::article(&then.article),
                title.zh,
                words::day(since),
                next.instrument_zh,
                words::article(&next.article),
            ),
            format!(
                "On the day of issue, {on}, the {} art. {} was in force, which carries no \"{}\"; from {since} the {} \
                 art. {} does.",
                then.instrument_en, then.article, title.en, next.instrument_en, next.article,
            ),
        ),
        _ => Text::new(
            format!("签发日{}没有施行中的依据可据以签发“{}”。", words::day(on), title.zh),
            format!("On the day of issue, {on}, no provision was in force that carries a \"{}\".", title.en),
        ),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::registers::site::ControlMode;

    pub(in super::super) fn facts(stage: Stage, role: Role, issued_on: Day) -> Facts {
        Facts {
            site: SiteFacts {
                code: "152921YS20260001".to_owned(),
                name: "（演示）原北方化工厂地块".to_owned(),
                address: Some("巴彦浩特镇工业路 1 号".to_owned()),
                division_code: "152921".to_owned(),
                division_name: "阿拉善左旗".to_owned(),
                stage,
                suspected_on: Some(Day::of(2026, 5, 10)),
                contaminated_on: None,
                risk_grade: None,
            },
            recipient: Some("（演示）北方化工有限公司".to_owned()),
            recipient_named: false,
            issuer: "阿拉善左旗生态环境局".to_owned(),
            role,
            issued_on,
            due_on: None,
            reason: None,
            contact: None,
            period: Some(Period { months: 6, due_on: Day::of(2026, 11, 23), moved: true }),
            running_due_on: None,
        }
    }

    const TODAY: Day = Day::of(2026, 11, 21);

    /// Kind × stage × role on a day of the Code: who may issue what where. One line per kind, as the rulebook has it.
    #[test]
    fn who_issues_what_where() {
        let mut table = Vec::new();
        for kind in &super::super::KINDS {
            for role in [Role::CountyEcology, Role::PrefectureEcology, Role::ProvinceEcology, Role::Planning] {
                let stages: Vec<&str> = Stage::ALL
                    .into_iter()
                    .filter(|stage| {
                        let refusal = permit(kind, &facts(*stage, role, TODAY), TODAY).err();
                        !matches!(
                            refusal,
                            Some(Refusal::Stage { .. } | Refusal::Issuer { .. } | Refusal::NoGround { .. })
                        )
                    })
                    .map(Stage::code)
                    .collect();
                if !stages.is_empty() {
                    table.push(format!("{} {}: {}", kind.name, role.as_str(), stages.join(" ")));
                }
            }
        }
        assert_eq!(
            table,
            [
                "listing county_ecology: C1 C2 C3",
                "listing prefecture_ecology: C1 C2 C3",
                "preliminary_survey county_ecology: C1",
                "preliminary_survey prefecture_ecology: C1",
                "detailed_survey prefecture_ecology: C5",
                "return prefecture_ecology: C2 C3",
                "return province_ecology: C7 C12",
                "stop_work county_ecology: C1 C2 C3 C5 C6 C7 C9 C10a C10b C11 C12",
                "stop_work prefecture_ecology: C1 C2 C3 C5 C6 C7 C9 C10a C10b C11 C12",
                "stop_work province_ecology: C1 C2 C3 C5 C6 C7 C9 C10a C10b C11 C12",
            ]
        );
    }

    #[test]
    fn code_461_3_stops_works_and_law_66_3_did_not() {
        let kind = NoticeKind::StopWork.row();
        let stage = Stage::RiskControl(ControlMode::SafeUse);
        let reason = Some("未达到修复目标即开工建设".to_owned());
        let before = Facts { reason, ..facts(stage, Role::CountyEcology, Day::of(2026, 8, 14)) };
        let refusal = permit(kind, &before, TODAY).expect_err("refused");
        assert!(matches!(refusal, Refusal::NoGround { .. }));
        let error = Error::from(refusal);
        assert_eq!((error.code(), error.rule()), ("no_legal_ground", Some("T18")));
        let cited = &error.citations()[0];
        assert_eq!((cited.instrument_zh.as_str(), cited.article.as_str()), ("土壤污染防治法", "66(3)"));
        assert_eq!(cited.successor.as_ref().map(|s| s.article.as_str()), Some("461(3)"));
        assert!(error.detail().zh.contains("第六十六条第三款") && error.detail().zh.contains("第四百六十一条第三款"));
        let after = Facts { issued_on: law::CODE_IN_FORCE, ..before };
        assert_eq!(permit(kind, &after, TODAY).map(|place| place.rule), Ok("T18"));
    }

    #[test]
    fn nothing_is_issued_on_a_text_that_is_not_in_force_yet() {
        let kind = NoticeKind::PreliminarySurvey.row();
        let on = |day| permit(kind, &facts(Stage::Suspected, Role::CountyEcology, day), TODAY);
        assert!(matches!(on(Day::of(2017, 6, 30)), Err(Refusal::NoGround { .. })));
        assert!(on(Day::of(2017, 7, 1)).is_ok());
    }

    #[test]
    fn everything_missing_is_said_at_once() {
        let kind = NoticeKind::DetailedSurvey.row();
        let bare = Facts {
            recipient: None,
            contact: Some("  ".to_owned()),
            reason: Some("一\u{7}".to_owned()),
            ..facts(Stage::Contaminated, Role::PrefectureEcology, Day::of(2026, 11, 22))
        };
        let Err(Refusal::Faults { faults, .. }) = permit(kind, &bare, TODAY) else { panic!("let through") };
        let said: Vec<_> = faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect();
        assert_eq!(
            said,
            [
                ("/issued_on", "in_the_future"),
                ("/reason", "bad_text"),
                ("/contact", "bad_text"),
                ("/recipient", "no_recipient"),
                ("/due_on", "missing"),
            ]
        );
        let early = Facts { due_on: Some(TODAY), ..facts(Stage::Contaminated, Role::PrefectureEcology, TODAY) };
        assert!(
            matches!(permit(kind, &early, TODAY), Err(Refusal::Faults { faults, .. }) if faults[0].code == "before_issue")
        );
        let survey = NoticeKind::PreliminarySurvey.row();
        let day = Facts { due_on: Some(Day::of(2027, 1, 1)), ..facts(Stage::Suspected, Role::CountyEcology, TODAY) };
        assert!(
            matches!(permit(survey, &day, TODAY), Err(Refusal::Faults { faults, .. }) if faults[0].code == "unexpected_field")
        );
    }

    #[test]
    fn the_province_s_text_and_the_prefecture_s_article_stand_where_they_belong() {
        let kind = NoticeKind::PreliminarySurvey.row();
        let place = kind.places.first().expect("a place");
        let of = |division, role| grounds(kind, place, division, role).len();
        assert_eq!(of("152921", Role::CountyEcology), 2);
        assert_eq!(of("140602", Role::CountyEcology), 1);
        assert_eq!(of("140602", Role::PrefectureEcology), 2);
        let stop = NoticeKind::StopWork.row();
        assert_eq!(grounds(stop, &stop.places[0], "152921", Role::PrefectureEcology).len(), 1);
    }
}
