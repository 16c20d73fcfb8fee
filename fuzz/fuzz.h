/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz.h - what a fuzz target defines, with the prototypes that libFuzzer expects; replay-main.c calls the same. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
