//! Construction-land sites: from a lead to the directory of contaminated sites and out of it again (rulebook section 2).
//!
//! ```text
//! candidate ─ suspected_listed → suspected ─ survey_notice_served → preliminary_survey ←──────────────┐
//!                                                                     │ preliminary_report_submitted    │ returned
//!                                                                     ↓                                 │
//!                                                                   preliminary_review ─────────────────┤
//!                                                                                                       ├→ not_contaminated
//!                                                                                                       └→ contaminated → …
//! ```
//!
//! Stage by stage, event by event, as the code has it: `rules/life_cycle.txt`. What the law says and who must act: one row
//! per event type in `rules/table.rs`.

pub mod rules;
