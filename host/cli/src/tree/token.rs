//! `token …` and `login`.

use clap::{Args, Subcommand};

#[derive(Clone, Debug, Args)]
pub(crate) struct Create {
    /// Name shown in logs
    #[arg(long, value_name = "NAME")]
    pub(crate) display_name: Option<String>,
    /// Alias of the entity to bind to; needs -role
    #[arg(long, value_name = "NAME")]
    pub(crate) entity_alias: Option<String>,
    /// The token's life whatever its renewals
    #[arg(long, value_name = "DURATION")]
    pub(crate) explicit_max_ttl: Option<String>,
    /// The token itself; root only
    #[arg(long, value_name = "TOKEN")]
    pub(crate) id: Option<String>,
    /// Metadata, as key=value; may be repeated
    #[arg(long, value_name = "K=V")]
    pub(crate) metadata: Vec<String>,
    /// Leave the default policy out
    #[arg(long)]
    pub(crate) no_default_policy: bool,
    /// Create a token without a parent
    #[arg(long)]
    pub(crate) orphan: bool,
    /// Life from each renewal on, without an end
    #[arg(long, value_name = "DURATION")]
    pub(crate) period: Option<String>,
    /// Policy; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) policy: Vec<String>,
    /// Whether the token can be renewed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) renewable: Option<bool>,
    /// Role to create the token by
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<String>,
    /// The token's life until it is renewed
    #[arg(long, value_name = "DURATION")]
    pub(crate) ttl: Option<String>,
    /// service or batch
    #[arg(long = "type", value_name = "TYPE", default_value = "service")]
    pub(crate) kind: String,
    /// How often the token can be used; 0 for ever
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) use_limit: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Print what a token may do on a path
    Capabilities {
        /// Token and path, or only the path for the caller's own token
        #[arg(value_name = "[TOKEN] PATH", required = true, num_args = 1..=2)]
        words: Vec<String>,
        /// The token argument is an accessor
        #[arg(long)]
        accessor: bool,
    },
    /// Create a token
    Create(Box<Create>),
    /// Look a token up
    Lookup {
        /// Token, or accessor with -accessor; the caller's own when left out
        token: Option<String>,
        /// The argument is an accessor
        #[arg(long)]
        accessor: bool,
    },
    /// Renew a token
    Renew {
        /// Token, or accessor with -accessor; the caller's own when left out
        token: Option<String>,
        /// The argument is an accessor
        #[arg(long)]
        accessor: bool,
        /// For how much longer
        #[arg(long, value_name = "DURATION")]
        increment: Option<String>,
    },
    /// Revoke a token and its children
    Revoke {
        /// Token, or accessor with -accessor
        token: Option<String>,
        /// The argument is an accessor
        #[arg(long)]
        accessor: bool,
        /// orphan to leave the children alive, path for all tokens of an auth path
        #[arg(long, value_name = "MODE", default_value = "")]
        mode: String,
        /// Revoke the caller's own token
        #[arg(long = "self")]
        own: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Login {
    /// The token, or what the method asks for as key=value
    #[arg(value_name = "AUTH")]
    pub(crate) words: Vec<String>,
    /// Auth method
    #[arg(long, value_name = "NAME", default_value = "token")]
    pub(crate) method: String,
    /// Path where the method is mounted; its name when left out
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Print nothing
    #[arg(long)]
    pub(crate) no_print: bool,
    /// Do not keep the token
    #[arg(long)]
    pub(crate) no_store: bool,
    /// Print only the token and do not keep it
    #[arg(long)]
    pub(crate) token_only: bool,
}
