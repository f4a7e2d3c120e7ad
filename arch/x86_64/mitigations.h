/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which defences against speculation a processor needs, decided from its
 * identification and the word `mitigations=` of the command line. Pure: no
 * instruction is executed here, so the decisions are tested on the host
 * (mitigations_test.c), also those that the test machines cannot show.
 * What each defence is against: docs/security/speculation.md. Bits: Intel
 * "CPUID Enumeration and Architectural MSRs" guidance, AMD APM 2 and 3.
 */
#pragma once

#include <stddef.h>

#include "arch/x86_64/features.h"
#include "core/base/text.h"

enum mitigations_wish {
    MITIGATIONS_AUTO, /* what the processor needs */
    MITIGATIONS_OFF,  /* none: for measurements, and where every program is trusted */
    MITIGATIONS_ON,   /* all that it can do, needed or not */
};

/* Why user code runs on tables of its own, or does not. */
enum mitigations_reason {
    MITIGATIONS_ASKED,       /* mitigations=on */
    MITIGATIONS_REFUSED,     /* mitigations=off */
    MITIGATIONS_MELTDOWN,    /* Intel without RDCL_NO */
    MITIGATIONS_UNKNOWN,     /* a vendor that is not known to be immune */
    MITIGATIONS_BUFFERS,     /* immune to Meltdown, but its buffers must be cleared on the way to user code */
    MITIGATIONS_AMD,
    MITIGATIONS_RDCL_NO,
    MITIGATIONS_IMMUNE_MODEL,
};

#define SPEC_CTRL_IBRS 1u
#define SPEC_CTRL_STIBP 2u
#define SPEC_CTRL_SSBD 4u
#define SPEC_CTRL_RRSBA_DIS_S (1u << 6) /* returns are not predicted otherwise than by the return stack */
#define SPEC_CTRL_BHI_DIS_S (1u << 10)  /* the user's branch history does not choose the kernel's targets */

struct mitigations {
    bool isolate;                   /* user tables without the kernel; VERW on the way out */
    enum mitigations_wish wish;
    enum mitigations_reason reason; /* of `isolate` */
    bool buffers_cleared;           /* the processor says that VERW clears its buffers */
    bool retpolines;                /* else indirect calls jump directly */
    bool fill_return_stack;         /* when the address space changes */
    bool predictor_barrier;         /* IBPB, when the address space changes */
    bool automatic_ibrs;            /* AMD: EFER.AIBRSE */
    uint32_t spec_ctrl;             /* IA32_SPEC_CTRL for good; 0 = the register is left alone */
};

/* The value behind `mitigations=`; anything but `off` and `on` means auto. */
enum mitigations_wish mitigations_wish_of(const char *value, size_t len);
struct mitigations mitigations_for(const struct cpu_identity *id, enum mitigations_wish wish);
/* One line, without its end: what is on and why. */
void mitigations_tell(const struct mitigations *m, struct text_buf *out);
