//! Codes of administrative divisions (GB/T 2260: province 2 + prefecture 2 + county 2).

use std::fmt;

/// A six-digit division code; `000000` is the nation. Development zones carry statistical codes of the same form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, sqlx::Type, utoipa::ToSchema)]
#[serde(transparent)]
#[sqlx(transparent)]
#[schema(value_type = String, pattern = "^[0-9]{6}$", example = "152921")]
pub struct DivisionCode(String);

impl DivisionCode {
    /// The nation, above all provinces.
    pub fn nation() -> DivisionCode {
        DivisionCode("000000".to_owned())
    }

    /// Six digits, else `None`.
    pub fn parse(s: &str) -> Option<DivisionCode> {
        (s.len() == 6 && s.bytes().all(|b| b.is_ascii_digit())).then(|| DivisionCode(s.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the nation.
    pub fn is_nation(&self) -> bool {
        self.0 == "000000"
    }

    /// The code of the parent by the digits alone: county → prefecture → province → nation. Where the registry knows
    /// another parent (development zones, counties directly under a province), that one holds.
    pub fn parent_by_digits(&self) -> Option<DivisionCode> {
        let (province, prefecture, county) = (&self.0[..2], &self.0[2..4], &self.0[4..]);
        match (province, prefecture, county) {
            ("00", ..) => None,
            (_, "00", "00") => Some(DivisionCode::nation()),
            (p, _, "00") => Some(DivisionCode(format!("{p}0000"))),
            (p, c, _) => Some(DivisionCode(format!("{p}{c}00"))),
        }
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for DivisionCode {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        DivisionCode::parse(s).ok_or_else(|| format!("`{s}` 不是六位区划代码 / is not a six-digit division code"))
    }
}

impl<'de> serde::Deserialize<'de> for DivisionCode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
