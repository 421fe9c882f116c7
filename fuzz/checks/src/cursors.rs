//! Cursors: positions that are signed.

use domain::news::Position;
use service::cursor::CursorKey;

/// A cursor that was written is read with the key that it was written with, and as nothing else; nothing else is read.
///
/// # Panics
/// When that doesn't hold.
pub fn check(bytes: &[u8]) {
    let (number, rest) =
        bytes.split_first_chunk().map_or((0, bytes), |(number, rest)| (i64::from_le_bytes(*number), rest));
    let (key, other) = (CursorKey::from(b"the key".to_vec()), CursorKey::from(b"another".to_vec()));
    let position = Position(number);
    let cursor = key.write(position);
    assert_eq!(key.read(&cursor).ok(), Some(position));
    assert!(other.read(&cursor).is_err(), "{cursor} is read with another key");
    for length in 0..cursor.len() {
        assert!(key.read(&cursor[..length]).is_err(), "{cursor} is read though only {length} characters are there");
    }

    // Changed at one place, and whatever it is that was sent.
    let [index, byte, ..] = *rest else { return };
    let mut changed = cursor.clone().into_bytes();
    let index = usize::from(index) % changed.len();
    changed[index] = byte;
    for text in [&changed, rest, bytes] {
        let text = String::from_utf8_lossy(text);
        if let Ok(position) = key.read(&text) {
            assert_eq!(key.write(position), text, "a cursor has one text");
        }
    }
}
