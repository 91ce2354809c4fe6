//! Orders that limit approvals (限批): Z11.

use super::facts::{Covers, Facts, Known, Order, Procedure, shown};
use crate::across::land_check::{Actor, FactUsed, Finding, Source, Verdict};
use crate::kernel::Text;

fn show(order: &Order) -> FactUsed {
    shown(
        "restriction",
        order.division.clone(),
        Source::Registry,
        Text::new(
            format!("{} 限批（{}）：{}", order.division, order.named, order.scope),
            format!("approvals limited in {} ({}): {}", order.division, order.named, order.scope),
        ),
    )
}

/// Whether an order limits what is asked; `None` where the procedure was not stated.
fn limits(order: &Order, procedure: Option<Procedure>) -> Option<bool> {
    Some(match procedure? {
        Procedure::Eia => true,
        Procedure::Approval => !order.assessments_only,
        Procedure::Planning => false,
    })
}

/// How hard an order closes; `None` where it does not cover the project.
fn weight(order: &Order, pollution: Known) -> Verdict {
    match (order.covers, pollution) {
        (Covers::Every, _) | (Covers::SoilPolluting, Known::Yes | Known::Presumed) => Verdict::Block,
        (Covers::SoilPolluting, Known::No) => Verdict::AllowRecorded,
        (Covers::SoilPolluting, Known::Disputed | Known::Unknown) | (Covers::AsWorded, _) => Verdict::Hold,
    }
}

pub(super) fn z11(f: &Facts) -> Option<Finding> {
    let pollution = f.pollution();
    let orders: Vec<&Order> = f.orders.iter().filter(|order| limits(order, f.procedure) != Some(false)).collect();
    let worst = orders.iter().map(|order| weight(order, pollution)).max()?;
    let mut facts: Vec<FactUsed> = orders.iter().map(|order| show(order)).collect();
    facts.extend([f.show_pollution(), f.show_procedure()]);
    let verdict = if f.procedure.is_none() { worst.min(Verdict::Warn) } else { worst };
    let must_do = match verdict {
        Verdict::Block => Text::fixed(
            "限批解除前不得审批；可另行选址。",
            "Not approved until the order is lifted; another site may be chosen.",
        ),
        Verdict::Hold => Text::fixed(
            "对照限批文件的范围，由生态环境主管部门认定项目是否在内；在内的不得审批。",
            "Compare the order's scope: ecology decides whether the project is in it; if so, it is not approved.",
        ),
        Verdict::Warn => Text::fixed(
            "未说明办理事项：办理环评或审批的，受限批约束。",
            "The procedure was not stated: an assessment or an approval is subject to the order.",
        ),
        Verdict::Allow | Verdict::AllowRecorded => Text::fixed(
            "项目不在限批范围内，留存核对结果。",
            "The project is outside the order's scope: keep the comparison on file.",
        ),
    };
    Some(
        Finding::new(verdict, Actor::PrefectureEcology, must_do, facts)
            .note(Text::fixed(
                "仅因土壤原因的限批依据政策文件；《生态环境法典》158条所列为总量、质量目标情形。",
                "A limit for soil alone rests on policy documents; the Code's art. 158 is about total emissions and quality targets.",
            ))
            .resting_on(pollution.confidence()),
    )
}
