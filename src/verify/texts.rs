//! Texts on which tokenizers that differ are known to differ.

use bpekit_formats::Definition;

/// Strings at which splits, contractions, digits and white space are known to go wrong.
pub(crate) fn boundary_texts() -> Vec<String> {
    let parts = [
        "a",
        "A",
        "é",
        "ſ",
        "'s",
        "'S",
        "'ſ",
        "'ll",
        "'",
        "1",
        "1234567",
        "٣",
        "²",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\u{a0}",
        "\u{85}",
        "\u{3000}",
        "_",
        ".",
        "/",
        "!!",
        "\u{301}",
        "一",
        "ー",
        "・",
        "あ",
        "👩‍🚀",
        "\u{200d}",
        "\u{feff}",
        "\0",
        "$",
        "<|",
        "|>",
    ];
    let mut texts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    for one in parts {
        for other in parts {
            texts.push(format!("{one}{other}"));
            texts.push(format!("a{one}{other} b"));
            texts.push(format!(" {one}{other}\n  "));
        }
    }
    for length in 0..40 {
        for part in [" ", "\n", "a", "1", " a", "\u{301}", "字"] {
            texts.push(part.repeat(length));
        }
    }
    texts
}

/// All code points, each in contexts that show its class; many to a text, so that it is fast.
pub(crate) fn code_point_texts() -> Vec<String> {
    const PER_TEXT: u32 = 64;
    let mut texts = Vec::new();
    for first in (0..=0x10_ffff).step_by(PER_TEXT as usize) {
        let characters = || (first..first + PER_TEXT).filter_map(char::from_u32);
        // Planes without letters are tried in one context.
        let is_sparse = first >= 0x3_2400 && !(0xe_0000..0xe_0200).contains(&first);
        let mut text = String::with_capacity(PER_TEXT as usize * 24);
        for character in characters() {
            text.extend(["a", character.encode_utf8(&mut [0; 4]), " "]);
            if !is_sparse {
                text.extend([character, '1', '\'', character, '\n', ' ', ' ', character]);
                text.extend([character, '\u{301}', '.']);
            }
        }
        texts.push(text);
    }
    texts
}

/// Tokens, code points and special tokens in random order, from a fixed seed.
pub(crate) fn random_texts(definition: &Definition, count: usize) -> Vec<String> {
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut texts = Vec::with_capacity(count);
    for _ in 0..count {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..random.below(12) {
            match random.below(10) {
                0..=5 if !definition.vocab.is_empty() => {
                    let position = random.below(definition.vocab.len());
                    bytes.extend_from_slice(definition.vocab.at(position).bytes);
                }
                6 => bytes.extend_from_slice(&b" \n\t\r  \n"[random.below(6)..]),
                7 if !definition.added_tokens.is_empty() => {
                    let index = random.below(definition.added_tokens.len());
                    bytes.extend_from_slice(definition.added_tokens[index].content.as_bytes());
                }
                8 => {
                    let code = random.below(0x3_0000) as u32;
                    let character = char::from_u32(code).unwrap_or('\u{fffd}');
                    bytes.extend_from_slice(character.to_string().as_bytes());
                }
                _ => bytes.extend_from_slice(b"It's 1234567 O'Neill'LL!? "),
            }
        }
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    texts
}

/// xorshift64: a few lines, the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below a bound, or 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound.max(1)
    }
}
