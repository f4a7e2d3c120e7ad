// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What needs no table: references to a caller's session, facets of a grant, scopes, single transfer descriptors. Values are
// often equal to each other, since the rules ask for equality.
use crate::{ours::{Hold, Ours}, rng::Rng};
use capos_config::ring::{CapTransferDescriptor, is_valid_transfer_descriptor};
use capos_lib::cap_table::*;

const INTERFACE_RELABEL: u32 = 10;
const COOKIE_RELABEL: u32 = 11;
const PRESERVE: u64 = u64::MAX;

fn session_reference(ours: &Ours, rng: &mut Rng) -> Result<(), String> {
    let mut secret = [0u8; 32];
    secret.fill_with(|| rng.next() as u8);
    let length = if rng.one_in(8) { rng.below(200) } else { rng.below(33) };
    let session: Vec<u8> = (0..length).map(|_| rng.next() as u8).collect();
    let (scope, mut mine) = (rng.edge(), [0; 3]);
    unsafe { (ours.session_ref)(secret.as_ptr(), scope, session.as_ptr(), session.len(), &mut mine) };
    let theirs = derive_endpoint_session_reference(&secret, scope, &session);
    if mine != [theirs.scoped_ref, theirs.scoped_ref_hi, theirs.epoch] {
        return Err(format!("reference of {session:02x?} in {scope:x} by {secret:02x?}: ours {mine:x?}, theirs {theirs:x?}"));
    }
    Ok(())
}

fn facet(ours: &Ours, rng: &mut Rng) -> Result<bool, String> {
    let values = [rng.edge(), rng.next(), 0];
    let (interface, badge, mint) = (rng.pick(&values), rng.pick(&values), rng.one_in(3));
    let wanted = [rng.pick(&values), if rng.one_in(4) { PRESERVE } else { rng.pick(&values) }];
    let source = Hold { interface_id: interface, badge, ..Hold::default() };
    let mut got = [0; 2];
    let error = unsafe { (ours.facet)(&source, mint, &wanted, &mut got) };
    let hold = CapHold { badge, ..CapHold::kernel_cap(interface) };
    let theirs = match resolve_service_object_facet(hold, mint, wanted[0], wanted[1], wanted[1] == PRESERVE) {
        Ok((interface, badge)) => (0, [interface, badge]),
        Err(ServiceObjectFacetError::InterfaceRelabel) => (INTERFACE_RELABEL, [0; 2]),
        Err(ServiceObjectFacetError::ReceiverCookieRelabel) => (COOKIE_RELABEL, [0; 2]),
    };
    if (error, got) != theirs {
        return Err(format!("facet {wanted:x?} of {interface:x}/{badge:x}, mint {mint}: ours {error} {got:x?}, theirs {theirs:x?}"));
    }
    Ok(error == 0)
}

fn scope(ours: &Ours, rng: &mut Rng) -> Result<(), String> {
    let scopes = [CapTransferScope::SameSession, CapTransferScope::CrossSessionShareable, CapTransferScope::ServiceRegrantOnly];
    let (number, same, regrant) = (rng.below(3) as usize, rng.one_in(2), rng.one_in(2));
    let hold = CapHold { transfer_scope: scopes[number], ..CapHold::kernel_cap(1) };
    let mine = unsafe { (ours.scope_allows)(number as u8, same, regrant) };
    if mine != hold.allows_session_transfer(same, regrant) {
        return Err(format!("scope {number}, same session {same}, regrant {regrant}: ours {mine}"));
    }
    Ok(())
}

fn descriptor(ours: &Ours, rng: &mut Rng) -> Result<bool, String> {
    let mut bytes = [0u8; 16];
    bytes[..4].copy_from_slice(&(rng.next() as u32).to_le_bytes());
    bytes[4] = rng.below(5) as u8;
    if rng.one_in(2) {
        bytes[4 + rng.below(size_of::<CapTransferDescriptor>() as u64 - 4) as usize] ^= 1 << rng.below(8);
    }
    let theirs = is_valid_transfer_descriptor(unsafe { std::ptr::read_unaligned(bytes.as_ptr().cast()) });
    let aligned = [u64::from_le_bytes(bytes[..8].try_into().unwrap()), u64::from_le_bytes(bytes[8..].try_into().unwrap())];
    let mine = unsafe { (ours.descriptors)(aligned.as_ptr().cast(), 1) } == 0;
    if mine != theirs {
        return Err(format!("descriptor {bytes:02x?}: ours {mine}, theirs {theirs}"));
    }
    Ok(mine)
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let mut granted = [0u64; 2];
    for _ in 0..inputs / 4 {
        session_reference(ours, rng)?;
        granted[0] += u64::from(facet(ours, rng)?);
        scope(ours, rng)?;
        granted[1] += u64::from(descriptor(ours, rng)?);
    }
    Ok(format!("{} references, {} facets granted, {} descriptors good", inputs / 4, granted[0], granted[1]))
}
