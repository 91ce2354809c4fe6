//! Where a site stands, and on which lists it is because of that.

use crate::kernel::Text;
use crate::platform::Role;
use std::fmt;

/// Two ways of controlling the risk (rulebook C10a, C10b).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ControlMode {
    /// 防止扩散：暂不开发利用
    Containment,
    /// 安全利用：拟开发
    SafeUse,
}

impl ControlMode {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ControlMode::Containment => "containment",
            ControlMode::SafeUse => "safe_use",
        }
    }
}

/// A stage of the life cycle (rulebook 2.2, C0 to C14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// C0 线索
    Candidate,
    /// C1 疑似污染地块
    Suspected,
    /// C2 初步调查
    PreliminarySurvey,
    /// C3 初步调查报告评审
    PreliminaryReview,
    /// C4 非污染地块
    NotContaminated,
    /// C5 污染地块
    Contaminated,
    /// C6 详细调查
    DetailedSurvey,
    /// C7 风险评估
    RiskAssessment,
    /// C8 风险可接受
    RiskAcceptable,
    /// C9 列入管控和修复名录
    Listed,
    /// C10 风险管控
    RiskControl(ControlMode),
    /// C11 治理与修复
    Remediation,
    /// C12 效果评估
    EffectEvaluation,
    /// C13 移出名录
    Delisted,
    /// C14 后期管理
    Aftercare,
}

/// A combination that the rules exclude was found where it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible(pub String);

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Impossible {}

/// Whether a site is on a list, as far as its stage alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnList {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The stage is reached from the list and without it; only the site's history tells.
    ByHistory,
}

/// The three lists (一名单二名录, rulebook 2.1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// 疑似污染地块名单, kept by the county
    SuspectedList,
    /// 污染地块名录, kept by the prefecture
    ContaminatedDirectory,
    /// 建设用地土壤污染风险管控和修复名录, kept by the province
    ControlList,
}

impl List {
    /// Every list, in the order in which a site meets them.
    pub const ALL: [List; 3] = [List::SuspectedList, List::ContaminatedDirectory, List::ControlList];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            List::SuspectedList => "suspected_list",
            List::ContaminatedDirectory => "contaminated_directory",
            List::ControlList => "control_list",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            List::SuspectedList => Text::fixed("疑似污染地块名单", "List of suspected sites"),
            List::ContaminatedDirectory => Text::fixed("污染地块名录", "Directory of contaminated sites"),
            List::ControlList => Text::fixed("建设用地土壤污染风险管控和修复名录", "Control and remediation list"),
        }
    }

    /// Who keeps it.
    pub const fn keeper(self) -> Role {
        match self {
            List::SuspectedList => Role::CountyEcology,
            List::ContaminatedDirectory => Role::PrefectureEcology,
            List::ControlList => Role::ProvinceEcology,
        }
    }

    /// Whether the law makes it public. Some bureaus publish the list of suspected sites too, but no article asks for it.
    pub const fn is_public(self) -> bool {
        !matches!(self, List::SuspectedList)
    }
}

impl Stage {
    /// Every stage, the two modes of risk control apart.
    pub const ALL: [Stage; 16] = [
        Stage::Candidate,
        Stage::Suspected,
        Stage::PreliminarySurvey,
        Stage::PreliminaryReview,
        Stage::NotContaminated,
        Stage::Contaminated,
        Stage::DetailedSurvey,
        Stage::RiskAssessment,
        Stage::RiskAcceptable,
        Stage::Listed,
        Stage::RiskControl(ControlMode::Containment),
        Stage::RiskControl(ControlMode::SafeUse),
        Stage::Remediation,
        Stage::EffectEvaluation,
        Stage::Delisted,
        Stage::Aftercare,
    ];

    /// Its name on the wire; the mode of risk control goes beside it, see [`Stage::mode`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Candidate => "candidate",
            Stage::Suspected => "suspected",
            Stage::PreliminarySurvey => "preliminary_survey",
            Stage::PreliminaryReview => "preliminary_review",
            Stage::NotContaminated => "not_contaminated",
            Stage::Contaminated => "contaminated",
            Stage::DetailedSurvey => "detailed_survey",
            Stage::RiskAssessment => "risk_assessment",
            Stage::RiskAcceptable => "risk_acceptable",
            Stage::Listed => "listed",
            Stage::RiskControl(_) => "risk_control",
            Stage::Remediation => "remediation",
            Stage::EffectEvaluation => "effect_evaluation",
            Stage::Delisted => "delisted",
            Stage::Aftercare => "aftercare",
        }
    }

    /// The mode of risk control; `None` in every other stage.
    pub const fn mode(self) -> Option<ControlMode> {
        match self {
            Stage::RiskControl(mode) => Some(mode),
            _ => None,
        }
    }

    /// Reads a stage and its mode as stored or filtered by.
    ///
    /// # Errors
    /// No such stage, a mode where there is none, or none where there must be one.
    pub fn read(stage: &str, mode: Option<&str>) -> Result<Stage, Impossible> {
        Stage::ALL
            .into_iter()
            .find(|s| s.as_str() == stage && s.mode().map(ControlMode::as_str) == mode)
            .ok_or_else(|| Impossible(format!("there is no stage `{stage}` with mode {}", mode.unwrap_or("none"))))
    }

    /// The stages that a wire name stands for: one, or the two modes of `risk_control`; none for an unknown name.
    pub fn named(name: &str) -> Vec<Stage> {
        Stage::ALL.into_iter().filter(|stage| stage.as_str() == name).collect()
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Stage::Candidate => Text::fixed("线索（拟列入）", "Candidate"),
            Stage::Suspected => Text::fixed("疑似污染地块（待通知）", "Suspected, to be notified"),
            Stage::PreliminarySurvey => Text::fixed("初步调查", "Preliminary survey"),
            Stage::PreliminaryReview => Text::fixed("初步调查报告评审", "Review of the preliminary report"),
            Stage::NotContaminated => Text::fixed("非污染地块", "Not contaminated"),
            Stage::Contaminated => Text::fixed("污染地块（已列入名录）", "Contaminated, in the directory"),
            Stage::DetailedSurvey => Text::fixed("详细调查", "Detailed survey"),
            Stage::RiskAssessment => Text::fixed("风险评估", "Risk assessment"),
            Stage::RiskAcceptable => Text::fixed("风险可接受", "Risk acceptable"),
            Stage::Listed => Text::fixed("列入风险管控和修复名录", "On the control list"),
            Stage::RiskControl(ControlMode::Containment) => {
                Text::fixed("风险管控（防止扩散，暂不开发利用）", "Risk control: containment, not to be developed yet")
            }
            Stage::RiskControl(ControlMode::SafeUse) => {
                Text::fixed("风险管控（安全利用，拟开发）", "Risk control: safe use, to be developed")
            }
            Stage::Remediation => Text::fixed("治理与修复", "Remediation"),
            Stage::EffectEvaluation => Text::fixed("效果评估", "Effect evaluation"),
            Stage::Delisted => Text::fixed("已移出名录", "Delisted"),
            Stage::Aftercare => Text::fixed("后期管理", "Aftercare"),
        }
    }

    /// The rulebook's number of it.
    pub const fn code(self) -> &'static str {
        match self {
            Stage::Candidate => "C0",
            Stage::Suspected => "C1",
            Stage::PreliminarySurvey => "C2",
            Stage::PreliminaryReview => "C3",
            Stage::NotContaminated => "C4",
            Stage::Contaminated => "C5",
            Stage::DetailedSurvey => "C6",
            Stage::RiskAssessment => "C7",
            Stage::RiskAcceptable => "C8",
            Stage::Listed => "C9",
            Stage::RiskControl(ControlMode::Containment) => "C10a",
            Stage::RiskControl(ControlMode::SafeUse) => "C10b",
            Stage::Remediation => "C11",
            Stage::EffectEvaluation => "C12",
            Stage::Delisted => "C13",
            Stage::Aftercare => "C14",
        }
    }

    /// The national platform's stage code SCJDBM (as its 2017-2018 system had it). C5 is S1 until the detailed survey
    /// begins. A candidate and a closed site have none.
    pub const fn platform_code(self) -> Option<&'static str> {
        match self {
            Stage::Candidate | Stage::NotContaminated => None,
            Stage::Suspected => Some("S0"),
            Stage::PreliminarySurvey | Stage::PreliminaryReview | Stage::Contaminated => Some("S1"),
            Stage::DetailedSurvey => Some("S2"),
            Stage::RiskAssessment | Stage::RiskAcceptable | Stage::Listed => Some("S3"),
            Stage::RiskControl(_) => Some("S4"),
            Stage::Remediation => Some("S5"),
            Stage::EffectEvaluation | Stage::Delisted | Stage::Aftercare => Some("S6"),
        }
    }

    /// The national platform's flag POLLUETED (its spelling): found contaminated, found not to be, or not known yet.
    pub const fn found_contaminated(self) -> Option<bool> {
        match self {
            Stage::Candidate | Stage::Suspected | Stage::PreliminarySurvey | Stage::PreliminaryReview => None,
            Stage::NotContaminated => Some(false),
            _ => Some(true),
        }
    }

    /// Whether a site of this stage is on a list.
    ///
    /// Containment is reached from the directory as well as from the control list, so the latter is a matter of history.
    /// A site whose risk was found acceptable stays in the directory: it is above the screening value still.
    pub const fn on(self, list: List) -> OnList {
        use OnList::{ByHistory, No, Yes};
        match (self, list) {
            (Stage::Suspected | Stage::PreliminarySurvey | Stage::PreliminaryReview, List::SuspectedList) => Yes,
            (Stage::RiskControl(ControlMode::Containment), List::ControlList) => ByHistory,
            (
                Stage::Contaminated
                | Stage::DetailedSurvey
                | Stage::RiskAssessment
                | Stage::RiskAcceptable
                | Stage::Listed
                | Stage::RiskControl(_)
                | Stage::Remediation
                | Stage::EffectEvaluation,
                List::ContaminatedDirectory,
            ) => Yes,
            (
                Stage::Listed | Stage::RiskControl(ControlMode::SafeUse) | Stage::Remediation | Stage::EffectEvaluation,
                List::ControlList,
            ) => Yes,
            _ => No,
        }
    }

    /// Whether a site of this stage is on a list that the law makes public.
    pub fn is_public(self) -> bool {
        List::ALL.into_iter().any(|list| list.is_public() && self.on(list) == OnList::Yes)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mode() {
            Some(mode) => write!(f, "{}/{}", self.as_str(), mode.as_str()),
            None => f.write_str(self.as_str()),
        }
    }
}

/// Risk grade of a contaminated site (Order 42 art. 14; no instrument at hand prints its values, the three are custom).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RiskGrade {
    /// 高
    High,
    /// 中
    Medium,
    /// 低
    Low,
}

impl RiskGrade {
    /// Every grade, gravest first.
    pub const ALL: [RiskGrade; 3] = [RiskGrade::High, RiskGrade::Medium, RiskGrade::Low];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            RiskGrade::High => "high",
            RiskGrade::Medium => "medium",
            RiskGrade::Low => "low",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            RiskGrade::High => Text::fixed("高风险", "High risk"),
            RiskGrade::Medium => Text::fixed("中风险", "Medium risk"),
            RiskGrade::Low => Text::fixed("低风险", "Low risk"),
        }
    }

    /// Reads a wire name, or the Chinese word as forms have it.
    pub fn parse(s: &str) -> Option<RiskGrade> {
        RiskGrade::ALL
            .into_iter()
            .find(|g| g.as_str() == s || g.title().zh == s || g.title().zh.strip_suffix("风险") == Some(s))
    }
}

/// What the row of a site says of its standing, where its log is not read along: lists, layers, tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    stage: Stage,
    risk_grade: Option<RiskGrade>,
}

impl Status {
    /// Reads the columns.
    ///
    /// # Errors
    /// What [`Stage::read`] refuses; a risk grade unknown, or on a site not found contaminated.
    pub fn read(stage: &str, mode: Option<&str>, risk_grade: Option<&str>) -> Result<Status, Impossible> {
        let stage = Stage::read(stage, mode)?;
        let risk_grade = risk_grade
            .map(|g| {
                RiskGrade::ALL
                    .into_iter()
                    .find(|grade| grade.as_str() == g)
                    .ok_or_else(|| Impossible(format!("there is no risk grade `{g}`")))
            })
            .transpose()?;
        if risk_grade.is_some() && stage.found_contaminated() != Some(true) {
            return Err(Impossible(format!(
                "stage `{stage}` with risk grade {}",
                risk_grade.map_or("none", RiskGrade::as_str)
            )));
        }
        Ok(Status { stage, risk_grade })
    }

    /// The stage.
    pub fn stage(self) -> Stage {
        self.stage
    }

    /// The risk grade. Only sites found contaminated have one; one that came from an existing register without a grade has
    /// none either, because no instrument lets the registry make one up.
    pub fn risk_grade(self) -> Option<RiskGrade> {
        self.risk_grade
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_back_and_impossible_combinations_are_refused() {
        for stage in Stage::ALL {
            assert_eq!(Stage::read(stage.as_str(), stage.mode().map(ControlMode::as_str)), Ok(stage));
        }
        for (stage, mode) in [
            ("risk_control", None),
            ("suspected", Some("containment")),
            ("risk_control", Some("both")),
            ("closed", None),
            ("", None),
        ] {
            assert!(Stage::read(stage, mode).is_err(), "{stage} {mode:?}");
        }
        assert_eq!(Stage::named("risk_control").len(), 2);
        assert_eq!(Stage::named("nothing"), []);
    }

    #[test]
    fn a_risk_grade_goes_with_contamination_found_only() {
        let status = Status::read("contaminated", None, Some("high")).unwrap();
        assert_eq!((status.stage(), status.risk_grade()), (Stage::Contaminated, Some(RiskGrade::High)));
        assert!(Status::read("suspected", None, None).is_ok());
        assert!(Status::read("listed", None, None).is_ok(), "as an existing register gave it");
        for (stage, grade) in
            [("suspected", Some("high")), ("contaminated", Some("grave")), ("not_contaminated", Some("low"))]
        {
            assert!(Status::read(stage, None, grade).is_err(), "{stage} {grade:?}");
        }
        assert_eq!(RiskGrade::parse("高"), Some(RiskGrade::High));
        assert_eq!(RiskGrade::parse("中风险"), Some(RiskGrade::Medium));
        assert_eq!(RiskGrade::parse("风险"), None);
    }

    #[test]
    fn a_site_is_never_on_the_suspected_list_and_in_the_directory_at_once() {
        for stage in Stage::ALL {
            assert!(
                !(stage.on(List::SuspectedList) == OnList::Yes && stage.on(List::ContaminatedDirectory) == OnList::Yes),
                "{stage}"
            );
            // Whoever is on the control list is in the directory.
            if stage.on(List::ControlList) != OnList::No {
                assert_eq!(stage.on(List::ContaminatedDirectory), OnList::Yes, "{stage}");
            }
        }
    }

    #[test]
    fn what_is_public_is_in_the_directory_or_on_the_control_list() {
        let public: Vec<&str> = Stage::ALL.into_iter().filter(|s| s.is_public()).map(Stage::code).collect();
        assert_eq!(public, ["C5", "C6", "C7", "C8", "C9", "C10a", "C10b", "C11", "C12"]);
    }

    #[test]
    fn platform_codes_are_those_of_the_rulebook() {
        let table: Vec<String> = Stage::ALL
            .into_iter()
            .map(|s| {
                let flag = match s.found_contaminated() {
                    None => "null",
                    Some(false) => "0",
                    Some(true) => "1",
                };
                format!("{} {}/{flag}", s.code(), s.platform_code().unwrap_or("–"))
            })
            .collect();
        assert_eq!(
            table.join("; "),
            "C0 –/null; C1 S0/null; C2 S1/null; C3 S1/null; C4 –/0; C5 S1/1; C6 S2/1; C7 S3/1; C8 S3/1; C9 S3/1; C10a S4/1; \
             C10b S4/1; C11 S5/1; C12 S6/1; C13 S6/1; C14 S6/1"
        );
    }
}
