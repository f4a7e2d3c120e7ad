// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Differential test of our C against the published crates: differential-upstream SUBJECT INPUTS SEED [VARIANT.so]
// Exit 0 and one line of figures, or exit 1 and the first difference. `--archive` prints where the compiled C is.
mod caps;
mod elf;
mod frames;
mod line;
mod manifest;
mod manifest_make;
mod ours;
mod phc;
mod rng;
mod rules;
mod sqe;
mod telnet;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["--archive"] {
        println!("{}", env!("OURS_ARCHIVE"));
        return ExitCode::SUCCESS;
    }
    let [subject, inputs, seed, variant @ ..] = arguments.as_slice() else {
        eprintln!("usage: differential-upstream SUBJECT INPUTS SEED [VARIANT.so]");
        return ExitCode::from(2);
    };
    let run = match subject.as_str() {
        "sqe" => sqe::run,
        "elf" => elf::run,
        "frames" => frames::run,
        "caps" => caps::run,
        "line" => line::run,
        "phc" => phc::run,
        "rules" => rules::run,
        "telnet" => telnet::run,
        "manifest" => manifest::run,
        _ => panic!("no subject {subject}"),
    };
    let mut rng = rng::Rng(seed.parse().expect("a seed"));
    match run(ours::table(variant.first().map(String::as_str)), &mut rng, inputs.parse().expect("a number of inputs")) {
        Ok(figures) => {
            println!("{inputs} inputs, seed {seed}: {figures}");
            ExitCode::SUCCESS
        }
        Err(difference) => {
            println!("differs: {difference}");
            ExitCode::from(1)
        }
    }
}
