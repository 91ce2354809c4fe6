//! Pure decisions: whether a letter or a reply may be, what they must hold, what a reply makes of a verdict, which days a
//! quarter has.

pub mod again;
pub mod given;
pub mod letter;
pub mod quarter;

pub use again::{After, again};
pub use given::{CheckFacts, Fallen, GivenLetter, GivenReply, LetterTerms, may_consult, may_reply, may_withdraw};
pub use letter::{Letter, draft};
pub use quarter::Quarter;

use crate::across::land_check::{GATES, Jurisdiction};
use crate::kernel::basis::cite_all;
use crate::kernel::{Citation, Day};
use crate::standards::law::PRODUCT_ADOPTED;

/// The gate that asks for the reply.
pub const GATE: &str = "G2";

/// What that gate stands on in a division, by the law of a day. Where another region's text is taken over as default, that is
/// cited too.
pub fn citations(on: Day, division: &str) -> Vec<Citation> {
    let mut cited = Vec::new();
    for gate in GATES.iter().filter(|gate| gate.id == GATE) {
        cited.extend(cite_all(gate.provisions, on));
        if let Jurisdiction::Adopted(prefixes) = gate.jurisdiction
            && !prefixes.iter().any(|prefix| division.starts_with(prefix))
        {
            cited.extend(PRODUCT_ADOPTED.cite(on));
        }
    }
    cited
}
