//! Lists that are read in parts.

use crate::{Ctx, Fields, Result};

/// The fields of a LIST that is read in parts.
#[derive(Fields, Clone, Debug, Default)]
pub struct ListRange {
    /// Names behind this one, which need not exist.
    #[field(query)]
    pub after: Option<String>,
    /// At most so many; all where it is not positive.
    #[field(query, default = 0)]
    pub limit: i64,
}

impl ListRange {
    /// The direct children of `prefix` that were asked for.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn names(&self, ctx: &Ctx, prefix: &str) -> Result<Vec<String>> {
        let most = match self.limit {
            ..=0 => usize::MAX,
            limit => usize::try_from(limit).unwrap_or(usize::MAX),
        };
        let mut names = Vec::new();
        let mut after = self.after.clone().filter(|after| !after.is_empty());
        loop {
            let missing = u32::try_from(most - names.len()).unwrap_or(0);
            let page = ctx.list_page(prefix, after.as_deref(), missing)?;
            names.extend(page.keys);
            names.truncate(most);
            after = page.next;
            if after.is_none() || names.len() >= most {
                return Ok(names);
            }
        }
    }
}
