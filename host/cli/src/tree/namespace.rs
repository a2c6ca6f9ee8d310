//! `namespace …`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Namespace {
    /// Create a namespace
    Create {
        /// Path of the namespace
        path: String,
        /// Custom metadata, as key=value; may be repeated
        #[arg(long, value_name = "K=V")]
        custom_metadata: Vec<String>,
    },
    /// Delete a namespace with all that is in it
    Delete {
        /// Path of the namespace
        path: String,
    },
    /// List the namespaces
    List {
        /// Print all that is known of each
        #[arg(long)]
        detailed: bool,
    },
    /// Lock a namespace and all below it
    Lock {
        /// Path of the namespace; the one of the call when left out
        path: Option<String>,
    },
    /// Look up a namespace
    Lookup {
        /// Path of the namespace
        path: String,
    },
    /// Change the metadata of a namespace
    Patch {
        /// Path of the namespace
        path: String,
        /// Custom metadata, as key=value; may be repeated
        #[arg(long, value_name = "K=V")]
        custom_metadata: Vec<String>,
        /// Custom metadata to remove; may be repeated
        #[arg(long, value_name = "KEY")]
        remove_custom_metadata: Vec<String>,
    },
    /// List the namespaces recursively
    Scan {
        /// Print all that is known of each
        #[arg(long)]
        detailed: bool,
    },
    /// Unlock a namespace
    Unlock {
        /// Path of the namespace; the one of the call when left out
        path: Option<String>,
    },
}
