//! The kinds of changes there are. A register tells no other, and a subscription names no other.

/// Every kind, sorted.
pub(in crate::platform) const KINDS: [&str; 89] = [
    "class_adjustment.agreed",
    "class_adjustment.approved",
    "class_adjustment.proposed",
    "class_adjustment.returned",
    "class_adjustment.uploaded",
    "class_adjustment.voided",
    "coverage.corrected",
    "coverage.registered",
    "deadline.cancelled",
    "deadline.closed",
    "deadline.escalated",
    "deadline.extended",
    "deadline.opened",
    "deadline.recounted",
    "deadline.reopened",
    "deadline.resumed",
    "deadline.suspended",
    "farmland.began",
    "farmland.change_voided",
    "farmland.class_changed",
    "farmland.corrected",
    "farmland.ended",
    "farmland.land_type_changed",
    "farmland_measure.approved",
    "farmland_measure.changed",
    "farmland_measure.effect_report_filed",
    "farmland_measure.ended",
    "farmland_measure.event_voided",
    "farmland_measure.filed",
    "farmland_measure.proposed",
    "farmland_measure.results_recorded",
    "farmland_measure.uploaded",
    "farmland_measure.withdrawn",
    "land_check.consultation_withdrawn",
    "land_check.consulted",
    "land_check.quarter_shared",
    "land_check.replied",
    "land_check.superseded",
    "land_check.withdrawn",
    "list.entered",
    "list.graded",
    "list.left",
    "list.loaded",
    "negative_list.changed",
    "notice.issued",
    "notice.received",
    "notice.served",
    "notice.voided",
    "parcel.began",
    "parcel.change_voided",
    "parcel.corrected",
    "parcel.ended",
    "parcel.registered",
    "protection.answered",
    "protection.closed",
    "protection.grew",
    "protection.issued",
    "protection.raised",
    "protection.restricted",
    "protection.voided",
    "publicity.met",
    "publicity.owed",
    "publicity.put_back",
    "publicity.released",
    "publicity.taken_down",
    "publicity.unmet",
    "sample.corrected",
    "sample.withdrawn",
    "sampling.rescreened",
    "site.corrected",
    "site.event_voided",
    "site.flag_lowered",
    "site.flag_raised",
    "site.liable_party_changed",
    "site.registered",
    "site.soil_transport_reported",
    "site.stage_changed",
    "site.works_must_stop",
    "siting_check.superseded",
    "siting_zone.declared",
    "siting_zone.ended",
    "siting_zone.published",
    "siting_zone.restricted",
    "siting_zone.restriction_ended",
    "standard.changed",
    "zone.approved",
    "zone.lifted",
    "zone.put_back",
    "zone.withdrawn",
];

/// Whether it is a kind that a register tells.
pub(in crate::platform) fn is_known(kind: &str) -> bool {
    KINDS.binary_search(&kind).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::outbox::view::is_kind;

    #[test]
    fn kinds_are_sorted_and_written_as_kinds() {
        assert!(KINDS.is_sorted_by(|a, b| a < b));
        assert!(KINDS.iter().all(|kind| is_kind(kind) && kind.contains('.') && is_known(kind)));
        assert!(!is_known("site.stage_change") && !is_known(""));
    }
}
