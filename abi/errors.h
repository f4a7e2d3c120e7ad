/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Result codes in CQE.result and exception types. Source of the numbers:
 * docs/abi.md, "Result codes". Data only.
 */
#pragma once

enum cap_err {
    CAP_ERR_INVALID_REQUEST = -1,
    CAP_ERR_INVALID_PARAMS_BUFFER = -2,
    CAP_ERR_INVALID_RESULT_BUFFER = -3,
    CAP_ERR_INVOKE_FAILED = -4,
    CAP_ERR_UNSUPPORTED_OPCODE = -5,
    CAP_ERR_TRANSFER_NOT_SUPPORTED = -6,
    CAP_ERR_INVALID_TRANSFER_DESCRIPTOR = -7,
    CAP_ERR_TRANSFER_ABORTED = -8,
    CAP_ERR_APPLICATION_EXCEPTION = -9,
    CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED = -10,
};

/* CapException.type on the wire. */
enum cap_exception_type {
    CAP_EXCEPTION_FAILED = 0,
    CAP_EXCEPTION_OVERLOADED = 1,
    CAP_EXCEPTION_DISCONNECTED = 2,
    CAP_EXCEPTION_UNIMPLEMENTED = 3,
    CAP_EXCEPTION_INVALID_ARGUMENT = 4,
};

/* Exit codes made by the kernel, and those of the Rust runtime. */
enum exit_code {
    EXIT_CODE_TERMINATED = -1,
    EXIT_CODE_FAULT = -2,
    EXIT_CODE_PANIC = 101,
    EXIT_CODE_BOOTSTRAP = 120,
    EXIT_CODE_RING = 121,
};
