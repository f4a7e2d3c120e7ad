/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Everything a program needs, in one include. */
#pragma once

#include "capos/capset.h"
#include "capos/client.h"
#include "capos/endpoint.h"
#include "capos/heap.h"
#include "capos/package.h"
#include "capos/park.h"
#include "capos/print.h"
#include "capos/process.h"
#include "capos/program.h"
#include "capos/ring.h"
#include "capos/serve.h"
#include "capos/status.h"
#include "capos/syscall.h"
#include "capos/thread.h"
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"
#include "schema/generated/capos_dispatch.h"
#include "schema/own_sources.h"
