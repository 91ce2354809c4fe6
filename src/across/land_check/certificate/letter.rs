//! The letter that asks the ecology bureau for its written reply: 关于××地块土壤环境状况的征询函. An office's paper
//! (GB/T 9704), as the notices are.

use crate::kernel::{Citation, Day, Result, mu};
use crate::platform::pdf::{self, Align, Block, Cell, Colour, Fonts, Grid, Paragraph, Sheet, Table, Words};
use crate::registers::notice::words;

/// Characters of the table of records, points.
const RECORDS: f32 = 10.5;

/// What stands in the letter. All texts are Chinese: it goes from one office to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// The office that asks, as it signs: 某某县自然资源局.
    pub sender: String,
    /// Number of the letter.
    pub number: String,
    /// The bureau that is asked: 某某县生态环境局.
    pub addressee: String,
    /// The day on it.
    pub day: Day,
    /// What the parcel is called in the title and in the text: its name, code or place.
    pub parcel: String,
    /// Where it lies, in words.
    pub address: Option<String>,
    /// Its code.
    pub parcel_code: Option<String>,
    /// Its real-estate unit number.
    pub real_estate_unit_number: Option<String>,
    /// Who has its use right.
    pub land_user: Option<String>,
    /// Names of the divisions it lies in, largest share first.
    pub divisions: Vec<String>,
    /// Ellipsoidal area, m².
    pub area_m2: f64,
    /// What is to be done with it: 供地.
    pub operation: String,
    /// The use it is meant for, with code and system.
    pub planned_use: Option<String>,
    /// Number of the land check.
    pub check_number: String,
    /// The day on which that was answered.
    pub checked_on: Day,
    /// The records that a reply is needed for; all of them.
    pub records: Vec<Asked>,
    /// The texts that ask for the written reply (those of rule G2 in the land check).
    pub citations: Vec<Citation>,
    /// What is asked, a sentence each.
    pub questions: Vec<String>,
    /// The day until when a reply is hoped for; `None` where no text and no setting gives one.
    pub reply_by: Option<Day>,
    /// Whom to ask, with telephone.
    pub contact: Option<String>,
    /// What is enclosed, a name each.
    pub annexes: Vec<String>,
}

/// A record that the parcel meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The register's name: 疑似污染地块名单.
    pub register: String,
    /// Its code.
    pub code: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its stage or class, where it has one.
    pub kind: Option<String>,
    /// How it lies to the parcel: 重叠.
    pub relation: String,
    /// Shared area, m².
    pub overlap_m2: f64,
    /// Shared area as a share of the parcel, 0 to 1.
    pub overlap_share: f64,
}

/// The title of a letter about a parcel.
pub fn title(parcel: &str) -> String {
    format!("关于{parcel}土壤环境状况的征询函")
}

/// The letter as PDF/A-2u.
///
/// # Errors
/// An internal error when the file cannot be made.
pub fn letter(data: &Letter, fonts: &Fonts) -> Result<Vec<u8>> {
    pdf::write(&sheet(data), fonts)
}

fn sheet(data: &Letter) -> Sheet {
    let title = title(&data.parcel);
    let body = |text: String| Block::Paragraph(Paragraph::body(text));
    let heading = |text: &str| Block::Paragraph(Paragraph { bold: true, ..Paragraph::body(text) });
    let mut blocks = vec![
        Block::Paragraph(Paragraph::title(data.sender.clone())),
        Block::Paragraph(Paragraph::title(title.clone())),
        Block::Space(6.0),
        Block::Paragraph(Paragraph::at(Align::Centre, data.number.clone())),
        Block::Rule,
        Block::Space(14.0),
        Block::Paragraph(Paragraph::flush(format!("{}：", data.addressee))),
        body(opening(data)),
        heading("一、地块基本情况"),
    ];
    let rows = about(data).into_iter().map(|(name, value)| (vec![name.to_owned(), value], 26.0)).collect();
    blocks.push(Block::Table(Table { columns: vec![0.26, 0.74], size: 12.0, pitch: 17.0, rows }));
    blocks.push(Block::Space(8.0));
    blocks.push(heading("二、涉及的土壤环境记录"));
    if data.records.is_empty() {
        blocks.push(body("登记系统中没有与该地块重叠、相接或邻近的记录。".to_owned()));
    } else {
        let head = ["序号", "编号、名称", "名录、阶段或类别", "关系、重叠面积"];
        blocks.push(Block::Grid(Grid {
            head: head.iter().map(|name| Cell::of([Words::new(*name, RECORDS).bold()])).collect(),
            rows: data.records.iter().enumerate().map(|(at, record)| row(at + 1, record)).collect(),
            border: (Colour::BLACK, 0.75),
            ..Grid::plain(vec![0.09, 0.40, 0.27, 0.24], Vec::new())
        }));
    }
    blocks.push(Block::Space(8.0));
    blocks.push(heading("三、依据"));
    if data.citations.is_empty() {
        blocks.push(body("按本地办理规定征询。".to_owned()));
    }
    blocks.extend(data.citations.iter().map(|citation| body(format!("{}。", words::citation(citation)))));
    blocks.push(heading("四、请予书面回复的事项"));
    let questions = data.questions.iter().enumerate();
    blocks.extend(questions.map(|(at, question)| body(format!("{}. {question}", at + 1))));
    blocks.push(body(match data.reply_by {
        Some(day) => format!("请于{}前书面回复，并注明本函编号和查询编号。", words::day(day)),
        None => "请书面回复，并注明本函编号和查询编号。".to_owned(),
    }));
    if let Some(contact) = &data.contact {
        blocks.push(body(format!("联系方式：{contact}。")));
    }
    for (at, annex) in data.annexes.iter().enumerate() {
        let lead = if at == 0 { "附件：" } else { "　　　" };
        blocks.push(body(format!("{lead}{}. {annex}", at + 1)));
    }
    // Room for the seal, which is set across the name and the day.
    blocks.push(Block::Space(pdf::BODY_PITCH * 1.5));
    let signed = |text: String| Paragraph { indent: (6.0, 2.0), ..Paragraph::at(Align::Right, text) };
    blocks.push(Block::Together(vec![
        signed(data.sender.clone()),
        signed(words::day(data.day)),
        Paragraph { size: 14.0, ..signed("（印章）".to_owned()) },
    ]));
    Sheet { title, author: data.sender.clone(), number: data.number.clone(), day: data.day, blocks }
}

fn opening(data: &Letter) -> String {
    let hits = match data.records.len() {
        0 => String::new(),
        count => format!("，涉及土壤环境记录 {count} 项"),
    };
    format!(
        "我单位拟对{}办理{}。经{}土壤环境准入查询（查询编号 {}）{hits}。现就该地块土壤环境状况书面征询贵单位意见。",
        data.parcel,
        data.operation,
        words::day(data.checked_on),
        data.check_number,
    )
}

fn about(data: &Letter) -> Vec<(&'static str, String)> {
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "未提供".to_owned());
    vec![
        ("地块", data.parcel.clone()),
        ("地块代码", optional(&data.parcel_code)),
        ("不动产单元号", optional(&data.real_estate_unit_number)),
        ("坐落", optional(&data.address)),
        ("所在区划", data.divisions.join("、")),
        ("土地使用权人", optional(&data.land_user)),
        ("面积", format!("{:.2} 平方米（{:.4} 亩）", data.area_m2, mu(data.area_m2))),
        ("办理事项", data.operation.clone()),
        ("规划用途", optional(&data.planned_use)),
        ("查询编号", data.check_number.clone()),
    ]
}

fn row(number: usize, record: &Asked) -> Vec<Cell> {
    let cell = |texts: Vec<String>| Cell::of(texts.into_iter().map(|text| Words::new(text, RECORDS)));
    let two = |first: &str, second: &Option<String>| cell(vec![first.to_owned(), second.clone().unwrap_or_default()]);
    vec![
        cell(vec![number.to_string()]),
        two(&record.code, &record.name),
        two(&record.register, &record.kind),
        cell(vec![
            record.relation.clone(),
            format!("{:.2} 平方米", record.overlap_m2),
            format!("占地块 {:.4}%", record.overlap_share * 100.0),
        ]),
    ]
}
