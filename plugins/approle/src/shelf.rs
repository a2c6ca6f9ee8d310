//! Where secret ids lie: below replicated prefixes, or below local ones that no other cluster sees.
//!
//! ```text
//! secret_id/<generation>/<mac>     SecretId
//! accessor/<generation>/<uuid>     mac
//! end/<time>.<generation>.<mac>    null; sorted by the time at which it ends
//! key/secret_id                    the key of the MACs, in the other name space
//! ```

use crate::role::Role;
use crate::secret_id::SecretId;
use sdk::crypto::{Hash, Key, KeyOptions, kind};
use sdk::{Ctx, Result};

/// One set of prefixes.
pub(crate) struct Shelf {
    pub(crate) secret_ids: &'static str,
    pub(crate) accessors: &'static str,
    pub(crate) ends: &'static str,
    pub(crate) keys: &'static str,
}

/// For most roles.
pub(crate) const REPLICATED: Shelf = Shelf {
    secret_ids: "secret_id/",
    accessors: "accessor/",
    ends: "end/",
    keys: "key/",
};

/// For roles with `local_secret_ids`.
pub(crate) const LOCAL: Shelf = Shelf {
    secret_ids: "secret_id_local/",
    accessors: "accessor_local/",
    ends: "end_local/",
    keys: "key_local/",
};

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn is_uuid(text: &str) -> bool {
    let is_digit = |c: char| c == '-' || c.is_ascii_hexdigit();
    text.len() == 36 && text.chars().all(is_digit)
}

/// A secret id as it lies on its shelf.
pub(crate) struct Found {
    pub(crate) mac: String,
    pub(crate) secret_id: SecretId,
}

impl Shelf {
    fn key(&self) -> String {
        format!("{}secret_id", self.keys)
    }

    fn mac(key: &Key, generation: &str, text: &str) -> Result<String> {
        let input = [generation.as_bytes(), b"/", text.as_bytes()].concat();
        Ok(hex(&key.mac(&input, Hash::Sha2_256)?))
    }

    fn place(&self, generation: &str, mac: &str) -> String {
        format!("{}{generation}/{mac}", self.secret_ids)
    }

    fn accessor_place(&self, generation: &str, accessor: &str) -> String {
        format!("{}{generation}/{accessor}", self.accessors)
    }

    fn end_place(&self, generation: &str, mac: &str, secret_id: &SecretId) -> Option<String> {
        let ends = secret_id.ends_ms()?;
        Some(format!("{}{ends:016x}.{generation}.{mac}", self.ends))
    }

    /// Accessors of a role's secret ids lie below this.
    pub(crate) fn accessors_of(&self, role: &Role) -> String {
        format!("{}{}/", self.accessors, role.generation)
    }

    /// The secret id of that text, also if it has ended.
    pub(crate) fn find(&self, ctx: &Ctx, role: &Role, text: &str) -> Result<Option<Found>> {
        // Without a key there is no secret id.
        let Some(key) = ctx.open_key(&self.key())? else {
            return Ok(None);
        };
        let mac = Self::mac(&key, &role.generation, text)?;
        let secret_id = ctx.get(&self.place(&role.generation, &mac))?;
        Ok(secret_id.map(|secret_id| Found { mac, secret_id }))
    }

    /// The secret id with that accessor, also if it has ended.
    pub(crate) fn find_by_accessor(
        &self,
        ctx: &Ctx,
        role: &Role,
        accessor: &str,
    ) -> Result<Option<Found>> {
        if !is_uuid(accessor) {
            return Ok(None);
        }
        let place = self.accessor_place(&role.generation, accessor);
        let Some(mac) = ctx.get::<String>(&place)? else {
            return Ok(None);
        };
        let secret_id = ctx.get(&self.place(&role.generation, &mac))?;
        Ok(secret_id.map(|secret_id| Found { mac, secret_id }))
    }

    /// Keeps a new one.
    pub(crate) fn add(
        &self,
        ctx: &mut Ctx,
        role: &Role,
        text: &str,
        secret_id: &SecretId,
    ) -> Result<()> {
        let name = self.key();
        let key = match ctx.open_key(&name)? {
            Some(key) => key,
            None => ctx.make_key(&name, KeyOptions::new(kind::HMAC))?,
        };
        let mac = Self::mac(&key, &role.generation, text)?;
        let accessor = self.accessor_place(&role.generation, &secret_id.accessor);
        ctx.put(&accessor, &mac)?;
        if let Some(end) = self.end_place(&role.generation, &mac, secret_id) {
            ctx.put(&end, &())?;
        }
        ctx.put(&self.place(&role.generation, &mac), secret_id)
    }

    /// Keeps one use fewer.
    pub(crate) fn update(&self, ctx: &mut Ctx, role: &Role, found: &Found) -> Result<()> {
        ctx.put(&self.place(&role.generation, &found.mac), &found.secret_id)
    }

    /// Removes one, with all that leads to it.
    pub(crate) fn remove(&self, ctx: &mut Ctx, generation: &str, found: &Found) -> Result<()> {
        let Found { mac, secret_id } = found;
        ctx.delete(&self.accessor_place(generation, &secret_id.accessor))?;
        if let Some(end) = self.end_place(generation, mac, secret_id) {
            ctx.delete(&end)?;
        }
        ctx.delete(&self.place(generation, mac))
    }

    /// Removes at most `limit` of those that have ended. How many it were.
    pub(crate) fn remove_ended(&self, ctx: &mut Ctx, limit: u32) -> Result<u32> {
        let now = ctx.now_ms();
        let mut count = 0;
        for name in ctx.list_page(self.ends, None, limit)?.keys {
            let mut parts = name.splitn(3, '.');
            let ends = parts
                .next()
                .and_then(|text| u64::from_str_radix(text, 16).ok());
            if ends.is_some_and(|ends| ends > now) {
                break;
            }
            if let (Some(generation), Some(mac)) = (parts.next(), parts.next()) {
                self.remove_by_mac(ctx, generation, mac, |one| one.has_ended(now))?;
            }
            ctx.delete(&format!("{}{name}", self.ends))?;
            count += 1;
        }
        Ok(count)
    }

    /// Removes at most `limit` secret ids of a generation. How many it were.
    pub(crate) fn remove_generation(
        &self,
        ctx: &mut Ctx,
        generation: &str,
        limit: u32,
    ) -> Result<u32> {
        let folder = format!("{}{generation}/", self.secret_ids);
        let mut count = 0;
        for mac in ctx.list_page(&folder, None, limit)?.keys {
            self.remove_by_mac(ctx, generation, &mac, |_| true)?;
            count += 1;
        }
        Ok(count)
    }

    fn remove_by_mac(
        &self,
        ctx: &mut Ctx,
        generation: &str,
        mac: &str,
        is_meant: impl Fn(&SecretId) -> bool,
    ) -> Result<()> {
        let found: Option<SecretId> = ctx.get(&self.place(generation, mac))?;
        let Some(secret_id) = found.filter(is_meant) else {
            return Ok(());
        };
        let mac = mac.to_owned();
        self.remove(ctx, generation, &Found { mac, secret_id })
    }
}
