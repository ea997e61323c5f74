//! What a held run would do, by name: a row that is kept until somebody decides.

use domain::ids::RunId;
use domain::sync::Outlined;

use crate::Sync;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::table::{json, key_row, n, text};

const DOC: &str = "doc";
/// How long names are kept, in seconds: by then other runs have followed.
const KEPT_SECONDS: i64 = 14 * 86_400;

impl Sync<'_> {
    /// Keeps what a held run would do.
    pub async fn put_outline(self, run: RunId, outline: &[Outlined], now_ms: i64) -> Result<()> {
        let mut row = key_row(&keys::outline(self.school.id, run));
        row.insert(DOC.to_owned(), json("outline", &outline)?);
        row.insert(keys::TTL.to_owned(), n(now_ms / 1_000 + KEPT_SECONDS));
        self.school.table.put(row).await
    }

    /// What a held run would do; nothing for one of which nobody kept it.
    pub async fn outline(self, run: RunId) -> Result<Vec<Outlined>> {
        let Some(row) = self.school.table.get(&keys::outline(self.school.id, run), true).await? else {
            return Ok(Vec::new());
        };
        serde_json::from_str(text(&row, DOC).unwrap_or("[]"))
            .map_err(|_| StoreError::corrupt("outline", "not lists of names"))
    }

    /// Forgets the names: somebody has decided.
    pub async fn delete_outline(self, run: RunId) -> Result<()> {
        self.school.table.delete(&keys::outline(self.school.id, run)).await
    }
}
