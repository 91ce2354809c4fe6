//! The tables of the registers and of the land check, each read into [`RuleEntry`]s.

use super::index;
use super::{Kind, Place, RuleEntry};
use crate::across::land_check::{self, Jurisdiction};
use crate::across::siting;
use crate::kernel::{Citation, Confidence, Day, Provision, Text};
use crate::platform::Role;
use crate::registers::key_unit::Period;
use crate::registers::site::restrictions::{self, at_stage};
use crate::registers::site::stage::Stage;
use crate::registers::site::table::{Case, EventKind, Guard, KINDS, TRANSITIONS, To, Transition};
use crate::registers::{class_adjustment, deadline, key_unit, protection, publicity, site};
use crate::standards::{law, parameters};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Every rule, in the order of the kinds and of their tables. Made once: the tables are fixed with the program.
pub fn all() -> &'static [RuleEntry] {
    static ALL: LazyLock<Vec<RuleEntry>> = LazyLock::new(|| {
        let mut rules: Vec<RuleEntry> = KINDS.iter().map(event).collect();
        rules.extend(transitions());
        rules.extend(uses());
        rules.extend(deadline::RULES.iter().map(|rule| clock(rule)));
        rules.extend(publicity::RULES.iter().map(|duty| published(duty)));
        rules.extend(land_check::GATES.iter().map(gate));
        rules.extend(siting::SITING.iter().map(sited));
        rules.extend(key_unit::DUTIES.iter().map(duty));
        rules.extend(adjustment_steps());
        rules.extend(protection::ADDRESSEES.iter().map(warned_by));
        rules.extend(warning_steps());
        rules.extend(parameters::ALL.iter().map(|parameter| number(parameter)));
        rules.extend(law::ALL.iter().map(|(name, provision)| article(name, provision)));
        rules
    });
    &ALL
}

fn plain(kind: Kind, name: &str, title: Text) -> RuleEntry {
    RuleEntry {
        id: format!("{}{name}", kind.prefix()),
        kind,
        title,
        text: None,
        actors: Vec::new(),
        trigger: None,
        remedy: Vec::new(),
        provisions: Vec::new(),
        from: None,
        to: None,
        place: Place::Nation,
        reading: Confidence::Verified,
        internal: false,
        parameters: Vec::new(),
        settings: Vec::new(),
        names: Vec::new(),
    }
}

fn add(provisions: &mut Vec<&'static Provision>, provision: &'static Provision) {
    if !provisions.iter().any(|p| std::ptr::eq(*p, provision)) {
        provisions.push(provision);
    }
}

/// Several texts, one behind the other.
fn join(texts: impl IntoIterator<Item = Text>, zh: &str, en: &str) -> Option<Text> {
    let (mut in_zh, mut in_en) = (Vec::new(), Vec::new());
    for text in texts {
        in_zh.push(text.zh.into_owned());
        in_en.push(text.en.into_owned());
    }
    (!in_zh.is_empty()).then(|| Text::new(in_zh.join(zh), in_en.join(en)))
}

fn behind(zh: &str, en: &str, what: Option<Text>) -> Option<Text> {
    what.map(|what| Text::new(format!("{zh}{}", what.zh), format!("{en}{}", what.en)))
}

fn stages(stages: impl IntoIterator<Item = Stage>) -> Option<Text> {
    let every: Vec<Stage> = stages.into_iter().collect();
    if every.len() + 1 >= Stage::ALL.len() {
        let left_out = Stage::ALL.into_iter().find(|stage| !every.contains(stage));
        return Some(match left_out {
            Some(stage) => Text::new(
                format!("“{}”以外的各阶段", stage.title().zh),
                format!("every stage but \"{}\"", stage.title().en),
            ),
            None => Text::fixed("各阶段", "every stage"),
        });
    }
    join(
        every.into_iter().map(|stage| {
            let title = stage.title();
            Text::new(format!("{} {}", stage.code(), title.zh), format!("{} {}", stage.code(), title.en))
        }),
        "、",
        ", ",
    )
}

fn event(kind: &EventKind) -> RuleEntry {
    use site::event::Need;
    let needed = kind.fields.iter().filter(|rule| rule.need != Need::Optional).map(|rule| {
        let title = rule.field.title();
        match rule.need {
            Need::RequiredWith(cases) => {
                let cases = cases_in_words(cases);
                Text::new(format!("{}（{}时）", title.zh, cases.zh), format!("{} (with: {})", title.en, cases.en))
            }
            Need::OptionalWith(cases) => {
                let cases = cases_in_words(cases);
                Text::new(
                    format!("{}（{}时可填）", title.zh, cases.zh),
                    format!("{} (may, with: {})", title.en, cases.en),
                )
            }
            Need::Required | Need::Optional => title,
        }
    });
    RuleEntry {
        text: behind("必填：", "Needs: ", join(needed, "、", ", ")),
        actors: kind.actors.to_vec(),
        trigger: behind("阶段：", "In the stages: ", stages(kind.event_type.stages())),
        remedy: Vec::from_iter(behind(
            "办理：",
            "Taken as: ",
            join(
                kind.event_type
                    .transitions()
                    .map(|way| way.id)
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .map(|id| Text::new(id.to_owned(), id.to_owned())),
                "、",
                ", ",
            ),
        )),
        provisions: kind.provisions.to_vec(),
        from: kind.event_type.since(),
        names: vec![format!("{:?}", kind.event_type), kind.rule.to_owned()],
        ..plain(Kind::Event, kind.name, kind.title.clone())
    }
}

/// One rule for each number; what several ways have in common is said once.
fn transitions() -> Vec<RuleEntry> {
    let mut ids: Vec<&str> = Vec::new();
    for way in &TRANSITIONS {
        if !ids.contains(&way.id) {
            ids.push(way.id);
        }
    }
    ids.into_iter()
        .map(|id| {
            let ways: Vec<&Transition> = TRANSITIONS.iter().filter(|way| way.id == id).collect();
            let events: Vec<&EventKind> = ways.iter().map(|way| way.event.kind()).collect();
            let mut titles: Vec<Text> = Vec::new();
            let mut actors: Vec<Role> = Vec::new();
            let mut provisions: Vec<&'static Provision> = Vec::new();
            let mut sanctions: Vec<&'static Provision> = Vec::new();
            for (way, kind) in ways.iter().zip(&events) {
                if !titles.contains(&kind.title) {
                    titles.push(kind.title.clone());
                }
                for role in kind.actors {
                    if !actors.contains(role) {
                        actors.push(*role);
                    }
                }
                for provision in way.provisions.iter().chain(kind.provisions) {
                    add(&mut provisions, provision);
                }
                for provision in kind.sanctions {
                    add(&mut sanctions, provision);
                }
            }
            let title = join(titles, "；", "; ").unwrap_or(Text::fixed("", ""));
            RuleEntry {
                text: join(ways.iter().filter_map(|way| moves(way)), "；", "; "),
                actors,
                trigger: join(
                    events
                        .iter()
                        .map(|kind| kind.name)
                        .collect::<BTreeSet<_>>()
                        .into_iter()
                        .map(|name| Text::new(format!("登记事件 {name}"), format!("the event {name} is recorded"))),
                    "、",
                    ", ",
                ),
                remedy: ways.iter().filter_map(|way| follows(way)).chain(neglect(&sanctions)).collect(),
                provisions,
                ..plain(Kind::Transition, id, title)
            }
        })
        .collect()
}

/// The articles on who neglects a duty, in words.
fn neglect(sanctions: &[&'static Provision]) -> Option<Text> {
    behind("未履行的责任：", "Who neglects it: ", join(sanctions.iter().map(|provision| named(provision)), "；", "; "))
}

fn cases_in_words(cases: &[Case]) -> Text {
    join(cases.iter().map(|case| case.title()), "、", ", ").unwrap_or(Text::fixed("", ""))
}

fn moves(way: &Transition) -> Option<Text> {
    let from = stages(way.from.iter().copied())?;
    let to = match way.to {
        To::Stay => Text::fixed("阶段不变", "the stage stays"),
        To::Back => Text::fixed("退回此前阶段", "back to the stage before"),
        To::Stage(stage) => Text::new(
            format!("{} {}", stage.code(), stage.title().zh),
            format!("{} {}", stage.code(), stage.title().en),
        ),
    };
    let case = way.case.map_or(Text::fixed("", ""), |case| {
        Text::new(format!("（{}）", case.title().zh), format!(" ({})", case.title().en))
    });
    Some(Text::new(format!("{} → {}{}", from.zh, to.zh, case.zh), format!("{} → {}{}", from.en, to.en, case.en)))
}

/// What follows from a way: clocks, publicity, who is told.
fn follows(way: &Transition) -> Option<Text> {
    let named = |zh: &str, en: &str, names: Vec<&str>| {
        (!names.is_empty())
            .then(|| Text::new(format!("{zh}：{}", names.join("、")), format!("{en}: {}", names.join(", "))))
    };
    let parts = [
        named("启动期限", "opens", way.opens.iter().map(|clock| clock.as_str()).collect()),
        named("停止期限", "closes", way.closes.iter().map(|clock| clock.as_str()).collect()),
        named("恢复期限", "reopens", way.reopens.iter().map(|clock| clock.as_str()).collect()),
        named("撤销期限", "cancels", way.cancels.iter().map(|clock| clock.as_str()).collect()),
        named("须公开", "to be published", way.publicity.iter().map(|duty| duty.as_str()).collect()),
        (way.guard != Guard::None).then(|| {
            let missing = way.guard.missing();
            Text::new(format!("拒绝情形：{}", missing.zh), format!("refused where: {}", missing.en))
        }),
    ];
    join(parts.into_iter().flatten(), "；", "; ")
}

/// The days on which a text began: between them nothing changes.
fn turns() -> BTreeSet<Day> {
    law::ALL.iter().flat_map(|(_, provision)| provision.0).filter_map(|basis| basis.instrument.from).collect()
}

fn source_of(citation: &Citation, on: Day) -> Option<&'static Provision> {
    law::ALL.iter().map(|(_, provision)| *provision).find(|provision| provision.cite(on).as_ref() == Some(citation))
}

/// What the stages let the land be used for. The functions say it day by day, so every day on which a text began is asked.
fn uses() -> Vec<RuleEntry> {
    let mut rules: Vec<(RuleEntry, Vec<Stage>)> = Vec::new();
    for on in turns() {
        for stage in Stage::ALL {
            for found in at_stage(stage, None, on) {
                let gate = match found.gate {
                    restrictions::Gate::Allow => Text::fixed("可用", "allowed"),
                    restrictions::Gate::Warn => Text::fixed("提示", "warning"),
                    restrictions::Gate::Hold => Text::fixed("暂缓", "on hold"),
                    restrictions::Gate::Block => Text::fixed("禁止", "blocked"),
                };
                let at = rules.iter().position(|(rule, _)| rule.bare() == found.id).unwrap_or_else(|| {
                    rules.push((plain(Kind::Restriction, found.id, gate.clone()), Vec::new()));
                    rules.len() - 1
                });
                let (rule, at_stages) = &mut rules[at];
                // The last day asked says it as it is now.
                rule.title =
                    Text::new(format!("{}：{}", gate.zh, found.text.zh), format!("{}: {}", gate.en, found.text.en));
                if !at_stages.contains(&stage) {
                    at_stages.push(stage);
                }
                for provision in found.citations.iter().filter_map(|citation| source_of(citation, on)) {
                    add(&mut rule.provisions, provision);
                }
            }
        }
    }
    let entry = |(mut rule, at): (RuleEntry, Vec<Stage>)| {
        rule.trigger = behind("阶段：", "In the stages: ", stages(at));
        rule
    };
    rules.into_iter().map(entry).collect()
}

fn clock(rule: &deadline::DeadlineRule) -> RuleEntry {
    let length = rule.period.parameter();
    let mut provisions = rule.provisions.to_vec();
    for provision in length.into_iter().flat_map(|p| p.versions).flat_map(|version| version.provisions) {
        // A service level is the number's, not the duty's.
        if !std::ptr::eq(*provision, &law::PRODUCT_SERVICE_LEVEL) {
            add(&mut provisions, provision);
        }
    }
    RuleEntry {
        text: Some(rule.runs_from.clone()),
        actors: Vec::from_iter(Role::parse(rule.responsible)),
        remedy: Vec::from_iter(
            length.is_none().then_some(Text::fixed("期限由通知、方案载明", "the notice or plan says the day")),
        ),
        provisions,
        reading: rule.confidence,
        internal: length.is_some_and(|length| length.internal),
        parameters: Vec::from_iter(length),
        settings: vec![format!("roll_forward.{}", rule.id)],
        ..plain(Kind::Deadline, rule.id, rule.title.clone())
    }
}

fn published(duty: &publicity::DutyRule) -> RuleEntry {
    let mut provisions = duty.provisions.to_vec();
    for (_, provision) in duty.regional {
        add(&mut provisions, provision);
    }
    let left_out = duty.withheld.iter().map(|withheld| withheld.what.clone());
    RuleEntry {
        text: join([duty.shows.clone(), duty.place.clone(), duty.period.clone()], "；", "; "),
        actors: vec![duty.owed_by],
        remedy: Vec::from_iter(behind("不公开：", "Withheld: ", join(left_out, "、", ", "))),
        provisions,
        parameters: Vec::from_iter(duty.at_least),
        ..plain(Kind::Publicity, duty.id, duty.title.clone())
    }
}

fn gate(gate: &land_check::Gate) -> RuleEntry {
    let operations = if gate.operations.len() == land_check::Operation::ALL.len() {
        Some(Text::fixed("各类操作", "every operation"))
    } else {
        join(gate.operations.iter().map(|operation| operation.text()), "、", ", ")
    };
    let known = index::of(gate.id);
    RuleEntry {
        text: behind(
            "可能的结论：",
            "May answer: ",
            join(gate.verdicts.iter().map(|verdict| verdict.text()), "、", ", "),
        ),
        actors: known.map_or(Vec::new(), |known| known.acts.iter().filter_map(|role| Role::parse(role)).collect()),
        trigger: behind("准入查询：", "A land check of: ", operations),
        remedy: known.map_or(Vec::new(), |known| {
            known.remedies.iter().map(|(zh, en)| Text::new(zh.clone(), en.clone())).collect()
        }),
        provisions: gate.provisions.to_vec(),
        from: gate.from,
        to: gate.to,
        place: match gate.jurisdiction {
            Jurisdiction::Nation => Place::Nation,
            Jurisdiction::Only(places) => Place::Only(places.to_vec()),
            Jurisdiction::Adopted(places) => Place::Adopted(places.to_vec()),
        },
        reading: gate.confidence,
        settings: gate.settings.iter().map(|key| (*key).to_owned()).collect(),
        ..plain(Kind::Gate, gate.id, gate.title.clone())
    }
}

fn sited(rule: &siting::Rule) -> RuleEntry {
    let activities = join(rule.activities.iter().map(|activity| activity.text()), "、", ", ");
    let procedures = if rule.procedures.len() == siting::Procedure::ALL.len() {
        None
    } else {
        join(rule.procedures.iter().map(|procedure| procedure.text()), "、", ", ")
    };
    let known = index::of(rule.id);
    RuleEntry {
        text: behind(
            "可能的结论：",
            "May answer: ",
            join(rule.verdicts.iter().map(|verdict| verdict.text()), "、", ", "),
        ),
        actors: known.map_or(Vec::new(), |known| known.acts.iter().filter_map(|role| Role::parse(role)).collect()),
        trigger: behind(
            "选址核查：",
            "A siting check of: ",
            join(activities.into_iter().chain(procedures), "；", "; "),
        ),
        remedy: known.map_or(Vec::new(), |known| {
            known.remedies.iter().map(|(zh, en)| Text::new(zh.clone(), en.clone())).collect()
        }),
        provisions: rule.provisions.to_vec(),
        from: rule.from,
        place: match rule.jurisdiction {
            Jurisdiction::Nation => Place::Nation,
            Jurisdiction::Only(places) => Place::Only(places.to_vec()),
            Jurisdiction::Adopted(places) => Place::Adopted(places.to_vec()),
        },
        reading: rule.confidence,
        parameters: rule.parameters.to_vec(),
        settings: rule.settings.iter().map(|key| (*key).to_owned()).collect(),
        ..plain(Kind::Siting, rule.id, rule.title.clone())
    }
}

fn duty(duty: &'static key_unit::Duty) -> RuleEntry {
    let period = match duty.period {
        Period::Rounds { first, least, most } => Some(Text::new(
            format!("首轮 {first} 个月内，此后每 {least} 至 {most} 个月"),
            format!("first within {first} months, then every {least} to {most}"),
        )),
        Period::Every { months, beside_sensitive } => Some(Text::new(
            format!(
                "每 {months} 个月{}",
                beside_sensitive.map_or(String::new(), |n| format!("，邻近地下水环境敏感区每 {n} 个月"))
            ),
            format!(
                "every {months} months{}",
                beside_sensitive.map_or(String::new(), |n| format!(", every {n} beside a groundwater-sensitive area"))
            ),
        )),
        Period::By(day) => Some(Text::new(format!("{day} 前"), format!("by {day}"))),
        Period::Before(parameter) => Some(Text::new(
            format!("提前期限见参数 {}", parameter.id),
            format!("so long before as the parameter {} has it", parameter.id),
        )),
        Period::BeforeItIsDone => Some(Text::fixed("事前", "before it is done")),
        Period::NotPrinted => None,
    };
    RuleEntry {
        text: period,
        actors: vec![duty.owed_by],
        trigger: Some(Text::fixed("列入土壤污染重点监管单位名录", "the unit is on the list of key units")),
        remedy: Vec::from_iter(neglect(duty.sanctions)),
        provisions: duty.provisions.to_vec(),
        from: duty.from,
        to: duty.to,
        place: if duty.jurisdiction.is_empty() { Place::Nation } else { Place::Only(vec![duty.jurisdiction]) },
        reading: duty.confidence,
        parameters: if let Period::Before(parameter) = duty.period { vec![parameter] } else { Vec::new() },
        ..plain(Kind::KeyUnitDuty, duty.id, duty.title.clone())
    }
}

/// One rule for each number; what several ways have in common is said once.
fn adjustment_steps() -> Vec<RuleEntry> {
    let mut rules: Vec<RuleEntry> = Vec::new();
    for way in &class_adjustment::TRANSITIONS {
        let title = way.event.title();
        let (from, to) = (way.from.title(), way.to.title());
        let moves = Text::new(format!("{} → {}", from.zh, to.zh), format!("{} → {}", from.en, to.en));
        let at = rules.iter().position(|rule| rule.bare() == way.rule).unwrap_or_else(|| {
            rules.push(plain(Kind::Adjustment, way.rule, title));
            rules.len() - 1
        });
        let rule = &mut rules[at];
        rule.text = join(rule.text.take().into_iter().chain([moves]), "；", "; ");
        for (_, role) in way.actors {
            if !rule.actors.contains(role) {
                rule.actors.push(*role);
            }
        }
        for provision in way.provisions.iter().copied().chain(way.regional.iter().map(|(_, provision)| *provision)) {
            add(&mut rule.provisions, provision);
        }
    }
    rules
}

fn warned_by(row: &'static protection::Addressee) -> RuleEntry {
    let restriction = row.restriction.title();
    RuleEntry {
        text: Some(Text::new(
            format!("由{}预警；可采取：{}", row.authority.zh, restriction.zh),
            format!("warned by the {}; may lead to: {}", row.authority.en, restriction.en),
        )),
        actors: vec![Role::Government],
        trigger: Some(Text::fixed(
            "本年县级优先保护类耕地面积净减少（K6 小于 0），或有优先保护类单元降为其他类别",
            "within the year a county's priority-protection area shrinks net (K6 below 0), or such land drops to another class",
        )),
        provisions: vec![row.provision],
        place: if row.jurisdiction.is_empty() { Place::Nation } else { Place::Only(vec![row.jurisdiction]) },
        ..plain(
            Kind::Protection,
            row.id,
            Text::fixed(
                "优先保护类耕地面积减少、质量下降的预警",
                "Warning that priority-protection land shrank or dropped",
            ),
        )
    }
}

/// The steps of the follow-up; what they stand on is beside the text on who warns.
fn warning_steps() -> Vec<RuleEntry> {
    let mut rules: Vec<RuleEntry> = Vec::new();
    for way in &protection::TRANSITIONS {
        if rules.iter().any(|rule| rule.bare() == way.rule) {
            continue;
        }
        let mut provisions: Vec<&'static Provision> = Vec::new();
        for provision in protection::ADDRESSEES.iter().map(|row| row.provision).chain(way.provisions.iter().copied()) {
            add(&mut provisions, provision);
        }
        rules.push(RuleEntry {
            actors: way.actors.to_vec(),
            trigger: behind("状态：", "Where it is: ", join(way.from.iter().map(|status| status.title()), "、", ", ")),
            provisions,
            ..plain(Kind::Protection, way.rule, way.event.title())
        });
    }
    rules
}

fn number(parameter: &'static parameters::Parameter) -> RuleEntry {
    let mut provisions: Vec<&'static Provision> = Vec::new();
    for provision in parameter.versions.iter().flat_map(|version| version.provisions).chain(parameter.asked_by) {
        add(&mut provisions, provision);
    }
    if provisions.is_empty() {
        // No text prints it: it stands on what asks for it.
        let asking =
            deadline::RULES.iter().filter(|rule| rule.period.parameter().is_some_and(|p| p.id == parameter.id));
        provisions.extend(asking.flat_map(|rule| rule.provisions.first().copied()));
    }
    RuleEntry {
        provisions,
        internal: parameter.internal,
        parameters: vec![parameter],
        ..plain(Kind::Parameter, parameter.id, parameter.title.clone())
    }
}

/// A provision by its texts: 《土壤污染防治法》61(2) → 《生态环境法典》456(2).
fn named(provision: &Provision) -> Text {
    let zh: Vec<String> =
        provision.0.iter().map(|basis| format!("《{}》{}", basis.instrument.zh, basis.article)).collect();
    let en: Vec<String> =
        provision.0.iter().map(|basis| format!("{} {}", basis.instrument.en, basis.article)).collect();
    Text::new(zh.join(" → "), en.join(" → "))
}

fn article(name: &str, provision: &'static Provision) -> RuleEntry {
    RuleEntry {
        provisions: vec![provision],
        names: vec![name.to_owned()],
        ..plain(Kind::Provision, name, named(provision))
    }
}
