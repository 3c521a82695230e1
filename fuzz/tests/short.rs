//! A moment of each target: everything in its corpus, and thousands of texts near it.

use std::fs;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

const ROUNDS: usize = 20_000;

/// Pieces that mean something to one of the parsers.
const PIECES: [&[u8]; 28] = [
    b"__Host-at=",
    b"__Host-rt=",
    b";",
    b"=",
    b"%5F",
    b"%00",
    b"\xc2\xa0",
    b"&",
    b"+",
    b"/",
    b"//",
    b"\\",
    b"..",
    b"~",
    b",",
    b"::1",
    b"10.0.0.2",
    b".",
    b"v1.",
    b"\n",
    b"/admin",
    b"/../",
    b"%2e%2e",
    b"%2f",
    b"%5c",
    b"%25",
    b";",
    b"*",
];

fn mutate(text: &mut Vec<u8>, all: &[Vec<u8>], random: &mut SmallRng) {
    for _ in 0..random.random_range(1..5) {
        let place = random.random_range(0..=text.len());
        match random.random_range(0..6) {
            0 if place < text.len() => drop(text.remove(place)),
            1 if place < text.len() => text[place] = random.random(),
            2 if place < text.len() => text[place] ^= 1 << random.random_range(0..8),
            3 => text.insert(place, random.random()),
            4 => {
                let other = all.choose(random).expect("a corpus");
                let from = random.random_range(0..=other.len());
                text.truncate(place);
                text.extend(&other[from..]);
            }
            _ => drop(text.splice(place..place, PIECES.choose(random).unwrap().iter().copied())),
        }
    }
}

#[test]
fn nothing_from_outside_breaks_a_promise() {
    for (name, target) in doorward_fuzz::TARGETS {
        let folder = format!("{}/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let files = fs::read_dir(&folder).unwrap_or_else(|_| panic!("{folder} is missing"));
        let corpus: Vec<Vec<u8>> =
            files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        corpus.iter().for_each(|text| target(text));
        let seed = rand::random();
        println!("{name}: seed {seed}, {} texts", corpus.len());
        let mut random = SmallRng::seed_from_u64(seed);
        for _ in 0..ROUNDS {
            let mut text = corpus.choose(&mut random).expect("a corpus").clone();
            mutate(&mut text, &corpus, &mut random);
            target(&text);
        }
    }
}
