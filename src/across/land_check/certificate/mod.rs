//! The reply on paper: 土壤环境准入查询回复书.
//!
//! The certificate is made of the stored reply, of the outlines of the records as they were known when it was given, and of
//! how it stands on the day of printing. It carries the stored reply byte for byte as its attachment `reply.json`; the paper
//! explains that file, and only that file is signed. The same three give the same bytes.

mod body;
mod layout;
mod plan;
mod shape;
#[cfg(test)]
mod tests;

use super::actions::standing;
use super::store::outlines as store;
use crate::kernel::{Day, Error, LandCheckId, Result, Text};
use crate::platform::pdf::{self, Attachment, Fonts, Foot, Form, Frame, Sheet};
use crate::platform::{App, Scope};
use body::Body;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use shape::Flat;
use uuid::Uuid;

/// A record's outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Kind of record: `site`, `control_zone`, `key_unit` or `farmland_unit`.
    pub register: String,
    /// The record.
    pub id: Uuid,
    /// Its code.
    pub code: String,
    /// GeoJSON geometry, CRS84 (longitude, latitude).
    pub geometry: serde_json::Value,
}

/// What the plan shows beside the parcel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outlines {
    /// Outlines of the records that the reply names, as known when it was given. Of a record that is missing the plan says
    /// that its outline is not known.
    pub records: Vec<Outline>,
    /// Other records around the parcel.
    pub around: Vec<Outline>,
    /// Whether there are more of those than the plan shows.
    pub around_cut: bool,
}

/// How the reply stands when the certificate is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingNow {
    /// `valid`, `superseded` or `withdrawn`.
    pub status: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why it no longer is valid; of one taken back, the reason given.
    pub because: Vec<Text>,
    /// The instant of which all this is said.
    pub as_of: DateTime<Utc>,
    /// The ecology bureau's written reply, where it is known by now.
    pub written_reply: Option<WrittenReply>,
}

/// The ecology bureau's written reply.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenReply {
    /// Its number.
    pub number: String,
    /// The day on it.
    pub on: Day,
    /// The bureau that wrote it.
    pub bureau: String,
    /// What it comes to.
    pub conclusion: Text,
    /// Under which conditions.
    pub conditions: Option<String>,
    /// Its text.
    pub text: String,
    /// Name of the verdict with it, on the facts of the check and by the law of its day.
    pub verdict_after: String,
    /// What must be done now.
    pub must_do: Text,
    /// When it was entered.
    pub recorded_at: DateTime<Utc>,
}

impl StandingNow {
    /// What the reply says of its own standing, as of when it was given.
    ///
    /// # Errors
    /// An internal error for bytes that are no stored reply.
    pub fn when_given(reply: &[u8]) -> Result<StandingNow> {
        let body = Body::read(reply)?;
        let (status, since) = match body.standing {
            Some(standing) => (standing.status, standing.since),
            None => ("valid".to_owned(), body.checked_at),
        };
        Ok(StandingNow { status, since, because: Vec::new(), as_of: body.checked_at, written_reply: None })
    }
}

/// The certificate of a stored reply, PDF/A-3u. `verify_url` is what its QR code says.
///
/// # Errors
/// An internal error for bytes that are no stored reply, or an address that no QR code holds.
pub fn certificate(
    reply: &[u8],
    outlines: &Outlines,
    standing: &StandingNow,
    verify_url: &str,
    fonts: &Fonts,
) -> Result<Vec<u8>> {
    let body = Body::read(reply)?;
    let digest = hex::encode(Sha256::digest(reply));
    let blocks = layout::blocks(&body, &digest, outlines, standing, verify_url, fonts)?;
    let sheet = Sheet {
        title: format!("土壤环境准入查询回复书 {}", body.number),
        author: body.operator.as_ref().and_then(|operator| operator.name.clone()).unwrap_or_else(|| "净土".to_owned()),
        number: body.number.clone(),
        day: Day::at(standing.as_of),
        blocks,
    };
    let form = Form {
        frame: Frame::NARROW,
        foot: Foot::Line(format!("土壤环境准入查询回复书 Land check certificate · {}", body.number)),
        attachment: Some(Attachment {
            name: "reply.json".to_owned(),
            media_type: "application/json",
            description: format!("回复原文 The reply as it was given · {} · SHA-256 {digest}", body.number),
            content: reply.into(),
        }),
    };
    pdf::write_as(&sheet, &form, fonts)
}

/// Where the reply can be verified: the page of the server that clients reach at `base`. The digest is that of the signed
/// payload, or of the reply itself where it is not signed.
///
/// # Errors
/// An internal error for bytes that are no stored reply.
pub fn verify_url(base: &str, reply: &[u8]) -> Result<String> {
    let body = Body::read(reply)?;
    let sha256 =
        body.proof.and_then(|proof| proof.payload_sha256).unwrap_or_else(|| hex::encode(Sha256::digest(reply)));
    Ok(format!("{}/#/verify?number={}&sha256={sha256}", base.trim_end_matches('/'), body.number))
}

/// Degrees that a plan shows at most together with what lies around: on a wider one single records are not told apart, and
/// there may be a million.
const WIDEST: f64 = 0.5;

/// A finished certificate and the number of its reply.
#[derive(Debug)]
pub struct Issued {
    /// Number of the reply.
    pub number: String,
    /// The paper.
    pub pdf: Vec<u8>,
}

/// Makes the certificate of a land check as it stands now, with what the bureau wrote about it; `None` where the caller sees
/// no such check. What lies around is drawn of the caller's divisions only. `base` is how clients reach this server.
///
/// # Errors
/// `font_missing` (503) where the server has no Chinese font.
pub async fn issue(
    app: &App,
    scope: Scope,
    id: LandCheckId,
    written_reply: Option<WrittenReply>,
    base: &str,
) -> Result<Option<Issued>> {
    let Some(reply) = super::store::body(app.db(), &scope, id).await? else { return Ok(None) };
    let Some(now) = standing::now(app, &scope, id).await? else { return Ok(None) };
    let fonts = app.fonts().await?;
    let body = Body::read(&reply)?;
    let mut because: Vec<Text> = now.because.into_iter().map(|one| Text::new(one.text_zh, one.text_en)).collect();
    because.extend(now.reason.map(|reason| Text::new(format!("理由：{reason}"), format!("Reason: {reason}"))));
    let standing = StandingNow {
        status: now.status.as_str().to_owned(),
        since: now.since,
        because,
        // Of the last thing that became of it: the same state is the same paper.
        as_of: written_reply.iter().map(|reply| reply.recorded_at).fold(body.checked_at.max(now.since), DateTime::max),
        written_reply,
    };
    let url = verify_url(base, &reply)?;
    let ids: Vec<Uuid> = body.hits.iter().map(|hit| hit.id).collect();
    let mut conn = app.db().acquire().await?;
    let records = store::outlines(&mut conn, &ids, body.checked_at).await?;
    let (mut around, mut around_cut) = (Vec::new(), false);
    match plan::window(&Flat::of(&body.parcel.geometry), &body.hits) {
        Some((west, south, east, north)) if east - west > WIDEST || north - south > WIDEST => around_cut = true,
        Some(window) => {
            let divisions = scope.into_departments();
            (around, around_cut) =
                store::around(&mut conn, window, body.on, body.checked_at, divisions.as_deref(), &ids).await?;
        }
        None => {}
    }
    drop(conn);
    let outlines = Outlines { records, around, around_cut };
    let number = body.number;
    // A reply with hundreds of records takes a second of work.
    let pdf = tokio::task::spawn_blocking(move || certificate(&reply, &outlines, &standing, &url, &fonts))
        .await
        .map_err(Error::internal)??;
    Ok(Some(Issued { number, pdf }))
}
