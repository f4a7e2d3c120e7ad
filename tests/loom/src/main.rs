// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs every interleaving of each model (`capos-loom [NAME]...`). A model is a function that begins and ends a world of
//! src/shim.rs, and a list of what some execution must have seen: without these witnesses a model may explore next to nothing
//! and pass.
mod locks;
mod shim;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Instant;

struct Model {
    name: &'static str,
    run: fn(),
    preemptions: Option<usize>,
    witnesses: &'static [&'static str],
}

const MODELS: &[Model] = &[
    Model {
        name: "mutex",
        run: locks::mutex,
        preemptions: Some(3),
        witnesses: &["main is first", "main is later", "park: waited", "park: the word had changed", "unpark: woke somebody"],
    },
    Model {
        name: "condition-signal",
        run: locks::condition_signal,
        preemptions: Some(4),
        witnesses: &["not ready yet", "ready before", "park: waited", "park: the word had changed", "unpark: woke somebody"],
    },
    Model {
        name: "condition-broadcast",
        run: locks::condition_broadcast,
        preemptions: Some(4),
        witnesses: &["not ready yet", "ready before", "park: waited", "park: the word had changed", "unpark: woke somebody"],
    },
    Model {
        name: "once",
        run: locks::once,
        preemptions: None,
        witnesses: &["park: waited", "park: the word had changed", "unpark: woke somebody"],
    },
];

static SEEN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// Some execution got here.
pub fn seen(what: &'static str) {
    SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(what);
}

fn check(model: &Model) -> Result<u64, String> {
    static EXECUTIONS: AtomicU64 = AtomicU64::new(0);
    EXECUTIONS.store(0, Ordering::Relaxed);
    SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    let run = model.run;
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = model.preemptions;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        builder.check(move || {
            EXECUTIONS.fetch_add(1, Ordering::Relaxed);
            run();
        })
    }));
    if let Err(why) = outcome {
        let text = why.downcast_ref::<String>().cloned().or(why.downcast_ref::<&str>().map(|text| text.to_string()));
        return Err(text.unwrap_or_default().lines().next().unwrap_or("panic").to_string());
    }
    let seen = SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    match model.witnesses.iter().find(|witness| !seen.contains(*witness)) {
        Some(missing) => Err(format!("no execution saw: {missing}")),
        None => Ok(EXECUTIONS.load(Ordering::Relaxed)),
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut failed = false;
    for model in MODELS.iter().filter(|model| wanted.is_empty() || wanted.iter().any(|name| name == model.name)) {
        let started = Instant::now();
        let result = check(model);
        let seconds = started.elapsed().as_secs_f32();
        match &result {
            Ok(executions) => println!("ok loom:{} {seconds:.2} {executions} executions", model.name),
            Err(why) => println!("not ok loom:{} {seconds:.2} {why}", model.name),
        }
        failed |= result.is_err();
    }
    std::process::exit(i32::from(failed));
}
