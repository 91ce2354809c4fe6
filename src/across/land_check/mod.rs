//! The check of a parcel before it is taken back, bought, sold, supplied or put to another use (准入查询).

pub mod rules;
