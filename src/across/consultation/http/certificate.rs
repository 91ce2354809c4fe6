//! `/v1/land-checks/{id}/certificate.pdf`: the check on paper, with what the bureau wrote about it.

use super::super::actions;
use super::{read_id, see};
use crate::across::land_check::{certificate, not_found};
use crate::kernel::LandCheckId;
use crate::platform::{App, Call, Permission, Reply, Stop};
use axum::extract::Path;
use axum::http::{HeaderName, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_certificate))
}

/// Read the certificate of a land check
///
/// PDF/A-3 (A4): verdict, rules with their articles, parcel plan, records, what is not known, and a QR code to the page of
/// verification; the ecology bureau's written reply where there is one, and the verdict after it. It carries the reply byte
/// for byte as its attachment `reply.json`; only that file is signed. Without a Chinese font on the server the answer is 503 `font_missing`.
#[utoipa::path(get, path = "/v1/land-checks/{id}/certificate.pdf", operation_id = "get_land_check_certificate",
    tag = "land checks", params(("id" = LandCheckId, Path, description = "Identifier of the land check")),
    responses((status = 200, description = "The PDF", body = Vec<u8>, content_type = "application/pdf")),
    extensions(("x-permission" = json!("land_check.read"))))]
async fn get_certificate(call: Call, Path(id): Path<String>) -> Result<Reply, Stop> {
    let scope = call.read(Permission::LandCheckRead)?;
    let mut seen = see(&call, &id, None).await?;
    let written = actions::on_paper(&mut seen.tx, call.app().config(), &seen.case).await?;
    drop(seen);
    let base = call.base().unwrap_or("http://localhost");
    let issued = certificate::issue(call.app(), scope, read_id(&id)?, written, base).await?.ok_or_else(not_found)?;
    Ok(Reply::bytes("application/pdf", issued.pdf)
        .with_header(header::CONTENT_DISPOSITION, format!("inline; filename=\"{}.pdf\"", issued.number))
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin")
        .with_header(header::CACHE_CONTROL, "private, no-cache"))
}
