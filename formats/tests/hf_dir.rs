//! A directory of transformers: what its files say together, and what is written of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do; the allowance for tests reaches test functions alone"
)]

mod support;

use std::fs;

use bpekit_formats::{Bundle, Category, Definition, ReadOptions, Role, files, registry};
use serde_json::{Value, json};
use support::{Fixture, main_files};

fn fixture(kind: &str, name: &str) -> Fixture {
    let path = format!("{kind}/hf_dir/{name}/tokenizer.json");
    let mut files = main_files(kind);
    files.retain(|file| file.path == path);
    files.pop().unwrap()
}

fn lenient(name: &str) -> Definition {
    let options = ReadOptions {
        lenient: true,
        ..ReadOptions::default()
    };
    files::load(&fixture("invalid", name).place(), None, &options).unwrap()
}

fn write(definition: &Definition) -> Bundle {
    let codec = registry::by_name("hf-dir").unwrap();
    let bundle = codec.write(definition, "x").unwrap();
    let again = codec.read(&bundle, &ReadOptions::default()).unwrap();
    assert!(again.says_the_same(definition));
    bundle
}

fn json_of(bundle: &Bundle, name: &str) -> Value {
    serde_json::from_slice(bundle.get(name).unwrap()).unwrap()
}

#[test]
fn roles_and_templates_are_read() {
    for name in ["written", "older", "templates"] {
        let definition = files::load(
            &fixture("valid", name).place(),
            None,
            &ReadOptions::default(),
        )
        .unwrap();
        let roles: Vec<_> = definition.roles.into_iter().collect();
        assert_eq!(roles, [(Role::Bos, 264), (Role::Eos, 265)], "{name}");
        assert!(definition.chat_template.unwrap().starts_with("{%- for"));
    }
    let older = fixture("valid", "older").read();
    assert_eq!(older.provenance.remarks.len(), 2, "{:?}", older.provenance);
    let unread = &older.extra.hf_dir.unwrap().unread;
    assert_eq!(unread, &["model_max_length", "x_unknown"]);
    let templates = fixture("valid", "templates").read();
    let remarks = templates.provenance.remarks.join("; ");
    for word in [
        "add_bos_token is false",
        "chat_template.jinja",
        "split_special",
    ] {
        assert!(remarks.contains(word), "{remarks}");
    }
}

#[test]
fn a_lenient_read_does_what_transformers_does() {
    let flags = lenient("decoder-another-flag");
    let token = flags.added_token(265).unwrap();
    assert!(token.lstrip && !token.is_special);
    assert!(
        flags.provenance.warnings[0].starts_with("tokenizer_config.json: added_tokens_decoder")
    );
    write(&flags);
    assert_eq!(lenient("map-another-role").roles[&Role::Eos], 265);
    assert_eq!(lenient("map-another-role-counts").roles[&Role::Eos], 264);
    assert_eq!(lenient("role-unknown").roles.get(&Role::Pad), None);
    let bundle = write(&lenient("role-unknown"));
    assert_eq!(
        json_of(&bundle, "tokenizer_config.json").get("pad_token"),
        None
    );
}

#[test]
fn a_changed_part_is_written_anew_and_the_rest_stays() {
    let mut definition = fixture("valid", "older").read();
    definition.roles.insert(Role::Pad, 265);
    definition.chat_template = Some("x".to_owned());
    let bundle = write(&definition);
    let config = json_of(&bundle, "tokenizer_config.json");
    assert_eq!(config["pad_token"], json!("<|end_of_text|>"));
    assert_eq!(config["x_unknown"]["größer"][1], json!(2.5));
    assert_eq!(config["tokenizer_class"], json!("LlamaTokenizerFast"));
    let text = std::str::from_utf8(bundle.get("tokenizer_config.json").unwrap()).unwrap();
    assert!(text.contains("\"model_max_length\": 1000000000000000019884624838656,"));
    assert_eq!(bundle.get("chat_template.jinja"), Some(b"x".as_slice()));
    assert_eq!(
        bundle.absent(),
        ["added_tokens.json", "additional_chat_templates"]
    );
}

#[test]
fn what_transformers_cannot_say_is_a_loss() {
    let codec = registry::by_name("hf-dir").unwrap();
    let mut definition = fixture("valid", "written").read();
    assert!(codec.losses(&definition).is_empty());
    // Not an added token, which transformers would make one, and a role that it does not have.
    definition.roles = [(Role::Pad, 5), (Role::Eom, 266)].into();
    let losses = codec.losses(&definition);
    assert_eq!(losses.len(), 1);
    assert!(losses[0].detail.contains("pad (id 5") && losses[0].detail.contains("eom (`<tool>`)"));
    let config = json_of(
        &codec.write(&definition, "x").unwrap(),
        "tokenizer_config.json",
    );
    assert_eq!(config.get("pad_token"), None);
}

#[test]
fn a_lone_byte_level_with_a_space_is_said_twice() {
    let prefixed = fixture("invalid", "prefix-space");
    let path = prefixed.absolute();
    let mut definition = files::load(&path, None, &ReadOptions::default()).unwrap();
    assert_eq!(definition.provenance.format, Some("hf-json"));
    definition.provenance.format = None;
    let config = json_of(&write(&definition), "tokenizer_config.json");
    assert_eq!(config["add_prefix_space"], json!(true));
}

#[test]
fn a_directory_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("new");
    let definition = fixture("valid", "templates").read();
    let bundle = write(&definition);
    files::save(&bundle, &place).unwrap();
    files::save(&bundle, &place).unwrap();
    let again = files::load(&place, None, &ReadOptions::default()).unwrap();
    assert!(again.says_the_same(&definition));
    assert_eq!(again.provenance.companions.len(), 4);
    assert_eq!(again.extra.hf_dir, definition.extra.hf_dir);

    let bare = write(&fixture("valid", "bare").read());
    let error = files::save(&bare, &place).unwrap_err();
    assert_eq!(error.category(), Category::Data);
    assert_eq!(error.path(), Some(&*place.join("chat_template.jinja")));
    for index in 0..300 {
        let path = format!("additional_chat_templates/{index}.jinja");
        fs::write(place.join(path), b"x").unwrap();
    }
    let error = files::load(&place, None, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.category(), Category::Unsupported, "{error}");
}

/// Every prefix and every changed byte of the files beside: read or refused, never a panic.
#[test]
fn broken_settings_are_named_with_their_place() {
    for name in ["written", "older"] {
        let file = fixture("valid", name);
        let whole = file.bundle();
        for (changed_name, bytes) in whole.companions() {
            let mut variants: Vec<Vec<u8>> =
                (0..bytes.len()).map(|len| bytes[..len].to_vec()).collect();
            for at in 0..bytes.len() {
                let mut changed = bytes.to_vec();
                changed[at] ^= 0x02;
                variants.push(changed);
            }
            for variant in variants {
                let mut bundle = Bundle::in_directory(whole.name(), whole.bytes().to_vec());
                for (name, bytes) in whole.companions() {
                    let is_changed = name == changed_name;
                    bundle.add_part(name, if is_changed { &variant } else { bytes }.to_vec());
                }
                match file.codec().read(&bundle, &ReadOptions::default()) {
                    Ok(definition) => {
                        write(&definition);
                    }
                    Err(error) => {
                        // A contradiction between two files is found in either.
                        let path = error.path().unwrap().to_str().unwrap();
                        assert!(whole.get(path).is_some(), "{changed_name}: {error}");
                    }
                }
            }
        }
    }
}
