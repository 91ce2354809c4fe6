//! What a notice says, piece by piece, in Chinese as an office writes; and its summary in English.
//!
//! Articles are named, never quoted: of some of them only the content is known. What a reader of the answer should check
//! before the paper goes out is listed beside it, and is not printed.

use super::issue::{Facts, grounds};
use super::kinds::{Due, Kind, NoticeKind, Place};
use super::words;
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Confidence, Day, Text};
use crate::registers::site::Stage;
use crate::standards::law;
use serde::{Deserialize, Serialize};

/// A notice as a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// The bureau, as it signs.
    pub issuer: String,
    /// What the paper is called.
    pub title: String,
    /// Its number.
    pub number: String,
    /// Who is addressed.
    pub recipient: String,
    /// What it is about.
    pub opening: String,
    /// Ground, demand, period, consequence: each with its heading.
    pub sections: Vec<Section>,
    /// Whom to ask.
    pub contact: String,
    /// The day on it.
    pub issued_on: Day,
    /// The form of service that goes with it: what stands in each of its rows; empty where it is filled in by hand.
    pub receipt: Vec<(String, String)>,
}

/// A part of a paper under its heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Heading, without its number.
    pub heading: String,
    /// Paragraphs, numbered where there are several.
    pub paragraphs: Vec<String>,
}

/// Something to be checked before the paper goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

/// A notice as drafted: the paper, and what goes with it and is not printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drafted {
    /// The paper.
    pub paper: Paper,
    /// What it stands on.
    pub citations: Vec<Citation>,
    /// Until when, in words.
    pub due_zh: String,
    /// The same.
    pub due_en: String,
    /// What follows from not doing what it asks.
    pub consequence: Option<Consequence>,
    /// What to check before it goes out.
    pub to_check: Vec<Check>,
    /// What it says, in English.
    pub summary_en: String,
}

/// What follows from not doing what a notice asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// As printed.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// The article.
    pub citations: Vec<Citation>,
}

/// Drafts a notice that may be issued.
pub fn draft(kind: &Kind, place: &Place, facts: &Facts, number: String) -> Drafted {
    let on = facts.issued_on;
    let provisions = grounds(kind, place, &facts.site.division_code, facts.role);
    let citations = cite_all(&provisions, on);
    let due = due(kind, facts);
    let consequence = kind.consequence.and_then(|provision| consequence(provision.cite(on)?));
    let recipient = facts.recipient.clone().unwrap_or_default();
    let mut sections = vec![section("依据", ground(&citations))];
    let demands = demands(kind, place, facts);
    sections.push(section(if kind.due == Due::None { "告知事项" } else { "要求" }, demands));
    if let Some(due) = &due {
        sections.push(section("期限", due.zh.split('\n').map(str::to_owned).collect()));
    }
    if let Some(consequence) = &consequence {
        sections.push(section("法律责任", vec![consequence.zh.clone()]));
    }
    let paper = Paper {
        issuer: facts.issuer.clone(),
        title: kind.title.zh.to_string(),
        recipient: recipient.clone(),
        opening: opening(kind, place, facts),
        sections,
        contact: contact(facts),
        issued_on: on,
        receipt: receipt(kind, &number, &recipient),
        number: number.clone(),
    };
    Drafted {
        paper,
        due_zh: due.as_ref().map_or_else(String::new, |due| due.zh.replace('\n', "")),
        due_en: due.as_ref().map_or_else(String::new, |due| due.en.to_string()),
        to_check: to_check(kind, facts, &citations, consequence.as_ref()),
        summary_en: summary(kind, facts, &number, &recipient, due.as_ref(), &citations),
        citations,
        consequence,
    }
}

fn section(heading: &str, paragraphs: Vec<String>) -> Section {
    Section { heading: heading.to_owned(), paragraphs }
}

/// The site as a paper names it: everything that tells it from others.
fn the_site(facts: &Facts) -> String {
    let site = &facts.site;
    let mut known = vec![format!("地块编码：{}", site.code), format!("所在区划：{}", site.division_name)];
    if let Some(address) = &site.address {
        known.push(format!("地址：{address}"));
    }
    format!("“{}”地块（{}）", site.name, known.join("；"))
}

/// What comes after a phrase of the office's own words: no full stop twice.
fn stopped(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['。', '！', '？', '.', '!', '?']) { text.to_owned() } else { format!("{text}。") }
}

fn opening(kind: &Kind, place: &Place, facts: &Facts) -> String {
    let site = the_site(facts);
    let listed = facts.site.suspected_on.map(|on| format!("已于{}", words::day(on))).unwrap_or_else(|| "已".to_owned());
    match kind.kind {
        NoticeKind::Listing => {
            let why = facts.reason.as_deref().map(|why| format!("列入原因：{}", stopped(why))).unwrap_or_default();
            format!("你单位使用的{site}{listed}列入疑似污染地块名单。{why}现将有关事项告知如下。")
        }
        NoticeKind::PreliminarySurvey => {
            let why = facts.reason.as_deref().map(stopped).unwrap_or_default();
            format!("你单位使用的{site}{listed}列入疑似污染地块名单。{why}现通知你单位对该地块开展土壤环境初步调查。")
        }
        NoticeKind::DetailedSurvey => {
            let entered = facts
                .site
                .contaminated_on
                .map(|on| format!("已于{}", words::day(on)))
                .unwrap_or_else(|| "已".to_owned());
            let grade =
                facts.site.risk_grade.map(|grade| format!("，风险等级为{}", grade.title().zh)).unwrap_or_default();
            let why = facts.reason.as_deref().map(stopped).unwrap_or_default();
            format!(
                "你单位使用的{site}经初步调查确认为污染地块，{entered}列入污染地块名录{grade}。{why}现通知你单位对该地块开展土壤环境\
                 详细调查。"
            )
        }
        NoticeKind::Return => {
            let report = place.report.as_ref().map_or("报告", |report| report.zh.as_ref());
            format!("你单位就所使用的{site}提交的{report}，经审查存在本通知书所列问题，现予退回，请补正后重新提交。")
        }
        NoticeKind::StopWork => format!(
            "经查，{site}现处于“{}”阶段，该地块上的建设活动存在下列情形：{}现通知你单位停止建设。",
            facts.site.stage.title().zh,
            facts.reason.as_deref().map(|why| stopped(&one_line(why))).unwrap_or_default(),
        ),
    }
}

/// The office's own words without their line breaks.
fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn ground(citations: &[Citation]) -> Vec<String> {
    let list: Vec<String> = citations.iter().map(words::citation).collect();
    vec![format!("{}。", list.join("；"))]
}

fn demands(kind: &Kind, place: &Place, facts: &Facts) -> Vec<String> {
    let numbered = |demands: Vec<String>| -> Vec<String> {
        if demands.len() == 1 {
            return demands;
        }
        (1u32..).zip(demands).map(|(n, demand)| format!("（{}）{demand}", words::number(n))).collect()
    };
    numbered(match kind.kind {
        NoticeKind::Listing => {
            let mut told = Vec::new();
            if facts.site.stage == Stage::Suspected {
                told.push(
                    "我局将另行书面通知你单位对该地块开展土壤环境初步调查；调查期限自你单位收到该通知书之日起计算。".to_owned(),
                );
            }
            told.push("你单位使用该地块的情况发生变化的，请及时告知我局。".to_owned());
            told.push("你单位认为列入名单所依据的事实有误的，可以书面向我局说明，并附有关材料。".to_owned());
            told
        }
        NoticeKind::PreliminarySurvey => vec![
            "自行或者委托专业机构开展土壤环境初步调查，编制调查报告。报告应当载明地块基本情况、采样与检测数据（附检测报告），\
             并就该地块是否受到污染作出明确结论。"
                .to_owned(),
            "及时将调查报告上传污染地块信息系统，并将报告主要内容向社会公开。".to_owned(),
        ],
        NoticeKind::DetailedSurvey => vec![
            "自行或者委托专业机构开展土壤环境详细调查，编制调查报告。报告应当查明污染物的分布与范围，以及对土壤、地表水、地下水和\
             空气的影响。"
                .to_owned(),
            "及时将调查报告上传污染地块信息系统，并将报告主要内容向社会公开。".to_owned(),
        ],
        NoticeKind::Return => {
            let reason = facts.reason.as_deref().unwrap_or_default();
            let lines: Vec<String> = reason
                .split('\n')
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(stopped)
                .collect();
            let report = place.report.as_ref().map_or("报告", |report| report.zh.as_ref());
            let mut demands = vec![format!("报告存在的问题：{}", lines.join(""))];
            demands.push(format!("请对上述问题逐项补正，并重新提交{report}及补正情况说明。"));
            demands
        }
        NoticeKind::StopWork => vec![
            "停止与该地块风险管控、修复无关的一切建设活动。".to_owned(),
            "依法完成应当完成的土壤污染状况调查、风险评估、风险管控、修复和效果评估，并达到确定的目标之前，不得恢复建设。".to_owned(),
            "将停止建设的情况书面报告我局。".to_owned(),
        ],
    })
}

/// Until when, in both languages; paragraphs of the Chinese are parted by line breaks.
fn due(kind: &Kind, facts: &Facts) -> Option<Text> {
    match (kind.due, facts.due_on) {
        (Due::None, _) => None,
        (Due::FromReceipt(_), _) => {
            let period = facts.period?;
            let (issued, last) = (words::day(facts.issued_on), words::day(period.due_on));
            let (rolled_zh, rolled_en) = if period.moved {
                (
                    "（期间的最后一日为法定休假日，顺延至休假日结束的次日）",
                    " (the last day being one of rest, the next working day)",
                )
            } else {
                ("", "")
            };
            Some(Text::new(
                format!(
                    "自收到本通知书之日起{}个月内完成。收到之日不计入，自次日起算。\n于本通知书落款之日（{issued}）收到的，期限至{last}\
                     届满{rolled_zh}；其他日期收到的，按送达回证所载签收日期计算。",
                    words::number(period.months),
                ),
                format!(
                    "Within {} months of receiving this notice; the day of receipt is not counted. Received on the day of \
                     issue, {}, it ends on {}{rolled_en}; otherwise it is counted from the day of receipt on the proof of \
                     service.",
                    period.months, facts.issued_on, period.due_on,
                ),
            ))
        }
        (Due::SetByBureau(_), Some(day)) => Some(Text::new(
            format!("请于{}前（含当日）完成。该期限由我局确定。", words::day(day)),
            format!("By {day} inclusive, as the bureau sets."),
        )),
        (Due::SetByBureau(_), None) => None,
        (Due::MayBeSet, day) => {
            let (mut zh, mut en) = match day {
                Some(day) => (
                    format!("请于{}前（含当日）补正并重新提交。", words::day(day)),
                    format!("Correct and submit again by {day} inclusive."),
                ),
                None => (
                    "请及时补正并重新提交。".to_owned(),
                    "Correct and submit again promptly; no day is set.".to_owned(),
                ),
            };
            if let Some(running) = facts.running_due_on {
                zh.push_str(&format!("报告退回不重新起算初步调查的期限，原期限于{}届满。", words::day(running)));
                en.push_str(&format!(
                    " The return starts no new period: that of the preliminary survey ends on {running} as before."
                ));
            }
            Some(Text::new(zh, en))
        }
        (Due::AtOnce, _) => Some(Text::fixed("自收到本通知书之日起立即执行。", "At once on receipt of this notice.")),
    }
}

/// The fines of Law art. 94 (Code art. 1165) for a statutory survey not done.
fn consequence(citation: Citation) -> Option<Consequence> {
    let zh = format!(
        "依法应当进行土壤污染状况调查而未按照规定进行的，依照{}处理：责令改正，处二万元以上二十万元以下的罚款；拒不改正的，处二十万元\
         以上一百万元以下的罚款，并委托他人代为履行。",
        words::citation(&citation)
    );
    let en = format!(
        "Where a survey that the law demands is not done as required, {} art. {}: correction is ordered with a fine of CNY \
         20,000 to 200,000; on refusal CNY 200,000 to 1,000,000, and others perform in the party's stead.",
        citation.instrument_en, citation.article
    );
    Some(Consequence { zh, en, citations: vec![citation] })
}

fn contact(facts: &Facts) -> String {
    match &facts.contact {
        Some(contact) => format!("联系方式：{}", contact.trim()),
        // To be filled in by hand.
        None => "联系人：＿＿＿＿＿＿　　联系电话：＿＿＿＿＿＿＿＿＿".to_owned(),
    }
}

/// The form of service. What is known is filled in; the rest is for those who serve and sign.
fn receipt(kind: &Kind, number: &str, recipient: &str) -> Vec<(String, String)> {
    let ways: Vec<String> = super::SERVICE_WAYS
        .chunks(3)
        .map(|line| line.iter().map(|way| format!("□{way}")).collect::<Vec<_>>().join("　"))
        .collect();
    let from_receipt = matches!(kind.due, Due::FromReceipt(_));
    [
        ("送达文书", kind.title.zh.to_string()),
        ("文书编号", number.to_owned()),
        ("受送达人", recipient.to_owned()),
        ("送达方式", format!("{}\n□其他：", ways.join("\n"))),
        ("送达地点", String::new()),
        ("送达日期", "　　　　年　　月　　日".to_owned()),
        (if from_receipt { "签收日期（期限自此日起计算）" } else { "签收日期" }, "　　　　年　　月　　日".to_owned()),
        ("受送达人签名或者盖章", String::new()),
        ("代收人签名及与受送达人的关系", String::new()),
        ("送达人签名", String::new()),
        ("见证人签名", String::new()),
        ("备注", String::new()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// What the office should check before the paper goes out.
fn to_check(kind: &Kind, facts: &Facts, citations: &[Citation], consequence: Option<&Consequence>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut say = |zh: String, en: String| checks.push(Check { zh, en });
    for citation in citations.iter().chain(consequence.into_iter().flat_map(|c| &c.citations)) {
        let (zh, en) = match citation.confidence {
            Confidence::Verified => continue,
            Confidence::Recalled => {
                ("条文序号据实务记忆，未与原文核对", "the article is cited from memory of practice")
            }
            Confidence::Unconfirmed => ("出处未经证实", "the source is not confirmed"),
        };
        say(
            format!("{}：{zh}，签发前请核对。", words::citation(citation)),
            format!("{} art. {}: {en}; check it before issue.", citation.instrument_en, citation.article),
        );
    }
    if facts.issued_on >= law::CODE_IN_FORCE && citations.iter().any(|c| c.instrument_zh == law::ORDER_42.zh) {
        say(
            "《生态环境法典》施行后，环境保护部令第42号是否继续有效未经证实，按有效引用；请由法制机构确认。".to_owned(),
            "Whether Order 42 is still in force under the Code is not confirmed; it is cited as in force. Ask the legal \
             office."
                .to_owned(),
        );
    }
    match kind.kind {
        NoticeKind::Listing => say(
            "已知依据未规定须书面告知列入名单，本告知书按工作需要签发。".to_owned(),
            "No known provision demands that the land user be told of the listing in writing; this notice is practice."
                .to_owned(),
        ),
        NoticeKind::PreliminarySurvey => say(
            "“法律责任”一项针对法律规定应当进行的调查；六个月的期限出自环境保护部令第42号。该地块不属于法定调查情形的，请删去该项。".to_owned(),
            "The fines are for surveys that statute demands; the six months come from Order 42. Strike them where statute \
             demands none of this site."
                .to_owned(),
        ),
        NoticeKind::DetailedSurvey => say(
            "详细调查没有法定的固定期限，所载日期由签发机关自行确定。".to_owned(),
            "No article fixes a period for the detailed survey; the day is the bureau's own.".to_owned(),
        ),
        NoticeKind::Return if facts.running_due_on.is_some() => say(
            "“退回不重新起算期限”为本系统规则，没有条文明文规定。".to_owned(),
            "That a return starts no new period is a rule of this registry; no article says so.".to_owned(),
        ),
        NoticeKind::Return => {}
        NoticeKind::StopWork => say(
            "条文未载明由哪一级生态环境部门作出停止建设的通知，签发级别为本系统设定；请由法制机构确认职权。".to_owned(),
            "The article as known does not say which bureau orders the stop; who may issue this is set by the registry. \
             Ask the legal office."
                .to_owned(),
        ),
    }
    checks
}

fn summary(
    kind: &Kind,
    facts: &Facts,
    number: &str,
    recipient: &str,
    due: Option<&Text>,
    citations: &[Citation],
) -> String {
    let cited: Vec<String> =
        citations.iter().map(|c| format!("{} art. {}", c.instrument_en, english_article(&c.article))).collect();
    let asked = match kind.kind {
        NoticeKind::Listing => "tells that the site is on the list of suspected sites",
        NoticeKind::PreliminarySurvey => "asks for a preliminary soil survey with a clear conclusion",
        NoticeKind::DetailedSurvey => "asks for a detailed soil survey of distribution, extent and effects",
        NoticeKind::Return => "returns a report for correction",
        NoticeKind::StopWork => "orders all works unrelated to risk control or remediation to stop",
    };
    let until = due.map(|due| format!(" {}", due.en)).unwrap_or_default();
    format!(
        "{} {number} of {}, addressed to {recipient}, about site {} ({}): {asked}.{until} Ground: {}.",
        kind.title.en,
        facts.issued_on,
        facts.site.code,
        facts.site.name,
        cited.join("; "),
    )
}

fn english_article(article: &str) -> &str {
    article.split(" / ").nth(1).unwrap_or(article)
}

impl Paper {
    /// The whole text, for where there is no PDF: paragraphs set in by two characters.
    pub fn text(&self) -> String {
        let mut out = format!(
            "{}\n{}\n{}\n\n{}：\n\n　　{}\n",
            self.issuer, self.title, self.number, self.recipient, self.opening
        );
        for (heading, paragraphs) in self.numbered_sections() {
            out.push_str(&format!("　　{heading}\n"));
            for paragraph in paragraphs {
                out.push_str(&format!("　　{paragraph}\n"));
            }
        }
        out.push_str(&format!(
            "　　{}\n\n　　　　　　　　{}（印章）\n　　　　　　　　{}\n\n送达回证\n",
            self.contact,
            self.issuer,
            words::day(self.issued_on)
        ));
        for (name, value) in &self.receipt {
            out.push_str(&format!("{name}：{}\n", value.replace('\n', "　")));
        }
        out
    }

    /// The sections with their headings numbered.
    pub fn numbered_sections(&self) -> impl Iterator<Item = (String, &[String])> {
        (1u32..)
            .zip(&self.sections)
            .map(|(n, section)| (format!("{}、{}", words::number(n), section.heading), section.paragraphs.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::issue::tests::facts;
    use super::super::permit;
    use super::*;
    use crate::platform::Role;

    fn drafted(kind: NoticeKind, facts: &Facts) -> Drafted {
        let row = kind.row();
        let place = permit(row, facts, facts.issued_on).expect("may be issued");
        draft(row, place, facts, row.number("152921", facts.issued_on.year(), 1))
    }

    #[test]
    fn a_survey_notice_says_who_what_until_when_on_what_ground() {
        let of = facts(Stage::Suspected, Role::CountyEcology, Day::of(2026, 5, 21));
        let drafted = drafted(NoticeKind::PreliminarySurvey, &of);
        let text = drafted.paper.text();
        for said in [
            "阿拉善左旗生态环境局\n土壤环境初步调查通知书\n152921-初调-2026-0001",
            "（演示）北方化工有限公司：",
            "“（演示）原北方化工厂地块”地块（地块编码：152921YS20260001；所在区划：阿拉善左旗；地址：巴彦浩特镇工业路 1 号）",
            "已于2026年5月10日列入疑似污染地块名单",
            "一、依据",
            "《污染地块土壤环境管理办法（试行）》（环境保护部令第42号）第十三条",
            "《内蒙古自治区土壤污染防治三年攻坚计划》（内政办发〔2018〕97号）",
            "三、期限",
            "自收到本通知书之日起六个月内完成",
            "期限至2026年11月23日届满（期间的最后一日为法定休假日，顺延至休假日结束的次日）",
            "《土壤污染防治法》第九十四条（自2026年8月15日起为《生态环境法典》第一千一百六十五条）",
            "2026年5月21日",
            "送达回证",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
        assert!(drafted.to_check.iter().any(|check| check.zh.contains("未与原文核对")));
        assert!(drafted.summary_en.contains("Within 6 months"));
    }

    #[test]
    fn from_the_code_s_first_day_on_the_code_is_cited_alone() {
        let of = facts(Stage::Suspected, Role::CountyEcology, Day::of(2026, 8, 15));
        let text = drafted(NoticeKind::PreliminarySurvey, &of).paper.text();
        assert!(text.contains("依照《生态环境法典》第一千一百六十五条处理"), "{text}");
        assert!(!text.contains("土壤污染防治法"), "{text}");
        let before = Facts { issued_on: Day::of(2026, 8, 14), ..of };
        assert!(
            drafted(NoticeKind::PreliminarySurvey, &before).paper.text().contains("依照《土壤污染防治法》第九十四条")
        );
    }

    #[test]
    fn a_return_names_what_is_wrong_and_that_the_period_runs_on() {
        let of = Facts {
            reason: Some("采样点位数量不足\n缺少地下水检测数据。".to_owned()),
            running_due_on: Some(Day::of(2026, 11, 23)),
            ..facts(Stage::PreliminaryReview, Role::PrefectureEcology, Day::of(2026, 11, 10))
        };
        let drafted = drafted(NoticeKind::Return, &of);
        let text = drafted.paper.text();
        assert!(text.contains("报告存在的问题：采样点位数量不足。缺少地下水检测数据。"), "{text}");
        assert!(text.contains("原期限于2026年11月23日届满"), "{text}");
        assert!(text.contains("《生态环境法典》第四百五十四条第三款"), "{text}");
        assert_eq!(drafted.consequence, None, "the rulebook has none for it");
    }

    #[test]
    fn only_the_survey_notice_carries_a_consequence() {
        for kind in &super::super::KINDS {
            assert_eq!(kind.consequence.is_some(), kind.kind == NoticeKind::PreliminarySurvey, "{}", kind.name);
        }
    }

    #[test]
    fn no_paper_quotes_what_is_only_recalled() {
        // Articles are named; nothing of theirs stands between quotation marks after a word of quoting.
        for kind in NoticeKind::all() {
            let stage = kind.row().places[0].stages[0];
            let role = kind.row().places[0].issuers[0];
            let of = Facts {
                reason: Some("某情形".to_owned()),
                due_on: matches!(kind.row().due, Due::SetByBureau(_)).then(|| Day::of(2027, 3, 1)),
                ..facts(stage, role, Day::of(2026, 11, 21))
            };
            let text = drafted(kind, &of).paper.text();
            assert!(!text.contains("规定：“") && !text.contains("条规定“"), "{text}");
        }
    }
}
