//! What stands on the certificate, in order. Chinese first, English below.

use super::body::{Body, Fact, Hit, Parcel, Rule, Use, version};
use super::plan::{MOST_CORNERS, Plan, corners, plan, register_name};
use super::shape::Flat;
use super::{Outlines, StandingNow, WrittenReply};
use crate::across::land_check::rules::{CoverageStatus, FarmlandClass, Relation, Source, Verdict};
use crate::kernel::{Citation, Confidence, Result, Text, mu};
use crate::platform::pdf::{Align, Block, Cell, Colour, Drawing, Fonts, Grid, Paragraph, Words};
use crate::registers::notice::words;
use crate::registers::site;
use chrono::{DateTime, FixedOffset, Utc};

/// Characters of tables, points.
const SIZE: f32 = 8.0;
/// The English below.
const SMALL: f32 = 7.0;
const GREY: Colour = Colour(88, 94, 98);
const HEAD: Colour = Colour(224, 231, 233);
const RED: Colour = Colour(170, 28, 36);
const BORDER: (Colour, f32) = (Colour(120, 126, 130), 0.5);

/// The certificate's blocks. `digest` is the SHA-256 of the stored reply.
///
/// # Errors
/// An internal error for an address that no QR code holds.
pub(super) fn blocks(
    body: &Body,
    digest: &str,
    outlines: &Outlines,
    standing: &StandingNow,
    verify_url: &str,
    fonts: &Fonts,
) -> Result<Vec<Block>> {
    let parcel = Flat::of(&body.parcel.geometry);
    let mut blocks = vec![
        Block::Paragraph(line("土壤环境准入查询回复书", 20.0, true, Align::Centre)),
        Block::Paragraph(line("Land check certificate", 11.0, false, Align::Centre)),
        Block::Paragraph(line(&body.number, 11.0, false, Align::Centre)),
        Block::Space(4.0),
        Block::Grid(verdict(body, standing, verify_url)?),
    ];
    heading(&mut blocks, "一、查询", "1. The question");
    blocks.push(Block::Grid(question(body, &parcel)));
    heading(&mut blocks, "二、地块土壤环境质量状况", "2. Condition of the parcel's soil");
    blocks.push(Block::Grid(condition(body)));
    heading(&mut blocks, "三、适用规则", "3. The rules that apply");
    blocks.push(match body.rules.as_slice() {
        [] => none("没有规则适用。", "No rule applies."),
        rules => Block::Grid(rule_table(rules)),
    });
    heading(&mut blocks, "四、地块图", "4. Parcel plan");
    match plan(&parcel, &body.hits, outlines, fonts) {
        Some(plan) => plan_blocks(&mut blocks, plan, outlines),
        None => blocks.push(none("地块没有图形。", "The parcel has no outline.")),
    }
    heading(&mut blocks, "五、涉及的记录", "5. The records that the parcel meets");
    blocks.push(match body.hits.as_slice() {
        [] => none(
            "登记系统中没有与地块重叠、相接或邻近的记录；能说明什么，见第七项。",
            "No record of the registry overlaps, touches or lies near the parcel; for what that means see 7.",
        ),
        hits => Block::Grid(hit_table(hits)),
    });
    heading(&mut blocks, "六、采用的事实", "6. The facts used");
    blocks.push(match facts(&body.rules) {
        facts if facts.is_empty() => none("规则没有采用事实。", "The rules used no facts."),
        facts => Block::Grid(fact_table(facts)),
    });
    heading(&mut blocks, "七、各登记的覆盖情况与未知事项", "7. What each register knows, and what is not known");
    blocks.push(Block::Grid(coverage_table(body)));
    blocks.push(Block::Space(3.0));
    blocks.push(Block::Grid(unknowns(body)));
    heading(&mut blocks, "八、效力", "8. Validity");
    blocks.push(Block::Grid(validity(body, standing)));
    heading(&mut blocks, "九、登记数据版本", "9. Version of the registers' data");
    blocks.push(versions(body));
    heading(&mut blocks, "十、签名与核验", "10. Signature and verification");
    blocks.push(Block::Grid(signature(body, digest, verify_url)));
    heading(&mut blocks, "附：界址点坐标", "Annex: coordinates of the corners");
    coordinates(&mut blocks, body, &parcel);
    Ok(blocks)
}

fn line(text: &str, size: f32, bold: bool, align: Align) -> Paragraph {
    Paragraph { size, pitch: size * 1.45, bold, align, first_indent: 0.0, ..Paragraph::body(text) }
}

fn heading(blocks: &mut Vec<Block>, zh: &str, en: &str) {
    blocks.push(Block::Space(9.0));
    // Bold, so that it stays with what it heads.
    blocks.push(Block::Paragraph(line(zh, 11.0, true, Align::Left)));
    blocks.push(Block::Paragraph(Paragraph { pitch: 12.5, ..line(en, 8.0, true, Align::Left) }));
}

fn none(zh: &str, en: &str) -> Block {
    Block::Grid(Grid::plain(vec![1.0], vec![vec![pair(zh, en)]]))
}

fn zh(text: impl Into<String>) -> Words {
    Words::new(text, SIZE)
}

fn en(text: impl Into<String>) -> Words {
    Words::new(text, SMALL).coloured(GREY)
}

/// Chinese, and English below it.
fn pair(chinese: impl Into<String>, english: impl Into<String>) -> Cell {
    Cell::of([zh(chinese), en(english)])
}

/// A text of no language.
fn plain(text: impl Into<String>) -> Cell {
    Cell::of([zh(text)])
}

fn head(names: &[(&str, &str)]) -> Vec<Cell> {
    names.iter().map(|(chinese, english)| Cell::of([zh(*chinese).bold(), en(*english)]).on(HEAD)).collect()
}

/// What is not known is said, and not left blank.
fn known(text: Option<String>) -> Cell {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => plain(text),
        None => pair("未提供", "not given"),
    }
}

fn china(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    // Eight hours are within a day, so there is such an offset.
    match FixedOffset::east_opt(8 * 3_600) {
        Some(offset) => at.with_timezone(&offset),
        None => at.fixed_offset(),
    }
}

/// An instant in Beijing time, Chinese and English.
fn instant(at: DateTime<Utc>) -> (String, String) {
    let at = china(at);
    (at.format("%Y年%-m月%-d日 %H:%M:%S（北京时间）").to_string(), at.format("%Y-%m-%d %H:%M:%S UTC+08:00").to_string())
}

fn verdict_colours(verdict: &str) -> (Colour, Colour) {
    match Verdict::ALL.into_iter().find(|known| known.as_str() == verdict) {
        Some(Verdict::Allow) => (Colour(228, 243, 230), Colour(24, 110, 50)),
        Some(Verdict::AllowRecorded) => (Colour(226, 241, 241), Colour(14, 100, 105)),
        Some(Verdict::Warn) => (Colour(255, 246, 218), Colour(150, 98, 0)),
        Some(Verdict::Hold) => (Colour(255, 235, 219), Colour(178, 72, 0)),
        Some(Verdict::Block) => (Colour(252, 229, 229), RED),
        None => (Colour(240, 240, 240), Colour::BLACK),
    }
}

fn verdict_words(name: &str) -> Text {
    let known = Verdict::ALL.into_iter().find(|known| known.as_str() == name);
    known.map_or_else(|| Text::new(name.to_owned(), name.to_owned()), Verdict::text)
}

/// The verdict in its colour, and beside it the way to verify it.
fn verdict(body: &Body, standing: &StandingNow, verify_url: &str) -> Result<Grid> {
    let (ground, ink) = verdict_colours(&body.verdict);
    let counted = Verdict::ALL
        .into_iter()
        .rev()
        .filter_map(|verdict| {
            let count = body.rules.iter().filter(|rule| rule.verdict == verdict.as_str()).count();
            (count > 0).then(|| (verdict.text(), count))
        })
        .collect::<Vec<_>>();
    let list = |parts: Vec<String>, comma: &str| parts.join(comma);
    let (since_zh, since_en) = instant(standing.as_of);
    let mut words = vec![
        Words::new("结论 Verdict", SIZE).coloured(GREY),
        Words::new(body.verdict_zh.clone(), 22.0).bold().coloured(ink),
        Words::new(body.verdict_en.clone(), 12.0).coloured(ink),
    ];
    if let Some(reply) = &standing.written_reply {
        let (_, ink) = verdict_colours(&reply.verdict_after);
        let after = verdict_words(&reply.verdict_after);
        words.push(Words::new(format!("书面回复后的结论：{}", after.zh), 12.0).bold().coloured(ink));
        words.push(Words::new(format!("After the written reply: {}", after.en), SIZE).coloured(ink));
    }
    if !counted.is_empty() {
        words.push(zh(format!(
            "适用规则：{}",
            list(counted.iter().map(|(name, count)| format!("{} {count} 条", name.zh)).collect(), "，")
        )));
        words.push(en(format!(
            "Rules that apply: {}",
            list(counted.iter().map(|(name, count)| format!("{count} {}", name.en)).collect(), ", ")
        )));
    }
    let (state_zh, state_en) = standing_words(&standing.status);
    words.push(zh(format!("效力：{state_zh}；截至{since_zh}")));
    words.push(en(format!("Standing: {state_en}, as of {since_en}")));
    if !body.is_signed() {
        words.push(Words::new("未签名 Unsigned", SIZE).bold().coloured(RED));
    }
    let qr = Cell {
        words: vec![
            Words::new("扫码核验", SIZE).at(Align::Centre),
            Words::new("Scan to verify", SMALL).coloured(GREY).at(Align::Centre),
        ],
        figure: Some(Drawing::qr(verify_url, 96.0)?),
        ground: None,
    };
    Ok(Grid { border: (ink, 1.3), ..Grid::plain(vec![0.77, 0.23], vec![vec![Cell::of(words).on(ground), qr]]) })
}

fn standing_words(status: &str) -> (String, String) {
    match status {
        "valid" => ("有效".to_owned(), "valid".to_owned()),
        "superseded" => ("已被取代".to_owned(), "superseded".to_owned()),
        "withdrawn" => ("已撤回".to_owned(), "withdrawn".to_owned()),
        other => (other.to_owned(), other.to_owned()),
    }
}

fn land_use(land_use: Option<&Use>) -> Cell {
    match land_use {
        Some(Use { system, code, name_zh, name_en }) => {
            pair(format!("{code} {name_zh}（{system}）"), format!("{code} {name_en} ({system})"))
        }
        None => pair("未说明", "not stated"),
    }
}

fn question(body: &Body, flat: &Flat) -> Grid {
    let Parcel {
        area_m2, area_mu, division_codes, crs, parcel_code, real_estate_unit_number, address, land_user, ..
    } = &body.parcel;
    let (at_zh, at_en) = instant(body.checked_at);
    let operator = body.operator.as_ref().map_or_else(
        || pair("登记系统所在机器的操作人员", "an operator at the registry's own machine"),
        |operator| {
            let role_zh = operator.role_zh.clone().or_else(|| operator.role.clone()).unwrap_or_default();
            let role_en = operator.role_en.clone().or_else(|| operator.role.clone()).unwrap_or_default();
            let place = operator.division_code.clone().unwrap_or_default();
            let name = operator.name.clone().unwrap_or_default();
            pair(format!("{name}　{role_zh}　{place}"), format!("{role_en} {place}"))
        },
    );
    let user = land_user
        .as_ref()
        .map(|user| [user.name.clone(), user.credit_code.clone()].into_iter().flatten().collect::<Vec<_>>().join("　"));
    let rings: usize = flat.areas.iter().map(Vec::len).sum();
    let shape_zh = format!("{} 个多边形，{rings} 个环，{} 个界址点", flat.areas.len(), flat.corners());
    let shape_en = format!("{} polygon(s), {rings} ring(s), {} corners", flat.areas.len(), flat.corners());
    let rows = vec![
        (pair("查询编号", "Number"), plain(body.number.clone())),
        (pair("查询时间", "Asked and answered"), pair(at_zh, at_en)),
        (pair("查询人", "Asked by"), operator),
        (pair("查询人自编号", "The asker's reference"), known(body.reference.clone())),
        (pair("办理事项", "Operation"), pair(body.operation_zh.clone(), body.operation_en.clone())),
        (pair("办理日（适用该日法规）", "Day of the operation, whose law applies"), {
            pair(words::day(body.on), body.on.to_string())
        }),
        (pair("现状用途", "Current use"), land_use(body.current_use.as_ref())),
        (pair("规划用途", "Planned use"), land_use(body.planned_use.as_ref())),
        (pair("地块代码", "Parcel code"), known(parcel_code.clone())),
        (pair("不动产单元号", "Real-estate unit number"), known(real_estate_unit_number.clone())),
        (pair("坐落", "Address"), known(address.clone())),
        (pair("土地使用权人", "Land user"), known(user)),
        (pair("面积（椭球面）", "Area, on the ellipsoid"), {
            pair(format!("{area_m2:.2} 平方米，{area_mu:.4} 亩"), format!("{area_m2:.2} m², {area_mu:.4} mu"))
        }),
        (pair("所在区划", "Divisions"), known(Some(division_codes.join("、")))),
        (
            pair("坐标参考系", "Coordinate reference system"),
            match crs {
                Some(crs) => plain(crs.clone()),
                None => pair(
                    "经度、纬度（度），OGC CRS84 顺序",
                    "longitude, latitude in degrees, in the order of OGC CRS84",
                ),
            },
        ),
        (pair("图形", "Outline"), pair(shape_zh, shape_en)),
    ];
    Grid::pairs(0.27, rows)
}

fn condition(body: &Body) -> Grid {
    let quality = match (&body.soil_quality_zh, &body.soil_quality_en) {
        (None, None) => pair("回复未载明。", "The reply does not say."),
        (zh, en) => pair(zh.clone().unwrap_or_default(), en.clone().unwrap_or_default()),
    };
    let mut rows = vec![(pair("状况结果", "Result"), quality)];
    if let Some(state) = &body.survey_state {
        let (source_zh, source_en) = source(state.source.as_deref().unwrap_or("unknown"));
        rows.push((
            pair("土壤污染状况调查", "Survey of soil pollution"),
            pair(
                format!("{}（来源：{source_zh}）", state.text_zh.clone().unwrap_or_else(|| "不详".to_owned())),
                format!("{} (source: {source_en})", state.text_en.clone().unwrap_or_else(|| "not known".to_owned())),
            ),
        ));
    }
    Grid::pairs(0.27, rows)
}

fn source(name: &str) -> (String, String) {
    match Source::parse(name) {
        Some(known) => (known.text().zh.into(), known.text().en.into()),
        None => (name.to_owned(), name.to_owned()),
    }
}

fn confidence(confidence: Confidence) -> (&'static str, &'static str) {
    match confidence {
        Confidence::Verified => ("已与原文核对", "held against the text"),
        Confidence::Recalled => ("据实务所知，未与原文核对", "known from practice, not held against the text"),
        Confidence::Unconfirmed => ("未确认，以本地设定为准", "unconfirmed, a local setting"),
    }
}

fn citation(citation: &Citation) -> [Words; 2] {
    let mut chinese = words::citation(citation);
    let english_article = citation.article.split(" / ").nth(1).unwrap_or(&citation.article);
    let number = citation.number.as_ref().map(|number| format!(" ({number})")).unwrap_or_default();
    let mut english = format!("{}{number}, {english_article}", citation.instrument_en);
    if let Some(from) = citation.effective_from {
        chinese.push_str(&format!("；{}起施行", words::day(from)));
        english.push_str(&format!("; in force from {from}"));
    }
    if let Some(to) = citation.effective_to {
        chinese.push_str(&format!("，至{}止", words::day(to)));
        english.push_str(&format!(" to {to}"));
    }
    let (sure_zh, sure_en) = confidence(citation.confidence);
    chinese.push_str(&format!("；{sure_zh}"));
    english.push_str(&format!("; {sure_en}"));
    if let (Some(note_zh), Some(note_en)) = (&citation.note_zh, &citation.note_en) {
        chinese.push_str(&format!("；存疑：{note_zh}"));
        english.push_str(&format!("; doubtful: {note_en}"));
    }
    [zh(chinese), en(english)]
}

fn rule_table(rules: &[Rule]) -> Grid {
    let rows = rules.iter().map(|rule| {
        let (ground, ink) = verdict_colours(&rule.verdict);
        let (name_zh, name_en) = Verdict::ALL
            .into_iter()
            .find(|known| known.as_str() == rule.verdict)
            .map_or((rule.verdict.clone(), String::new()), |known| (known.text().zh.into(), known.text().en.into()));
        let (sure_zh, sure_en) = confidence(rule.confidence);
        let mut ground_words = vec![zh(rule.title_zh.clone()).bold(), en(rule.title_en.clone())];
        ground_words.extend(rule.citations.iter().flat_map(citation));
        ground_words.push(zh(format!("依据可靠程度：{sure_zh}")));
        ground_words.push(en(format!("Confidence: {sure_en}")));
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut must = vec![
            zh(text(&rule.actor_zh)).bold(),
            en(text(&rule.actor_en)),
            zh(text(&rule.must_do_zh)),
            en(text(&rule.must_do_en)),
        ];
        match &rule.by {
            Some(by) => {
                must.push(zh(format!("期限：{by}")).bold());
                must.push(en(format!("By: {}", rule.by_en.as_deref().unwrap_or(by))));
            }
            None => {
                must.push(zh("期限：法规未规定"));
                must.push(en("By: no text sets a time"));
            }
        }
        if let Some(note) = &rule.note_zh {
            must.push(zh(format!("说明：{note}")));
        }
        if let Some(note) = &rule.note_en {
            must.push(en(format!("Note: {note}")));
        }
        vec![
            Cell::of([zh(rule.rule.clone()).bold()]),
            Cell::of([zh(name_zh).bold().coloured(ink), en(name_en).coloured(ink)]).on(ground),
            Cell::of(ground_words),
            Cell::of(must),
        ]
    });
    Grid {
        columns: vec![0.09, 0.11, 0.43, 0.37],
        head: head(&[
            ("规则", "Rule"),
            ("结论", "Verdict"),
            ("内容与依据", "Finding, and the texts it rests on"),
            ("谁须做什么、何时前", "Who must do what, by when"),
        ]),
        rows: rows.collect(),
        border: BORDER,
    }
}

fn plan_blocks(blocks: &mut Vec<Block>, plan: Plan, outlines: &Outlines) {
    let Plan { drawing, denominator, legend, unlabelled, outside, unknown } = plan;
    blocks.push(Block::Drawing(drawing));
    blocks.push(Block::Space(3.0));
    let rows = legend
        .chunks(2)
        .map(|row| {
            let mut cells: Vec<Cell> = row
                .iter()
                .flat_map(|(sample, chinese, english)| {
                    [Cell::figure(sample.clone()), pair(chinese.clone(), english.clone())]
                })
                .collect();
            cells.resize(4, Cell::default());
            cells
        })
        .collect();
    blocks.push(Block::Grid(Grid::plain(vec![0.08, 0.42, 0.08, 0.42], rows)));
    let numbers = |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join("、");
    let mut notes = vec![
        zh(format!("比例尺 1:{denominator}，局部等距圆柱投影，上为北；图中数字为第五项的序号。")),
        en(format!(
            "Scale 1:{denominator}, local equirectangular projection, north is up; numbers are those of the table in 5."
        )),
    ];
    let mut note = |list: &[usize], chinese: &str, english: &str| {
        if !list.is_empty() {
            notes.push(zh(format!("{chinese}：{}。", numbers(list))));
            notes.push(en(format!("{english}: {}.", numbers(list))));
        }
    };
    note(&unlabelled, "图上过密，未标出序号的记录", "On the plan, but without room for their number");
    note(&outside, "在图幅以外的记录", "Beyond the edge of the plan");
    note(&unknown, "没有边界图形可绘的记录", "Without an outline to draw");
    if outlines.around_cut && outlines.around.is_empty() {
        notes.push(zh("图幅较大，未绘周边其他记录。"));
        notes.push(en("The plan is too wide to show other records around."));
    } else if outlines.around_cut {
        notes.push(zh(format!("周边其他记录过多，只绘出 {} 个。", outlines.around.len())));
        notes.push(en(format!("There are more other records around; {} are drawn.", outlines.around.len())));
    }
    blocks.push(Block::Grid(Grid::plain(vec![1.0], vec![vec![Cell::of(notes)]])));
}

/// A share as a percentage, as fine as it needs to be told from nothing.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 0.01 { format!("{percent:.2}%") } else { format!("{percent:.6}%") }
}

/// A stage or class in both languages.
fn kind(hit: &Hit) -> (String, String) {
    if let Some(stage) = &hit.stage {
        return match site::Stage::named(stage).as_slice() {
            [stage] => (stage.title().zh.into(), stage.title().en.into()),
            // The reply does not tell the two modes apart.
            [_, ..] if stage == "risk_control" => ("风险管控".to_owned(), "Risk control".to_owned()),
            _ => (stage.clone(), stage.clone()),
        };
    }
    match &hit.class {
        Some(class) => match FarmlandClass::parse(class) {
            Some(known) => (known.text().zh.into(), known.text().en.into()),
            None => (class.clone(), class.clone()),
        },
        None => ("—".to_owned(), String::new()),
    }
}

fn hit_table(hits: &[Hit]) -> Grid {
    let rows = hits.iter().enumerate().map(|(at, hit)| {
        let (register_zh, register_en) = register_name(&hit.register);
        let (kind_zh, kind_en) = kind(hit);
        let (relation_zh, relation_en) = match Relation::parse(&hit.relation) {
            Some(known) => (String::from(known.text().zh), String::from(known.text().en)),
            None => (hit.relation.clone(), String::new()),
        };
        let mut relation = vec![zh(relation_zh), en(relation_en)];
        if hit.sliver {
            relation.push(zh("压线").bold().coloured(RED));
            relation.push(en("line contact"));
        }
        let mut area = vec![zh(format!("{:.2} m²", hit.overlap_m2)), en(format!("{:.4} 亩 mu", mu(hit.overlap_m2)))];
        if hit.distance_m > 0.0 {
            area.push(zh(format!("相距 {:.2} m", hit.distance_m)));
            area.push(en("apart"));
        }
        vec![
            Cell::of([zh((at + 1).to_string()).bold()]),
            Cell::of([
                zh(hit.code.clone()).bold(),
                zh(hit.name.clone().unwrap_or_default()),
                zh(register_zh),
                en(register_en),
            ]),
            pair(kind_zh, kind_en),
            Cell::of(relation),
            Cell::of(area),
            Cell::of([
                zh(format!("地块 {}", percent(hit.overlap_share))),
                en("of the parcel"),
                zh(format!("记录 {}", percent(hit.record_share))),
                en("of the record"),
            ]),
        ]
    });
    Grid {
        columns: vec![0.06, 0.36, 0.16, 0.11, 0.16, 0.15],
        head: head(&[
            ("序号", "No."),
            ("编号、名称、名录", "Code, name, register"),
            ("阶段或类别", "Stage or class"),
            ("关系", "Relation"),
            ("重叠面积", "Shared area"),
            ("占比", "Shares"),
        ]),
        rows: rows.collect(),
        border: BORDER,
    }
}

/// The facts that the rules used, each once, with the rules that used it.
fn facts(rules: &[Rule]) -> Vec<(Fact, Vec<String>)> {
    let mut found: Vec<(Fact, Vec<String>)> = Vec::new();
    for rule in rules {
        for fact in &rule.facts {
            match found.iter_mut().find(|(known, _)| known == fact) {
                Some((_, used)) if !used.contains(&rule.rule) => used.push(rule.rule.clone()),
                Some(_) => {}
                None => found.push((fact.clone(), vec![rule.rule.clone()])),
            }
        }
    }
    found
}

fn fact_table(facts: Vec<(Fact, Vec<String>)>) -> Grid {
    let rows = facts.into_iter().map(|(fact, used)| {
        let (source_zh, source_en) = source(&fact.source);
        let unknown = fact.source == "unknown";
        let source_words = if unknown { zh(source_zh).bold().coloured(RED) } else { zh(source_zh) };
        vec![pair(fact.text_zh, fact.text_en), Cell::of([source_words, en(source_en)]), plain(used.join("、"))]
    });
    Grid {
        columns: vec![0.62, 0.14, 0.24],
        head: head(&[("事实", "Fact"), ("来源", "Source"), ("采用的规则", "Rules that used it")]),
        rows: rows.collect(),
        border: BORDER,
    }
}

fn coverage_table(body: &Body) -> Grid {
    let rows = body.coverage.iter().map(|coverage| {
        let (name_zh, name_en) = register_name(&coverage.register);
        let unknown = is_unknown(&coverage.status);
        let status = if unknown { zh(&coverage.status_zh).bold().coloured(RED) } else { zh(&coverage.status_zh) };
        let day = match coverage.as_of {
            Some(day) => pair(words::day(day), day.to_string()),
            None => pair("无来源日期", "no dated source"),
        };
        vec![pair(name_zh, name_en), Cell::of([status, en(&coverage.status_en)]), day]
    });
    Grid {
        columns: vec![0.46, 0.28, 0.26],
        head: head(&[("登记", "Register"), ("覆盖情况", "Coverage"), ("来源日期", "Date of the source")]),
        rows: rows.collect(),
        border: BORDER,
    }
}

/// Whether a register's silence says nothing.
fn is_unknown(status: &str) -> bool {
    !matches!(CoverageStatus::parse(status), Some(CoverageStatus::Recorded | CoverageStatus::InvestigatedClean))
}

/// What the reply could not know, one after another.
fn unknowns(body: &Body) -> Grid {
    let mut list: Vec<(String, String)> = Vec::new();
    for coverage in body.coverage.iter().filter(|coverage| is_unknown(&coverage.status)) {
        let (name_zh, name_en) = register_name(&coverage.register);
        list.push((
            format!("{name_zh}：{}；没有记录不等于没有污染。", coverage.status_zh),
            format!("{name_en}: {}; no record does not mean no contamination.", coverage.status_en),
        ));
    }
    for (fact, used) in facts(&body.rules).into_iter().filter(|(fact, _)| fact.source == "unknown") {
        let used = used.join("、");
        list.push((format!("{}（规则 {used}）", fact.text_zh), format!("{} (rules {used})", fact.text_en)));
    }
    for rule in body.rules.iter().filter(|rule| rule.confidence == Confidence::Unconfirmed) {
        list.push((
            format!("规则 {}（{}）所依据的文件或参数未确认。", rule.rule, rule.title_zh),
            format!("What rule {} ({}) rests on is not confirmed.", rule.rule, rule.title_en),
        ));
    }
    let mut words = vec![zh("未知事项").bold(), en("What is not known").bold()];
    if list.is_empty() {
        words.extend([zh("没有。"), en("Nothing.")]);
    }
    for (at, (chinese, english)) in list.into_iter().enumerate() {
        words.extend([zh(format!("{}. {chinese}", at + 1)), en(english)]);
    }
    Grid::boxed(Cell::of(words), Colour(150, 98, 0))
}

fn validity(body: &Body, standing: &StandingNow) -> Grid {
    let (state_zh, state_en) = standing_words(&standing.status);
    let (since_zh, since_en) = instant(standing.since);
    let (as_of_zh, as_of_en) = instant(standing.as_of);
    let mut state = vec![
        zh(format!("{state_zh}，自{since_zh}起；截至{as_of_zh}。")).bold(),
        en(format!("{state_en} since {since_en}; as of {as_of_en}.")),
    ];
    for why in &standing.because {
        state.push(zh(why.zh.to_string()));
        state.push(en(why.en.to_string()));
    }
    let reply = match (&standing.written_reply, body.reply.as_ref().map(|reply| reply.status.as_str())) {
        (Some(reply), _) => written(reply),
        (None, Some("not_required")) => pair("不需要。", "Not needed."),
        (None, Some("awaiting")) => pair(
            "须由生态环境部门书面回复；回复书出具时尚未收到。",
            "The ecology bureau must reply in writing; when this was given it had not.",
        ),
        (None, Some(other)) => plain(other),
        (None, None) => pair("回复未载明。", "The reply does not say."),
    };
    let meaning = pair(
        format!(
            "结论按{}施行的法规和{}的登记数据作出。其后登记、名录、类别、规则或标准的变化足以改变结论或涉及的记录的，本回复即被取代；是否仍然有效，以核验页为准。",
            words::day(body.on),
            instant(body.checked_at).0
        ),
        format!(
            "The verdict rests on the law of {} and the registers' data of {}. When a later change of a register, list, class, \
             rule or standard would alter the verdict or the records met, the reply is superseded; whether it still stands is \
             told by the page of verification.",
            body.on,
            instant(body.checked_at).1
        ),
    );
    Grid::pairs(
        0.27,
        vec![
            (pair("现状", "Standing"), Cell::of(state)),
            (pair("含义", "What that means"), meaning),
            (pair("生态环境部门书面回复", "Written reply of the ecology bureau"), reply),
        ],
    )
}

/// The bureau's words whole, and what they make of the verdict.
fn written(reply: &WrittenReply) -> Cell {
    let WrittenReply { number, on, bureau, conclusion, conditions, text, verdict_after, must_do, .. } = reply;
    let after = verdict_words(verdict_after);
    let mut said = vec![
        zh(format!("{bureau}　{number}　{}", words::day(*on))).bold(),
        en(format!("{number} of {on}")),
        zh(format!("结论：{}", conclusion.zh)),
        en(format!("Conclusion: {}", conclusion.en)),
    ];
    if let Some(conditions) = conditions {
        said.push(zh(format!("条件 Conditions：{conditions}")));
    }
    said.push(zh(format!("全文 In full：{text}")));
    said.push(zh(format!("回复后的结论：{}。{}", after.zh, must_do.zh)).bold());
    said.push(en(format!("Verdict with the reply: {}. {}", after.en, must_do.en)));
    Cell::of(said)
}

fn versions(body: &Body) -> Block {
    let Some(registry) = &body.registry else {
        return none("回复未载明登记数据的版本。", "The reply does not state the version of the data.");
    };
    let whole = version(registry.version.as_ref()).unwrap_or_else(|| "—".to_owned());
    let mut rows = vec![vec![pair("全部登记", "The whole registry"), plain(whole), Cell::default()]];
    rows.extend(registry.registers.iter().map(|layer| {
        let (name_zh, name_en) = register_name(&layer.register);
        let changed = layer.changed_at.map_or_else(
            || pair("未变更过", "never changed"),
            |at| {
                let (at_zh, at_en) = instant(at);
                pair(at_zh, at_en)
            },
        );
        vec![pair(name_zh, name_en), plain(version(layer.version.as_ref()).unwrap_or_else(|| "—".to_owned())), changed]
    }));
    Block::Grid(Grid {
        columns: vec![0.46, 0.18, 0.36],
        head: head(&[
            ("登记", "Register"),
            ("版本（审计行号）", "Version (line of the audit log)"),
            ("最后变更", "Last changed"),
        ]),
        rows,
        border: BORDER,
    })
}

fn signature(body: &Body, digest: &str, verify_url: &str) -> Grid {
    let said = |text: &Option<String>| known(text.clone());
    let mut rows = vec![(
        pair("附件 reply.json", "Attachment reply.json"),
        Cell::of([
            zh("回复原文，逐字节如登记系统所存。本页面只是其说明，签名只及于该文件。"),
            en("The reply byte for byte as the registry keeps it. These pages explain it; only that file is signed."),
            zh(format!("SHA-256 {digest}")),
        ]),
    )];
    match &body.proof {
        Some(proof) if body.is_signed() => {
            rows.push((pair("签名算法", "Algorithm"), said(&proof.alg)));
            rows.push((pair("密钥编号", "Key"), said(&proof.key_id)));
            rows.push((pair("公钥", "Public key"), said(&proof.public_key)));
            rows.push((pair("签名内容的 SHA-256", "SHA-256 of what is signed"), said(&proof.payload_sha256)));
            rows.push((pair("透明日志", "Transparency log"), said(&proof.log)));
            rows.push((pair("日志序号", "Index in the log"), known(proof.log_index.map(|index| index.to_string()))));
            rows.push((pair("签名", "Signature"), said(&proof.signature)));
        }
        _ => rows.push((
            pair("签名", "Signature"),
            Cell::of([
                zh("未签名。本回复可与登记系统所存核对，但不能离线证明。").bold().coloured(RED),
                en("Unsigned. It can be compared with what the registry keeps, and not be proved without it."),
            ]),
        )),
    }
    rows.push((
        pair("核验", "To verify"),
        Cell::of([
            zh("扫描首页二维码或打开下列地址；离线核验：jingtu verify 文件。"),
            en("Scan the code on the first page, or open this address; offline: jingtu verify FILE."),
            zh(verify_url),
        ]),
    ));
    Grid::pairs(0.27, rows)
}

fn coordinates(blocks: &mut Vec<Block>, body: &Body, flat: &Flat) {
    let crs = body.parcel.crs.clone().unwrap_or_else(|| "CRS84".to_owned());
    let note = |chinese: &str, english: &str| {
        Block::Grid(Grid::plain(vec![1.0], vec![vec![pair(format!("{chinese}（{crs}）"), english)]]))
    };
    let count = flat.corners();
    if count == 0 || count > MOST_CORNERS {
        let (west, south, east, north) = flat.extent().unwrap_or_default();
        blocks.push(note(
            &format!(
                "界址点共 {count} 个，逐点坐标见附件 reply.json。外接范围：经度 {west:.8}°—{east:.8}°，纬度 {south:.8}°—{north:.8}°。"
            ),
            &format!(
                "{count} corners, all of them in the attachment reply.json. Bounding box: longitude {west:.8}° to {east:.8}°, \
                 latitude {south:.8}° to {north:.8}°."
            ),
        ));
        return;
    }
    let corners = corners(flat);
    let cells: Vec<[Cell; 4]> = corners
        .iter()
        .map(|(number, polygon, ring, (lon, lat))| {
            let ring = if *ring == 1 { format!("{polygon}") } else { format!("{polygon} 孔 hole {}", ring - 1) };
            [plain(format!("J{number}")), plain(ring), plain(format!("{lon:.8}")), plain(format!("{lat:.8}"))]
        })
        .collect();
    // Two columns, read downwards.
    let half = cells.len().div_ceil(2);
    let rows = (0..half)
        .map(|at| {
            let right = cells.get(half + at).cloned().unwrap_or_default();
            cells[at].iter().cloned().chain(right).collect()
        })
        .collect();
    let names = [("点号", "Corner"), ("多边形", "Polygon"), ("经度 °", "Longitude"), ("纬度 °", "Latitude")];
    blocks.push(Block::Grid(Grid {
        columns: vec![0.09, 0.11, 0.15, 0.15, 0.09, 0.11, 0.15, 0.15],
        head: head(&[names, names].concat()),
        rows,
        border: BORDER,
    }));
    blocks.push(note(
        "坐标取至八位小数（约一毫米），原值见附件 reply.json。",
        "Rounded to eight digits (about a millimetre); the values as given are in the attachment reply.json.",
    ));
}
