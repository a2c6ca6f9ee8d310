//! `plugin …`.

use clap::{Args, Subcommand};

#[derive(Clone, Debug, Args)]
pub(crate) struct Register {
    /// Type: secret, auth or database
    #[arg(value_name = "TYPE")]
    pub(crate) kind: String,
    /// Name of the plugin
    pub(crate) name: String,
    /// File of the component to upload
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<String>,
    /// SHA-256 that the component must have
    #[arg(long, value_name = "HEX")]
    pub(crate) sha256: Option<String>,
    /// Version of the plugin
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Accepted for scripts written for Vault: the command to run
    #[arg(long, value_name = "NAME")]
    pub(crate) command: Option<String>,
    /// Accepted for scripts written for Vault: arguments of the command
    #[arg(long, value_name = "TEXT")]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Build a crate, or a compiled module, into a component
    Build {
        /// Folder of the plugin's crate, or a compiled core module
        #[arg(default_value = ".")]
        path: String,
        /// Where to put the component; in this folder, under the name of the crate, when left out
        #[arg(long, value_name = "FILE")]
        output: Option<String>,
    },
    /// Print what a component asks for: digest, imports, routes, storage rules
    Check {
        /// File of the component
        file: String,
    },
    /// Remove a plugin from the catalog
    Deregister {
        /// Type: secret, auth or database
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Name of the plugin
        name: String,
        /// Version of the plugin
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
    /// Print what the catalog has of a plugin
    Info {
        /// Type: secret, auth or database
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Name of the plugin
        name: String,
        /// Version of the plugin
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
    /// List the plugins of the catalog
    List {
        /// Type: secret, auth or database
        #[arg(value_name = "TYPE")]
        kind: Option<String>,
        /// Print all that is known of each
        #[arg(long)]
        detailed: bool,
    },
    /// Begin a new plugin from the template
    New {
        /// Folder to make; its name becomes the plugin's
        path: String,
    },
    /// Pin a version: what mounts run where nobody chose one for them
    Pin {
        /// Type: secret or auth
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Name of the plugin
        name: String,
        /// Version of the plugin
        version: String,
    },
    /// List the versions that are pinned
    Pins,
    /// Register a plugin, uploading its component
    Register(Register),
    /// Load a plugin anew
    Reload {
        /// Name of the plugin
        #[arg(long, value_name = "NAME")]
        plugin: Option<String>,
        /// Paths of mounts; may be repeated
        #[arg(long, value_name = "PATHS")]
        mounts: Vec<String>,
        /// global to reload on all nodes
        #[arg(long, value_name = "TEXT")]
        scope: Option<String>,
    },
    /// Print how far a reload on all nodes is
    ReloadStatus {
        /// Id of the reload
        #[arg(value_name = "RELOAD_ID")]
        id: String,
    },
    /// Remove a pin
    Unpin {
        /// Type: secret or auth
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Name of the plugin
        name: String,
    },
}
