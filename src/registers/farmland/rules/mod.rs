//! Farmland's rules: what samples say of a unit, what a merged unit's class is, how the areas of classes balance.

pub mod classify;
pub mod ledger;
pub mod lineage;

/// Soil-quality class of farmland, from the mildest to the strictest. Land that nobody classified stands between priority
/// protection, which it has not earned, and safe use, which it does not need yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// 优先保护类
    PriorityProtection,
    /// 未划定
    Unclassified,
    /// 安全利用类
    SafeUse,
    /// 严格管控类
    StrictControl,
}

impl Class {
    /// Every class, in the order in which it is shown.
    pub const ALL: [Class; 4] = [Class::PriorityProtection, Class::SafeUse, Class::StrictControl, Class::Unclassified];

    /// On the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Class::PriorityProtection => "priority_protection",
            Class::SafeUse => "safe_use",
            Class::StrictControl => "strict_control",
            Class::Unclassified => "unclassified",
        }
    }

    /// Reads a class off the wire.
    pub fn parse(text: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// Land types of cultivated land (耕地).
pub const CULTIVATED: [&str; 3] = ["paddy", "upland", "irrigated"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read_back() {
        for class in Class::ALL {
            assert_eq!(Class::parse(class.as_str()), Some(class));
        }
        assert_eq!(Class::parse("best"), None);
        assert_eq!(Class::ALL.map(Class::as_str), super::super::CLASSES);
    }
}
