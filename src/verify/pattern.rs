//! How text is cut, on both sides.

use bpekit_formats::{Definition, Needle, Pattern, Pretokenizer, SplitBehavior};

use crate::diff::{Cut, cut_of};
use crate::pretokenize::{Answer, Cutting, LoneCut, keeps_matches};

/// What is known of two ways to cut.
pub(super) enum Found {
    /// They are the same, and why.
    Same(String),
    /// This text is cut in two ways; if those are few, all places where only one side cuts.
    Differs(String, Option<Vec<LoneCut>>),
    /// Not shown.
    Open(String),
}

/// The machine of a definition whose pretokens are the matches of one pattern that leaves no text
/// out, if it has one.
pub(super) fn cutting_of(definition: &Definition) -> Option<Cutting> {
    let (cutting, _) = single(&cut_of(definition))?;
    (cutting.leaves_nothing_out() == Answer::Yes).then_some(cutting)
}

/// Compares two that are not written alike.
pub(super) fn compare(a: &Definition, b: &Definition) -> Found {
    let cuts = [a, b].map(cut_of);
    let [Some((one, one_keeps)), Some((two, two_keeps))] = [single(&cuts[0]), single(&cuts[1])]
    else {
        return by_stages(&cuts);
    };
    let is_same_form = one.is_the_same_as(&two);
    match one.cuts_like(&two) {
        Answer::No(text) => {
            let leave_nothing_out = [&one, &two].map(Cutting::leaves_nothing_out);
            let is_whole = leave_nothing_out == [Answer::Yes, Answer::Yes];
            let cuts = is_whole.then(|| one.lone_cuts(&two)).flatten();
            return Found::Differs(text, cuts);
        }
        Answer::Unknown if !is_same_form => {
            return Found::Open("the two patterns have too many states to compare".to_owned());
        }
        _ => {}
    }
    if one_keeps != two_keeps {
        match one.leaves_nothing_out() {
            Answer::Yes => {}
            Answer::No(text) => return Found::Differs(text, None),
            Answer::Unknown => {
                return Found::Open("one keeps what the pattern leaves out".to_owned());
            }
        }
    }
    Found::Same(if is_same_form {
        "two spellings of one pattern".to_owned()
    } else {
        "two patterns that cut every text alike, as their automata show".to_owned()
    })
}

/// The machine of a way to cut by one pattern, and whether what it leaves out is kept.
fn single(cut: &Cut) -> Option<(Cutting, bool)> {
    match cut {
        Cut::Known(known) => Some((Cutting::of(&Pattern::fancy(known.tiktoken))?, true)),
        Cut::Steps(steps) => match steps.as_slice() {
            [step] => stage(step),
            _ => None,
        },
    }
}

fn stage(step: &Pretokenizer) -> Option<(Cutting, bool)> {
    match step {
        Pretokenizer::Split {
            needle: Needle::Regex(pattern),
            behavior,
            invert,
        } if keeps_matches(*behavior, *invert) => {
            Some((Cutting::of(pattern)?, *behavior == SplitBehavior::Isolated))
        }
        Pretokenizer::Digits { individual } => {
            let pattern = if *individual { r"\p{N}" } else { r"\p{N}+" };
            Some((Cutting::of(&Pattern::fancy(pattern))?, true))
        }
        _ => None,
    }
}

/// Stage by stage, where both have as many: what cuts alike at every stage cuts alike.
fn by_stages(cuts: &[Cut; 2]) -> Found {
    let open = || Found::Open("not patterns that can be compared for all texts".to_owned());
    let [Cut::Steps(one), Cut::Steps(two)] = cuts else {
        return open();
    };
    if one.len() != two.len() {
        return open();
    }
    for (a, b) in one.iter().zip(two) {
        if a == b {
            continue;
        }
        match (stage(a), stage(b)) {
            (Some((a, a_keeps)), Some((b, b_keeps)))
                if a.cuts_like(&b) == Answer::Yes
                    && (a_keeps == b_keeps || a.leaves_nothing_out() == Answer::Yes) => {}
            _ => return open(),
        }
    }
    Found::Same("the same steps, whose patterns cut every text alike".to_owned())
}
