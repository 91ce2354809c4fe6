//! What can be done with points, samples and results.

mod correct;
mod load;
mod screen;

pub use correct::{PointChange, SampleChange, correct_point, correct_sample, register_point};
pub use load::{Loaded, RowDone, load};
pub use screen::{Cause, Live, judged_live, land_changed, rescreen_division};
