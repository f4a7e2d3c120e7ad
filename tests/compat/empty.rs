// SPDX-License-Identifier: MIT OR Apache-2.0
//! Nothing: cargo wants a target of the package that pins the dependencies.
#![no_std]
