//! Certificates that an operator names in a request, by where they lie on the server.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fs;
use std::path::Path;

/// Files of a folder that are read.
const FILES_MAX: usize = 1000;

/// The certificates (PEM) of a file and of the files of a folder, DER. Either can be empty.
///
/// # Errors
/// What cannot be read, and why.
pub(crate) fn read(file: &str, folder: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut found = Vec::new();
    if !file.is_empty() {
        found.extend(of_file(Path::new(file))?);
    }
    if !folder.is_empty() {
        let failed = |error: std::io::Error| format!("read {folder}: {error}");
        for entry in fs::read_dir(folder).map_err(failed)?.take(FILES_MAX) {
            let path = entry.map_err(failed)?.path();
            if path.is_file() {
                found.extend(of_file(&path)?);
            }
        }
    }
    match found.is_empty() && !(file.is_empty() && folder.is_empty()) {
        true => Err(format!("there is no certificate in {file}{folder}")),
        false => Ok(found),
    }
}

fn of_file(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let failed = |error: &dyn core::fmt::Display| format!("read {}: {error}", path.display());
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    CertificateDer::pem_slice_iter(&bytes)
        .map(|one| one.map(|der| der.to_vec()).map_err(|error| failed(&error)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_no_certificate_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.pem");
        assert_eq!(read("", ""), Ok(Vec::new()));
        assert!(
            read(file.to_str().unwrap(), "")
                .unwrap_err()
                .contains("a.pem")
        );
        std::fs::write(&file, "nothing").unwrap();
        let nothing = read("", folder.path().to_str().unwrap()).unwrap_err();
        assert!(nothing.starts_with("there is no certificate"), "{nothing}");
    }
}
