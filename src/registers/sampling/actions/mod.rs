//! What can be done with points, samples and results.

mod correct;
mod load;
mod screen;

pub use correct::{
    CorrectedPoint, CorrectedSample, PointChange, SampleChange, correct_point, correct_sample, register_point,
};
pub use load::{Loaded, RowDone, load};
pub use screen::{Cause, Screened, judge_new, judged_live, rescreen, rescreen_division};
