//! Contract data for tests; kept outside the repository.

use std::path::{Path, PathBuf};

/// A file of `SPECS_DIR`, by default `../shared/specs` beside the repository; `None`, and a visible line, without it.
#[expect(clippy::disallowed_methods, reason = "only tests read it, and they have no configuration")]
pub(crate) fn json(name: &str) -> Option<serde_json::Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dir = std::env::var_os("SPECS_DIR").map_or_else(|| PathBuf::from("../shared/specs"), PathBuf::from);
    let path = root.join(dir).join(name);
    if !path.exists() {
        println!("skipped: {name} is missing");
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}
