// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Capability tables: sequences of operations on two tables that hand capabilities to each other. Compared after every
// operation: error or success, ids, objects, holds, epochs, what the ledgers count; now and then the list of live
// capabilities, at the end the order of release hooks.
use crate::{ours::{Hold, Ours, Seen, World}, rng::Rng};
use capos_lib::cap_table::*;
use std::{pin::Pin, sync::{Arc, Mutex, atomic::{AtomicBool, Ordering}}};

const OBJECTS: u64 = 24;
const PLACES: u64 = 8;
const FIRST_INTERFACE: u64 = 100;
const RESOURCES: [u32; 5] = [0, 1, 2, 3, 4];

static HOOKS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

struct Object {
    index: u32,
    pages: usize,
    live: AtomicBool,
}

impl CapObject for Object {
    fn interface_id(&self) -> u64 {
        FIRST_INTERFACE + u64::from(self.index)
    }
    fn label(&self) -> &str {
        if self.index % 5 == 2 { "nic" } else { "object" }
    }
    fn validate_live(&self) -> Result<(), CapError> {
        match self.live.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(CapError::InvokeError(capnp::Error::disconnected("dead".into()))),
        }
    }
    fn on_release(&self, _: CapReleaseReason) {
        HOOKS.lock().unwrap().push(self.index);
    }
    fn call(&self, _: u16, _: &[u8], _: &mut [u8], _: &mut dyn ReplyScratch) -> capnp::Result<CapInvokeResult> {
        Err(capnp::Error::unimplemented("not called here".into()))
    }
    fn frame_grant_pages(&self) -> usize {
        self.pages
    }
}

/// The numbers of core/cap/errors.h.
fn code(error: CapError) -> u32 {
    match error {
        CapError::NotFound => 1,
        CapError::StaleGeneration => 2,
        CapError::Revoked => 3,
        CapError::InvokeError(_) => 4,
        CapError::TableFull => 5,
        CapError::TransferNotAllowed => 6,
        CapError::TransferPending => 7,
        CapError::InvalidTransferOrigin => 8,
        CapError::InvalidTransferToken => 9,
        CapError::ResourceExhausted("cap slots") => 14,
        CapError::ResourceExhausted("outstanding calls") => 15,
        CapError::ResourceExhausted("frame grant pages") => 17,
        CapError::ResourceExhausted("virtual reservation pages") => 18,
        CapError::ResourceExhausted(_) => 99,
    }
}

/// What one side says: an error or 0, and what it showed.
type Said = (u32, Seen);

fn index_of(object: &dyn CapObject) -> u32 {
    (object.interface_id() - FIRST_INTERFACE) as u32
}

fn hold_of(hold: CapHold, object: u32) -> Hold {
    Hold {
        object_id: u64::from(object) + 1,
        object_epoch: hold.object_epoch,
        interface_id: hold.interface_id,
        badge: hold.badge,
        disclosure_scope: hold.disclosure_scope,
        transfer_mode: hold.transfer_mode as u16,
        transfer_scope: hold.transfer_scope as u8,
        origin: hold.origin as u8,
    }
}

fn said_id(result: Result<u32, CapError>) -> Said {
    result.map_or_else(|error| (code(error), Seen::default()), |id| (0, Seen { id, ..Seen::default() }))
}

fn said_nothing<T>(result: Result<T, CapError>) -> Said {
    said_id(result.map(|_| 0))
}

fn said_object(result: Result<Arc<dyn CapObject>, CapError>) -> Said {
    result.map_or_else(
        |error| (code(error), Seen::default()),
        |object| (0, Seen { object: index_of(object.as_ref()), ..Seen::default() }),
    )
}

/// Removal and rollback give the object back; theirs says nothing about the hold.
fn without_hold((error, seen): Said) -> Said {
    (error, Seen { object: seen.object, ..Seen::default() })
}

struct Pair<'a> {
    ours: &'a Ours,
    mine: World,
    objects: Vec<Arc<Object>>,
    tables: [Pin<Box<CapTable>>; 2],
    prepared: [Option<PreparedCapTransfer>; PLACES as usize],
    tokens: [Option<ProvisionalCap>; PLACES as usize],
    ids: [Vec<u32>; 2],
    /// Most ids are among the last so many: one slot used again and again, or many.
    recent: usize,
    /// How often which error came, for the figures.
    errors: [u64; 100],
}

impl Pair<'_> {
    fn table(&mut self, at: u32) -> &mut CapTable {
        unsafe { self.tables[at as usize].as_mut().get_unchecked_mut() }
    }

    fn ours_said(&self, call: impl FnOnce(*mut Seen) -> u32) -> Said {
        let mut seen = Seen::default();
        let error = call(&mut seen);
        (error, if error == 0 { seen } else { Seen::default() })
    }

    /// An id that was given out, the next or the last one of its slot, or any.
    fn id(&self, rng: &mut Rng, at: u32) -> u32 {
        let given = &self.ids[at as usize];
        if given.is_empty() || rng.one_in(40) {
            return if rng.one_in(2) { rng.next() as u32 } else { rng.below(300) as u32 };
        }
        let recent = given.len().saturating_sub(if rng.one_in(4) { given.len() } else { self.recent });
        let id = given[recent + rng.below((given.len() - recent) as u64) as usize];
        match rng.below(16) {
            0 => id.wrapping_add(1 << 24),
            1 => id.wrapping_sub(1 << 24),
            2 => id.wrapping_add(1),
            _ => id,
        }
    }

    fn insert(&mut self, rng: &mut Rng, at: u32) -> (Said, Said) {
        let object = rng.below(OBJECTS) as u32;
        let mode = rng.below(3);
        let scope = rng.below(3);
        let hold = CapHold {
            badge: rng.edge(),
            disclosure_scope: rng.below(8),
            transfer_mode: [CapTransferMode::NonTransferable, CapTransferMode::Copy, CapTransferMode::Move][mode as usize],
            transfer_scope: [
                CapTransferScope::SameSession, CapTransferScope::CrossSessionShareable, CapTransferScope::ServiceRegrantOnly,
            ][scope as usize],
            ..CapHold::kernel_cap(rng.next())
        };
        let (mine, same) = (self.mine, hold_of(hold, 0));
        let left = self.ours_said(|seen| unsafe { (self.ours.insert)(mine, at, object, &same, seen) });
        let arc = self.objects[object as usize].clone();
        (left, said_id(self.table(at).insert_with_hold(arc, hold)))
    }

    fn lookup(&mut self, id: u32, at: u32) -> (Said, Said) {
        let left = self.ours_said(|seen| unsafe { (self.ours.lookup)(self.mine, at, id, seen) });
        let table = self.table(at);
        let right = match table.get(id) {
            Err(error) => (code(error), Seen::default()),
            Ok(object) => {
                let object = index_of(object);
                (0, Seen { id, object, hold: hold_of(table.cap_hold(id).unwrap(), object) })
            }
        };
        (left, right)
    }

    fn prepare(&mut self, rng: &mut Rng, id: u32, at: u32, place: usize) -> (Said, Said) {
        let kind = rng.below(5) as u32;
        unsafe { (self.ours.drop)(self.mine, place as u32) };
        self.prepared[place] = None;
        let left = self.ours_said(|_| unsafe { (self.ours.prepare)(self.mine, at, id, kind, place as u32) });
        let table = self.table(at);
        let result = match kind {
            0 => table.prepare_copy_transfer(id, CapHoldOrigin::IpcTransfer),
            1 => table.prepare_move_transfer(id, CapHoldOrigin::IpcTransfer),
            2 => table.prepare_spawn_grant(id),
            3 => table.prepare_raw_spawn_grant(id),
            _ => table.prepare_move_spawn_grant(id),
        };
        match result {
            Err(error) => (left, said_nothing::<()>(Err(error))),
            Ok(prepared) => {
                self.prepared[place] = Some(prepared);
                (left, (0, Seen::default()))
            }
        }
    }

    fn place(&mut self, at: u32, place: usize) -> Option<(Said, Said)> {
        let prepared = self.prepared[place].clone()?;
        let left = self.ours_said(|seen| unsafe { (self.ours.place)(self.mine, at, place as u32, &mut (*seen).id) });
        let result = self.tables[at as usize].as_mut().insert_provisional_transfer_ref(&prepared);
        let right = said_id(result.as_ref().map(|token| token.id()).map_err(|error| match error {
            CapError::ResourceExhausted(what) => CapError::ResourceExhausted(what),
            _ => CapError::TableFull,
        }));
        if let Ok(token) = result {
            self.tokens[place] = Some(token);
        }
        Some((left, right))
    }

    fn settle(&mut self, at: u32, place: usize, commit: bool) -> Option<(Said, Said)> {
        let token = self.tokens[place].take()?;
        let (mine, number) = (self.mine, place as u32);
        let table = self.tables[at as usize].as_mut();
        Some(if commit {
            let right = said_id(table.commit_provisional_transfer(token));
            (self.ours_said(|seen| unsafe { (self.ours.commit)(mine, at, number, &mut (*seen).id) }), right)
        } else {
            let right = said_object(table.rollback_provisional_transfer(token));
            (without_hold(self.ours_said(|seen| unsafe { (self.ours.rollback)(mine, at, number, seen) })), right)
        })
    }

    fn moved(&mut self, id: u32, at: u32) -> (Said, Said) {
        let present = self.table(at).get_arc_allow_revoked(id).err().map(code);
        let left = without_hold(self.ours_said(|seen| unsafe { (self.ours.moved)(self.mine, at, id, seen) }));
        let right = said_object(self.table(at).commit_prepared_move_transfer(id));
        // Documented: an empty slot is "not found" here and "not allowed" there; neither changes anything.
        if present == Some(1) && left.0 == 1 && right.0 == 6 { (left, left) } else { (left, right) }
    }

    fn remove(&mut self, id: u32, at: u32) -> (Said, Said) {
        let left = self.ours_said(|seen| unsafe { (self.ours.remove)(self.mine, at, id, seen) });
        (without_hold(left), said_object(self.table(at).remove(id)))
    }

    fn revoke(&mut self, id: u32, at: u32) -> (Said, Said) {
        let mut epoch = 0;
        let error = unsafe { (self.ours.revoke)(self.mine, at, id, &mut epoch) };
        let as_seen = |epoch: u64| Seen { hold: Hold { object_epoch: epoch, ..Hold::default() }, ..Seen::default() };
        let table = self.table(at);
        // A hold outlives its object here: theirs looks for the object first, as its capability manager does.
        let right = match table.get_arc(id).and_then(|_| table.cap_hold(id)).and_then(|hold| table.revoke_object_caps(hold.object_id)) {
            Ok(epoch) => (0, as_seen(epoch)),
            Err(error) => (code(error), Seen::default()),
        };
        ((error, if error == 0 { as_seen(epoch) } else { Seen::default() }), right)
    }

    fn ledger(&mut self, rng: &mut Rng, at: u32) -> (Said, Said) {
        let amount = rng.pick(&[0, 1, 7, 200, 4000, 70_000, 262_144]);
        let (resource, release) = (rng.pick(&[1, 4]), rng.one_in(2));
        let (ours, mine) = (self.ours, self.mine);
        let table = self.table(at);
        let pages = amount as usize;
        match (resource, release) {
            (1, true) => {
                // Ours counts a release of nothing as a bug of the kernel; theirs ignores it.
                if table.resource_usage().outstanding_calls_used > 0 {
                    table.release_outstanding_call();
                    unsafe { (ours.release)(mine, at, 1, 1) };
                }
                Default::default()
            }
            (1, false) => {
                let right = said_nothing(table.reserve_outstanding_call());
                ((unsafe { (ours.reserve)(mine, at, 1, 1) }, Seen::default()), right)
            }
            (_, true) => {
                table.release_virtual_reservation_pages(pages);
                unsafe { (ours.release)(mine, at, 4, amount) };
                Default::default()
            }
            _ => {
                let right = said_nothing(table.reserve_virtual_reservation_pages(pages));
                ((unsafe { (ours.reserve)(mine, at, 4, amount) }, Seen::default()), right)
            }
        }
    }

    fn usage(&mut self, at: u32) -> ([u64; 5], [u64; 5]) {
        let mine = RESOURCES.map(|resource| unsafe { (self.ours.used)(self.mine, at, resource) });
        let usage = self.table(at).resource_usage();
        let theirs = [
            usage.cap_slots_used, usage.outstanding_calls_used, usage.scratch_bytes_used, usage.frame_grant_pages_used,
            usage.virtual_reservation_pages_used,
        ];
        (mine, theirs.map(|number| number as u64))
    }

    fn live(&mut self, at: u32) -> (Vec<Seen>, Vec<Seen>) {
        let mut mine = vec![Seen::default(); 256];
        let count = unsafe { (self.ours.list)(self.mine, at, 0, mine.as_mut_ptr()) };
        mine.truncate(count as usize);
        let (mut theirs, mut holds) = (vec![], vec![]);
        self.table(at).visit_live_caps(|cap| holds.push((cap.id, cap.hold)));
        for (id, hold) in holds {
            let object = index_of(self.table(at).get(id).unwrap());
            theirs.push(Seen { id, object, hold: hold_of(hold, object) });
        }
        (mine, theirs)
    }

    fn hooks(&mut self, at: u32) -> (Vec<u32>, Vec<u32>) {
        let mut mine = vec![Seen::default(); 256];
        let count = unsafe { (self.ours.list)(self.mine, at, 1, mine.as_mut_ptr()) };
        let mine = mine[..count as usize].iter().map(|seen| seen.object).collect();
        HOOKS.lock().unwrap().clear();
        self.table(at).run_release_hooks(CapReleaseReason::ProcessExit { pid: 1, process_generation: 1 });
        (mine, HOOKS.lock().unwrap().clone())
    }

    fn operation(&mut self, rng: &mut Rng, weight: u64) -> (String, Said, Said) {
        let at = rng.below(2) as u32;
        let place = rng.below(PLACES) as usize;
        let id = self.id(rng, at);
        let none = (Said::default(), Said::default());
        if let Some(&last) = self.ids[at as usize].last().filter(|_| self.recent == 1 && !rng.one_in(250))
            && self.table(at).get_arc_allow_revoked(last).is_ok()
        {
            let (left, right) = self.remove(last, at);
            return (format!("remove (table {at}, id {last:x})"), left, right);
        }
        let token = self.tokens[place].as_ref().map(|token| token.id());
        let (name, (left, mut right)) = match rng.below(20 + weight) {
            0..=1 => ("lookup", self.lookup(id, at)),
            2..=4 => ("prepare", self.prepare(rng, id, at, place)),
            5..=6 => ("place", self.place(at, place).unwrap_or(none)),
            7 => ("commit", self.settle(at, place, true).unwrap_or(none)),
            8 => ("roll back", self.settle(at, place, false).unwrap_or(none)),
            9 => ("move rollback", {
                let left = (unsafe { (self.ours.unmove)(self.mine, at, id) }, Seen::default());
                (left, said_nothing(self.table(at).rollback_prepared_move_transfer(id)))
            }),
            10 => ("move commit", self.moved(id, at)),
            11 if rng.one_in(3) => ("revoke", self.revoke(id, at)),
            11 => ("ledger", self.ledger(rng, at)),
            12 => ("preflight", {
                let count = rng.pick(&[0, 1, 16, 100, 255, 256, 257, 5000]);
                let left = (unsafe { (self.ours.preflight)(self.mine, at, count) }, Seen::default());
                (left, said_nothing(self.table(at).preflight_cap_slot_insertions(count as usize)))
            }),
            13 => ("liveness", {
                let (object, live) = (rng.below(OBJECTS) as usize, !rng.one_in(4));
                self.objects[object].live.store(live, Ordering::Relaxed);
                unsafe { (self.ours.world_live)(self.mine, object as u32, u32::from(live)) };
                none
            }),
            14 => ("raw lookup", {
                let left = self.ours_said(|seen| unsafe { (self.ours.lookup_raw)(self.mine, at, id, seen) });
                (without_hold(left), said_object(self.table(at).get_arc_allow_revoked(id)))
            }),
            15..=17 => ("remove", self.remove(id, at)),
            _ => ("insert", self.insert(rng, at)),
        };
        // Documented: theirs keeps the epoch cell of an emptied slot, so that a later revocation elsewhere shows there.
        let asked = if name == "commit" { token.unwrap_or(id) } else { id };
        if left.0 == 1 && right.0 == 3 && self.table(at).get_arc_allow_revoked(asked).err().map(code) == Some(1) {
            right = left;
        }
        if left.0 == 0 && matches!(name, "insert" | "place") {
            self.ids[at as usize].push(left.1.id);
        }
        self.errors[left.0.min(99) as usize] += 1;
        (format!("{name} (table {at}, id {id:x}, place {place})"), left, right)
    }
}

fn sequence(pair: &mut Pair, rng: &mut Rng, operations: u64) -> Result<(), String> {
    // More insertions where a slot is to use up its generations; else few capabilities, or full tables.
    let weight = if pair.recent == 1 { 30 } else { rng.pick(&[0, 1, 1, 20]) };
    for step in 0..operations {
        let (name, left, right) = pair.operation(rng, weight);
        if left != right {
            return Err(format!("step {step}, {name}: ours {left:x?}, theirs {right:x?}"));
        }
        for at in 0..2 {
            let (mine, theirs) = pair.usage(at);
            if mine != theirs {
                return Err(format!("step {step}, {name}: ledger {at}: ours {mine:?}, theirs {theirs:?}"));
            }
        }
        if step % 64 == 63 {
            let (mine, theirs) = pair.live(0);
            if mine != theirs {
                return Err(format!("step {step}, live: ours {mine:x?}, theirs {theirs:x?}"));
            }
        }
    }
    for at in 0..2 {
        let (mine, theirs) = pair.hooks(at);
        let count = unsafe { (pair.ours.clear)(pair.mine, at) };
        let before = pair.table(at).clear().cap_slots_used;
        if mine != theirs || count as usize != before {
            return Err(format!("exit of table {at}: hooks ours {mine:?}, theirs {theirs:?}; slots {count} and {before}"));
        }
    }
    Ok(())
}

/// An input is one operation.
pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let (mut done, mut sequences, mut errors) = (0, 0u64, [0u64; 100]);
    let (mine, mut oldest) = (unsafe { (ours.world_new)() }, 0);
    while done < inputs {
        let operations = 200 + rng.below(4000);
        let pages: Vec<u32> = (0..OBJECTS).map(|_| rng.pick(&[0, 0, 0, 1, 5, 64, 3000])).collect();
        unsafe { (ours.world_reset)(mine, pages.as_ptr()) };
        let object = |index: usize| Object { index: index as u32, pages: pages[index] as usize, live: AtomicBool::new(true) };
        let mut pair = Pair {
            ours,
            mine,
            objects: (0..OBJECTS as usize).map(|index| Arc::new(object(index))).collect(),
            tables: [Box::pin(CapTable::new()), Box::pin(CapTable::new())],
            prepared: Default::default(),
            tokens: Default::default(),
            ids: Default::default(),
            recent: rng.pick(&[1, 2, 12, 12, 40]),
            errors,
        };
        sequence(&mut pair, rng, operations)?;
        let highest = pair.ids.iter().flatten().map(|id| id >> 24).max().unwrap_or(0);
        oldest = oldest.max(highest);
        errors = pair.errors;
        done += operations;
        sequences += 1;
    }
    let kinds: Vec<_> = (0..errors.len()).filter(|kind| errors[*kind] != 0).collect();
    Ok(format!("{sequences} sequences, answers {kinds:?}, generations up to {oldest}"))
}
