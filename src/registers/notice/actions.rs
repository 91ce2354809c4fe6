//! Issuing, serving, voiding notices; and making papers of them.

use super::rules::{
    Drafted, Due, Facts, Given, Kind, NoticeKind, Paper, Period, SiteFacts, Status, draft, permit,
    serve as read_service,
};
use super::store::{self, NewRow, Row, Service};
use crate::config::Config;
use crate::kernel::basis::cite_all;
use crate::kernel::{Day, DivisionCode, DocumentId, Error, Fault, NoticeId, Result, SiteId, Text};
use crate::platform::pdf::{self, Align, Block, Paragraph, Sheet, Table};
use crate::platform::{Act, App, Caller, Change, Role, Scope};
use crate::registers::{deadline, document, site};
use serde_json::json;
use sqlx::PgConnection;

/// What this register is called where others keep its papers.
const REGISTER: &str = "notice";

/// Register of the sites, as the clocks name it.
const SITES: &str = "site";

/// The clock that a returned preliminary report lets run on.
const SIX_MONTHS: &str = "preliminary_survey_six_months";

/// Longest reason for voiding, characters.
const MAX_REASON: usize = 2_000;

/// A notice to be issued.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// The site that it is about.
    pub site: SiteId,
    /// Which.
    pub kind: NoticeKind,
    /// The day on it; today where there is none.
    pub issued_on: Option<Day>,
    /// Last day that the bureau sets.
    pub due_on: Option<Day>,
    /// Why.
    pub reason: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// The bureau's name as it signs; after its division where there is none.
    pub issuer: Option<String>,
    /// Who is addressed instead of the land user.
    pub recipient: Option<String>,
}

/// The bureau that the operator at the machine enters for; a key acts in its own role and division.
pub type Bureau = (Role, DivisionCode);

/// Issues a notice: may it be, what does it say, its number, the paper. Where the server has no Chinese font it is issued
/// as text, and its PDF is made when it is served.
///
/// # Errors
/// `not_found`; `outside_division`; `notice_not_allowed` (409), `other_role_must_act` (403), `no_legal_ground` (409),
/// `invalid_input` (422), each with its rule and articles; `notice_under_way` (409) while one of its kind is not received.
pub async fn issue(act: &mut Act, new: NewNotice, entering_for: Option<&Bureau>) -> Result<NoticeId> {
    let app = act.app().clone();
    let brief = site::brief(act, new.site).await?;
    let (role, division) = bureau(act, entering_for)?;
    let kind = new.kind.row();
    let issued_on = new.issued_on.unwrap_or_else(|| act.today());
    let credit_code = if new.recipient.is_some() { None } else { brief.addressee_credit_code.clone() };
    let facts = Facts {
        recipient_named: new.recipient.is_some(),
        recipient: new.recipient.or(brief.addressee),
        issuer: match new.issuer {
            Some(issuer) => issuer,
            None => office_name(act.tx(), app.config(), division.as_str()).await?,
        },
        role,
        issued_on,
        due_on: new.due_on,
        reason: new.reason,
        contact: new.contact,
        period: period(act, kind, &brief.division_code, issued_on).await?,
        running_due_on: match brief.stage {
            site::Stage::PreliminarySurvey | site::Stage::PreliminaryReview => clock(act, new.site, SIX_MONTHS).await?,
            _ => None,
        },
        site: SiteFacts {
            division_name: division_name(act.tx(), &brief.division_code).await?.0,
            code: brief.code,
            name: brief.name,
            address: brief.address,
            division_code: brief.division_code,
            stage: brief.stage,
            suspected_on: brief.suspected_on,
            contaminated_on: brief.contaminated_on,
            risk_grade: brief.risk_grade,
        },
    };
    let place = permit(kind, &facts, act.today())?;
    if let Some(number) = store::under_way(act.tx(), new.site, kind.name).await? {
        return Err(under_way(kind, &number));
    }
    let year = issued_on.year();
    let serial = store::next_serial(act.tx(), division.as_str(), year, kind.name).await?;
    let number = kind.number(division.as_str(), year, serial);
    let drafted = draft(kind, place, &facts, number.clone());
    let id = NoticeId::new(act.now());
    let filed = file(act, &drafted, &facts.site.division_code, id).await?;
    let recorded_at = act.now();
    let row = NewRow {
        id,
        number: &number,
        kind: kind.name,
        site: new.site,
        issuer: &facts.issuer,
        issuer_division: division.as_str(),
        issuer_role: role.as_str(),
        year,
        serial,
        issued_on,
        recipient: &drafted.paper.recipient,
        recipient_credit_code: credit_code.as_deref(),
        due_on: facts.due_on,
        reason: facts.reason.as_deref(),
        text_zh: &drafted.paper.text(),
        paper: &drafted,
        document: filed,
        recorded_at,
    };
    store::insert(act.tx(), &row).await?;
    act.tell(Change {
        kind: "notice.issued",
        register: SITES,
        id: new.site.0,
        code: facts.site.code.clone(),
        division_code: facts.site.division_code.clone(),
        // The land user learns of it when it is served.
        owner_credit_code: None,
        public: false,
        occurred_on: Some(issued_on),
        data: json!({"notice_id": id, "number": number, "kind": kind.name}),
    });
    act.note(
        format!("notice/{id}"),
        json!({
            "issued": number, "kind": kind.name, "site": facts.site.code, "issued_on": issued_on, "document": filed,
        }),
    );
    Ok(id)
}

fn under_way(kind: &Kind, number: &str) -> Error {
    Error::conflict(
        "notice_under_way",
        Text::new(
            format!("该地块的“{}”{number} 已签发而尚未签收；请先办理其送达，或将其作废。", kind.title.zh),
            format!(
                "{number}, a \"{}\" for this site, is issued and not received yet: serve it, or void it, first.",
                kind.title.en
            ),
        ),
    )
}

/// In which role and for which division a bureau acts.
fn bureau(act: &Act, entering_for: Option<&Bureau>) -> Result<Bureau> {
    match (act.caller(), entering_for) {
        (Caller::Key(holder), _) => Ok((holder.role, holder.division.clone())),
        (Caller::Operator, Some(bureau)) => Ok(bureau.clone()),
        (Caller::Operator | Caller::Public, _) => Err(Error::forbidden(
            "role_not_allowed",
            Text::fixed(
                "通知书须由生态环境部门以其密钥签发。",
                "A notice is issued by an ecology bureau, with its key.",
            ),
        )),
    }
}

async fn division_name(conn: &mut PgConnection, code: &str) -> Result<(String, String)> {
    store::division_name(conn, code)
        .await?
        .ok_or_else(|| Error::internal(format!("division {code} is not in the registry")))
}

/// Provinces that are cities: their bureaus are 局, those of the other provinces 厅.
const MUNICIPALITIES: [&str; 4] = ["110000", "120000", "310000", "500000"];

/// The ecology bureau's name: as configured, else after its division.
///
/// # Errors
/// An internal error for a division that the registry does not know.
pub async fn office_name(conn: &mut PgConnection, config: &Config, division: &str) -> Result<String> {
    if let Some(name) = config.office_names.get(division) {
        return Ok(name.clone());
    }
    let (name, level) = division_name(conn, division).await?;
    Ok(match level.as_str() {
        "nation" => "生态环境部".to_owned(),
        "province" if !MUNICIPALITIES.contains(&division) => format!("{name}生态环境厅"),
        _ => format!("{name}生态环境局"),
    })
}

/// The period that begins with receipt, were the notice received on the day of issue.
async fn period(act: &mut Act, kind: &Kind, division: &str, issued_on: Day) -> Result<Option<Period>> {
    let Due::FromReceipt(rule) = kind.due else { return Ok(None) };
    let rule =
        deadline::find(rule).ok_or_else(|| Error::internal(format!("the deadline register has no rule {rule}")))?;
    let foreseen = deadline::foresee(act, rule, division, issued_on).await?;
    let months = foreseen.value.ok_or_else(|| Error::internal(format!("{} counts no months", rule.id)))?;
    let (due_on, nominal) = (foreseen.due.due_on, foreseen.due.nominal_due_on);
    Ok(Some(Period { months, due_on, moved: due_on != nominal }))
}

/// The last day of a clock of the site, the latest of its rule that was not called off.
async fn clock(act: &mut Act, site: SiteId, rule: &str) -> Result<Option<Day>> {
    let clocks = deadline::for_subject(act.tx(), SITES, site.0).await?;
    Ok(clocks.into_iter().rev().find(|clock| clock.rule == rule && !clock.cancelled).and_then(|clock| clock.due_on))
}

/// Makes the PDF and files it with the documents; `None` where the server has no Chinese font.
async fn file(act: &mut Act, drafted: &Drafted, division: &str, id: NoticeId) -> Result<Option<DocumentId>> {
    let content = match render(act.app(), drafted).await {
        Ok(content) => content,
        Err(error) if error.code() == "font_missing" => {
            tracing::warn!(%error, "a notice is issued as text only");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let paper = &drafted.paper;
    let new = document::NewDocument {
        content: content.into(),
        file_name: format!("{}.pdf", paper.number),
        kind: "notice".to_owned(),
        title: format!("{} {}", paper.title, paper.number),
        issued_on: Some(paper.issued_on),
        division: DivisionCode::parse(division),
    };
    let filed = document::add(act, new).await?;
    attach(act, filed, id, division, None, "/document_id").await?;
    Ok(Some(filed))
}

async fn attach(
    act: &mut Act,
    paper: DocumentId,
    id: NoticeId,
    division: &str,
    owner: Option<&str>,
    pointer: &str,
) -> Result<()> {
    let subject = document::Subject { register: REGISTER, id: id.0, division_code: division, owner_credit_code: owner };
    document::attach(act, paper, &subject, pointer).await
}

/// A notice as PDF.
///
/// # Errors
/// `font_missing` (503) where the server has no Chinese font.
pub(super) async fn render(app: &App, drafted: &Drafted) -> Result<Vec<u8>> {
    let fonts = app.fonts().await?;
    let sheet = sheet(&drafted.paper);
    // Some ten milliseconds of work.
    tokio::task::spawn_blocking(move || pdf::write(&sheet, &fonts)).await.map_err(Error::internal)?
}

/// The paper on its pages, and the form of service on one of its own.
fn sheet(paper: &Paper) -> Sheet {
    let size = |paragraph: Paragraph, size: f32, pitch: f32| Paragraph { size, pitch, ..paragraph };
    let mut blocks = vec![
        Block::Paragraph(Paragraph::title(paper.issuer.clone())),
        Block::Paragraph(Paragraph::title(paper.title.clone())),
        Block::Space(6.0),
        Block::Paragraph(Paragraph::at(Align::Centre, paper.number.clone())),
        Block::Rule,
        Block::Space(14.0),
        Block::Paragraph(Paragraph::flush(format!("{}：", paper.recipient))),
        Block::Paragraph(Paragraph::body(paper.opening.clone())),
    ];
    for (heading, paragraphs) in paper.numbered_sections() {
        blocks.push(Block::Paragraph(Paragraph { bold: true, ..Paragraph::body(heading) }));
        blocks.extend(paragraphs.iter().map(|text| Block::Paragraph(Paragraph::body(text.clone()))));
    }
    blocks.push(Block::Paragraph(Paragraph::body(paper.contact.clone())));
    // Room for the seal, which is set across the name and the day.
    blocks.push(Block::Space(pdf::BODY_PITCH * 1.5));
    let signed = |text: String| Paragraph { indent: (6.0, 2.0), ..Paragraph::at(Align::Right, text) };
    blocks.push(Block::Together(vec![
        signed(paper.issuer.clone()),
        signed(super::rules::words::day(paper.issued_on)),
        size(signed("（印章）".to_owned()), 14.0, pdf::BODY_PITCH),
    ]));
    blocks.push(Block::NewPage);
    blocks.push(Block::Paragraph(Paragraph::title(paper.issuer.clone())));
    blocks.push(Block::Paragraph(Paragraph::title("送达回证")));
    blocks.push(Block::Space(10.0));
    let rows = paper.receipt.iter().map(|(name, value)| (vec![name.clone(), value.clone()], 38.0)).collect();
    blocks.push(Block::Table(Table { columns: vec![0.32, 0.68], size: 14.0, pitch: 21.0, rows }));
    Sheet {
        title: paper.title.clone(),
        author: paper.issuer.clone(),
        number: paper.number.clone(),
        day: paper.issued_on,
        blocks,
    }
}

/// Whether the caller sees a notice: a department those of its sites, a land user those served on it or about its land.
pub(super) fn visible(scope: &Scope, row: &Row) -> bool {
    match scope {
        Scope::All => true,
        Scope::Divisions(codes) => codes.contains(&row.division_code),
        Scope::Own(code) => {
            let concerns = [&row.recipient_credit_code, &row.land_user_credit_code];
            row.served_on.is_some() && concerns.iter().any(|c| c.as_ref() == Some(code))
        }
        Scope::Public => false,
    }
}

/// What is said of a notice that the caller may not see: the same as of one that is not there.
pub(super) fn not_found() -> Error {
    Error::not_found("通知书", "notice")
}

/// The notice, locked after its site, for whoever may carry it on: a bureau of those that issue it, in the site's division.
async fn take(act: &mut Act, id: NoticeId, entering_for: Option<&Bureau>) -> Result<Row> {
    let found = store::find(act.tx(), id).await?.ok_or_else(not_found)?;
    if !act.caller().holds_in(&found.division_code) {
        return Err(not_found());
    }
    site::brief(act, found.site_id).await?;
    let row = store::lock(act.tx(), id).await?.ok_or_else(not_found)?;
    let kind = row.kind()?.row();
    let (role, _) = bureau(act, entering_for)?;
    let issuer = Role::parse(&row.issuer_role);
    let places = || kind.places.iter().filter(|place| issuer.is_some_and(|issuer| place.issuers.contains(&issuer)));
    if places().any(|place| place.issuers.contains(&role)) {
        return Ok(row);
    }
    let zh: Vec<_> = places().flat_map(|place| place.issuers).map(|role| role.title().zh).collect();
    let en: Vec<_> = places().flat_map(|place| place.issuers).map(|role| role.title().en).collect();
    let citations = places().flat_map(|place| cite_all(place.provisions, row.issued_on)).collect();
    let rule = places().next().map_or("", |place| place.rule);
    Err(Error::forbidden(
        "other_role_must_act",
        Text::new(
            format!("此通知书由{}签发和送达，{}无权办理。", zh.join("、"), role.title().zh),
            format!("This notice is for: {}. {} may not carry it on.", en.join(", "), role.title().en),
        ),
    )
    .under(rule, citations))
}

/// Records how and when a notice was served. Receipt of a survey notice takes the site's step in the same act: its rules
/// refuse for both, and its clock starts.
///
/// # Errors
/// `not_found`; `notice_closed` (409) when it is received or void; `invalid_input` for what is missing, the proof among it;
/// whatever the site's rules refuse.
pub async fn serve(act: &mut Act, id: NoticeId, given: Given, entering_for: Option<&Bureau>) -> Result<()> {
    let row = take(act, id, entering_for).await?;
    let kind = row.kind()?.row();
    // A receipt whose step was entered in error never was: the notice is served anew.
    let never_was = match row.site_event_seq {
        Some(seq) => site::is_void(act, row.site_id, seq).await?,
        None => false,
    };
    let before = match row.status() {
        Status::Issued => None,
        Status::Received if never_was => None,
        Status::Served => row.served_how.clone().zip(row.served_on),
        status @ (Status::Received | Status::Void) => return Err(closed(&row, status)),
    };
    let served = read_service(given, before, row.issued_on, act.today()).map_err(Error::invalid)?;
    let owner = row.recipient_credit_code.clone();
    attach(act, served.proof, id, &row.division_code, owner.as_deref(), "/document_id").await?;
    let mut due_on = row.due_on;
    let mut seq = None;
    if let (Some(event_type), Some(received_on)) = (kind.step, served.received_on) {
        let step = site::NewEvent {
            event_type,
            occurred_on: Some(served.served_on),
            draft: site::Draft {
                received_on: Some(received_on),
                issued_on: Some(row.issued_on),
                served_how: Some(served.how.clone()),
                document_id: Some(served.proof),
                due_on: row.due_on.filter(|_| matches!(kind.due, Due::SetByBureau(_))),
                ..site::Draft::default()
            },
        };
        let recorded = site::record(act, row.site_id, step, None, entering_for.map(|(role, _)| *role)).await?;
        seq = Some(i32::try_from(recorded.seq).map_err(Error::internal)?);
        if let Due::FromReceipt(rule) = kind.due {
            due_on = clock(act, row.site_id, rule).await?;
        }
    }
    // From service on, the paper is the recipient's too.
    let paper = match row.document_id {
        Some(paper) => Some(paper),
        None => file(act, &row.paper, &row.division_code, id).await?,
    };
    if let Some(paper) = paper {
        attach(act, paper, id, &row.division_code, owner.as_deref(), "/document_id").await?;
    }
    let service = Service {
        how: &served.how,
        served_on: served.served_on,
        received_on: served.received_on,
        proof: served.proof,
        due_on,
        site_event_seq: seq,
        document: paper,
    };
    store::set_service(act.tx(), id, &service).await?;
    act.tell(Change {
        kind: if served.received_on.is_some() { "notice.received" } else { "notice.served" },
        owner_credit_code: owner.clone(),
        occurred_on: served.received_on.or(Some(served.served_on)),
        data: json!({
            "notice_id": id, "number": row.number, "kind": row.kind, "served_on": served.served_on,
            "received_on": served.received_on, "due_on": due_on,
        }),
        ..about(&row)
    });
    act.note(
        format!("notice/{id}"),
        json!({
            "served": row.number, "served_on": served.served_on, "received_on": served.received_on,
            "proof": served.proof, "site_event": seq,
        }),
    );
    Ok(())
}

/// Voids a notice that was not served. Its number stays taken.
///
/// # Errors
/// `not_found`; `notice_closed` (409) once it was served or is void; `invalid_input` for a missing reason.
pub(super) async fn void(act: &mut Act, id: NoticeId, reason: &str) -> Result<()> {
    let row = take(act, id, None).await?;
    if row.status() != Status::Issued {
        return Err(closed(&row, row.status()));
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::invalid(vec![Fault::new(
            "/reason",
            "bad_text",
            Text::new(
                format!("应为 1 至 {MAX_REASON} 个字符，不含控制字符。"),
                format!("must have 1 to {MAX_REASON} characters, none of them control characters."),
            ),
        )]));
    }
    let today = act.today();
    store::set_void(act.tx(), id, today, reason).await?;
    act.tell(Change {
        kind: "notice.voided",
        occurred_on: Some(today),
        data: json!({"notice_id": id, "number": row.number, "kind": row.kind}),
        ..about(&row)
    });
    act.note(format!("notice/{id}"), json!({"voided": row.number, "on": today}));
    Ok(())
}

/// A change told with the notice's site as subject, for departments only.
fn about(row: &Row) -> Change {
    Change {
        kind: "",
        register: SITES,
        id: row.site_id.0,
        code: row.site_code.clone(),
        division_code: row.division_code.clone(),
        owner_credit_code: None,
        public: false,
        occurred_on: None,
        data: json!({}),
    }
}

fn closed(row: &Row, status: Status) -> Error {
    let title = status.title();
    Error::conflict(
        "notice_closed",
        Text::new(
            format!("通知书 {} 的状态为“{}”，不能办理此项。", row.number, title.zh),
            format!("Notice {} is \"{}\"; this cannot be done with it.", row.number, title.en),
        ),
    )
}
