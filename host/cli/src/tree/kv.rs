//! `kv …`.

use clap::{Args, Subcommand};

/// Where a key is: `MOUNT/KEY`, or `KEY` with `-mount`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    /// Key, with the mount's path before it unless -mount is given
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Path of the mount
    #[arg(long, value_name = "PATH")]
    pub(crate) mount: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Kv {
    /// Read a secret
    Get {
        #[command(flatten)]
        place: Place,
        /// Version to read
        #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
        version: Option<i64>,
    },
    /// Write a secret
    Put {
        #[command(flatten)]
        place: Place,
        /// Data, as for write
        #[arg(value_name = "K=V")]
        data: Vec<String>,
        /// Write only if this is the current version
        #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
        cas: Option<i64>,
    },
    /// Change some keys of a secret
    Patch {
        #[command(flatten)]
        place: Place,
        /// Data, as for write
        #[arg(value_name = "K=V")]
        data: Vec<String>,
        /// Write only if this is the current version
        #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
        cas: Option<i64>,
        /// patch, or rw to read and write; rw when patching is not allowed
        #[arg(long, value_name = "METHOD")]
        method: Option<String>,
        /// Key to remove; may be repeated
        #[arg(long, value_name = "KEY")]
        remove_data: Vec<String>,
    },
    /// List keys
    List {
        #[command(flatten)]
        place: Place,
    },
    /// List keys recursively
    Scan {
        #[command(flatten)]
        place: Place,
    },
    /// Delete the newest version, or the versions named
    Delete {
        #[command(flatten)]
        place: Place,
        /// Versions; may be repeated
        #[arg(long, value_name = "NUMBERS")]
        versions: Vec<String>,
    },
    /// Take back the deletion of versions
    Undelete {
        #[command(flatten)]
        place: Place,
        /// Versions; may be repeated
        #[arg(long, value_name = "NUMBERS")]
        versions: Vec<String>,
    },
    /// Remove versions for good
    Destroy {
        #[command(flatten)]
        place: Place,
        /// Versions; may be repeated
        #[arg(long, value_name = "NUMBERS")]
        versions: Vec<String>,
    },
    /// Write an old version anew
    Rollback {
        #[command(flatten)]
        place: Place,
        /// Version to go back to
        #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
        version: Option<i64>,
    },
    /// Turn a version 1 store into one with versions
    EnableVersioning {
        /// Path of the mount
        path: String,
    },
    /// Work with the metadata of a secret
    #[command(subcommand)]
    Metadata(Metadata),
}

/// What metadata can be set to.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct MetadataFields {
    /// Whether writes must name the current version
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) cas_required: Option<bool>,
    /// Custom metadata, as key=value; may be repeated
    #[arg(long, value_name = "K=V")]
    pub(crate) custom_metadata: Vec<String>,
    /// Delete versions this long after they were written
    #[arg(long, value_name = "DURATION")]
    pub(crate) delete_version_after: Option<String>,
    /// How many versions to keep
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub(crate) max_versions: Option<i64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Metadata {
    /// Read the metadata of a secret
    Get {
        #[command(flatten)]
        place: Place,
    },
    /// Write the metadata of a secret
    Put {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        fields: MetadataFields,
    },
    /// Change some of the metadata of a secret
    Patch {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        fields: MetadataFields,
        /// Custom metadata to remove; may be repeated
        #[arg(long, value_name = "KEY")]
        remove_custom_metadata: Vec<String>,
    },
    /// Delete a secret with all its versions
    Delete {
        #[command(flatten)]
        place: Place,
    },
}
