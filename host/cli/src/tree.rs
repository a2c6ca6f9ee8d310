//! The commands and their flags.

pub(crate) mod generic;
pub(crate) mod kv;
pub(crate) mod mounts;
pub(crate) mod namespace;
pub(crate) mod operator;
pub(crate) mod plugin;
pub(crate) mod replication;
pub(crate) mod token;
pub(crate) mod transit;

use clap::{Args, Parser, Subcommand};

/// Casemate keeps secrets; this command talks to its server, and to every server with Vault's API.
#[derive(Debug, Parser)]
#[command(
    name = "casemate",
    disable_version_flag = true,
    disable_help_subcommand = true
)]
#[command(arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "HTTP and output options")]
pub(crate) struct Globals {
    /// Address of the server; also CASEMATE_ADDR [default: https://127.0.0.1:8200]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) address: Option<String>,
    /// Address of an agent, which is asked in place of the server; also CASEMATE_AGENT_ADDR
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) agent_address: Option<String>,
    /// File with the certificates of the authorities to trust; also CASEMATE_CACERT
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_cert: Option<String>,
    /// Folder with such files; also CASEMATE_CAPATH
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) ca_path: Option<String>,
    /// File with the client's certificate; also CASEMATE_CLIENT_CERT
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_cert: Option<String>,
    /// File with the client's private key; also CASEMATE_CLIENT_KEY
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_key: Option<String>,
    /// Do not follow the redirect of a standby
    #[arg(long, global = true)]
    pub(crate) disable_redirects: bool,
    /// Print only this field, without a line break
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) field: Option<String>,
    /// table, json, yaml or raw; also CASEMATE_FORMAT [default: table]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Header to send along, as name=value; may be repeated
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub(crate) header: Vec<String>,
    /// MFA credentials, as name:passcode; may be repeated
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) mfa: Vec<String>,
    /// Namespace of the call; also CASEMATE_NAMESPACE
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) namespace: Option<String>,
    /// Never ask on the terminal
    #[arg(long, global = true)]
    pub(crate) non_interactive: bool,
    /// Print the call as a curl command instead of sending it
    #[arg(long, global = true)]
    pub(crate) output_curl_string: bool,
    /// Print the policy that the call needs instead of sending it
    #[arg(long, global = true)]
    pub(crate) output_policy: bool,
    /// Override a policy that may be overridden
    #[arg(long, global = true)]
    pub(crate) policy_override: bool,
    /// Name that the server's certificate must have; also CASEMATE_TLS_SERVER_NAME
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) tls_server_name: Option<String>,
    /// Do not verify the server's certificate; also CASEMATE_SKIP_VERIFY
    #[arg(long, global = true)]
    pub(crate) tls_skip_verify: bool,
    /// Key of a namespace that was locked
    #[arg(long, global = true, value_name = "KEY")]
    pub(crate) unlock_key: Option<String>,
    /// Wrap the answer in a token that lives this long; also CASEMATE_WRAP_TTL
    #[arg(long, global = true, value_name = "DURATION")]
    pub(crate) wrap_ttl: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read data and retrieve secrets
    Read(generic::Read),
    /// Write data, configuration and secrets
    Write(generic::Write),
    /// Delete secrets and configuration
    Delete(generic::Delete),
    /// List data or secrets
    List(generic::List),
    /// List recursively
    Scan(generic::List),
    /// Patch data, configuration and secrets
    Patch(generic::Write),
    /// Log in and keep the token
    Login(token::Login),
    /// Print seal and high-availability status
    Status,
    /// Unwrap a wrapped secret
    Unwrap(generic::Unwrap),
    /// Print a shell's completion of this command
    Completion(generic::Completion),
    /// Work with audit devices
    #[command(subcommand)]
    Audit(mounts::Audit),
    /// Work with auth methods
    #[command(subcommand)]
    Auth(mounts::Auth),
    /// Gather what tells how a server is
    Debug(generic::Debug),
    /// Work with key-value stores
    #[command(subcommand)]
    Kv(kv::Kv),
    /// Work with leases
    #[command(subcommand)]
    Lease(generic::Lease),
    /// Follow the server's log
    Monitor(generic::Monitor),
    /// Work with namespaces
    #[command(subcommand)]
    Namespace(namespace::Namespace),
    /// Operate the server
    #[command(subcommand)]
    Operator(operator::Operator),
    /// Print the API's help for a path
    PathHelp(generic::PathHelp),
    /// Make, check and register plugins
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Work with policies
    #[command(subcommand)]
    Policy(mounts::Policy),
    /// Print what the command knows
    #[command(subcommand)]
    Print(generic::Print),
    /// Work with performance replication
    #[command(subcommand)]
    Replication(replication::Replication),
    /// Work with secrets engines
    #[command(subcommand)]
    Secrets(mounts::Secrets),
    /// Work with tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Work with transit keys
    #[command(subcommand)]
    Transit(transit::Transit),
    /// Print the version
    Version,
    /// Print which versions the server has run
    VersionHistory,
}

impl Command {
    /// Whether the answer has fields that `-field` can name.
    pub(crate) const fn has_fields(&self) -> bool {
        match self {
            Self::Read(_)
            | Self::Write(_)
            | Self::Patch(_)
            | Self::Delete(_)
            | Self::Login(_)
            | Self::Status
            | Self::Unwrap(_)
            | Self::Lease(generic::Lease::Lookup { .. } | generic::Lease::Renew { .. }) => true,
            Self::Kv(command) => matches!(
                command,
                kv::Kv::Get { .. }
                    | kv::Kv::Put { .. }
                    | kv::Kv::Patch { .. }
                    | kv::Kv::Delete { .. }
                    | kv::Kv::Metadata(kv::Metadata::Get { .. })
            ),
            Self::Namespace(command) => matches!(
                command,
                namespace::Namespace::Create { .. }
                    | namespace::Namespace::Lookup { .. }
                    | namespace::Namespace::Patch { .. }
            ),
            Self::Plugin(command) => matches!(command, plugin::Plugin::Info { .. }),
            Self::Replication(command) => matches!(
                command,
                replication::Replication::Status
                    | replication::Replication::Aside(
                        replication::Aside::List | replication::Aside::Export
                    )
                    | replication::Replication::SecondaryToken(_)
                    | replication::Replication::GeneratePublicKey
            ),
            Self::Token(command) => matches!(
                command,
                token::Token::Create(_) | token::Token::Lookup { .. } | token::Token::Renew { .. }
            ),
            _ => false,
        }
    }
}
