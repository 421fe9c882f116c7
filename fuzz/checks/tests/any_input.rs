//! Each check with some hundreds of inputs: random bytes, and lines of the seeds with parts removed or replaced.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs;

use insession_checks::{cursors, documents, ids, recurrence, sockets, values};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

/// The seeds of this name.
fn seeds(of: &str) -> Vec<Vec<u8>> {
    let folder = fs::read_dir(format!("{}/seeds/{of}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut seeds: Vec<_> = folder.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    seeds.sort_unstable();
    seeds
}

const REPLACEMENTS: [&[u8]; 12] =
    [b"", b"\"", b"{", b"}", b"[[", b"\n", b"\xff", b"-1", b"99999999999999999999", b"...", "é".as_bytes(), b"\0"];

/// Up to `most` lines of the seeds, with some edits, each of which replaces a few bytes.
fn inputs(of: &str, most: usize) -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds(of);
    let lines: Vec<Vec<u8>> =
        seeds.iter().flat_map(|seed| seed.split(|byte| *byte == b'\n')).map(<[u8]>::to_vec).collect();
    let edits = vec((any::<Index>(), 0..9_usize, select(REPLACEMENTS.to_vec())), 0..4);
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
    fn an_id_has_exactly_one_text(input in inputs("ids", 1)) {
        ids::check(&input);
    }

    #[test]
    fn only_signed_cursors_are_read(input in inputs("cursors", 1)) {
        cursors::check(&input);
    }

    #[test]
    fn printed_values_are_accepted_again(input in inputs("values", 1)) {
        values::check(&input);
    }

    #[test]
    fn recurrences_keep_their_rules(input in inputs("recurrence", 1)) {
        recurrence::check(&input);
    }

    #[test]
    fn accepted_documents_end_without_an_internal_error(input in inputs("documents", 2)) {
        documents::check(&input);
    }

    #[test]
    fn sockets_follow_the_protocol(input in inputs("sockets", 12)) {
        sockets::check(&input);
    }
}

#[test]
fn all_seeds_pass() {
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
