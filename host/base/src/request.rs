//! What a client asks.

use crate::{Map, RequestPath, Secret};
use core::net::SocketAddr;
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// What is to be done at a path. The HTTP verb, read as Vault reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// GET, HEAD.
    Read,
    /// POST and PUT: whether it creates or changes is not known before the engine says so.
    Update,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// LIST, or GET with `list=true`.
    List,
    /// SCAN, or GET with `scan=true`: a list of everything below.
    Scan,
    /// GET with `help=1`.
    Help,
}

/// One request, decoded and bounded, not yet trusted.
#[derive(Debug)]
pub struct Request {
    /// A UUID, in the audit log and in the reply.
    pub id: String,
    /// What to do.
    pub operation: Operation,
    /// Where, below `/v1/`.
    pub path: RequestPath,
    /// `X-Vault-Namespace`, without slashes at its ends; empty for the root namespace.
    pub namespace: String,
    /// `X-Vault-Token` or a bearer token.
    pub token: Option<Secret<String>>,
    /// The body, or the query on verbs without a body.
    pub data: Map,
    /// The body as it came, for the few routes that want it; at most the configured bytes.
    pub raw_body: Option<bytes::Bytes>,
    /// `X-Vault-Wrap-TTL`.
    pub wrap_ttl: Option<Duration>,
    /// Who is at the other end.
    pub client: Client,
    /// All headers but those that hold a token, names in lowercase.
    pub headers: Vec<(String, String)>,
    /// What may be done without a token where it came in.
    pub without_token: WithoutToken,
    /// What is made of a login.
    pub grants: Grants,
}

impl Request {
    /// A request of this process's own, with nothing in it that a connection adds. Without an id of its
    /// own: it is not for a log.
    pub fn new(operation: Operation, path: RequestPath, token: &str, data: Map) -> Self {
        Self {
            id: String::from("00000000-0000-4000-8000-000000000000"),
            operation,
            path,
            namespace: String::new(),
            token: (!token.is_empty()).then(|| Secret::new(token.to_owned())),
            data,
            raw_body: None,
            wrap_ttl: None,
            client: Client {
                address: SocketAddr::from(([127, 0, 0, 1], 1)),
                certificates: Vec::new(),
            },
            headers: Vec::new(),
            without_token: WithoutToken::default(),
            grants: Grants::default(),
        }
    }
}

/// What a listener lets be done without a token, beyond what everybody may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WithoutToken {
    /// Change the unseal keys.
    pub rekey: bool,
    /// Make a root token from shares.
    pub generate_root: bool,
    /// Read the metrics, also while the server is sealed.
    pub metrics: bool,
    /// List the requests in flight.
    pub in_flight: bool,
}

/// How long a login is to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grants {
    /// As long as its token lives, which the client is told.
    #[default]
    Token,
    /// For the request whose headers asked for it, and no longer: nothing is stored.
    ForOneRequest,
}

/// The other end of the connection.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its address; the one a trusted proxy named, where there is one.
    pub address: SocketAddr,
    /// The certificates whose key it proved to hold: DER, leaf first.
    pub certificates: Vec<Vec<u8>>,
}
