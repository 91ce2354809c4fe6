//! What an authority printed: the law's articles, calendars, codes, limit values. A table is a CSV beside the file, one
//! row per printed row.

pub mod axes;
pub mod crops;
pub mod gb15618;
pub mod gb36600;
pub mod industries;
pub mod land_use;
pub mod law;
pub mod parameters;
pub mod screening;
pub mod substances;
pub mod workdays;
