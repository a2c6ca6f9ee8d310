//! A certificate for development mode, made for the occasion.

use crate::files::write_private;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The files of a certificate that was made.
#[derive(Clone, Debug)]
pub(crate) struct MadeCertificate {
    /// The authority that clients are to trust.
    pub(crate) authority: PathBuf,
    /// The server's certificate.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
}

/// Why no certificate was made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It could not be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    /// It could not be written.
    #[error("cannot write {0}")]
    Write(PathBuf, #[source] io::Error),
}

/// Makes an authority and a certificate for `localhost` and `address`, and writes both to `folder`
/// as `casemate-ca.pem`, `casemate-cert.pem` and `casemate-key.pem`.
///
/// # Errors
/// [`CertificateError`] as its variants say.
pub(crate) fn make_certificate(
    folder: &Path,
    address: IpAddr,
) -> Result<MadeCertificate, CertificateError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let name = "Casemate development authority";
    params.distinguished_name.push(DnType::CommonName, name);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let mut names = vec![
        String::from("localhost"),
        String::from("127.0.0.1"),
        String::from("::1"),
    ];
    if !address.is_loopback() && !address.is_unspecified() {
        names.push(address.to_string());
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    let certificate = params.signed_by(&key, &authority)?;
    let made = MadeCertificate {
        authority: folder.join("casemate-ca.pem"),
        certificate: folder.join("casemate-cert.pem"),
        key: folder.join("casemate-key.pem"),
    };
    fs::create_dir_all(folder)
        .map_err(|error| CertificateError::Write(folder.to_owned(), error))?;
    for (file, text) in [
        (&made.authority, authority.pem()),
        (&made.certificate, certificate.pem()),
        (&made.key, key.serialize_pem()),
    ] {
        write_private(file, text.as_bytes())
            .map_err(|error| CertificateError::Write(file.clone(), error))?;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_what_a_listener_can_use() {
        let folder = tempfile::tempdir().unwrap();
        let made = make_certificate(folder.path(), [192, 0, 2, 1].into()).unwrap();
        let tls = api::Tls::load(api::TlsFiles {
            certificate: made.certificate,
            key: made.key.clone(),
            client_certificates: api::ClientCertificates::Any,
            version_min: api::TlsVersion::Tls12,
            version_max: api::TlsVersion::Tls13,
        });
        assert!(tls.is_ok(), "{:?}", tls.err());
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(made.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
