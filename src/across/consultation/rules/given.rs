//! Whether a letter, a withdrawal or a reply may be, and whether what is given for it is right in itself.

use super::{GATE, citations};
use crate::across::land_check::WrittenReply;
use crate::kernel::{Day, Error, Fault, Result, Text};

/// Longest name of an office, contact, number of a paper: characters.
const MAX_NAME: usize = 200;
/// Longest questions, conditions, reason: characters.
const MAX_TEXT: usize = 2_000;
/// Longest text of a reply: characters.
const MAX_BODY: usize = 20_000;

/// A check, as far as it matters whether it may be asked about or answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFacts {
    /// Day of the operation: the law of that day.
    pub on: Day,
    /// Its division.
    pub division_code: String,
    /// The civil day on which it was answered; no paper about it is older.
    pub checked_on: Day,
    /// Whether it needs the bureau's reply.
    pub awaits_reply: bool,
    /// Number of the letter that stands.
    pub letter: Option<String>,
    /// Day of that letter.
    pub letter_on: Option<Day>,
    /// How many replies there are.
    pub replies: i32,
    /// Day of the last reply.
    pub replied_on: Option<Day>,
    /// Why it is not valid any more; `None`: it is.
    pub fallen: Option<Fallen>,
}

/// Why a check is not valid any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallen {
    /// The records changed.
    Superseded,
    /// It was taken back.
    Withdrawn,
}

/// Nothing new is begun about an answer that does not hold any more: what the bureau would say of it, it would say of other
/// facts. What was begun before is brought to its end.
fn still_valid(check: &CheckFacts) -> Result<()> {
    let (zh, en) = match check.fallen {
        None => return Ok(()),
        Some(Fallen::Superseded) => ("该查询回复因登记情况变化已失效", "The records have changed since this answer"),
        Some(Fallen::Withdrawn) => ("该查询回复已撤回", "This answer was withdrawn"),
    };
    Err(Error::conflict(
        "no_longer_valid",
        Text::new(
            format!("{zh}；请就该地块重新查询（POST /v1/land-checks），再就新的回复征求意见。"),
            format!("{en}; ask of the parcel anew (POST /v1/land-checks), and consult the bureau on the new answer."),
        ),
    ))
}

fn refuse(check: &CheckFacts, code: &'static str, zh: String, en: String) -> Error {
    Error::conflict(code, Text::new(zh, en)).under(GATE, citations(check.on, &check.division_code))
}

fn not_required(check: &CheckFacts) -> Error {
    refuse(
        check,
        "reply_not_required",
        "本次查询不需要书面回复：所查操作不是收回、收购，或地块未涉及疑似污染地块、污染地块。".to_owned(),
        "This check needs no written reply: it is not about taking land back or buying it, or the parcel meets no \
         suspected or contaminated site."
            .to_owned(),
    )
}

/// Whether the bureau may be asked about a check.
///
/// # Errors
/// `reply_not_required`, `already_replied`, `already_consulted` (409), under G2; `no_longer_valid` (409).
pub fn may_consult(check: &CheckFacts) -> Result<()> {
    if !check.awaits_reply {
        return Err(not_required(check));
    }
    if check.replies > 0 {
        return Err(refuse(
            check,
            "already_replied",
            "生态环境部门已书面回复，不再征求意见；回复有误的，由其更正。".to_owned(),
            "The ecology bureau has replied; if the reply is wrong, the bureau corrects it.".to_owned(),
        ));
    }
    match &check.letter {
        Some(number) => Err(refuse(
            check,
            "already_consulted",
            format!("已发函征求意见（{number}）；需要重新发函的，先注明原因撤回。"),
            format!("The letter {number} was sent; to send another, withdraw it with a reason first."),
        )),
        None => still_valid(check),
    }
}

/// Whether the letter that stands may be taken back. Gives its number.
///
/// # Errors
/// `not_consulted`, `already_replied` (409).
pub fn may_withdraw(check: &CheckFacts) -> Result<&str> {
    if check.replies > 0 {
        return Err(refuse(
            check,
            "already_replied",
            "生态环境部门已书面回复，征求意见函不能撤回。".to_owned(),
            "The ecology bureau has replied: the letter cannot be withdrawn.".to_owned(),
        ));
    }
    check.letter.as_deref().ok_or_else(|| {
        refuse(
            check,
            "not_consulted",
            "没有待回复的征求意见函。".to_owned(),
            "There is no letter that awaits a reply.".to_owned(),
        )
    })
}

/// Whether a reply may be entered: the first one as it is, every later one with the reason of the correction.
///
/// # Errors
/// `reply_not_required`, `already_replied` (409), under G2; `no_longer_valid` (409) where the check fell before anybody asked
/// the bureau; `invalid_input` at `/corrects` where there is nothing to correct.
pub fn may_reply(check: &CheckFacts, corrects: Option<&str>) -> Result<()> {
    if !check.awaits_reply {
        return Err(not_required(check));
    }
    match (check.replies, corrects) {
        (0, None) if check.letter.is_none() => still_valid(check),
        (0, None) | (1.., Some(_)) => Ok(()),
        (0, Some(_)) => Err(Error::fault(
            "/corrects",
            "nothing_to_correct",
            Text::fixed("尚无书面回复，无可更正。", "There is no reply to correct yet."),
        )),
        _ => Err(refuse(
            check,
            "already_replied",
            "已有书面回复；另行回复须在 corrects 中说明更正原因，原回复保留。".to_owned(),
            "There is a reply; another one says in `corrects` why it takes its place, and the first is kept."
                .to_owned(),
        )),
    }
}

/// A letter as given.
#[derive(Debug, Clone, Default)]
pub struct GivenLetter {
    /// Who asks, as it signs.
    pub sender: Option<String>,
    /// The bureau asked.
    pub addressed_to: Option<String>,
    /// Whom to ask back.
    pub contact: Option<String>,
    /// What is asked beyond the opinion itself.
    pub questions: Option<String>,
    /// The day on it.
    pub sent_on: Option<Day>,
}

/// A letter that is right in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterTerms {
    /// Who asks, where that is said.
    pub sender: Option<String>,
    /// The bureau asked, where that is said.
    pub addressed_to: Option<String>,
    /// Whom to ask back.
    pub contact: Option<String>,
    /// What is asked, a line each.
    pub questions: Option<String>,
    /// The day on it.
    pub sent_on: Day,
}

impl GivenLetter {
    /// Judges what is given.
    ///
    /// # Errors
    /// Every fault.
    pub fn read(self, check: &CheckFacts, today: Day) -> Result<LetterTerms, Vec<Fault>> {
        let mut faults = Vec::new();
        let sent_on = self.sent_on.unwrap_or(today);
        in_order("/sent_on", sent_on, check.checked_on, today, &mut faults);
        let terms = LetterTerms {
            sender: line("/sender", self.sender, &mut faults),
            addressed_to: line("/addressed_to", self.addressed_to, &mut faults),
            contact: line("/contact", self.contact, &mut faults),
            questions: text("/questions", self.questions, MAX_TEXT, &mut faults),
            sent_on,
        };
        if faults.is_empty() { Ok(terms) } else { Err(faults) }
    }
}

/// A reply as given.
#[derive(Debug, Clone)]
pub struct GivenReply {
    /// The bureau's own number of it.
    pub number: String,
    /// The day on it.
    pub replied_on: Day,
    /// What it comes to.
    pub conclusion: WrittenReply,
    /// Under which conditions.
    pub conditions: Option<String>,
    /// Its text.
    pub text: String,
    /// Why it takes the place of the one before.
    pub corrects: Option<String>,
}

/// A reply that is right in itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTerms {
    /// The bureau's own number of it.
    pub number: String,
    /// The day on it.
    pub replied_on: Day,
    /// What it comes to.
    pub conclusion: WrittenReply,
    /// Under which conditions.
    pub conditions: Option<String>,
    /// Its text.
    pub text: String,
    /// Why it takes the place of the one before.
    pub corrects: Option<String>,
}

impl GivenReply {
    /// Judges what is given. No reply is older than the check, the letter that it answers, or the reply that it corrects.
    ///
    /// # Errors
    /// Every fault.
    pub fn read(self, check: &CheckFacts, today: Day) -> Result<ReplyTerms, Vec<Fault>> {
        let mut faults = Vec::new();
        let earliest = [check.letter_on, check.replied_on].into_iter().flatten().fold(check.checked_on, Day::max);
        in_order("/replied_on", self.replied_on, earliest, today, &mut faults);
        let number = needed("/number", line("/number", Some(self.number), &mut faults), &mut faults);
        let body = needed("/text", text("/text", Some(self.text), MAX_BODY, &mut faults), &mut faults);
        let conditions = text("/conditions", self.conditions, MAX_TEXT, &mut faults);
        let corrects = self
            .corrects
            .map(|reason| needed("/corrects", text("/corrects", Some(reason), MAX_TEXT, &mut faults), &mut faults));
        match (self.conclusion, &conditions) {
            (WrittenReply::Conditions, None) => faults.push(Fault::new(
                "/conditions",
                "missing",
                Text::fixed("有条件同意的，须写明条件。", "No objection under conditions: the conditions are missing."),
            )),
            (WrittenReply::Agrees | WrittenReply::Objects, Some(_)) => faults.push(Fault::new(
                "/conditions",
                "not_allowed",
                Text::fixed("只有“有条件同意”才附条件。", "Conditions go with the conclusion `conditions` only."),
            )),
            _ => {}
        }
        let (replied_on, conclusion) = (self.replied_on, self.conclusion);
        let terms = ReplyTerms { number, replied_on, conclusion, conditions, text: body, corrects };
        if faults.is_empty() { Ok(terms) } else { Err(faults) }
    }
}

/// A reason that is needed.
///
/// # Errors
/// `invalid_input` at the pointer.
pub fn reason(pointer: &'static str, given: &str) -> Result<String> {
    let mut faults = Vec::new();
    let reason = needed(pointer, text(pointer, Some(given.to_owned()), MAX_TEXT, &mut faults), &mut faults);
    if faults.is_empty() { Ok(reason) } else { Err(Error::invalid(faults)) }
}

fn in_order(pointer: &'static str, day: Day, earliest: Day, today: Day, faults: &mut Vec<Fault>) {
    if day > today {
        faults.push(Fault::new(
            pointer,
            "in_the_future",
            Text::new(format!("不得晚于今天 {today}。"), format!("Must not lie after today, {today}.")),
        ));
    } else if day < earliest {
        faults.push(Fault::new(
            pointer,
            "out_of_order",
            Text::new(format!("不得早于 {earliest}。"), format!("Must not lie before {earliest}.")),
        ));
    }
}

/// One line of words; blank is nothing.
fn line(pointer: &'static str, given: Option<String>, faults: &mut Vec<Fault>) -> Option<String> {
    words(pointer, given, MAX_NAME, char::is_control, faults)
}

/// Words with line breaks; blank is nothing.
fn text(pointer: &'static str, given: Option<String>, max: usize, faults: &mut Vec<Fault>) -> Option<String> {
    words(pointer, given, max, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'), faults)
}

fn words(
    pointer: &'static str,
    given: Option<String>,
    max: usize,
    barred: impl Fn(char) -> bool,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    let given = given?;
    let given = given.trim();
    if given.chars().count() > max || given.chars().any(barred) {
        faults.push(Fault::new(
            pointer,
            "text_unfit",
            Text::new(
                format!("最多 {max} 字，不得含控制字符。"),
                format!("Has {max} characters at most, and no control characters."),
            ),
        ));
    }
    (!given.is_empty()).then(|| given.to_owned())
}

fn needed(pointer: &'static str, given: Option<String>, faults: &mut Vec<Fault>) -> String {
    given.unwrap_or_else(|| {
        faults.push(Fault::new(pointer, "missing", Text::fixed("须填写。", "It is missing.")));
        String::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day::of(2026, 11, 21);

    fn check() -> CheckFacts {
        CheckFacts {
            on: TODAY,
            division_code: "152921".to_owned(),
            checked_on: Day::of(2026, 11, 16),
            awaits_reply: true,
            letter: None,
            letter_on: None,
            replies: 0,
            replied_on: None,
            fallen: None,
        }
    }

    fn reply(conclusion: WrittenReply, conditions: Option<&str>) -> GivenReply {
        GivenReply {
            number: "左环函〔2026〕1号".to_owned(),
            replied_on: Day::of(2026, 11, 18),
            conclusion,
            conditions: conditions.map(str::to_owned),
            text: "同意".to_owned(),
            corrects: None,
        }
    }

    fn code(result: Result<impl Sized>) -> Option<&'static str> {
        result.err().map(|error| error.code())
    }

    fn faults(result: Result<impl Sized, Vec<Fault>>) -> Vec<(String, &'static str)> {
        result.err().unwrap_or_default().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn a_letter_is_sent_once_and_only_where_g2_asks_for_a_reply() {
        assert!(may_consult(&check()).is_ok());
        let not_needed = may_consult(&CheckFacts { awaits_reply: false, ..check() }).unwrap_err();
        assert_eq!((not_needed.code(), not_needed.rule()), ("reply_not_required", Some("G2")));
        let cited = |division: &str| {
            let check = CheckFacts { awaits_reply: false, division_code: division.to_owned(), ..check() };
            may_consult(&check).unwrap_err().citations().iter().map(|c| c.instrument_zh.clone()).collect::<Vec<_>>()
        };
        let plan = "朔州市2021年土壤污染防治行动计划";
        assert_eq!(cited("140602"), [plan]);
        assert_eq!(cited("152921"), [plan, "本系统规则（非法律规定）"], "taken over from elsewhere, and said to be");
        assert_eq!(code(may_consult(&CheckFacts { letter: Some("ZX".into()), ..check() })), Some("already_consulted"));
        assert_eq!(code(may_consult(&CheckFacts { replies: 1, ..check() })), Some("already_replied"));
        assert_eq!(code(may_withdraw(&check())), Some("not_consulted"));
        let answered = CheckFacts { letter: Some("ZX".into()), replies: 1, ..check() };
        assert_eq!(code(may_withdraw(&answered)), Some("already_replied"));
        assert_eq!(may_withdraw(&CheckFacts { letter: Some("ZX".into()), ..check() }).ok(), Some("ZX"));
    }

    #[test]
    fn nothing_new_is_begun_about_an_answer_that_fell_and_what_was_begun_is_ended() {
        for fallen in [Fallen::Superseded, Fallen::Withdrawn] {
            let fallen = CheckFacts { fallen: Some(fallen), ..check() };
            assert_eq!(code(may_consult(&fallen)), Some("no_longer_valid"));
            assert_eq!(code(may_reply(&fallen, None)), Some("no_longer_valid"));
            let asked = CheckFacts { letter: Some("ZX".into()), ..fallen };
            assert_eq!(code(may_consult(&asked)), Some("already_consulted"));
            assert!(may_reply(&asked, None).is_ok() && may_withdraw(&asked).is_ok());
            assert!(may_reply(&CheckFacts { replies: 1, ..asked }, Some("笔误")).is_ok());
        }
    }

    #[test]
    fn a_second_reply_says_why() {
        assert!(may_reply(&check(), None).is_ok());
        assert_eq!(code(may_reply(&check(), Some("x"))), Some("invalid_input"));
        let once = CheckFacts { replies: 1, ..check() };
        assert_eq!(code(may_reply(&once, None)), Some("already_replied"));
        assert!(may_reply(&once, Some("面积有误")).is_ok());
        assert_eq!(code(may_reply(&CheckFacts { awaits_reply: false, ..check() }, None)), Some("reply_not_required"));
    }

    #[test]
    fn no_paper_is_older_than_what_it_is_about_or_younger_than_today() {
        let letter = |sent_on| GivenLetter { sent_on: Some(sent_on), ..GivenLetter::default() }.read(&check(), TODAY);
        assert!(letter(check().checked_on).is_ok() && letter(TODAY).is_ok());
        assert_eq!(faults(letter(TODAY.next())), [("/sent_on".to_owned(), "in_the_future")]);
        assert_eq!(faults(letter(check().checked_on.add_days(-1))), [("/sent_on".to_owned(), "out_of_order")]);
        let asked = CheckFacts { letter_on: Some(Day::of(2026, 11, 19)), ..check() };
        let given = reply(WrittenReply::Agrees, None);
        assert!(given.clone().read(&check(), TODAY).is_ok());
        assert_eq!(faults(given.clone().read(&asked, TODAY)), [("/replied_on".to_owned(), "out_of_order")]);
        let corrected = CheckFacts { replied_on: Some(Day::of(2026, 11, 20)), ..check() };
        assert_eq!(faults(given.read(&corrected, TODAY)), [("/replied_on".to_owned(), "out_of_order")]);
    }

    #[test]
    fn conditions_go_with_their_conclusion_and_texts_are_there() {
        let read = |given: GivenReply| faults(given.read(&check(), TODAY));
        assert_eq!(read(reply(WrittenReply::Conditions, Some("先行调查"))), []);
        assert_eq!(read(reply(WrittenReply::Conditions, None)), [("/conditions".to_owned(), "missing")]);
        assert_eq!(read(reply(WrittenReply::Agrees, Some("x"))), [("/conditions".to_owned(), "not_allowed")]);
        let empty = GivenReply { number: " ".into(), text: "\n".into(), ..reply(WrittenReply::Agrees, None) };
        assert_eq!(read(empty), [("/number".to_owned(), "missing"), ("/text".to_owned(), "missing")]);
        let broken = GivenReply { number: "1\n2".into(), ..reply(WrittenReply::Agrees, None) };
        assert_eq!(read(broken), [("/number".to_owned(), "text_unfit")]);
        assert_eq!(reason("/reason", " 重复 ").ok().as_deref(), Some("重复"));
        assert_eq!(code(reason("/reason", "  ")), Some("invalid_input"));
    }
}
