/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program on libcapos is an ordinary `int main(int argc, char **argv)`. Its
 * result is the exit code. argv[0] is the empty text (a program is not told
 * its name). Arguments come from `args` in the boot manifest's initConfig and
 * only reach a program that holds `boot_package`.
 */
#pragma once

#include <stdint.h>

/* This process's id: 1 for the first process, never reused within a boot. */
uint32_t capos_pid(void);

#define CAPOS_ARGS_MAX 64
#define CAPOS_ARGS_BYTES 4096
