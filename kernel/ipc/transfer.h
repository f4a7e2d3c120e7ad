/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Capabilities that travel with a message, all or none of them: what
 * core/cap/transfer.h decides, with the references of kernel objects. A
 * prepared entry holds a reference, which becomes that of the receiver's slot.
 * For kernel/ipc only; under the kernel lock.
 * Source: docs/kernel-semantics.md, TX-14.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/cap/transfer.h"

struct process;

/* Provisional slots in a receiver's table. */
struct transfer_slots {
    struct cap_token tokens[TRANSFER_DESCRIPTORS_MAX];
    uint32_t ids[TRANSFER_DESCRIPTORS_MAX];
    struct process *receiver;
};

/* Where descriptors lie in user memory, and who takes part. */
struct transfer_request {
    struct ring_transfer_descriptor descriptors[TRANSFER_DESCRIPTORS_MAX]; /* the kernel's copy */
    uint32_t count;
    struct cap_transfer_rule rule;
};

/* Copies `count` descriptors, at most 16, in once. False: they cannot be read. */
bool transfer_read(struct transfer_request *request, struct process *sender, uint64_t addr, uint32_t count);
/* Checks and prepares. 0, or the result code of the refusal; *tx is then empty. */
int32_t transfer_prepare(const struct transfer_request *request, struct process *sender, struct cap_transaction *tx);
/* Gives up: the sender keeps what it had. An empty one is fine. */
void transfer_undo(struct cap_transaction *tx, struct process *sender);

/* Inserts all of them and checks that all are good; on an error none is there. */
enum cap_error transfer_insert(const struct cap_transaction *tx, struct process *receiver, struct transfer_slots *slots);
/* Takes them out of the receiver's table again. */
void transfer_take_back(const struct cap_transaction *tx, struct process *receiver, const struct transfer_slots *slots);
/* One record for each behind the message. False: the memory is not writable. */
bool transfer_write_records(const struct cap_transaction *tx, struct process *receiver, uint64_t addr,
                            const struct transfer_slots *slots);
/* They are the receiver's: what was moved leaves the sender's table. */
void transfer_finish(struct cap_transaction *tx, struct process *sender, const struct transfer_slots *slots);

/* Move reservations that the transaction keeps at its sender. */
uint32_t transfer_moves(const struct cap_transaction *tx);
/* Frame-grant pages that its copies stand for. */
uint32_t transfer_copied_pages(const struct cap_transaction *tx);
