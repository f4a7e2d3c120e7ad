/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What becomes of those who wait at an endpoint when somebody leaves. For
 * kernel/objects/endpoint.c; under the kernel lock.
 */
#pragma once

#include "core/endpoint/endpoint.h"
#include "kernel/object.h"

struct call;
struct endpoint_object;

/* No owner any more: calls end as disconnected with that text, receives with -4. Once closed, nothing. */
void ipc_endpoint_close(struct endpoint_object *endpoint, const char *text);
/* A thread, or a whole process, that received from it does so no more; others go on. */
void ipc_endpoint_leave(struct endpoint_object *endpoint, struct endpoint_party party);
/* A call or receive whose thread ends; object_ops.cancel. */
void ipc_endpoint_cancel(struct object *object, struct call *call);
