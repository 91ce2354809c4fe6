//! A site as an existing register had it. Bureaus bring registers that are there already: the stage is taken over with what
//! the register says, and nothing that would have led to it is made up.

use super::event::AssessedClass;
use super::stage::{ControlMode, Impossible, List, OnList, RiskGrade, Stage};
use crate::kernel::{Day, Fault, Text};

/// What an existing register says of a site's standing; right in itself once it is there. As stored, it is the payload of
/// the log's first entry, of type `registered`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Given {
    stage: Stage,
    stage_since: Option<Day>,
    risk_grade: Option<RiskGrade>,
    assessed_class: Option<AssessedClass>,
    notice_received_on: Option<Day>,
    on_control_list: Option<bool>,
}

/// The log's name for a registration as given.
pub const REGISTERED: &str = "registered";

#[derive(serde::Serialize, serde::Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    stage: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    stage_since: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    risk_grade: Option<RiskGrade>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    assessed_class: Option<AssessedClass>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    notice_received_on: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    on_control_list: Option<bool>,
}

impl From<Given> for Wire {
    fn from(given: Given) -> Wire {
        Wire {
            kind: REGISTERED.to_owned(),
            stage: given.stage.as_str().to_owned(),
            mode: given.stage.mode().map(|mode| mode.as_str().to_owned()),
            stage_since: given.stage_since,
            risk_grade: given.risk_grade,
            assessed_class: given.assessed_class,
            notice_received_on: given.notice_received_on,
            on_control_list: given.on_control_list,
        }
    }
}

impl TryFrom<Wire> for Given {
    type Error = Impossible;

    fn try_from(wire: Wire) -> Result<Given, Impossible> {
        if wire.kind != REGISTERED {
            return Err(Impossible(format!("`{}` is no registration", wire.kind)));
        }
        Ok(Given {
            stage: Stage::read(&wire.stage, wire.mode.as_deref())?,
            stage_since: wire.stage_since,
            risk_grade: wire.risk_grade,
            assessed_class: wire.assessed_class,
            notice_received_on: wire.notice_received_on,
            on_control_list: wire.on_control_list,
        })
    }
}

/// What was read of a file's row, before it is known to fit together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenDraft {
    /// Wire name of the stage.
    pub stage: String,
    /// Wire name of the mode of risk control.
    pub mode: Option<String>,
    /// Day since which the site stands there.
    pub stage_since: Option<Day>,
    /// A wire name of [`RiskGrade`] or the Chinese word.
    pub risk_grade: Option<String>,
    /// A wire name of [`AssessedClass`].
    pub assessed_class: Option<String>,
    /// Day on which the notice of the preliminary survey was received; its clock runs from there.
    pub notice_received_on: Option<Day>,
    /// Whether a contained site is on the control list, which its stage does not tell.
    pub on_control_list: Option<bool>,
}

impl Given {
    /// Reads a row, naming everything that does not fit at once. Pointers name the attribute: `/stage`.
    ///
    /// # Errors
    /// One fault per attribute that is not in its list, does not go with the stage, or lies after `today`.
    pub fn read(draft: &GivenDraft, today: Day) -> Result<Given, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fault = |name: &str, code, zh: String, en: String| {
            faults.push(Fault::new(format!("/{name}"), code, Text::new(zh, en)));
        };
        let named = Stage::named(&draft.stage);
        let stage = Stage::read(&draft.stage, draft.mode.as_deref()).ok();
        if named.is_empty() {
            let mut all: Vec<_> = Stage::ALL.map(Stage::as_str).to_vec();
            all.dedup();
            let all = all.join(", ");
            fault("stage", "not_in_list", format!("阶段只能是：{all}。"), format!("The stage is one of: {all}."));
        } else if stage.is_none() {
            let modes = [ControlMode::Containment.as_str(), ControlMode::SafeUse.as_str()].join(", ");
            if named.len() > 1 {
                fault(
                    "mode",
                    "missing",
                    format!("风险管控须注明方式：{modes}。"),
                    format!("Risk control needs its mode: {modes}."),
                );
            } else {
                fault(
                    "mode",
                    "unexpected_field",
                    "只有风险管控阶段有方式。".to_owned(),
                    "Only risk control has a mode.".to_owned(),
                );
            }
        }
        let risk_grade = draft.risk_grade.as_deref().and_then(RiskGrade::parse);
        if draft.risk_grade.is_some() && risk_grade.is_none() {
            fault(
                "risk_grade",
                "not_in_list",
                "风险等级只能是：high, medium, low。".to_owned(),
                "The risk grade is one of: high, medium, low.".to_owned(),
            );
        }
        let assessed_class = draft.assessed_class.as_deref().and_then(AssessedClass::parse);
        if draft.assessed_class.is_some() && assessed_class.is_none() {
            fault(
                "assessed_class",
                "not_in_list",
                "用地类别只能是：class_1, class_2。".to_owned(),
                "The land class is one of: class_1, class_2.".to_owned(),
            );
        }
        for (name, day) in [("stage_since", draft.stage_since), ("notice_received_on", draft.notice_received_on)] {
            if day.is_some_and(|day| day > today) {
                fault(
                    name,
                    "in_the_future",
                    format!("不得晚于今天 {today}。"),
                    format!("Must not lie after today, {today}."),
                );
            }
        }
        if let Some(stage) = stage {
            let misplaced = [
                ("risk_grade", risk_grade.is_some() && stage.found_contaminated() != Some(true)),
                ("assessed_class", assessed_class.is_some() && stage != Stage::NotContaminated),
                ("notice_received_on", draft.notice_received_on.is_some() && stage != Stage::PreliminarySurvey),
                (
                    "on_control_list",
                    match (draft.on_control_list, stage.on(List::ControlList)) {
                        (None, _) | (_, OnList::ByHistory) | (Some(true), OnList::Yes) | (Some(false), OnList::No) => {
                            false
                        }
                        (Some(_), _) => true,
                    },
                ),
            ];
            for (name, _) in misplaced.into_iter().filter(|(_, wrong)| *wrong) {
                fault(
                    name,
                    "contradicts_stage",
                    format!("与阶段“{}”不符。", stage.title().zh),
                    format!("Does not go with the stage \"{}\".", stage.title().en),
                );
            }
        }
        match stage {
            Some(stage) if faults.is_empty() => Ok(Given {
                stage,
                stage_since: draft.stage_since,
                risk_grade,
                assessed_class,
                notice_received_on: draft.notice_received_on,
                on_control_list: draft.on_control_list,
            }),
            _ => Err(faults),
        }
    }

    /// The stage.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Day since which the site stands there.
    pub fn stage_since(&self) -> Option<Day> {
        self.stage_since
    }

    /// The grade; only of a site found contaminated.
    pub fn risk_grade(&self) -> Option<RiskGrade> {
        self.risk_grade
    }

    /// The land class that a clean survey holds for.
    pub fn assessed_class(&self) -> Option<AssessedClass> {
        self.assessed_class
    }

    /// Day on which the notice of the preliminary survey was received; only at that stage.
    pub fn notice_received_on(&self) -> Option<Day> {
        self.notice_received_on
    }

    /// Whether the site is on the control list, where the register said so.
    pub fn on_control_list(&self) -> Option<bool> {
        self.on_control_list
    }
}

#[cfg(test)]
mod tests {
    use super::super::effect::Effect;
    use super::super::event::Draft;
    use super::super::step::Place;
    use super::super::step::{Entry, SiteState, replay_from, take};
    use super::super::table::{EventType, StatutoryClock};
    use super::*;
    use crate::platform::Role;

    const TODAY: Day = Day::of(2026, 11, 21);

    fn draft(stage: &str) -> GivenDraft {
        GivenDraft { stage: stage.to_owned(), ..GivenDraft::default() }
    }

    #[test]
    fn every_stage_is_taken_over_as_it_is_and_is_on_the_lists_of_that_stage() {
        for stage in Stage::ALL {
            let given = Given::read(
                &GivenDraft { mode: stage.mode().map(|m| m.as_str().to_owned()), ..draft(stage.as_str()) },
                TODAY,
            )
            .unwrap();
            let (state, effects) = SiteState::registered(&given);
            assert_eq!((state.stage(), state.recorded(), state.voidable()), (stage, 1, None));
            for list in List::ALL {
                let entered = effects.contains(&Effect::ListEntered { list });
                assert_eq!(entered, stage.on(list) == OnList::Yes, "{stage} {}", list.as_str());
            }
            let text = serde_json::to_value(&given).unwrap();
            assert_eq!(text["type"], REGISTERED);
            assert_eq!(serde_json::from_value::<Given>(text).unwrap(), given);
        }
    }

    #[test]
    fn what_does_not_fit_the_stage_is_named() {
        let codes = |draft: GivenDraft| -> Vec<String> {
            Given::read(&draft, TODAY)
                .err()
                .into_iter()
                .flatten()
                .map(|f| format!("{} {}", f.pointer, f.code))
                .collect()
        };
        assert_eq!(codes(draft("closed")), ["/stage not_in_list"]);
        assert_eq!(codes(draft("risk_control")), ["/mode missing"]);
        assert_eq!(
            codes(GivenDraft {
                mode: Some("containment".into()),
                risk_grade: Some("grave".into()),
                stage_since: Some(TODAY.next()),
                ..draft("suspected")
            }),
            ["/mode unexpected_field", "/risk_grade not_in_list", "/stage_since in_the_future"]
        );
        assert_eq!(
            codes(GivenDraft {
                risk_grade: Some("high".into()),
                assessed_class: Some("class_1".into()),
                notice_received_on: Some(TODAY),
                on_control_list: Some(true),
                ..draft("suspected")
            }),
            [
                "/risk_grade contradicts_stage",
                "/assessed_class contradicts_stage",
                "/notice_received_on contradicts_stage",
                "/on_control_list contradicts_stage"
            ]
        );
    }

    #[test]
    fn a_clock_runs_where_the_day_of_the_notice_is_known_and_none_is_stopped_where_it_is_not() {
        let document = Some(crate::kernel::DocumentId::new(TODAY.start()));
        let overrides = crate::standards::parameters::Overrides::new();
        let place = Place { division: "152921", overrides: &overrides };
        let submit = |state: &SiteState| {
            let draft = Draft { document_id: document, ..Draft::default() };
            take(state, EventType::PreliminaryReportSubmitted, draft, TODAY, TODAY, Role::LandUser, place).unwrap()
        };
        let rule = StatutoryClock::PreliminarySurveySixMonths;
        let received = Day::of(2026, 5, 21);
        let known = GivenDraft { notice_received_on: Some(received), ..draft("preliminary_survey") };
        let (state, effects) = SiteState::registered(&Given::read(&known, TODAY).unwrap());
        assert!(effects.iter().any(|e| matches!(e, Effect::DeadlineOpened { start_on, .. } if *start_on == received)));
        let (_, step) = submit(&state);
        assert!(step.effects.contains(&Effect::DeadlineClosed { rule, occasion: String::new(), on: TODAY }));

        let (state, effects) = SiteState::registered(&Given::read(&draft("preliminary_survey"), TODAY).unwrap());
        assert!(!effects.iter().any(|e| matches!(e, Effect::DeadlineOpened { .. })));
        let (event, step) = submit(&state);
        assert!(!step.effects.iter().any(|e| matches!(e, Effect::DeadlineClosed { .. })));
        assert_eq!(step.state.stage(), Stage::PreliminaryReview);

        let draft = Draft {
            document_id: document,
            conclusion: Some("returned".into()),
            reason: Some("x".into()),
            ..Draft::default()
        };
        let (_, back) = take(
            &step.state,
            EventType::PreliminaryReportReviewed,
            draft,
            TODAY,
            TODAY,
            Role::PrefectureEcology,
            place,
        )
        .unwrap();
        assert_eq!(back.state.stage(), Stage::PreliminarySurvey);
        assert!(!back.effects.iter().any(|e| matches!(e, Effect::DeadlineReopened { .. })));

        let entry = Entry { seq: 2, event, occurred_on: TODAY, day_assumed: false, actor: Role::LandUser };
        assert_eq!(replay_from(state, &[entry]).unwrap().state, step.state);
    }

    #[test]
    fn a_contained_site_is_on_the_control_list_only_where_the_register_said_so() {
        for (said, expected) in [(None, false), (Some(false), false), (Some(true), true)] {
            let draft = GivenDraft { mode: Some("containment".into()), on_control_list: said, ..draft("risk_control") };
            let (_, effects) = SiteState::registered(&Given::read(&draft, TODAY).unwrap());
            assert_eq!(effects.contains(&Effect::ListEntered { list: List::ControlList }), expected);
        }
    }
}
