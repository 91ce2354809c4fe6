//! Geometries as a map of some zoom needs them.

use super::query::Shape;
use super::shape::Coarsener;
use crate::kernel::Result;
use sqlx::Row;
use sqlx::postgres::PgRow;

/// Of a pixel's area: what a vertex's triangle with its neighbours must have for the vertex to stay.
const PART: f64 = 0.25;

/// Makes rows' geometries fit for the zoom that was asked for.
pub(super) struct Zoomed {
    /// Part of a pixel of zoom 0, by area, and the buffers; `None` where geometries are wanted as they are.
    coarse: Option<(f64, Coarsener)>,
}

impl Zoomed {
    /// For rows of this shape.
    pub fn new(shape: &Shape) -> Zoomed {
        let zoom = shape.zoom.filter(|_| shape.geometry);
        Zoomed { coarse: zoom.map(|zoom| (PART / 4_f64.powf(zoom), Coarsener::default())) }
    }

    /// The geometry of a row, whose last column says what a pixel of zoom 0 takes up there. What is no geometry is left to
    /// whoever writes it.
    ///
    /// # Errors
    /// When the row has no such column.
    pub fn place<'a>(&'a mut self, row: &PgRow, geometry: Option<&'a [u8]>) -> Result<Option<&'a [u8]>> {
        let (Some((part, coarsener)), Some(wkb)) = (&mut self.coarse, geometry) else { return Ok(geometry) };
        let pixel: Option<f64> = row.try_get(row.len() - 1)?;
        let area = pixel.map(|pixel| pixel * *part).filter(|area| area.is_finite());
        Ok(Some(area.and_then(|area| coarsener.coarse(wkb, area).ok()).unwrap_or(wkb)))
    }
}
