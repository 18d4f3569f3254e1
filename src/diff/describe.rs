//! The parts of a definition in words, for people: one line each, escaped for a terminal.
//!
//! Kinds carry the names that tokenizer.json gives them, because that is where a reader looks
//! them up. Members without effect on tokens (`trim_offsets`) are left out.

use bpekit_formats::{
    Decoder, Needle, Normalizer, Pattern, PostProcessor, PrependScheme, Pretokenizer,
    SentencePieceNormalizer, SplitBehavior, TemplatePart, TextStart, show_text,
};

use crate::known;

/// The whole text, escaped so that a terminal does not obey it.
pub(crate) fn full_text(text: &str) -> String {
    // `show_text` cuts after 60 characters.
    let characters: Vec<char> = text.chars().collect();
    characters
        .chunks(60)
        .map(|part| show_text(&String::from_iter(part)))
        .collect()
}

pub(crate) fn normalizer(step: &Normalizer) -> String {
    match step {
        Normalizer::Nfc => "NFC".to_owned(),
        Normalizer::Nfd => "NFD".to_owned(),
        Normalizer::Nfkc => "NFKC".to_owned(),
        Normalizer::Nfkd => "NFKD".to_owned(),
        Normalizer::Lowercase => "Lowercase".to_owned(),
        Normalizer::Strip { left, right } => {
            call("Strip", [left.then_some("left"), right.then_some("right")])
        }
        Normalizer::Replace { needle, content } => replace(needle, content),
        Normalizer::Prepend(text) => format!("Prepend(`{}`)", full_text(text)),
        Normalizer::Precompiled(map) => format!("Precompiled({} bytes)", map.bytes().len()),
        Normalizer::SentencePiece(all) => sentencepiece(all),
        Normalizer::Sequence(steps) => sequence(steps, normalizer),
        Normalizer::Other(kind) => show_text(kind),
        _ => unnamed(),
    }
}

fn sentencepiece(all: &SentencePieceNormalizer) -> String {
    let map = all.charsmap.as_ref();
    let map = map.map(|map| format!("map of {} bytes", map.bytes().len()));
    let flags = [
        (all.add_dummy_prefix, "add_dummy_prefix"),
        (all.remove_extra_whitespaces, "remove_extra_whitespaces"),
        (all.escape_whitespaces, "escape_whitespaces"),
        (all.treat_whitespace_as_suffix, "treat_whitespace_as_suffix"),
    ];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set);
    let parts: Vec<String> = map
        .into_iter()
        .chain(flags.map(|(_, name)| name.to_owned()))
        .collect();
    format!("SentencePiece({})", parts.join(", "))
}

pub(crate) fn pretokenizer(step: &Pretokenizer) -> String {
    match step {
        Pretokenizer::Split {
            needle: found,
            behavior,
            invert,
        } => {
            let kept = match (behavior, invert) {
                (SplitBehavior::Removed, true) => "matches alone".to_owned(),
                (behavior, true) => format!("{}, inverted", split_behavior(*behavior)),
                (behavior, false) => split_behavior(*behavior).to_owned(),
            };
            format!("Split({}, {kept})", needle(found))
        }
        Pretokenizer::ByteLevel {
            add_prefix_space,
            use_regex,
            ..
        } => call(
            "ByteLevel",
            [
                add_prefix_space.then_some("add_prefix_space"),
                use_regex.then_some("use_regex: pattern gpt2"),
            ],
        ),
        Pretokenizer::Digits { individual } => {
            call("Digits", [individual.then_some("individual"), None])
        }
        Pretokenizer::Metaspace {
            replacement,
            prepend,
            split,
        } => format!(
            "Metaspace(`{}`, prepend {}{})",
            show_text(&replacement.to_string()),
            prepend_scheme(*prepend),
            if *split { ", split" } else { "" }
        ),
        Pretokenizer::Whitespace => "Whitespace".to_owned(),
        Pretokenizer::WhitespaceSplit => "WhitespaceSplit".to_owned(),
        Pretokenizer::Punctuation(behavior) => {
            format!("Punctuation({})", split_behavior(*behavior))
        }
        Pretokenizer::Sequence(steps) => sequence(steps, pretokenizer),
        Pretokenizer::Other(kind) => show_text(kind),
        _ => unnamed(),
    }
}

pub(crate) fn post_processor(processor: &PostProcessor) -> String {
    match processor {
        PostProcessor::ByteLevel { .. } => "ByteLevel".to_owned(),
        PostProcessor::Template { single, .. } => {
            let parts: Vec<String> = single.iter().map(template_part).collect();
            format!("Template({})", parts.join(", "))
        }
        PostProcessor::ClsSep { cls, sep } => {
            let [cls, sep] = [cls, sep].map(|(text, id)| format!("`{}` {id}", show_text(text)));
            format!("ClsSep({cls}, text, {sep})")
        }
        PostProcessor::Sequence(steps) => sequence(steps, post_processor),
        PostProcessor::Other(kind) => show_text(kind),
        _ => unnamed(),
    }
}

pub(crate) fn decoder(step: &Decoder) -> String {
    match step {
        Decoder::ByteLevel { .. } => "ByteLevel".to_owned(),
        Decoder::Replace { needle, content } => replace(needle, content),
        Decoder::ByteFallback => "ByteFallback".to_owned(),
        Decoder::Fuse => "Fuse".to_owned(),
        Decoder::SentencePiece { start, unknown } => {
            let start = match start {
                TextStart::Kept => "the start kept",
                TextStart::OneMark => "one mark off the start",
                TextStart::OneMarkEach => "a mark off each token at the start",
            };
            format!("SentencePiece({start}, unknown `{}`)", full_text(unknown))
        }
        Decoder::Strip {
            content,
            start,
            stop,
        } => {
            let content = show_text(&content.to_string());
            format!("Strip(`{content}`, {start} at the start, {stop} at the end)")
        }
        Decoder::Metaspace {
            replacement,
            prepend,
            ..
        } => format!(
            "Metaspace(`{}`, prepend {})",
            show_text(&replacement.to_string()),
            prepend_scheme(*prepend)
        ),
        Decoder::Sequence(steps) => sequence(steps, decoder),
        Decoder::Other(kind) => show_text(kind),
        _ => unnamed(),
    }
}

fn template_part(part: &TemplatePart) -> String {
    match part {
        TemplatePart::Sequence {
            is_second: false, ..
        } => "text".to_owned(),
        TemplatePart::Sequence {
            is_second: true, ..
        } => "second text".to_owned(),
        TemplatePart::Special { name, ids, .. } => {
            let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
            format!("`{}` {}", show_text(name), ids.join(" "))
        }
    }
}

fn needle(needle: &Needle) -> String {
    match needle {
        Needle::Literal(text) => format!("text `{}`", full_text(text)),
        Needle::Regex(found) => pattern(found),
    }
}

/// A published pattern by its name, another by its text.
pub(crate) fn pattern(pattern: &Pattern) -> String {
    match known::pattern_by_spelling(&pattern.text) {
        Some(known) => format!("pattern {}", known.name),
        None => format!("pattern `{}`", full_text(&pattern.text)),
    }
}

fn replace(found: &Needle, content: &str) -> String {
    format!("Replace({} by `{}`)", needle(found), full_text(content))
}

fn split_behavior(behavior: SplitBehavior) -> &'static str {
    match behavior {
        SplitBehavior::Removed => "removed",
        SplitBehavior::Isolated => "isolated",
        SplitBehavior::MergedWithPrevious => "merged with previous",
        SplitBehavior::MergedWithNext => "merged with next",
        SplitBehavior::Contiguous => "contiguous",
    }
}

fn prepend_scheme(scheme: PrependScheme) -> &'static str {
    match scheme {
        PrependScheme::Always => "always",
        PrependScheme::Never => "never",
        PrependScheme::First => "first",
    }
}

fn call(name: &str, arguments: [Option<&str>; 2]) -> String {
    let given: Vec<&str> = arguments.into_iter().flatten().collect();
    if given.is_empty() {
        name.to_owned()
    } else {
        format!("{name}({})", given.join(", "))
    }
}

fn sequence<T>(steps: &[T], describe: impl Fn(&T) -> String) -> String {
    if steps.is_empty() {
        return "an empty sequence".to_owned();
    }
    steps
        .iter()
        .map(describe)
        .collect::<Vec<_>>()
        .join(", then ")
}

/// The enums may grow in the other crate; this one knows what it can compile.
fn unnamed() -> String {
    "of a kind that has no words here".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_changes_tokens_and_nothing_raw() {
        let steps = Pretokenizer::Sequence(vec![
            Pretokenizer::matches_of(Pattern::fancy("\u{1b}[2J|x+")),
            Pretokenizer::ByteLevel {
                add_prefix_space: true,
                trim_offsets: true,
                use_regex: false,
            },
        ]);
        assert_eq!(
            pretokenizer(&steps),
            "Split(pattern `\\u{1b}[2J|x+`, matches alone), then ByteLevel(add_prefix_space)"
        );
        let gpt2 = known::pattern_by_name("gpt2").unwrap();
        let split = Pretokenizer::matches_of(Pattern::fancy(gpt2.tiktoken));
        assert_eq!(pretokenizer(&split), "Split(pattern gpt2, matches alone)");
        assert_eq!(
            normalizer(&Normalizer::Sequence(vec![])),
            "an empty sequence"
        );
        let long = "é".repeat(200);
        assert_eq!(full_text(&long), long);
    }
}
