//! What the fuzz targets have found, and what once broke a law, is held against the laws again: every file in `fuzz/corpus`. So are
//! some bytes at random, the same in every run; `FUZZ_INPUTS` is their number for each target.

use std::path::{Path, PathBuf};
use std::{env, fs};

use fuzz_laws::{Hold, TARGETS};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let trials = TARGETS.into_iter().flat_map(|(name, hold)| {
        [
            Trial::test(format!("corpus::{name}"), move || replay(name, hold)),
            Trial::test(format!("random::{name}"), move || at_random(hold)),
        ]
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn replay(name: &str, hold: Hold) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    if files.is_empty() {
        return Err(format!("{} is empty", folder.display()).into());
    }
    for file in files {
        hold(&fs::read(&file)?).map_err(|error| format!("{}: {error:#}", file.display()))?;
    }
    Ok(())
}

fn at_random(hold: Hold) -> Result<(), Failed> {
    let inputs = env::var("FUZZ_INPUTS").ok().map_or(Ok(40), |inputs| inputs.parse())?;
    // xorshift
    let mut state: u64 = 0x5eed_0f5c_2197;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..inputs {
        let length = usize::try_from(next() % 400)?;
        let bytes: Vec<u8> = (0..length).map(|_| next().to_le_bytes()[4]).collect();
        hold(&bytes).map_err(|error| format!("{error:#}\nfrom {bytes:?}"))?;
    }
    Ok(())
}
