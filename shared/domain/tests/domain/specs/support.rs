//! Reading the cases.

use std::path::PathBuf;

use serde_json::Value;

/// One file of cases, or nothing where the cases are not on this machine.
pub(crate) fn cases(file: &str) -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    #[allow(clippy::disallowed_methods, reason = "where test input lies is no configuration of the product")]
    let folder = std::env::var_os("SPECS_DIR").map_or_else(|| "../shared/specs".into(), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join(folder).join(file)) else {
        println!("skipped: specs not here ({file})");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// The list under `name`, which must be there and not empty.
pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let list = value[name].as_array().unwrap_or_else(|| panic!("no list {name}"));
    assert!(!list.is_empty(), "{name} is empty");
    list
}

/// The text under `name`.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no text {name} in {value}"))
}

/// The number under `name`.
pub(crate) fn number(value: &Value, name: &str) -> u32 {
    u32::try_from(value[name].as_u64().unwrap_or_else(|| panic!("no number {name} in {value}"))).unwrap()
}
