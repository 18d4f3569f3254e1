//! One module a format. A codec knows nothing of the others; what two need lies further down.

pub mod gguf;
pub mod gpt2;
pub mod hf_dir;
pub mod hf_json;
pub mod hf_json_2;
pub mod minbpe;
pub mod rank_json;
pub mod sentencepiece;
pub mod tekken;
pub mod tiktoken;
pub mod tiktoken_plugin;
