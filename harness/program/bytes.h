/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.h - programs as bytes, for fuzzers: any byte string is a valid program, and a schedule of it.
 *
 * A file begins with a header that has the version. An input of a fuzzer is a string without one: raw.
 *
 * A string is a byte that means nothing, the directives, the operations, and choices: who makes the next step
 * (strategy_bytes, harness/run/strategy.h). docs/bytes.md has the layout. Most bytes mean small ranges near a 64-page
 * map, and a mutation of one byte is a small change of one argument.
 *
 * decode is total. encode gives the canonical bytes of a program: decode(encode(p)) equals p, and encode(decode(bytes))
 * is a fixed point. Expectations and comments are not carried, nor what the form has no room for (a mutant, very many
 * steps): encode refuses those.
 */
#ifndef HARNESS_PROGRAM_BYTES_H
#define HARNESS_PROGRAM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program-data.h"

#define BYTES_VERSION 1
#define BYTES_HEADER 8                /* bytes of the header; the last one is the version */
#define BYTES_OPS_MAX PROGRAM_OPS_MAX /* init steps, final steps */
#define BYTES_POISON_MAX 64

struct keybuf;

/* The version in the header that a string begins with; 0: it has no header. */
uint8_t bytes_version(const uint8_t *bytes, size_t len);
/* Appends a header. */
void bytes_encode_header(struct keybuf *out);

/*
 * Passes over a header, whatever its version is; those who read files ask bytes_version first.
 * *p is program_init'ed here; program_free it. Returns where the choices begin, at most len. Ends the program if memory
 * runs out.
 */
size_t bytes_decode(const uint8_t *bytes, size_t len, struct program *p);

/* Memory for programs from one to the next, for whoever decodes very many. All zero: none yet. */
struct bytes_room {
	struct program_poison *poison;
	struct program_step *init, *final;
	struct program_thread *threads;
	unsigned nr_threads_max; /* of threads, also while a program has them */
};

/*
 * bytes_decode with memory of @room, which is *p's until bytes_recycle takes it back: of a program that nobody has
 * changed. A program that somebody has is program_free'd instead, as ever. One program of a room at a time.
 */
size_t bytes_decode_in(const uint8_t *bytes, size_t len, struct program *p, struct bytes_room *room);
void bytes_recycle(struct program *p, struct bytes_room *room);
void bytes_room_free(struct bytes_room *room);

/* Appends the bytes of @p. False: the form has no room for it, *ret_reason says what; out is then unspecified. */
bool bytes_encode(const struct program *p, struct keybuf *out, const char **ret_reason);
/* Appends the choices behind an encoded program. */
void bytes_encode_choices(const uint8_t *choices, size_t nr, struct keybuf *out);

#endif
