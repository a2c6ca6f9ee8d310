//! The file in which `login` keeps the token.

use crate::error::Stop;
use base::Secret;
use std::io::Write;
use std::path::{Path, PathBuf};

const OURS: &str = ".casemate-token";
/// Where the clients of Vault and OpenBao keep theirs; read when ours is missing.
const THEIRS: &str = ".vault-token";

/// The token file of a user.
#[derive(Debug)]
pub(crate) struct TokenFile {
    home: Option<PathBuf>,
}

impl TokenFile {
    pub(crate) const fn new(home: Option<PathBuf>) -> Self {
        Self { home }
    }

    /// The token that was kept, if any.
    pub(crate) fn load(&self) -> Option<Secret<String>> {
        let home = self.home.as_deref()?;
        [OURS, THEIRS].iter().find_map(|name| {
            let mut text = std::fs::read_to_string(home.join(name)).ok()?;
            text.truncate(text.trim_end().len());
            (!text.is_empty()).then(|| Secret::new(text))
        })
    }

    /// Keeps a token. The file is never readable by others, not even while it is written.
    pub(crate) fn store(&self, token: &Secret<String>) -> Result<(), Stop> {
        let home = self
            .home
            .as_deref()
            .ok_or_else(|| Stop::local("Error storing token: HOME is not set"))?;
        write(home, token.expose())
            .map_err(|error| Stop::local(format!("Error storing token: {error}")))
    }
}

fn write(home: &Path, token: &str) -> std::io::Result<()> {
    // A new file takes the old one's place, so that the old one's rights and links do not matter.
    let fresh = home.join(format!("{OURS}.{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&fresh)
        .and_then(|mut file| {
            file.write_all(token.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&fresh, home.join(OURS)));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_for_the_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let file = TokenFile::new(Some(home.path().to_owned()));
        assert!(file.load().is_none());
        std::fs::write(home.path().join(THEIRS), "old\n").unwrap();
        assert_eq!(file.load().unwrap().expose(), "old");
        file.store(&Secret::new("first".to_owned())).unwrap();
        file.store(&Secret::new("second".to_owned())).unwrap();
        assert_eq!(file.load().unwrap().expose(), "second");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = home
                .path()
                .join(OURS)
                .metadata()
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
    }
}
