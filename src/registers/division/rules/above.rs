//! The county, prefecture and province that a division lies in.

/// Divisions of the three levels, as codes. A prefecture without counties (441900) is both county and prefecture; a county
/// directly under its province (429004) has no prefecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Above {
    /// The division itself.
    pub county: String,
    /// Its prefecture, where it lies in one.
    pub prefecture: Option<String>,
    /// Its province; none of the nation.
    pub province: Option<String>,
}

impl Above {
    /// From the codes from the nation down to and including the division.
    pub fn of(code: &str, ancestors: &[String]) -> Above {
        let is_province = |code: &str| code.ends_with("0000") && !code.starts_with("00");
        let is_prefecture = |code: &str| code.ends_with("00") && !code.ends_with("0000");
        let find = |is: &dyn Fn(&str) -> bool| ancestors.iter().find(|code| is(code)).cloned();
        Above { county: code.to_owned(), prefecture: find(&is_prefecture), province: find(&is_province) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_county_has_what_is_above_it() {
        for (ancestors, prefecture, province) in [
            ("000000/150000/152900/152921", Some("152900"), Some("150000")),
            ("000000/150000/152900/152971", Some("152900"), Some("150000")),
            ("000000/420000/429004", None, Some("420000")),
            ("000000/440000/441900", Some("441900"), Some("440000")),
            ("000000/440000", None, Some("440000")),
            ("000000", None, None),
        ] {
            let ancestors: Vec<String> = ancestors.split('/').map(str::to_owned).collect();
            let code = ancestors.last().unwrap().clone();
            let above = Above::of(&code, &ancestors);
            assert_eq!((above.prefecture.as_deref(), above.province.as_deref()), (prefecture, province), "{code}");
            assert_eq!(above.county, code);
        }
    }
}
