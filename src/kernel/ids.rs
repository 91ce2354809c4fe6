//! One identifier type per kind of thing, so that a site's id is never taken for a document's.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = uuid::Uuid)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new identifier (UUIDv7) whose time part is the instant `now`.
            pub fn new(now: chrono::DateTime<chrono::Utc>) -> Self {
                Self(super::ids::v7(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Ok(Self(s.parse()?))
            }
        }
    )+};
}

/// UUIDv7 of an instant; the random part comes from the operating system.
pub(crate) fn v7(now: chrono::DateTime<chrono::Utc>) -> uuid::Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos()))
}

ids! {
    /// One writing call: its audit lines and history rows carry it.
    ActId,
    /// An API key.
    KeyId,
    /// An administrative division.
    DivisionId,
    /// A document with its content hash.
    DocumentId,
    /// A construction-land site.
    SiteId,
    /// An entry of a site's event log.
    SiteEventId,
    /// A statutory clock that was started.
    DeadlineId,
    /// A duty to make something public.
    PublicityDutyId,
    /// A farmland unit.
    FarmlandUnitId,
    /// A measure on farmland.
    FarmlandMeasureId,
    /// A change of the outlines of farmland units.
    FarmlandChangeId,
    /// A fact of a farmland unit: a class or a land type from a day on.
    FarmlandFactId,
    /// A parcel of land (宗地).
    ParcelId,
    /// A change of the outlines of parcels.
    ParcelChangeId,
    /// A control zone (管控区域).
    ControlZoneId,
    /// A place where soil, crops, water or air are sampled.
    SamplingPointId,
    /// A sample.
    SampleId,
    /// What a laboratory found of one substance in a sample.
    SampleResultId,
    /// A run that held results to the standards anew.
    RescreeningId,
    /// A result that came out otherwise when it was screened again.
    ScreeningDifferenceId,
    /// A key supervised unit (土壤污染重点监管单位).
    KeyUnitId,
    /// An area for which a register is kept.
    CoverageId,
    /// A version of a local standard of soil.
    StandardId,
    /// A land check (准入查询).
    LandCheckId,
    /// A letter that asks the ecology bureau about a land check (征求意见函).
    ConsultationId,
    /// A written reply of the ecology bureau to a land check (书面回复).
    ConsultationReplyId,
    /// Land checks of a quarter as they were shared (季度共享).
    QuarterShareId,
    /// Land checks asked together.
    LandCheckBatchId,
    /// A background job.
    JobId,
    /// A written notice (通知书).
    NoticeId,
    /// A proposal to give farmland units their classes (类别划定或调整).
    ClassAdjustmentId,
    /// A warning that priority-protection land shrank or dropped in quality (优先保护类耕地预警).
    ProtectionWarningId,
    /// A change that others are told of.
    ChangeId,
    /// A subscription to changes.
    SubscriptionId,
    /// A change on its way to a subscriber.
    DeliveryId,
    /// Land taken into use again (再开发利用).
    RedevelopmentId,
    /// Indicators of a reporting period, frozen.
    IndicatorReportId,
    /// A reference layer.
    ReferenceLayerId,
    /// An attribute of a reference layer's features.
    ReferenceColumnId,
    /// A feature of a reference layer.
    ReferenceFeatureId,
    /// A published zone in which the siting of industry is controlled.
    SitingZoneId,
    /// That a division has published its zones.
    ZonePublicationId,
    /// A limit on approvals in a division (限批).
    ApprovalRestrictionId,
    /// A siting check (选址核查).
    SitingCheckId,
}
