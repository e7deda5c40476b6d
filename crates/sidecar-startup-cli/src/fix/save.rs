//! Replaces a file as a whole.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces the text of a file. Whoever reads it meanwhile, or after a crash, finds the old text or the new one, and nothing between.
/// The permissions stay, and a symbolic link keeps pointing to the same file.
///
/// # Errors
/// The file is read-only, or the folder cannot be written to.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".sidecar-startup-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}
