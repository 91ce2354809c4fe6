//! Pure decisions about samples: how a row of a report is read, to which land a soil is held, and what a result that comes
//! out otherwise would mean.

pub mod columns;
pub mod land;
pub mod meaning;
pub mod row;

/// Whose sampling it is; see [`super::PROGRAMS`].
pub const PROGRAMS: [&str; 4] = ["survey", "routine_monitoring", "self_monitoring", "investigation"];
/// What can be sampled. Only soil is held to the soil standards; `crop` is what people or animals eat.
pub const MEDIA: [&str; 8] = ["soil", "crop", "plant", "groundwater", "surface_water", "sediment", "air", "other"];
/// Kinds of farmland.
pub const LAND_TYPES: [&str; 6] = ["paddy", "upland", "irrigated", "orchard", "grassland", "forest"];
