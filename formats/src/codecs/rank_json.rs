#![doc = include_str!("rank_json.md")]

mod runs;

use serde_json::{Map, Value};

use crate::bundle::Bundle;
use crate::codec::{Carries, Codec, Confidence, FormatInfo, Layout, MergeTerms, StepTerms, Terms};
use crate::definition::{Definition, Part};
use crate::error::Result;
use crate::extra::CarriedDocument;
use crate::foreign;
use crate::json::start::{self, Document};
use crate::json::{self, Writer};
use crate::limits::ReadOptions;
use crate::loss::{Loss, LossPart};
use crate::pipeline::{Pattern, Pretokenizer};
use crate::pipeline_json::Node;
use crate::ranks;
use crate::special_tokens;

/// The codec of the rank JSON of npm `tiktoken`.
pub struct RankJson;

const INFO: FormatInfo = FormatInfo {
    name: "rank-json",
    title: "npm tiktoken's ranks as JSON, with pattern and special tokens",
    file_names: &[".ranks.json"],
    layout: Layout::File,
    carries: Carries {
        pattern: true,
        added_tokens: true,
        normalizer: false,
        merges: false,
        post_processor: false,
        roles: false,
        chat_template: false,
    },
    writes: Some(Terms {
        merges: MergeTerms::Ranks,
        steps: StepTerms::Pattern,
    }),
};

/// The members this codec reads.
const EXPLICIT_N_VOCAB: &str = "explicit_n_vocab";
const PAT_STR: &str = "pat_str";
const SPECIAL_TOKENS: &str = "special_tokens";
const BPE_RANKS: &str = "bpe_ranks";

impl Codec for RankJson {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn sniff(&self, input: &Bundle) -> Confidence {
        match start::document(input.bytes()) {
            Some(Document::Ranks) => Confidence::Sure,
            _ => Confidence::No,
        }
    }

    fn read(&self, input: &Bundle, options: &ReadOptions) -> Result<Definition> {
        if let Some(error) = foreign::recognise(input.bytes()) {
            return Err(error);
        }
        let document = json::parse_value(input.bytes(), options.limits.nesting)?;
        let node = Node::of(&document, "")?;
        let pattern = Pattern::fancy(node.text(PAT_STR)?);
        let special = node.need(SPECIAL_TOKENS)?;
        let special = special_tokens::read(special, SPECIAL_TOKENS, &options.limits)?;
        let text = node.text(BPE_RANKS)?;
        let runs::Read { vocab, mut remarks } =
            runs::read(text, &options.limits).map_err(|error| error.at_json(BPE_RANKS))?;
        special_tokens::check(&special, &vocab, SPECIAL_TOKENS)?;
        let missing = vocab.missing_bytes();
        if !missing.is_empty() {
            if !options.allow_missing_bytes {
                return Err(ranks::missing_bytes_error(&missing).at_json(BPE_RANKS));
            }
            remarks.push(ranks::missing_bytes_remark(&missing));
        }

        let mut definition = Definition::from_ranks(vocab);
        definition.pretokenizer = Some(Pretokenizer::matches_of(pattern));
        definition.added_tokens = special;
        definition.missing.clear();
        if node.get(EXPLICIT_N_VOCAB).is_some() {
            let (said, found) = (node.number(EXPLICIT_N_VOCAB)?, definition.id_bound());
            if said != found {
                remarks.push(format!(
                    "`{EXPLICIT_N_VOCAB}` is {said}, and ranks and special tokens give {found}; no \
                     reader of the format looks at it"
                ));
            }
        }
        definition.provenance.format = Some(INFO.name);
        definition.provenance.ranks_sha256 = Some(ranks::ranks_sha256(&definition.vocab, &[]));
        definition.provenance.remarks = remarks;
        definition.extra.carried = Some(carried(document, input.bytes()));
        Ok(definition)
    }

    fn losses(&self, definition: &Definition) -> Vec<Loss> {
        let mut losses = ranks::losses(
            definition,
            "the format has no place for a normalizer; text would be encoded as it is",
        );
        if definition.missing.contains(&Part::Pattern) {
            losses.push(Loss::refused(
                LossPart::Pretokenizer,
                "the pattern is not known",
            ));
        }
        losses.extend(special_tokens::loss_of_second_texts(
            &definition.added_tokens,
        ));
        losses
    }

    fn write(&self, definition: &Definition, name: &str) -> Result<Bundle> {
        ranks::check_by_rank(definition)?;
        let pattern = ranks::pattern_of(definition)?;
        let (special, _) = special_tokens::by_first_text(&definition.added_tokens);
        special_tokens::check(&special, &definition.vocab, SPECIAL_TOKENS)?;
        let runs = runs::write(&definition.vocab)?;

        let held = definition.extra.carried_by(INFO.name);
        let mut members = held.map_or_else(Map::new, |held| held.members.clone());
        members.insert(PAT_STR.to_owned(), pattern.into());
        members.insert(SPECIAL_TOKENS.to_owned(), special_tokens::to_json(&special));
        members.insert(BPE_RANKS.to_owned(), runs.into());
        let is_pretty = held.is_some_and(|held| held.is_pretty);
        let mut writer = Writer::new(is_pretty, definition.vocab.len() * 12);
        writer.value(&Value::Object(members));
        let mut bytes = writer.finish();
        if held.is_some_and(|held| held.has_final_newline) {
            bytes.push(b'\n');
        }
        Ok(Bundle::new(name, bytes))
    }
}

/// What the definition does not have of the document.
fn carried(document: Value, bytes: &[u8]) -> CarriedDocument {
    let mut members = match document {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for name in [PAT_STR, SPECIAL_TOKENS, BPE_RANKS] {
        members.insert(name.to_owned(), Value::Null);
    }
    let known = [PAT_STR, SPECIAL_TOKENS, BPE_RANKS, EXPLICIT_N_VOCAB];
    CarriedDocument {
        format: INFO.name,
        unread: members
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .cloned()
            .collect(),
        members,
        is_pretty: json::is_pretty(bytes),
        has_final_newline: bytes.ends_with(b"\n"),
    }
}
