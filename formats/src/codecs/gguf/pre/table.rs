//! The table of names; a page of data.

use super::Pre;

const NEUTRAL: Pre = Pre {
    names: &[],
    stages: &[],
    ignore_merges: false,
    add_bos: false,
    differs: None,
    original: &[],
};

macro_rules! contraction {
    () => {
        r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    };
}

macro_rules! classic_contraction {
    () => {
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    };
}

/// A word, with a character in front of it that is no letter.
macro_rules! word {
    () => {
        r"|[^\r\n\p{L}\p{N}]?\p{L}+"
    };
}

/// Symbols, line ends and white space, as most patterns end.
macro_rules! rest {
    () => {
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    };
}

/// The same, with slashes among the line ends.
macro_rules! rest_with_slash {
    () => {
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    };
}

/// The blocks of Han characters that llama.cpp's split for Kimi knows.
macro_rules! han {
    () => {
        "\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{f900}-\u{faff}\u{20000}-\u{2a6df}\u{2a700}-\u{2ebef}\u{2f800}-\u{2fa1f}"
    };
}

pub(in super::super) const GPT2: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA3: &str = concat!(contraction!(), word!(), r"|\p{N}{1,3}", rest!());
const QWEN2: &str = concat!(contraction!(), word!(), r"|\p{N}", rest!());
const QWEN35: &str = concat!(
    contraction!(),
    r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}",
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const GPT4O: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{L}&&[^a-z]]*[\p{L}&&[^A-Z]]+",
    contraction!(),
    r"?|[^\r\n\p{L}\p{N}]?[\p{L}&&[^a-z]]+[\p{L}&&[^A-Z]]*",
    contraction!(),
    r"?|\p{N}{1,3}",
    rest_with_slash!()
);
const GRANITE_EMBEDDING: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}&&[^a-z]]*[\p{L}\p{M}&&[^A-Z]]+",
    contraction!(),
    r"?|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}&&[^a-z]]+[\p{L}\p{M}&&[^A-Z]]*",
    contraction!(),
    r"?|\p{N}{1,3}",
    rest_with_slash!()
);
const TEKKEN: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{L}&&[^a-z]]*[\p{L}&&[^A-Z]]+",
    r"|[^\r\n\p{L}\p{N}]?[\p{L}&&[^a-z]]+[\p{L}&&[^A-Z]]*|\p{N}",
    rest_with_slash!()
);
/// As that of `gpt-4o`, with no cases told apart.
const TINY_AYA: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+",
    contraction!(),
    r"?|\p{N}{1,3}",
    rest_with_slash!()
);
const YOUTU: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+",
    contraction!(),
    r"?|\p{N}",
    rest_with_slash!()
);
const KIMI: &str = concat!(
    "[",
    han!(),
    r"]+|[^\r\n\p{L}\p{N}]?[\p{L}&&[^",
    han!(),
    "]]+",
    contraction!(),
    r"?|\p{N}{1,3}",
    rest!()
);

/// Digits in groups of three from the right, and the text before them with the first group.
const DIGITS_FROM_RIGHT: &str = r"\P{N}*+\p{N}{1,3}(?=(?:\p{N}{3})*+(?!\p{N}))";
/// The same within digits: each match begins a piece, which ends where the next begins.
pub(super) const GROUPS: &str = r"[0-9]{3}(?=(?:[0-9]{3})*+(?![0-9]))";

const CJK: &str = "[\u{4e00}-\u{9fa5}\u{3040}-\u{309f}\u{30a0}-\u{30ff}]+";
const DEEPSEEK_WORDS: &str = concat!(
    r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##,
    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const SPARK_WORDS: &str = concat!(
    r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##,
    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+"
);
/// Latin, Greek, Cyrillic, Georgian, Cherokee and some others.
const DEEPSEEK_LLM_LETTERS: &str = concat!(
    "\\s?[A-Za-z\u{b5}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1ba}\u{1bc}-\u{1bf}\u{1c4}-\u{293}",
    "\u{295}-\u{2af}\u{370}-\u{373}\u{376}\u{377}\u{37b}-\u{37d}\u{37f}\u{386}\u{388}-\u{38a}",
    "\u{38c}\u{38e}-\u{3a1}\u{3a3}-\u{3f5}\u{3f7}-\u{481}\u{48a}-\u{52f}\u{531}-\u{556}",
    "\u{10a0}-\u{10c5}\u{13a0}-\u{13f5}\u{13f8}-\u{13fd}\u{1c90}-\u{1cba}\u{1cbd}-\u{1cbf}",
    "\u{1d00}-\u{1d2b}\u{1d6b}-\u{1d77}\u{1d79}-\u{1d9a}\u{1e00}-\u{1f15}\u{1f18}-\u{1f1d}",
    "\u{1f20}-\u{1f45}\u{1f48}-\u{1f4d}\u{1f50}-\u{1f57}\u{1f59}\u{1f5b}\u{1f5d}",
    "\u{1f5f}-\u{1f7d}\u{1f80}-\u{1fb4}\u{1fb6}-\u{1fbc}\u{1fbe}\u{1fc2}-\u{1fc4}",
    "\u{1fc6}-\u{1fcc}\u{1fd0}-\u{1fd3}\u{1fd6}-\u{1fdb}\u{1fe0}-\u{1fec}\u{1ff2}-\u{1ff4}",
    "\u{1ff6}-\u{1ffc}\u{2102}\u{2107}\u{210a}-\u{2113}\u{2115}\u{2119}-\u{211d}\u{2124}",
    "\u{2126}\u{2128}\u{212a}-\u{212d}\u{212f}-\u{2134}\u{2139}\u{213c}-\u{213f}",
    "\u{2145}-\u{2149}\u{214e}\u{2183}\u{2184}\u{2c00}-\u{2c7b}\u{2c7e}-\u{2ce4}",
    "\u{2ceb}-\u{2cee}\u{2cf2}\u{2cf3}\u{a640}-\u{a66d}\u{a680}-\u{a69b}\u{a722}-\u{a76f}",
    "\u{a771}-\u{a787}\u{a78b}-\u{a78e}\u{ab70}-\u{abbf}\u{fb00}-\u{fb06}\u{fb13}-\u{fb17}",
    "\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10400}-\u{1044f}\u{104b0}-\u{104d3}",
    "\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}",
    "\u{1e900}-\u{1e943}]+"
);
const DEEPSEEK_LLM_PUNCTUATION: &str =
    "\\s?[!-/:-~\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff5e}\u{2018}-\u{201f}\u{3001}\u{3002}]+";
const DEEPSEEK_LLM_CJK: &str = "[[\u{4e00}-\u{9fa5}\u{800}-\u{4e00}\u{ac00}-\u{d7ff}]&&\\S]+";
/// Korean, Chinese punctuation, Bopomofo, Chinese and Japanese.
const YOUTU_SCRIPTS: &str = concat!(
    "[\u{ac00}-\u{d7a3}\u{3131}-\u{318e}]+|[\u{ff01}\u{2026}\u{201c}\u{201d}\u{2018}\u{2019}",
    "\u{2014}\u{ff1a}\u{ff1b}\u{ff0c}\u{3001}-\u{303f}\u{fe30}-\u{fe4f}]+|[\u{3105}-\u{312f}]",
    "+|[\u{4e00}-\u{9fa5}\u{3040}-\u{309f}\u{30a0}-\u{30ff}]+"
);
/// Chinese, Japanese, Thai, Lao, Khmer, Burmese and Korean.
const AFMOE_SCRIPTS: &str = concat!(
    "[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{8c48}-\u{faff}\u{3040}-\u{309f}\u{30a0}-\u{30ff}",
    "\u{ff65}-\u{ff9f}\u{2f00}-\u{2fdf}\u{e40}-\u{e7f}\u{e80}-\u{eff}\u{1780}-\u{17ff}",
    "\u{1000}-\u{109f}\u{aa60}-\u{aa7f}\u{a9e0}-\u{a9ff}\u{ac00}-\u{d7af}\u{1100}-\u{11ff}]+"
);
const BLOOM: &str = " ?[^(\\s|.,!?\u{2026}\u{3002}\u{ff0c}\u{3001}\u{964}\u{6d4}\u{60c})]+";

const CLASSIC_LLAMA3: &str = concat!(classic_contraction!(), word!(), r"|\p{N}{1,3}", rest!());
const CLASSIC_QWEN2: &str = concat!(classic_contraction!(), word!(), r"|\p{N}", rest!());
const CLASSIC_QWEN35: &str = concat!(
    classic_contraction!(),
    r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}",
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const CLASSIC_O200K: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    classic_contraction!(),
    r"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
    classic_contraction!(),
    r"?|\p{N}{1,3}",
    rest_with_slash!()
);
const CLASSIC_TEKKEN: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}",
    rest_with_slash!()
);
const CLASSIC_KIMI: &str = concat!(
    r"[\p{Han}]+",
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*",
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+",
    classic_contraction!(),
    r"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+",
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*",
    classic_contraction!(),
    r"?|\p{N}{1,3}",
    rest!()
);

const CONTRACTIONS: &str = "a long s (U+017F) behind an apostrophe is not cut as `'s` is";
const CONTRACTIONS_AND_CASES: &str = "a long s (U+017F) behind an apostrophe is not cut as `'s` is, \
                                      and letters beyond ASCII count as both cases";
const CONTRACTIONS_MARKS_CASES: &str = "a long s (U+017F) behind an apostrophe is not cut as `'s` is, combining marks do not belong \
     to letters, and letters beyond ASCII count as both cases";
const NO_CASES: &str = "a long s (U+017F) behind an apostrophe is not cut as `'s` is, and words \
                        are not cut before a capital letter";
const SPACE_IN_RANGES: &str = "white space beyond ASCII is in none of the ranges of the patterns";

/// What llama.cpp takes, with a warning, where a file has no name.
pub(in super::super) const DEFAULT: &str = "default";

/// Splits of vocabs of characters.
pub(in super::super) const OF_CHARACTERS: &[&str] = &[
    "gemma4",
    "granite-embed-multi-311m",
    "mmbert",
    "sarvam-moe",
    "whitespace",
];

pub(in super::super) static PRES: &[Pre] = &[
    Pre {
        names: &[
            "gpt-2",
            "phi-2",
            "mpt",
            "olmo",
            "jais",
            "trillion",
            "granite-docling",
            "exaone4",
            "gigachat",
            "mellum",
            "modern-bert",
            "a.x-4.0",
            "roberta-bpe",
            "jina-v1-en",
            "jina-v2-code",
            "jina-v2-de",
            "jina-v2-es",
            "jina-de",
            "jina-es",
        ],
        stages: &[GPT2],
        ..NEUTRAL
    },
    Pre {
        names: &[
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2",
            "jina-v5-nano",
        ],
        stages: &[LLAMA3],
        ignore_merges: true,
        add_bos: true,
        differs: Some(CONTRACTIONS),
        original: &[CLASSIC_LLAMA3],
    },
    Pre {
        names: &["glm4", "glm5"],
        stages: &[LLAMA3],
        ignore_merges: true,
        differs: Some(CONTRACTIONS),
        original: &[CLASSIC_LLAMA3],
        ..NEUTRAL
    },
    Pre {
        names: &["dbrx", "smaug-bpe", "chatglm-bpe"],
        stages: &[LLAMA3],
        differs: Some(CONTRACTIONS),
        original: &[CLASSIC_LLAMA3],
        ..NEUTRAL
    },
    Pre {
        names: &[
            "qwen2",
            "deepseek-r1-qwen",
            "kormo",
            "f2llmv2",
            "megrez",
            "stablelm2",
            "hunyuan",
            "solar-open",
            "grok-2",
        ],
        stages: &[QWEN2],
        differs: Some(CONTRACTIONS),
        original: &[CLASSIC_QWEN2],
        ..NEUTRAL
    },
    Pre {
        names: &["qwen35"],
        stages: &[QWEN35],
        differs: Some(CONTRACTIONS),
        original: &[CLASSIC_QWEN35],
        ..NEUTRAL
    },
    Pre {
        names: &["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
        stages: &[GPT4O],
        differs: Some(CONTRACTIONS_MARKS_CASES),
        original: &[CLASSIC_O200K],
        ..NEUTRAL
    },
    Pre {
        names: &["tekken"],
        stages: &[TEKKEN],
        ignore_merges: true,
        add_bos: true,
        differs: Some(
            "combining marks do not belong to letters, and letters beyond ASCII count as both cases",
        ),
        original: &[CLASSIC_TEKKEN],
    },
    Pre {
        names: &["kimi-k2"],
        stages: &[KIMI],
        differs: Some(
            "words are not cut before a capital letter, and combining marks do not belong to letters",
        ),
        original: &[CLASSIC_KIMI],
        ..NEUTRAL
    },
    Pre {
        names: &["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
        stages: &[r"\p{N}{1,3}", CJK, DEEPSEEK_WORDS],
        ..NEUTRAL
    },
    Pre {
        names: &["deepseek-llm"],
        stages: &[
            r"[\r\n]",
            DEEPSEEK_LLM_LETTERS,
            DEEPSEEK_LLM_PUNCTUATION,
            r"\s+\z",
            DEEPSEEK_LLM_CJK,
            r"\p{N}+",
        ],
        differs: Some(SPACE_IN_RANGES),
        ..NEUTRAL
    },
    Pre {
        names: &["deepseek-coder"],
        stages: &[
            r"[\r\n]",
            r"\s?\p{L}+",
            r"\s?\p{P}+",
            DEEPSEEK_LLM_CJK,
            r"\p{N}",
        ],
        differs: Some(SPACE_IN_RANGES),
        ..NEUTRAL
    },
    Pre {
        names: &[
            "starcoder",
            "refact",
            "command-r",
            "smollm",
            "codeshell",
            "exaone",
            "minerva-7b",
            "mellum2",
        ],
        stages: &[r"\p{N}", GPT2],
        ..NEUTRAL
    },
    Pre {
        names: &["falcon"],
        stages: &[r"[\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]"],
        ..NEUTRAL
    },
    Pre {
        names: &["bloom", "gpt3-finnish", "poro-chat"],
        stages: &[BLOOM],
        ..NEUTRAL
    },
    Pre {
        names: &["viking"],
        stages: &[BLOOM, r"\p{N}"],
        ..NEUTRAL
    },
    Pre {
        names: &["bailingmoe", "bailingmoe2", "llada-moe"],
        stages: &[concat!(
            r"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])",
            word!(),
            r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
        )],
        differs: Some(CONTRACTIONS),
        ..NEUTRAL
    },
    Pre {
        names: &["seed-coder"],
        stages: &[concat!(
            contraction!(),
            word!(),
            r"|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"
        )],
        differs: Some(CONTRACTIONS),
        ..NEUTRAL
    },
    Pre {
        names: &["jais-2"],
        stages: &[concat!(
            contraction!(),
            word!(),
            r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+",
            r"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)",
            r"|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s"
        )],
        differs: Some(CONTRACTIONS),
        ..NEUTRAL
    },
    Pre {
        names: &["exaone-moe"],
        stages: &[concat!(
            contraction!(),
            r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}",
            r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"
        )],
        differs: Some(CONTRACTIONS),
        ..NEUTRAL
    },
    Pre {
        names: &["minicpm5"],
        stages: &[
            r"\p{N}{1,3}",
            concat!(contraction!(), word!(), r"|\p{N}+", rest!()),
        ],
        ignore_merges: true,
        differs: Some(CONTRACTIONS),
        ..NEUTRAL
    },
    Pre {
        names: &["ufakzeka"],
        stages: &[concat!(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}", rest!())],
        ..NEUTRAL
    },
    Pre {
        names: &["laguna"],
        stages: &[r"[^\n]+|[\n]+", QWEN2],
        differs: Some(CONTRACTIONS),
        ..NEUTRAL
    },
    Pre {
        names: &["granite-embed-multi-97m"],
        stages: &[GRANITE_EMBEDDING],
        ignore_merges: true,
        differs: Some(CONTRACTIONS_AND_CASES),
        ..NEUTRAL
    },
    Pre {
        names: &["youtu"],
        stages: &[YOUTU_SCRIPTS, YOUTU],
        ignore_merges: true,
        differs: Some(NO_CASES),
        ..NEUTRAL
    },
    Pre {
        names: &["tiny_aya", "cohere2moe"],
        stages: &[DIGITS_FROM_RIGHT, TINY_AYA],
        differs: Some(NO_CASES),
        ..NEUTRAL
    },
    Pre {
        names: &["afmoe"],
        stages: &[DIGITS_FROM_RIGHT, AFMOE_SCRIPTS, DEEPSEEK_WORDS],
        differs: Some("white space before a number is cut as before other text"),
        ..NEUTRAL
    },
    Pre {
        names: &["spark2_5"],
        stages: &[r"\p{N}{1,3}", CJK, SPARK_WORDS, r"\p{N}"],
        ..NEUTRAL
    },
    Pre {
        names: &["superbpe"],
        stages: &[r"\p{N}+", GROUPS],
        ..NEUTRAL
    },
    Pre {
        names: &["chameleon"],
        stages: &[
            "<sentinel:[0-9]+>",
            "IMGIMG[A-I]{1,4}Z",
            r"[\t\n]|    |  ",
            r"\p{N}",
            r"[\p{P}!-/:-@\[-`{-~]",
            GPT2,
        ],
        add_bos: true,
        ..NEUTRAL
    },
    Pre {
        names: &[DEFAULT],
        stages: &[r"[\p{P}$+<=>^~|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
        ..NEUTRAL
    },
];
