//! What a target format cannot carry: named, so that a caller can allow it or must choose
//! another target.

use std::fmt;

/// A part of a tokenizer which gets lost, or changes, in a target format.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Loss {
    /// Which part, and the name that allows it.
    pub part: LossPart,
    /// What changes, in words, without a final period.
    pub detail: String,
    /// Whether it must be allowed by name, or is only reported.
    pub severity: Severity,
}

/// Whether a loss stops a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Encoding could change: refused unless the caller names it.
    Refused,
    /// The ids of ordinary text stay the same: listed in the report.
    Reported,
}

macro_rules! loss_parts {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// The part that is lost; its name is what `allow_loss` takes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum LossPart { $($(#[$doc])* $variant),* }

        impl LossPart {
            /// Every part, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, as `normalizer`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The part of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

loss_parts! {
    /// The normalizer.
    Normalizer = "normalizer",
    /// How text is cut into pretokens.
    Pretokenizer = "pretokenizer",
    /// The post-processor (tokens put around a text).
    PostProcessor = "post-processor",
    /// The decoder.
    Decoder = "decoder",
    /// `lstrip`, `rstrip`, `single_word` of added tokens.
    AddedTokenFlags = "added-token-flags",
    /// `special: false` of added tokens.
    NonSpecialTokens = "non-special-tokens",
    /// Byte fallback for characters outside the vocab.
    ByteFallback = "byte-fallback",
    /// The unknown token.
    UnknownToken = "unknown-token",
    /// A second text of an id, for formats that have one text an id.
    SecondTexts = "second-texts",
    /// Tokens that no text reaches.
    UnreachableTokens = "unreachable-tokens",
    /// Truncation and padding settings.
    TruncationPadding = "truncation-padding",
    /// Which tokens begin a text, end it, fill a batch.
    Roles = "roles",
    /// The template by which a talk is written out.
    ChatTemplate = "chat-template",
    /// Members of the file which the toolkit carries without reading.
    UnknownFields = "unknown-fields",
}

impl Loss {
    /// A loss that must be allowed by name.
    pub fn refused(part: LossPart, detail: impl Into<String>) -> Self {
        Self {
            part,
            detail: detail.into(),
            severity: Severity::Refused,
        }
    }

    /// A loss that is only reported.
    pub fn reported(part: LossPart, detail: impl Into<String>) -> Self {
        Self {
            part,
            detail: detail.into(),
            severity: Severity::Reported,
        }
    }
}

impl fmt::Display for LossPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.detail)
    }
}
