//! `secrets …`, `auth …`, `audit …` and `policy …`.

use clap::{Args, Subcommand};

/// Settings of a mount that `enable` and `tune` share.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Tuning {
    /// Header that the mount may answer with; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) allowed_response_headers: Vec<String>,
    /// Request field that is audited in the clear; may be repeated
    #[arg(long, value_name = "KEY")]
    pub(crate) audit_non_hmac_request_keys: Vec<String>,
    /// Response field that is audited in the clear; may be repeated
    #[arg(long, value_name = "KEY")]
    pub(crate) audit_non_hmac_response_keys: Vec<String>,
    /// How long leases live by default
    #[arg(long, value_name = "DURATION")]
    pub(crate) default_lease_ttl: Option<String>,
    /// What the mount is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// unauth or hidden: whether the mount is listed without a token
    #[arg(long, value_name = "TEXT")]
    pub(crate) listing_visibility: Option<String>,
    /// How long leases live at most
    #[arg(long, value_name = "DURATION")]
    pub(crate) max_lease_ttl: Option<String>,
    /// Option of the engine, as key=value; may be repeated
    #[arg(long, value_name = "K=V")]
    pub(crate) options: Vec<String>,
    /// Header that the mount gets to see; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) passthrough_request_headers: Vec<String>,
    /// Version of the plugin
    #[arg(long, value_name = "VERSION")]
    pub(crate) plugin_version: Option<String>,
    /// Version of the engine: 1 or 2 for key-value stores
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: Option<i64>,
}

/// What only `enable` takes.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Enabling {
    /// Type of the mount, which is the plugin's name
    #[arg(value_name = "TYPE")]
    pub(crate) kind: String,
    /// Where to mount; the type's name when left out
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Name of the plugin when the type is plugin
    #[arg(long, value_name = "NAME")]
    pub(crate) plugin_name: Option<String>,
    /// Keep the mount's data in this cluster
    #[arg(long)]
    pub(crate) local: bool,
    /// Seal the mount's critical values twice
    #[arg(long)]
    pub(crate) seal_wrap: bool,
    /// Let the mount draw on the server's source of entropy
    #[arg(long)]
    pub(crate) external_entropy_access: bool,
    /// Keep the mount's data out of caches
    #[arg(long)]
    pub(crate) force_no_cache: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secrets {
    /// Mount a secrets engine
    Enable {
        #[command(flatten)]
        enabling: Enabling,
        #[command(flatten)]
        tuning: Tuning,
    },
    /// Unmount a secrets engine and delete its data
    Disable {
        /// Path of the mount
        path: String,
    },
    /// List the secrets engines
    List {
        /// Print all that is known of each
        #[arg(long)]
        detailed: bool,
    },
    /// Move a secrets engine to another path
    Move {
        /// Path of the mount
        source: String,
        /// Path to move it to
        destination: String,
    },
    /// Change the settings of a secrets engine
    Tune {
        /// Path of the mount
        path: String,
        /// SHA-256 of that version's component, where what it changes needs consent
        #[arg(long, value_name = "HEX")]
        consent: Option<String>,
        #[command(flatten)]
        tuning: Tuning,
    },
}

/// How an auth method locks users out.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Lockout {
    /// After how many failures a user is locked out
    #[arg(long, value_name = "COUNT")]
    pub(crate) user_lockout_threshold: Option<u64>,
    /// For how long a user is locked out
    #[arg(long, value_name = "DURATION")]
    pub(crate) user_lockout_duration: Option<String>,
    /// After which time failures are forgotten
    #[arg(long, value_name = "DURATION")]
    pub(crate) user_lockout_counter_reset_duration: Option<String>,
    /// Never lock users out
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) user_lockout_disable: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    /// Mount an auth method
    Enable {
        #[command(flatten)]
        enabling: Box<Enabling>,
        #[command(flatten)]
        tuning: Box<Tuning>,
        /// Type of the tokens: service, batch, default-service or default-batch
        #[arg(long, value_name = "TYPE")]
        token_type: Option<String>,
    },
    /// Unmount an auth method and revoke its tokens
    Disable {
        /// Path of the mount
        path: String,
    },
    /// Print how to log in by a method
    Help {
        /// Type of a method, or path of a mounted one
        #[arg(value_name = "TYPE | PATH")]
        method: String,
    },
    /// List the auth methods
    List {
        /// Print all that is known of each
        #[arg(long)]
        detailed: bool,
    },
    /// Move an auth method to another path
    Move {
        /// Path of the mount
        source: String,
        /// Path to move it to
        destination: String,
    },
    /// Change the settings of an auth method
    Tune {
        /// Path of the mount
        path: String,
        /// SHA-256 of that version's component, where what it changes needs consent
        #[arg(long, value_name = "HEX")]
        consent: Option<String>,
        #[command(flatten)]
        tuning: Box<Tuning>,
        #[command(flatten)]
        lockout: Lockout,
        /// Type of the tokens: service, batch, default-service or default-batch
        #[arg(long, value_name = "TYPE")]
        token_type: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Enable an audit device
    Enable {
        /// Type of the device
        #[arg(value_name = "TYPE")]
        kind: Option<String>,
        /// Options of the device
        #[arg(value_name = "K=V")]
        options: Vec<String>,
        /// What the device is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Keep the device in this cluster
        #[arg(long)]
        local: bool,
        /// Name of the device; its type when left out
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
    },
    /// Disable an audit device
    Disable {
        /// Name of the device
        path: String,
    },
    /// List the audit devices
    List {
        /// Print the options of each as well
        #[arg(long)]
        detailed: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Delete a policy
    Delete {
        /// Name of the policy
        name: String,
    },
    /// Format a policy file in place
    Fmt {
        /// File
        path: String,
    },
    /// List the policies
    List,
    /// Print a policy
    Read {
        /// Name of the policy
        name: String,
    },
    /// Upload a policy from a file, or from standard input with -
    Write {
        /// Name of the policy
        name: String,
        /// File, or -
        path: String,
    },
}
