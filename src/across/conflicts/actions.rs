//! Finding conflicts: what the registers say, and what the rules make of it.

use super::rules::{ConflictKind, Facts, Finding, Source, judge, judge_crops};
use super::store::{self, Decided, Question, Row, Wanted};
use crate::kernel::{Error, Result};
use sqlx::PgConnection;

/// A conflict: the facts and what follows from them.
#[derive(Debug, Clone)]
pub(super) struct Conflict {
    pub row: Row,
    pub source: Source,
    pub finding: Finding,
}

/// Slivers, as the operator sets them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sliver {
    pub m2: f64,
    pub share: f64,
}

/// A page of conflicts by the unit's code, of one kind or of all.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn find(
    conn: &mut PgConnection,
    q: &Question<'_>,
    kind: Option<ConflictKind>,
    sliver: Sliver,
    after: Option<(String, i32, String)>,
    limit: i64,
) -> Result<Vec<Conflict>> {
    let of = |source: Source| kind.is_none_or(|kind| kind.source() == source);
    store::plan_anew(conn).await?;
    let mut decided = Decided::default();
    if of(Source::Class) || of(Source::BanZone) {
        let products = if of(Source::BanZone) { store::banned_products(conn, q).await? } else { Vec::new() };
        let judged = judge_crops(&store::crop_texts(conn, q).await?, &products);
        for (text, certain) in judged.eaten {
            decided.eaten.push(text);
            decided.eaten_certainly.push(certain);
        }
        for (product, text, certain) in judged.banned {
            decided.banned_product.push(product);
            decided.banned_text.push(text);
            decided.banned_certainly.push(certain);
        }
    }
    let (certain, orchard) = match kind {
        None | Some(ConflictKind::SiteInPriorityUnit) => (None, None),
        Some(ConflictKind::EdibleCropInStrictControl) => (Some(true), Some(false)),
        Some(ConflictKind::EdibleCropOnPollutedOrchardOrForest) => (Some(true), Some(true)),
        Some(ConflictKind::EdibleCropInBanZone) => (Some(true), None),
        Some(ConflictKind::CropUnknownInStrictControl | ConflictKind::CropUnknownInBanZone) => (Some(false), None),
    };
    let wanted = Wanted {
        class: of(Source::Class),
        ban_zone: of(Source::BanZone),
        site: of(Source::Site),
        certain,
        orchard,
        sliver_m2: sliver.m2,
        sliver_share: sliver.share,
        after,
        limit,
    };
    let rows = store::page(conn, q, &decided, &wanted).await?;
    rows.into_iter()
        .map(|row| {
            let source = Source::of_rank(row.rank)
                .ok_or_else(|| Error::internal(format!("a conflict of the rank {}", row.rank)))?;
            let facts = Facts {
                source,
                certain: row.certain,
                land_type: &row.land_type,
                division: &row.division_code,
                listed: row.lists.as_ref().is_some_and(|lists| !lists.is_empty()),
                sliver: row.sliver,
            };
            let finding = judge(&facts, q.on);
            if kind.is_some_and(|kind| kind != finding.kind) {
                return Err(Error::internal(format!("asked for {kind:?}, found {:?}", finding.kind)));
            }
            Ok(Conflict { source, finding, row })
        })
        .collect()
}
