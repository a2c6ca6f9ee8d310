//! `transit …`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Transit {
    /// Make a transit key of material that was made elsewhere; it leaves this machine wrapped
    Import(Import),
    /// Make such material the next version of a transit key
    ImportVersion(Import),
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Path of the key: MOUNT/keys/NAME
    pub(crate) path: String,
    /// Material of the key in Base64, or @file with it
    pub(crate) material: String,
    /// Parameters of the import: key=value
    #[arg(value_name = "K=V")]
    pub(crate) data: Vec<String>,
}
