//! Articles, days and instruments as offices write them in Chinese.

use crate::kernel::{Citation, Day};

const DIGITS: [&str; 10] = ["〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// A number below ten thousand as read out: 1165 is 一千一百六十五.
pub fn number(n: u32) -> String {
    let digit = |d: u32| DIGITS.get(d as usize).copied().unwrap_or_default();
    if n == 0 {
        return "零".to_owned();
    }
    let mut out = String::new();
    let mut skipped = false;
    for (unit, word) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let d = n / unit % 10;
        if d == 0 {
            skipped = !out.is_empty();
            continue;
        }
        if skipped {
            out.push('零');
            skipped = false;
        }
        // 十二, but 一百一十二.
        if !(unit == 10 && d == 1 && out.is_empty()) {
            out.push_str(digit(d));
        }
        out.push_str(word);
    }
    out
}

/// A day: 2026年11月21日.
pub fn day(day: Day) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// An article as the catalogue of law has it: `66(3)` is 第六十六条第三款; what is no number is a passage and stays one.
pub fn article(article: &str) -> String {
    let numbered: Option<Vec<String>> = article.split(", ").map(numbered).collect();
    match numbered {
        Some(parts) => parts.join("、"),
        None => {
            let zh = article.split(" / ").next().unwrap_or(article).trim();
            format!("（{zh}）")
        }
    }
}

fn numbered(part: &str) -> Option<String> {
    if let Some((from, to)) = part.split_once('-') {
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        return Some(format!("第{}条至第{}条", number(from), number(to)));
    }
    let (article, paragraph) = match part.split_once('(') {
        Some((article, rest)) => (article, Some(rest.strip_suffix(')')?)),
        None => (part, None),
    };
    let article = format!("第{}条", number(article.parse().ok()?));
    Some(match paragraph {
        Some(paragraph) => format!("{article}第{}款", number(paragraph.parse().ok()?)),
        None => article,
    })
}

/// A citation: the instrument, its number, the article, and the text that took its place later.
pub fn citation(citation: &Citation) -> String {
    let mut out = format!("《{}》", citation.instrument_zh);
    if let Some(number) = &citation.number {
        out.push_str(&format!("（{number}）"));
    }
    out.push_str(&article(&citation.article));
    if let Some(next) = &citation.successor {
        let since = next.effective_from.map(|since| format!("自{}起", day(since))).unwrap_or_default();
        out.push_str(&format!("（{since}为《{}》{}）", next.instrument_zh, article(&next.article)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::law;

    #[test]
    fn numbers_are_read_out() {
        for (n, zh) in [
            (0, "零"),
            (3, "三"),
            (10, "十"),
            (13, "十三"),
            (20, "二十"),
            (66, "六十六"),
            (94, "九十四"),
            (101, "一百零一"),
            (110, "一百一十"),
            (112, "一百一十二"),
            (461, "四百六十一"),
            (1001, "一千零一"),
            (1010, "一千零一十"),
            (1165, "一千一百六十五"),
            (1242, "一千二百四十二"),
        ] {
            assert_eq!(number(n), zh);
        }
    }

    #[test]
    fn articles_ranges_and_passages() {
        assert_eq!(article("66(3)"), "第六十六条第三款");
        assert_eq!(article("2, 3"), "第二条、第三条");
        assert_eq!(article("18-20, 22"), "第十八条至第二十条、第二十二条");
        assert_eq!(article("任务8：书面回复 / task 8: written reply"), "（任务8：书面回复）");
    }

    #[test]
    fn the_law_of_the_day_is_cited_with_what_followed_it() {
        let on = |day| citation(&law::LAW_94_CODE_1165.cite(day).unwrap());
        assert_eq!(
            on(Day::of(2026, 8, 14)),
            "《土壤污染防治法》第九十四条（自2026年8月15日起为《生态环境法典》第一千一百六十五条）"
        );
        assert_eq!(on(Day::of(2026, 8, 15)), "《生态环境法典》第一千一百六十五条");
        assert_eq!(
            citation(&law::ORDER_42_13.cite(Day::of(2026, 11, 21)).unwrap()),
            "《污染地块土壤环境管理办法（试行）》（环境保护部令第42号）第十三条"
        );
        assert_eq!(day(Day::of(2026, 8, 5)), "2026年8月5日");
    }

    #[test]
    fn every_provision_of_the_catalogue_can_be_written_out() {
        for (name, provision) in law::ALL {
            for basis in provision.0 {
                let written = article(basis.article);
                assert!(written.starts_with('第') || written.starts_with('（'), "{name}: {written}");
                assert!(!written.contains(" / "), "{name}: {written}");
            }
        }
    }
}
