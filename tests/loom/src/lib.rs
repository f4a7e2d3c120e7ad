// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs every interleaving of each model (`models [--more N] [--ordinary] [NAME]...`). A model is what its threads do, and a list
//! of what some execution must have seen: without these witnesses a model may explore next to nothing and pass.
//!
//! Loom forgets that a thread loaded a word when another thread loads and then stores it, and then leaves interleavings out.
//! A model marked `twice` therefore runs again with such loads made read-modify-writes of zero, which hide nothing: an outcome
//! that only the second run finds fails it.
mod locks;
mod shim;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Instant;

type Act = unsafe extern "C-unwind" fn();

enum Body {
    /// The whole execution.
    Whole(fn()),
    /// What comes before the threads, the threads (Loom's first one is the first), what comes after them.
    Parts { before: Act, threads: &'static [Act], after: Act },
}

/// What --more does with a model.
#[derive(PartialEq)]
enum Long {
    /// It explores more preemptions.
    Deeper,
    /// Nothing: all is explored already, or threads that wait for each other could do so for ever.
    Same,
    /// It runs only then, and when it is named.
    Only,
}

struct Model {
    name: &'static str,
    body: Body,
    preemptions: Option<usize>,
    twice: bool,
    long: Long,
    witnesses: &'static [&'static str],
}

include!("models.rs");

static SEEN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
static OUTCOMES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Some execution got here.
pub fn seen(what: &'static str) {
    SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(what);
}

fn execute(body: &'static Body) {
    let (before, threads, after) = match body {
        Body::Whole(run) => return run(),
        Body::Parts { before, threads, after } => (before, threads, after),
    };
    shim::begin();
    unsafe { before() };
    shim::arm(true);
    let others: Vec<_> = (1..threads.len())
        .map(|index| {
            loom::thread::spawn(move || {
                shim::enlist(index);
                unsafe { threads[index]() };
            })
        })
        .collect();
    unsafe { threads[0]() };
    others.into_iter().for_each(|other| other.join().unwrap());
    shim::arm(false);
    unsafe { after() };
    let outcome = shim::end();
    OUTCOMES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(outcome);
}

struct Explored {
    executions: u64,
    outcomes: BTreeSet<String>,
}

fn explore(model: &'static Model, preemptions: Option<usize>, rmw: bool) -> Result<Explored, String> {
    static EXECUTIONS: AtomicU64 = AtomicU64::new(0);
    EXECUTIONS.store(0, Ordering::Relaxed);
    SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    OUTCOMES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    shim::AS_RMW.store(rmw, Ordering::Relaxed);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.max_branches = 4_000; // its clocks have 16 bits
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        builder.check(move || {
            EXECUTIONS.fetch_add(1, Ordering::Relaxed);
            execute(&model.body);
        })
    }));
    if let Err(why) = outcome {
        shim::abandon();
        let text = why.downcast_ref::<String>().cloned().or(why.downcast_ref::<&str>().map(|text| text.to_string()));
        let text = text.unwrap_or_default();
        let as_rmw = if rmw { " (loads as read-modify-writes)" } else { "" };
        let number = EXECUTIONS.load(Ordering::Relaxed);
        let mut what = text.lines().next().unwrap_or("panic").to_string();
        if what.contains("read and write accesses") || what.contains("write accesses to") {
            what = format!("data race on {}", shim::last_touched());
        }
        return Err(format!("{what} in execution {number}{as_rmw}"));
    }
    let outcomes = std::mem::take(&mut *OUTCOMES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    let seen = SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    match model.witnesses.iter().find(|witness| !seen.contains(*witness)) {
        Some(missing) => {
            let number = EXECUTIONS.load(Ordering::Relaxed);
            Err(format!("no execution saw: {missing}; {number} executions, {} outcomes", outcomes.len()))
        }
        None => Ok(Explored { executions: EXECUTIONS.load(Ordering::Relaxed), outcomes }),
    }
}

fn check(model: &'static Model, preemptions: Option<usize>) -> Result<String, String> {
    let first = explore(model, preemptions, false)?;
    let mut figures = format!("{} executions, {} witnesses", first.executions, model.witnesses.len());
    if matches!(model.body, Body::Parts { .. }) {
        figures += &format!(", {} outcomes", first.outcomes.len());
    }
    if model.twice && !shim::ORDINARY.load(Ordering::Relaxed) {
        let second = explore(model, Some(preemptions.unwrap_or(3)), true)?;
        if let Some(hidden) = second.outcomes.difference(&first.outcomes).next() {
            return Err(format!("an outcome that its loads hide: {hidden}"));
        }
        figures += &format!("; own loads as read-modify-writes: {} executions, {} outcomes", second.executions, second.outcomes.len());
    }
    if let Some(bound) = preemptions {
        figures += &format!("; at most {bound} preemptions");
    }
    Ok(figures)
}

#[no_mangle]
pub extern "C" fn main() -> i32 {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut more = 0;
    if wanted.first().is_some_and(|first| first == "--more") {
        more = wanted[1].parse().expect("--more N");
        wanted.drain(..2);
    }
    if wanted.first().is_some_and(|first| first == "--ordinary") {
        shim::ORDINARY.store(true, Ordering::Relaxed);
        wanted.remove(0);
    }
    let mut failed = false;
    for model in MODELS.iter().filter(|model| match wanted.is_empty() {
        true => more > 0 || model.long != Long::Only,
        false => wanted.iter().any(|name| name == model.name),
    }) {
        let started = Instant::now();
        let result = check(model, model.preemptions.map(|bound| bound + if model.long == Long::Deeper { more } else { 0 }));
        let seconds = started.elapsed().as_secs_f32();
        match &result {
            Ok(figures) => println!("ok loom:{} {seconds:.2} {figures}", model.name),
            Err(why) => println!("not ok loom:{} {seconds:.2} {why}", model.name),
        }
        failed |= result.is_err();
    }
    i32::from(failed)
}
