//! Cursors: signed positions in the change log.

use domain::news::Position;
use service::log::cursor::InstallationKey;

/// A cursor can be read with the key that signed it, and with no other. Nothing but a signed cursor can be read.
///
/// # Panics
/// When a check fails.
pub fn check(bytes: &[u8]) {
    let (number, rest) =
        bytes.split_first_chunk().map_or((0, bytes), |(number, rest)| (i64::from_le_bytes(*number), rest));
    let (key, other) = (InstallationKey::from(b"the key".to_vec()), InstallationKey::from(b"another".to_vec()));
    let position = Position(number);
    let cursor = key.write(position);
    assert_eq!(key.read(&cursor).ok(), Some(position));
    assert!(other.read(&cursor).is_err(), "{cursor} is read with another key");
    for length in 0..cursor.len() {
        assert!(key.read(&cursor[..length]).is_err(), "the first {length} characters of {cursor} are read");
    }

    // A cursor with one changed byte, and the input itself.
    let [index, byte, ..] = *rest else { return };
    let mut changed = cursor.clone().into_bytes();
    let index = usize::from(index) % changed.len();
    changed[index] = byte;
    for text in [&changed, rest, bytes] {
        let text = String::from_utf8_lossy(text);
        if let Ok(position) = key.read(&text) {
            assert_eq!(key.write(position), text, "a cursor has exactly one text");
        }
    }
}
