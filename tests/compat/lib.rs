// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the compatibility programs share. A check that fails panics: the runtime then prints the place on the console.
#![no_std]

use capos_rt::{ClientError, ExceptionType, TransportError};

pub const FOREVER: u64 = u64::MAX;
pub const MS: u64 = 1_000_000;

/// The call was refused with an exception of this type.
#[track_caller]
pub fn refused<T>(answer: Result<T, ClientError>, kind: ExceptionType) {
    match answer {
        Err(ClientError::Application(exception)) => assert!(exception.exception_type() == kind),
        _ => panic!(),
    }
}

/// The call ended with this transport error.
#[track_caller]
pub fn undelivered<T>(answer: Result<T, ClientError>, error: TransportError) {
    match answer {
        Err(ClientError::Transport(actual)) => assert!(actual == error),
        _ => panic!(),
    }
}
