//! Who is calling: tokens, how they are made, found, renewed and revoked.
//!
//! A token is stored under a salted hash of its id, so that who reads the storage has no token.
//! Every change is part of the caller's transaction: a half-made or half-revoked token cannot be.
//!
//! ```text
//!  sys/token/id/<hash>               Token
//!  sys/token/accessor/<accessor>     <hash>
//!  sys/token/parent/<hash>/<child>   (empty)
//!  sys/expire/end/<when>/<lease id>  when it ends
//! ```

mod batch;
mod id;
mod index_token;
mod network;
mod role;
mod store;
#[cfg(test)]
mod testing;
mod token;
mod unlock;

pub use id::{TokenHash, TokenId, TokenSalt};
pub use index_token::{Era, IndexKey, IndexToken};
pub use network::{is_bound_to, parse_network};
pub use role::{RoleError, TokenRole, TokenType};
pub use store::{
    ANCESTORS_MAX, AccessError, CUBBYHOLE_ENTRIES_AT_ONCE_MAX, NewToken, ORPHANED_AT_ONCE_MAX,
    REVOKED_AT_ONCE_MAX, find, find_by_accessor, issue, lookup, make, orphan_children, revoke,
    save, spend, still_lives,
};
pub use token::{Capped, Granted, Lifetime, Token, WRAPPING_POLICY};
pub use unlock::UnlockKey;
