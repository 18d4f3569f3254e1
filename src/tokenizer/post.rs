//! What a post-processor puts around a text.

use bpekit_formats::{PostProcessor, TemplatePart, TokenId};

use crate::error::Result;

/// Ids before and after those of a text.
#[derive(Default)]
pub(super) struct Frame {
    before: Vec<TokenId>,
    after: Vec<TokenId>,
}

impl Frame {
    pub(super) fn new(spec: Option<&PostProcessor>) -> Result<Self> {
        let mut frame = Self::default();
        if let Some(spec) = spec {
            frame.add(spec, "post_processor")?;
        }
        Ok(frame)
    }

    /// Of a sequence, one processor may add tokens: what tokenizers does with more is not what
    /// either of them says.
    fn add(&mut self, spec: &PostProcessor, path: &str) -> Result<()> {
        match spec {
            PostProcessor::ByteLevel { .. } => {}
            PostProcessor::Template { single, .. } => self.add_template(single, path)?,
            PostProcessor::ClsSep { cls, sep } => {
                self.before.insert(0, cls.1);
                self.after.push(sep.1);
            }
            PostProcessor::Sequence(steps) => {
                if steps.iter().filter(|step| !step.adds_nothing()).count() > 1 {
                    return Err(bpekit_formats::Error::unsupported(
                        "more than one processor of the sequence adds tokens",
                    )
                    .at_json(path)
                    .into());
                }
                for (index, step) in steps.iter().enumerate() {
                    self.add(step, &format!("{path}.processors[{index}]"))?;
                }
            }
            PostProcessor::Other(kind) => {
                return Err(crate::pretokenize::unknown_step(kind, path));
            }
            _ => return Err(crate::pretokenize::unknown_step("?", path)),
        }
        Ok(())
    }

    fn add_template(&mut self, single: &[TemplatePart], path: &str) -> Result<()> {
        let places = single
            .iter()
            .filter(|part| {
                matches!(
                    part,
                    TemplatePart::Sequence {
                        is_second: false,
                        ..
                    }
                )
            })
            .count();
        let uses_second = single.iter().any(|part| {
            matches!(
                part,
                TemplatePart::Sequence {
                    is_second: true,
                    ..
                }
            )
        });
        if places != 1 || uses_second {
            return Err(bpekit_formats::Error::unsupported(
                "the template for one text does not have the text in it once",
            )
            .at_json(format!("{path}.single"))
            .into());
        }
        let mut before = Vec::new();
        let mut is_before = true;
        for part in single {
            match part {
                TemplatePart::Sequence { .. } => is_before = false,
                TemplatePart::Special { ids, .. } if is_before => before.extend(ids),
                TemplatePart::Special { ids, .. } => self.after.extend(ids),
            }
        }
        before.append(&mut self.before);
        self.before = before;
        Ok(())
    }

    /// What stands before a text.
    pub(super) fn before(&self) -> &[TokenId] {
        &self.before
    }

    /// What stands behind it.
    pub(super) fn after(&self) -> &[TokenId] {
        &self.after
    }

    pub(super) fn around(&self, ids: Vec<TokenId>) -> Vec<TokenId> {
        if self.before.is_empty() && self.after.is_empty() {
            return ids;
        }
        let mut framed = Vec::with_capacity(self.before.len() + ids.len() + self.after.len());
        framed.extend(&self.before);
        framed.extend(ids);
        framed.extend(&self.after);
        framed
    }
}
