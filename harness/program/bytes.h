/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.h - programs as bytes, for fuzzers: any byte string is a valid program with a schedule.
 *
 * A file starts with a header, which has the version. An input of a fuzzer has no header: it is raw.
 *
 * A string is one unused byte, the directives, the operations, and the choices: the thread of each step
 * (strategy_bytes, harness/run/strategy.h). docs/bytes.md has the layout. Most bytes mean small ranges near a 64-page
 * map, and a mutation of one byte is a small change of one argument.
 *
 * decode is total. encode gives the canonical bytes of a program: decode(encode(p)) equals p, and encode(decode(bytes))
 * is a fixed point. The bytes do not have expectations and comments. encode rejects a program that the form has no room
 * for: one with a mutant, or with very many steps.
 */
#ifndef HARNESS_PROGRAM_BYTES_H
#define HARNESS_PROGRAM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program-data.h"

#define BYTES_VERSION 1
#define BYTES_HEADER 8                /* bytes of the header; the last one is the version */
#define BYTES_OPS_MAX PROGRAM_OPS_MAX /* the most init steps, and the most final steps */
#define BYTES_POISON_MAX 64

struct keybuf;

/* The version in the header of a string; 0: it has no header. */
uint8_t bytes_version(const uint8_t *bytes, size_t len);
/* Appends a header. */
void bytes_encode_header(struct keybuf *out);

/*
 * Decodes a program and returns where its choices start, at most @len. It skips a header of any version; a reader of
 * files calls bytes_version first. *p is program_init'ed here: program_free it. Ends the program if memory runs out.
 */
size_t bytes_decode(const uint8_t *bytes, size_t len, struct program *p);

/* Memory that is reused from one decoded program to the next. Zeroed is valid. */
struct bytes_room {
	struct program_poison *poison;
	struct program_step *init, *final;
	struct program_thread *threads;
};

/*
 * bytes_decode with memory of @room. bytes_recycle takes the memory back from *p, which must be unchanged; free a
 * changed program with program_free. A room serves one program at a time.
 */
size_t bytes_decode_in(const uint8_t *bytes, size_t len, struct program *p, struct bytes_room *room);
void bytes_recycle(struct program *p, struct bytes_room *room);
void bytes_room_free(struct bytes_room *room);

/* Appends the bytes of @p. False: the form has no room for @p; *ret_reason says why, and *out is unspecified. */
bool bytes_encode(const struct program *p, struct keybuf *out, const char **ret_reason);
/* Appends the choices after an encoded program. */
void bytes_encode_choices(const uint8_t *choices, size_t nr, struct keybuf *out);

#endif
