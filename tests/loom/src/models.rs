// SPDX-License-Identifier: MIT OR Apache-2.0
// The models: included by lib.rs. The bodies in C are in tests/loom/c.

macro_rules! act {
    ($name:ident) => {{
        extern "C-unwind" {
            fn $name();
        }
        $name as Act
    }};
}

macro_rules! parts {
    ($before:ident, [$($thread:ident),*], $after:ident) => {{
        Body::Parts { before: act!($before), threads: &[$(act!($thread)),*], after: act!($after) }
    }};
}

const PARK_OUTCOMES: &[&str] = &["park: waited", "park: the word had changed", "unpark: woke somebody"];

static MODELS: &[Model] = &[
    // ---- the locks of libcapos -------------------------------------------------------------
    Model {
        name: "mutex",
        body: Body::Whole(locks::mutex),
        preemptions: Some(3),
        twice: false,
        long: Long::Deeper,
        witnesses: &["main is first", "main is later", "park: waited", "park: the word had changed", "unpark: woke somebody"],
    },
    Model {
        name: "condition-signal",
        body: Body::Whole(locks::condition_signal),
        preemptions: Some(4),
        twice: false,
        long: Long::Deeper,
        witnesses: &["not ready yet", "ready before", "park: waited", "park: the word had changed", "unpark: woke somebody"],
    },
    Model {
        name: "condition-broadcast",
        body: Body::Whole(locks::condition_broadcast),
        preemptions: Some(4),
        twice: false,
        long: Long::Deeper,
        witnesses: &["not ready yet", "ready before", "park: waited", "park: the word had changed", "unpark: woke somebody"],
    },
    Model { name: "once", body: Body::Whole(locks::once), preemptions: None, twice: false, long: Long::Deeper, witnesses: PARK_OUTCOMES },
    // ---- the ring --------------------------------------------------------------------------
    Model {
        name: "sq",
        body: parts!(sq_before, [sq_submit, sq_drain], sq_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &["drained 0", "drained 1", "drained 2", "one at a time"],
    },
    Model {
        name: "sq-full",
        body: parts!(sq_full_before, [sq_full_submit, sq_full_drain], sq_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &["submit: full", "submit: queued", "submit: reused two"],
    },
    Model {
        name: "sq-discard",
        body: parts!(sq_discard_before, [sq_discard_submit, sq_discard_drain], sq_discard_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &["discard: the client saw it", "discard: all went", "discard: an entry before it", "discard: nothing"],
    },
    Model {
        name: "cq",
        body: parts!(cq_before, [cq_reap, cq_post], cq_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &["reap: nothing", "reap: there", "reap: kept the earlier one"],
    },
    Model {
        name: "cq-full",
        body: parts!(cq_full_before, [cq_full_reap, cq_full_post], cq_full_after),
        preemptions: Some(2),
        twice: true,
        long: Long::Deeper,
        witnesses: &["post: posted", "post: parked", "post: parked behind parked", "flush: posted", "flush: no room", "all at once"],
    },
    Model {
        name: "wakeup",
        body: parts!(wakeup_before, [wakeup_submit, wakeup_poll], wakeup_after),
        preemptions: Some(3),
        twice: true,
        long: Long::Deeper,
        witnesses: &["poller: slept", "poller: stayed awake", "producer: woke it", "producer: need not", "producer: nobody slept"],
    },
    // ---- the kernel lock, and what lies under it ---------------------------------------------
    Model {
        name: "lock",
        body: parts!(lock_before, [lock_count, lock_count, lock_count], lock_after),
        preemptions: Some(1),
        twice: false,
        long: Long::Same,
        witnesses: &["lock: at once", "lock: waited", "lock: out of patience"],
    },
    Model {
        name: "lock-again",
        body: parts!(lock_before, [lock_count_twice, lock_count], lock_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &["lock: at once", "lock: waited"],
    },
    Model {
        name: "flush",
        body: parts!(flush_before, [flush_unmap, flush_other], flush_after),
        preemptions: Some(3),
        twice: true,
        long: Long::Deeper,
        witnesses: &[
            "user: page is there",
            "user: page is gone",
            "flush: served while waiting for the lock",
            "flush: served by the interrupt",
        ],
    },
    Model {
        name: "flush-three",
        body: parts!(flush_three_before, [flush_unmap, flush_user, flush_user], flush_after),
        preemptions: Some(1),
        twice: false,
        long: Long::Only,
        witnesses: &["user: page is there", "user: page is gone", "flush: served by the interrupt"],
    },
    Model {
        name: "ref",
        body: parts!(ref_before, [ref_drop, ref_drop], ref_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &["ref: first thread destroys", "ref: other thread destroys"],
    },
    Model {
        name: "ref-hold",
        body: parts!(ref_before, [ref_drop, ref_hold_and_drop], ref_after),
        preemptions: Some(3),
        twice: true,
        long: Long::Deeper,
        witnesses: &["ref: first thread destroys", "ref: other thread destroys", "ref: not the last"],
    },
    // ---- PARK and UNPARK -----------------------------------------------------------------------
    Model {
        name: "park",
        body: parts!(park_before, [park_wait_for_word, park_change_word], park_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &[
            "park: woken",
            "park: the word had changed",
            "unpark: woke one",
            "unpark: nobody waited",
            "kernel: thread blocks",
            "kernel: woke a blocked thread",
        ],
    },
    Model {
        name: "park-full",
        body: parts!(park_full_before, [park_full_wait, park_change_word], park_after),
        preemptions: Some(2),
        twice: true,
        long: Long::Deeper,
        witnesses: &[
            "park: woken",
            "park: the word had changed",
            "park: its completion was parked",
            "kernel: thread blocks",
            "kernel: woke a blocked thread",
        ],
    },
    Model {
        name: "park-mutex",
        body: parts!(park_mutex_before, [park_mutex_count, park_mutex_count], park_mutex_after),
        preemptions: None,
        twice: true,
        long: Long::Deeper,
        witnesses: &["kernel: thread blocks", "kernel: woke a blocked thread"],
    },
    Model {
        name: "park-two",
        body: parts!(park_before, [park_wait_for_word, park_wait_for_word, park_change_for_two], park_after),
        preemptions: Some(2),
        twice: true,
        long: Long::Deeper,
        witnesses: &["park: woken", "park: the word had changed", "unpark: woke two", "unpark: woke one", "unpark: nobody waited"],
    },
    Model {
        name: "idle",
        body: parts!(idle_before, [idle_answer, idle_ask], idle_after),
        preemptions: Some(3),
        twice: true,
        long: Long::Deeper,
        witnesses: &[
            "park: woken",
            "park: the word had changed",
            "cpu: a kick brought a thread",
            "cpu: another took the thread before the kick",
            "cpu: left one thread for another",
        ],
    },
    // ---- what is reported ------------------------------------------------------------------------
    Model {
        name: "diag",
        body: parts!(diag_before, [diag_one, diag_two], diag_after),
        preemptions: None,
        twice: true,
        long: Long::Same,
        witnesses: &["diag: counted", "diag: printed", "diag: busy at the tick"],
    },
];
