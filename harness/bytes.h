/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.h - programs as bytes, for fuzzers: any byte string is a valid sequential program.
 *
 * decode is total. encode gives the canonical bytes of a program: decode(encode(p)) equals p, and
 * encode(decode(bytes)) is a fixed point. Expectations and comments are not carried, nor what the form has no room for
 * (a mutant, threads, very many steps): encode refuses those.
 *
 * Layout, version 1. Bytes behind the end read as 0; b is the byte that a rule begins with.
 *
 *   version   1. Any other byte is read as 1 for now; encode writes 1.
 *   flags     bit 0: profile freebsd12. bit 1: a limit follows. bits 2-3, both: a kernel map. bits 4-7, all: frames
 * follow. quirks    low 5 bits, by enum vm_quirk: the quirks that differ from the profile's. map       b < 160: 16 80.
 * b < 208: 0 64. Else NUMBER min, NUMBER length - 1. limit     LENGTH, if the flags say so; frames: the same. poison b
 * < 128: none. b < 192: 1 + b % 4 pages. Else b - 191 pages. Each a PAGE, then its code: b < 128 is KERN_OUT_OF_BOUNDS,
 * else 1 + (b - 128) % 10. Of two for one page the first counts. init      operations until a 0 byte, the end, or
 * BYTES_OPS_MAX of them: 1 + (b - 1) % 17 is the code of ops.def (a new operation makes that 18 and leaves every
 * canonical input as it was), then its arguments by their kinds. rest      not looked at. Threads and their schedule
 * will be here: sections like init, then choices.
 *
 *   NUMBER    b < 240: b. Else 1 + (b - 240) % 8 bytes, low first. Reduced to 2^32 where the text form has pages.
 *   PAGE      b < 240: a page from 4 below the map to 4 above it, b modulo their number. Else as NUMBER.
 *   END       b < 128: start + b % 16. b < 224: start + b - 128. b < 240: start - (b - 223), but not below 0. Else as
 * NUMBER. LENGTH    END for start 0. MAPPING   bits 0-2 prot, bits 3-5 max; bits 6-7: 3 a guard, 1 max as it is, else
 * prot is added to max. MAX       bits 0-2; prot is added to it unless bit 6 is set. choices   b modulo their number.
 * user, holesok: bit 0. setmax, write, invalidate: bits 0-1 both.
 *
 * So most bytes mean small ranges near a 64-page map, and a mutation of one byte is a small change of one argument.
 */
#ifndef HARNESS_BYTES_H
#define HARNESS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program.h"

#define BYTES_VERSION 1
#define BYTES_OPS_MAX PROGRAM_OPS_MAX
#define BYTES_POISON_MAX 64

struct keybuf;

/* *p is program_init'ed here; program_free it. Ends the program if memory runs out. */
void bytes_decode(const uint8_t *bytes, size_t len, struct program *p);
/* Appends the bytes of @p. False: the form has no room for it, *ret_reason says what; out is then unspecified. */
bool bytes_encode(const struct program *p, struct keybuf *out, const char **ret_reason);

#endif
