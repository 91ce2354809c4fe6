//! The letter that asks the bureau, in words. It is drafted once, from the stored answer, and kept.

use super::again::{Answer, UseCode};
use super::{GATE, LetterTerms};
use crate::across::land_check::Register;
use crate::kernel::{Citation, Day};
use crate::standards::law;
use serde::{Deserialize, Serialize};

/// A letter, piece by piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// 征求意见函编号
    pub number: String,
    /// 标题
    pub title: String,
    /// The bureau asked.
    pub addressed_to: String,
    /// Who asks.
    pub sender: String,
    /// The day on it.
    pub sent_on: Day,
    /// First paragraph.
    pub opening: String,
    /// Headings with their paragraphs.
    pub sections: Vec<(String, Vec<String>)>,
    /// Whom to ask back; a blank to fill in where nobody is named.
    pub contact: String,
}

/// Most sites that a letter names one by one; the certificate of the check has them all.
const MAX_SITES: usize = 200;

/// Drafts a letter.
pub fn draft(answer: &Answer, terms: &LetterTerms, number: String, sender: String, addressed_to: String) -> Letter {
    let day = |day: Day| format!("{}年{}月{}日", day.year(), day.month(), day.day());
    let rule = answer.rules.iter().find(|rule| rule.rule == GATE);
    // Another region's text that is this registry's default is followed, and is no ground of its own here.
    let is_ours = |c: &&Citation| c.instrument_zh == law::PRODUCT.zh;
    let follows = rule.is_some_and(|rule| rule.citations.iter().any(|c| is_ours(&c)));
    let grounds: Vec<String> = rule
        .iter()
        .flat_map(|rule| &rule.citations)
        .filter(|c| !is_ours(c))
        .map(|c| format!("《{}》（{}）", c.instrument_zh, c.article.split(" / ").next().unwrap_or_default()))
        .collect();
    let note = rule.and_then(|rule| rule.note_zh.as_deref()).map(|note| format!("（{note}）")).unwrap_or_default();
    let opening = format!(
        "我单位拟对下述地块办理{}。{}经查询土壤污染地块登记系统（查询编号 {}，查询日期 {}），该地块涉及疑似污染地块或污染地块。\
         {}{}，现书面征求你单位意见{note}。",
        answer.operation_zh,
        answer.reference.as_ref().map(|reference| format!("办件编号 {reference}。")).unwrap_or_default(),
        answer.number,
        day(Day::at(answer.checked_at)),
        if follows { "参照" } else { "根据" },
        grounds.join("、"),
    );
    let named = |land_use: &Option<UseCode>| {
        land_use.as_ref().map_or("未注明".to_owned(), |u| format!("{} {}（{}）", u.code, u.name_zh, u.system))
    };
    let parcel = &answer.parcel;
    let mut about = vec![
        format!("所在区划：{}。", parcel.division_codes.join("、")),
        format!("面积：{:.2} 平方米（{:.2} 亩）。", parcel.area_m2, parcel.area_mu),
        format!("现状用途：{}；规划用途：{}。", named(&answer.current_use), named(&answer.planned_use)),
    ];
    for (label, value) in [
        ("宗地代码", &parcel.parcel_code),
        ("不动产单元号", &parcel.real_estate_unit_number),
        ("坐落", &parcel.address),
    ] {
        if let Some(value) = value {
            about.push(format!("{label}：{value}。"));
        }
    }
    let sites: Vec<_> = answer.hits.iter().filter(|hit| hit.is_asked_about()).collect();
    let mut found = vec![format!("查询结论：{}。涉及地块 {} 处：", answer.verdict_zh, sites.len())];
    found.extend(sites.iter().take(MAX_SITES).map(|hit| {
        let list = Register::parse(&hit.register).map_or_else(|| hit.register.clone(), |r| r.text().zh.into_owned());
        let name = hit.name.as_deref().unwrap_or("");
        format!(
            "{} {name}（{list}），重叠 {:.2} 平方米，占本地块 {:.2}%。",
            hit.code,
            hit.overlap_m2,
            hit.overlap_share * 100.0
        )
    }));
    if sites.len() > MAX_SITES {
        found.push(format!("其余 {} 处见查询结果 {}。", sites.len() - MAX_SITES, answer.number));
    }
    let mut asked = vec![
        "该地块的土壤环境质量状况及所处管理阶段。".to_owned(),
        format!("是否同意办理{}；有条件同意的，请写明条件。", answer.operation_zh),
    ];
    asked.extend(
        terms
            .questions
            .iter()
            .flat_map(|text| text.lines())
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .map(str::to_owned),
    );
    let asked = asked.into_iter().enumerate().map(|(i, text)| format!("{}. {text}", i + 1)).collect();
    Letter {
        title: format!("关于征求{}地块土壤环境意见的函", answer.operation_zh),
        opening,
        sections: vec![
            ("一、地块情况".to_owned(), about),
            ("二、查询结果".to_owned(), found),
            ("三、征求意见事项".to_owned(), asked),
        ],
        contact: match &terms.contact {
            Some(contact) => format!("联系方式：{contact}。请书面回复并注明本函编号。"),
            None => "联系人及电话：＿＿＿＿＿＿＿＿。请书面回复并注明本函编号。".to_owned(),
        },
        number,
        addressed_to,
        sender,
        sent_on: terms.sent_on,
    }
}
