//! What special tokens are for, where the source cannot say it.

use bpekit_formats::{Definition, Role, TokenId, registry};

/// Texts that mean the same wherever they are a special token, by who published them first:
/// GPT-2's, which ends a text in every encoding of OpenAI and Qwen, and those of Llama 3. Chats
/// end their turns with others, and which of them a model stops at no rank file says.
const KNOWN: &[(&str, Role)] = &[
    ("<|endoftext|>", Role::Eos),
    ("<|begin_of_text|>", Role::Bos),
    ("<|end_of_text|>", Role::Eos),
];

/// Gives the special tokens of a definition their known roles, if it comes from a format that has
/// no roles and they do not contradict one another.
pub(super) fn fill_in(target: &mut Definition) {
    let format = target.provenance.format.map(registry::by_name);
    let said_none = matches!(&format, Some(Ok(codec)) if codec.info().carries.roles);
    if said_none || !target.roles.is_empty() {
        return;
    }
    let mut found: Vec<(Role, TokenId)> = Vec::new();
    for token in target.added_tokens.iter().filter(|token| token.is_special) {
        let known = KNOWN.iter().find(|(text, _)| *text == token.content);
        found.extend(known.map(|(_, role)| (*role, token.id)));
    }
    for (role, id) in &found {
        let is_sure = !found
            .iter()
            .any(|(other, other_id)| other == role && other_id != id);
        if is_sure {
            target.roles.insert(*role, *id);
        }
    }
}
