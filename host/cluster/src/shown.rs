//! Why a connection did not come to be, in words for an operator.

use crate::refused::text;
use core::cmp::Ordering;
use link::{DialStep, Protocol};
use rustls::{AlertDescription, CertificateError, Error};
use std::io;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What may lie between two clusters where it should not.
const IN_BETWEEN: &str = "either something in between terminates TLS, and a load balancer has to pass \
     these connections through as they are, or this is another cluster";

/// The error of TLS in an error of its stream.
pub(crate) fn of_tls(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Why TLS failed at the end that calls.
pub(crate) fn of_handshake(
    error: &io::Error,
    protocol: Protocol,
    shown: Option<&[u8]>,
) -> (DialStep, String) {
    let reason = match of_tls(error) {
        Some(Error::InvalidCertificate(why)) => {
            return (DialStep::Certificate, of_certificate(why, shown));
        }
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            return (DialStep::Protocol, not_taken(protocol));
        }
        Some(
            Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_),
        ) => String::from("the other end does not speak TLS 1.3"),
        Some(Error::AlertReceived(alert)) => format!("the other end refused it: {alert:?}"),
        Some(Error::InvalidMessage(_)) => {
            String::from("what answers there does not speak TLS: is it the port for clusters?")
        }
        Some(other) => other.to_string(),
        None if is_gone(error) => String::from("the other end closed the connection"),
        None => error.to_string(),
    };
    (DialStep::Handshake, reason)
}

/// The other end does not answer connections of this kind.
pub(crate) fn not_taken(protocol: Protocol) -> String {
    format!(
        "the other end does not take {}: it is sealed, a standby, or no primary of this kind, or \
         something in between terminates TLS",
        protocol.alpn()
    )
}

/// Was this end sent away because it shows no certificate? That is what a port for clusters does.
pub(crate) fn asks_for_certificate(error: &io::Error) -> bool {
    matches!(
        of_tls(error),
        Some(Error::AlertReceived(AlertDescription::CertificateRequired))
    )
}

/// What answers where a port for clusters should: it takes who names no protocol.
pub(crate) fn is_in_between(protocol: Protocol, shown: &[u8]) -> String {
    format!(
        "something in between terminates TLS: it does not take {}, but takes who names no protocol, \
         as no port for clusters does; a load balancer has to pass these connections through as they \
         are; it shows {}",
        protocol.alpn(),
        describe(shown)
    )
}

/// Why no word of admission came.
pub(crate) fn of_admission(error: &io::Error) -> (DialStep, String) {
    match of_tls(error) {
        Some(Error::AlertReceived(alert)) => (
            DialStep::Admission,
            format!("the other end refused the certificate of this one: {alert:?}"),
        ),
        None if is_gone(error) => (
            DialStep::Admission,
            String::from("the other end closed the connection without a word"),
        ),
        _ => (DialStep::Handshake, error.to_string()),
    }
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        error.kind(),
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe
    )
}

fn of_certificate(why: &CertificateError, shown: Option<&[u8]>) -> String {
    let reason = match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the certificate does not come from the authority of the relation: {IN_BETWEEN}"
        ),
        CertificateError::InvalidPurpose
        | CertificateError::InvalidPurposeContext { .. }
        | CertificateError::NotValidForName
        | CertificateError::NotValidForNameContext { .. } => {
            String::from("the certificate is not one of a primary")
        }
        CertificateError::ApplicationVerificationFailure => {
            format!("the certificate is none of a primary of Casemate: {IN_BETWEEN}")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            String::from("by the clock of this node the certificate is not valid yet")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            String::from("by the clock of this node the certificate has expired")
        }
        other => format!("the certificate cannot be trusted ({other}): {IN_BETWEEN}"),
    };
    match shown {
        Some(shown) => format!("{reason}; it shows {}", describe(shown)),
        None => reason,
    }
}

/// Whose certificate it is and who made it, on one line of bounded length.
pub(crate) fn describe(certificate: &[u8]) -> String {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return String::from("a certificate that cannot be read");
    };
    let whose = format!(
        "subject {:?}, issuer {:?}",
        certificate.subject().to_string(),
        certificate.issuer().to_string()
    );
    text(whose.as_bytes())
}

/// Where a moment, in seconds since 1970, lies to the time in which a certificate is valid: before
/// it, in it, or after it.
pub(crate) fn valid_at(certificate: &[u8], seconds: u64) -> Ordering {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return Ordering::Greater;
    };
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if seconds < validity.not_before.timestamp() {
        Ordering::Less
    } else if seconds > validity.not_after.timestamp() {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}
