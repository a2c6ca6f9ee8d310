//! `listener "tcp"`.

use super::check::Checked;
use super::error::ConfigError;
use api::{
    AddressBlock, ClientCertificates, ForwardedRules, Limits, Otherwise, ResponseHeaders, TlsFiles,
    TlsVersion,
};
use base::WithoutToken;
use core::net::SocketAddr;
use core::time::Duration;
use std::net::ToSocketAddrs;
use std::path::PathBuf;

/// An address to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// The address.
    pub address: SocketAddr,
    /// The address for other nodes.
    pub cluster_address: Option<SocketAddr>,
    /// Its TLS.
    pub tls: TlsConfig,
    /// What it takes.
    pub limits: Limits,
    /// Whose `X-Forwarded-For` it believes.
    pub forwarded: Option<ForwardedRules>,
    /// What it lets be done without a token.
    pub without_token: WithoutToken,
    /// What is added to its responses.
    pub headers: ResponseHeaders,
}

/// A listener's TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsConfig {
    /// Plain HTTP.
    Off,
    /// With a certificate that is made for the occasion, in development.
    Made,
    /// From files.
    Files(TlsFiles),
}

/// What the top level says for all listeners.
pub(super) struct Defaults {
    pub(super) request_bytes_max: Option<usize>,
    pub(super) request_duration_max: Option<Duration>,
}

/// Without an `address`.
const ADDRESS: &str = "127.0.0.1:8200";
/// What serde_json walks; deeper bodies would be refused further inside.
const JSON_DEPTH_MAX: usize = 128;

pub(super) fn read_listener(
    block: &Checked<'_>,
    defaults: &Defaults,
    warnings: &mut Vec<String>,
) -> Result<ListenerConfig, ConfigError> {
    let address = block.text("address").unwrap_or_else(|| ADDRESS.to_owned());
    let cluster_address = block.text("cluster_address");
    Ok(ListenerConfig {
        address: read_address(block, "address", &address)?,
        cluster_address: cluster_address
            .map(|address| read_address(block, "cluster_address", &address))
            .transpose()?,
        tls: read_tls(block)?,
        limits: read_limits(block, defaults)?,
        forwarded: read_forwarded(block)?,
        without_token: WithoutToken {
            rekey: block.flag("disable_unauthed_rekey_endpoints") == Some(false),
            generate_root: block.flag("disable_unauthed_generate_root_endpoints") == Some(false),
            metrics: block
                .block("telemetry")
                .flag("unauthenticated_metrics_access")
                == Some(true),
            in_flight: block
                .block("inflight_requests_logging")
                .flag("unauthenticated_in_flight_request_access")
                == Some(true),
        },
        headers: read_headers(block, warnings)?,
    })
}

/// Those that only the server sets are left out with a warning, as Vault does.
fn read_headers(
    block: &Checked<'_>,
    warnings: &mut Vec<String>,
) -> Result<ResponseHeaders, ConfigError> {
    let name = "custom_response_headers";
    let mut headers = ResponseHeaders::default();
    for (status, header, values) in block.header_maps(name)? {
        if header.to_ascii_lowercase().starts_with("x-vault-") {
            let text = format!("{header:?} in {name} has no effect: only the server sets it");
            warnings.push(text);
            continue;
        }
        let added = headers.add(&status, &header, &values);
        added.map_err(|error| block.wrong(name, format!("{name}: {error}")))?;
    }
    Ok(headers)
}

/// Names are looked up, as `localhost:8200`; without a port it is 8200, without a host all.
fn read_address(block: &Checked<'_>, name: &str, text: &str) -> Result<SocketAddr, ConfigError> {
    let text = match text.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None => text.to_owned(),
    };
    let ported = format!("{text}:8200");
    let found = text
        .to_socket_addrs()
        .or_else(|_| ported.to_socket_addrs())
        .ok()
        .and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| block.wrong(name, format!("{name:?} must be a host and a port")))
}

fn read_tls(block: &Checked<'_>) -> Result<TlsConfig, ConfigError> {
    if block.flag("tls_disable") == Some(true) {
        return Ok(TlsConfig::Off);
    }
    let file = |name| block.text(name).map(PathBuf::from);
    let (Some(certificate), Some(key)) = (file("tls_cert_file"), file("tls_key_file")) else {
        return Err(ConfigError::Missing(
            "a listener needs \"tls_cert_file\" and \"tls_key_file\", or \"tls_disable\" = true",
        ));
    };
    let client_ca = file("tls_client_ca_file");
    let is_required = block.flag("tls_require_and_verify_client_cert") == Some(true);
    let is_unwanted = block.flag("tls_disable_client_certs") == Some(true);
    let client_certificates = match (is_required, is_unwanted, client_ca) {
        (true, true, _) => {
            let message = "client certificates are both required and disabled";
            return Err(block.wrong("tls_disable_client_certs", message));
        }
        (true, false, None) => {
            let message = "\"tls_require_and_verify_client_cert\" needs \"tls_client_ca_file\"";
            return Err(block.wrong("tls_require_and_verify_client_cert", message));
        }
        (true, false, Some(bundle)) => ClientCertificates::RequiredBelow(bundle),
        (false, true, _) => ClientCertificates::Unwanted,
        (false, false, Some(bundle)) => ClientCertificates::IssuedBelow(bundle),
        (false, false, None) => ClientCertificates::Any,
    };
    let version = |name, default| match block.text(name).as_deref() {
        None => Ok(default),
        Some("tls12") => Ok(TlsVersion::Tls12),
        Some("tls13") => Ok(TlsVersion::Tls13),
        Some(_) => Err(block.wrong(name, format!("{name:?} must be \"tls12\" or \"tls13\""))),
    };
    let (version_min, version_max) = (
        version("tls_min_version", TlsVersion::Tls12)?,
        version("tls_max_version", TlsVersion::Tls13)?,
    );
    if version_min > version_max {
        let message = "\"tls_min_version\" is newer than \"tls_max_version\"";
        return Err(block.wrong("tls_min_version", message));
    }
    Ok(TlsConfig::Files(TlsFiles {
        certificate,
        key,
        client_certificates,
        version_min,
        version_max,
    }))
}

fn read_limits(block: &Checked<'_>, defaults: &Defaults) -> Result<Limits, ConfigError> {
    let mut limits = Limits::default();
    // Zero and less stand for "no limit" in Vault; there always is one here.
    let counts: [(&str, Option<usize>, &mut usize); 5] = [
        (
            "max_request_size",
            defaults.request_bytes_max,
            &mut limits.request_bytes_max,
        ),
        (
            "max_request_json_memory",
            None,
            &mut limits.json_memory_bytes_max,
        ),
        (
            "max_request_json_strings",
            None,
            &mut limits.json_strings_max,
        ),
        ("max_json_depth", None, &mut limits.json_depth_max),
        ("max_connections", None, &mut limits.connections_count_max),
    ];
    for (name, general, limit) in counts {
        if let Some(count) = block.count(name).or(general).filter(|count| *count > 0) {
            *limit = count;
        }
    }
    if limits.json_depth_max > JSON_DEPTH_MAX {
        return Err(block.wrong("max_json_depth", "\"max_json_depth\" must be at most 128"));
    }
    limits.bodies_bytes_max = limits.bodies_bytes_max.max(4 * limits.request_bytes_max);
    let durations: [(&str, Option<Duration>, &mut Duration); 5] = [
        (
            "max_request_duration",
            defaults.request_duration_max,
            &mut limits.request_duration_max,
        ),
        (
            "http_read_header_timeout",
            None,
            &mut limits.header_duration_max,
        ),
        ("http_read_timeout", None, &mut limits.body_duration_max),
        (
            "http_write_timeout",
            None,
            &mut limits.write_stall_duration_max,
        ),
        ("http_idle_timeout", None, &mut limits.idle_duration_max),
    ];
    for (name, general, limit) in durations {
        let found = block.duration(name).or(general);
        if let Some(duration) = found.filter(|duration| !duration.is_zero()) {
            *limit = duration;
        }
    }
    Ok(limits)
}

fn read_forwarded(block: &Checked<'_>) -> Result<Option<ForwardedRules>, ConfigError> {
    let name = "x_forwarded_for_authorized_addrs";
    let authorized: Result<Vec<AddressBlock>, _> =
        block.texts(name).iter().map(|text| text.parse()).collect();
    let authorized =
        authorized.map_err(|error: api::AddressBlockError| block.wrong(name, error.to_string()))?;
    if authorized.is_empty() {
        return Ok(None);
    }
    let otherwise = |name| match block.flag(name) {
        Some(false) => Otherwise::UseConnection,
        _ => Otherwise::Refuse,
    };
    Ok(Some(ForwardedRules {
        authorized,
        hop_skips: block.count("x_forwarded_for_hop_skips").unwrap_or(0),
        not_authorized: otherwise("x_forwarded_for_reject_not_authorized"),
        not_present: otherwise("x_forwarded_for_reject_not_present"),
    }))
}
