//! Every check with some hundreds of inputs: bytes at random, and lines of the seeds with something missing, doubled or
//! strange in them.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing where something must be fails right there")]

use std::fs;

use insession_checks::{cursors, documents, ids, recurrence, sockets, values};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

/// What `seeds` has of that name.
fn seeds(of: &str) -> Vec<Vec<u8>> {
    let folder = fs::read_dir(format!("{}/seeds/{of}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut seeds: Vec<_> = folder.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    seeds.sort_unstable();
    seeds
}

const STRANGE: [&[u8]; 12] =
    [b"", b"\"", b"{", b"}", b"[[", b"\n", b"\xff", b"-1", b"99999999999999999999", b"...", "é".as_bytes(), b"\0"];

/// Up to `most` lines, with some edits: from a place on, so many bytes are replaced.
fn inputs(of: &str, most: usize) -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds(of);
    let lines: Vec<Vec<u8>> =
        seeds.iter().flat_map(|seed| seed.split(|byte| *byte == b'\n')).map(<[u8]>::to_vec).collect();
    let edits = vec((any::<Index>(), 0..9_usize, select(STRANGE.to_vec())), 0..4);
    let edited = (vec(select(lines), 1..=most), edits).prop_map(|(lines, edits)| {
        let mut input = lines.join(&b'\n');
        for (at, length, strange) in edits {
            let at = at.index(input.len() + 1);
            let end = (at + length).min(input.len());
            input.splice(at..end, strange.iter().copied());
        }
        input
    });
    prop_oneof![3 => edited, 1 => vec(any::<u8>(), 0..300)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn ids_have_one_text(input in inputs("ids", 1)) {
        ids::check(&input);
    }

    #[test]
    fn cursors_are_not_made_up(input in inputs("cursors", 1)) {
        cursors::check(&input);
    }

    #[test]
    fn values_are_printed_as_they_are_taken(input in inputs("values", 1)) {
        values::check(&input);
    }

    #[test]
    fn recurrences_meet_as_they_say(input in inputs("recurrence", 1)) {
        recurrence::check(&input);
    }

    #[test]
    fn documents_come_to_an_end(input in inputs("documents", 2)) {
        documents::check(&input);
    }

    #[test]
    fn sockets_keep_to_the_protocol(input in inputs("sockets", 12)) {
        sockets::check(&input);
    }
}

#[test]
fn the_seeds_hold() {
    check_seeds("ids", ids::check);
    check_seeds("cursors", cursors::check);
    check_seeds("values", values::check);
    check_seeds("recurrence", recurrence::check);
    check_seeds("documents", documents::check);
    check_seeds("sockets", sockets::check);
}

fn check_seeds(of: &str, check: fn(&[u8])) {
    for seed in seeds(of) {
        check(&seed);
    }
}
