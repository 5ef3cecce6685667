//! What a path may not lead to: something that is no file, or a file that is mounted without the
//! folder around it.

use std::fs;
use std::path::Path;

/// Why nothing can be stored there, if that is known before it is opened.
pub(super) fn unusable(file: &Path) -> Option<String> {
    let found = fs::metadata(file).ok()?;
    if found.is_dir() {
        // SQLite says so itself.
        return None;
    }
    if !found.is_file() {
        return Some("which is a device, a pipe or a socket: name a file".into());
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let real = fs::canonicalize(file).ok()?;
    is_mounted_alone(&mounts, real.to_str()?).then(|| {
        let folder = real.parent().unwrap_or(&real);
        format!(
            "which is mounted alone, as by `docker -v ./app.db:{}`: the latest commits are in `-wal` beside it, which would \
             be lost with the container. Mount the folder `{}`, not the file",
            real.display(),
            folder.display()
        )
    })
}

/// Why a file is not opened that has several names; each has a write-ahead log of its own.
#[cfg(unix)]
pub(super) fn linked(file: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let found = fs::metadata(file).ok()?;
    let names = found.nlink();
    // Each folder in a folder is another name of it.
    (found.is_file() && names > 1).then(|| {
        format!(
            "which has {names} names (hard links): what a process commits by one of them is in `-wal` beside it, and lost to \
             whoever opens the other. Find them with `find / -xdev -samefile {}`, delete all but one while nothing has \
             the file open, or make the others symbolic links",
            file.display()
        )
    })
}

#[cfg(not(unix))]
pub(super) fn linked(_: &Path) -> Option<String> {
    None
}

/// Whether something is mounted at just this path, by the text of `/proc/self/mountinfo`.
fn is_mounted_alone(mounts: &str, path: &str) -> bool {
    // ID, parent, device, root, mount point, ..
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .any(|point| point == path || unescaped(point) == path)
}

/// Space, tab, line break and backslash are written in octal digits there.
fn unescaped(point: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(point.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::is_mounted_alone;

    #[test]
    fn a_mount_point_is_found() {
        let mounts = "\
            21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            90 21 8:1 /srv/app.db /app/app.db rw,relatime - ext4 /dev/sda1 rw\n\
            91 21 8:1 /srv /data\\040here rw,relatime - ext4 /dev/sda1 rw\n\
            92 21 8:1 /srv/b /data\\040here/a\\134b.db rw,relatime - ext4 /dev/sda1 rw\n";
        for (path, alone) in [
            ("/app/app.db", true),
            ("/app/other.db", false),
            ("/app/app.db-wal", false),
            ("/data here/app.db", false),
            ("/data here/a\\b.db", true),
            ("/srv/app.db", false),
        ] {
            assert_eq!(is_mounted_alone(mounts, path), alone, "{path}");
        }
    }
}
