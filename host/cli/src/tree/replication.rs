//! `replication …`.

use clap::{Args, Subcommand};

/// How the primary's API is reached and trusted, by the server, not by this command; what the server
/// shows there is read by the command and sent along.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Redeeming {
    /// API address of the primary, in the place of the one in the token
    #[arg(long, value_name = "URL")]
    pub(crate) primary_api_addr: Option<String>,
    /// File on the server with the certificates of the authorities to trust
    #[arg(long, value_name = "FILE")]
    pub(crate) primary_ca_file: Option<String>,
    /// Folder on the server with such files
    #[arg(long, value_name = "FOLDER")]
    pub(crate) primary_ca_path: Option<String>,
    /// File here with a certificate to show to the primary's API, where that asks for one
    #[arg(long, value_name = "FILE")]
    pub(crate) primary_client_cert: Option<String>,
    /// File here with the private key of that certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) primary_client_key: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SecondaryToken {
    /// Name of the secondary
    pub(crate) id: String,
    /// How long the token can be used [default: 30m]
    #[arg(long, value_name = "DURATION")]
    pub(crate) ttl: Option<String>,
    /// Key from generate-public-key to seal the token to, instead of wrapping it
    #[arg(long, value_name = "KEY")]
    pub(crate) public_key: Option<String>,
    /// Give the secondary a filter at once: allow or deny
    #[arg(long, value_name = "MODE")]
    pub(crate) filter_mode: Option<String>,
    /// Path of that filter; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<String>,
    /// Replicate nothing that can be filtered until a filter allows it
    #[arg(long)]
    pub(crate) default_deny: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct EnableSecondary {
    /// The activation token, @file or - for standard input
    pub(crate) token: String,
    #[command(flatten)]
    pub(crate) redeeming: Redeeming,
    /// Id of this cluster, where it holds anything of its own: all of that goes
    #[arg(long, value_name = "ID")]
    pub(crate) confirm_wipe: Option<String>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Demote {
    /// Demote although a secondary that is connected lacks something, or none is connected
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Promote {
    /// Where secondaries connect to, in the place of the server's cluster address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) cluster_addr: Option<String>,
    /// Promote although something is missing here, or may be
    #[arg(long)]
    pub(crate) force: bool,
    /// Only say what would stand in the way
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct UpdatePrimary {
    /// An activation token of the new primary, @file or - for standard input
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) redeeming: Redeeming,
    /// Cluster address of the same primary; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) primary_cluster_addr: Vec<String>,
    /// Follow nobody any more
    #[arg(long)]
    pub(crate) detach: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Filter {
    /// Name of the secondary
    pub(crate) id: String,
    /// allow or deny
    #[arg(long, value_name = "MODE", default_value = "allow")]
    pub(crate) mode: String,
    /// Mount, auth method or namespace, from the root; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Replication {
    /// Work with what gave way to another primary
    #[command(subcommand)]
    Aside(Aside),
    /// Say which step of replication works, and why one does not
    Check {
        /// Cluster addresses of the primary to try, in the place of those that are known
        addresses: Vec<String>,
        #[command(flatten)]
        redeeming: Redeeming,
    },
    /// Make this primary a secondary that follows nobody yet
    Demote(Demote),
    /// End performance replication here; what is here stays
    Disable,
    /// Make this cluster a performance primary
    EnablePrimary {
        /// Where secondaries connect to, in the place of the server's cluster address
        #[arg(long, value_name = "ADDRESS")]
        cluster_addr: Option<String>,
    },
    /// Make this cluster a performance secondary; all that it holds goes
    EnableSecondary(EnableSecondary),
    /// Work with what a secondary is not to have
    #[command(subcommand)]
    Filter(Filters),
    /// Make the key that an activation token can be sealed to
    GeneratePublicKey,
    /// Look whether the digests are those of the entries
    MerkleCheck,
    /// Make this secondary the primary
    Promote(Promote),
    /// Make the connection to the primary anew
    Recover,
    /// Put digests right that are not those of the entries
    Reindex,
    /// Cut a secondary off, for good
    RevokeSecondary {
        /// Name of the secondary
        id: String,
    },
    /// Make the activation token of a new secondary
    SecondaryToken(SecondaryToken),
    /// Print which part this cluster plays, and how that goes
    Status,
    /// Let this secondary follow another primary
    UpdatePrimary(UpdatePrimary),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Aside {
    /// Delete what gave way to another primary
    Delete,
    /// Print what gave way to another primary, with its values
    Export,
    /// List what gave way to another primary
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Filters {
    /// Let a secondary have everything
    Delete {
        /// Name of the secondary
        id: String,
    },
    /// Print what a secondary does not have now
    Dynamic {
        /// Name of the secondary
        id: String,
    },
    /// Print the filter of a secondary
    Get {
        /// Name of the secondary
        id: String,
    },
    /// Print what a filter would take away and bring, without setting it
    Preview(Filter),
    /// Set the filter of a secondary
    Set(Filter),
}
