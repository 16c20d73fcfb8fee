/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * genome.h - a program taken apart into lists with room to grow: the form that mutate.c changes.
 *
 * All memory is allocated once, so changes allocate none. A program that exceeds the limits is cut. Expectations, final
 * steps and comments are dropped.
 */
#ifndef HARNESS_GEN_GENOME_H
#define HARNESS_GEN_GENOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/program/program.h"

struct vm_target;

#define GENOME_POISON_MAX 8
#define GENOME_LISTS (1 + PROGRAM_THREADS_MAX)
#define GENOME_OPS_MAX PROGRAM_OPS_MAX
#define GENOME_CHOICES_MAX 96

/* Limits on the size of a program, and on what may change. */
struct genome_limits {
	const struct vm_target *target;    /* use only operations and directives that this target supports; NULL: any */
	unsigned threads_min, threads_max; /* threads_min 0: the caller does not run threads, so they are treated
	                                    * like init steps */
	bool explored;                     /* all interleavings are explored: a larger program costs much more */
	unsigned ops_max;                  /* of a thread */
	unsigned init_max;
	unsigned poison_max;  /* pages */
	unsigned choices_max; /* bytes of a schedule */
	bool profile;         /* the profile and the quirks may change */
};

struct genome {
	struct program_config config; /* its poison is in the fields below */
	struct program_poison poison[GENOME_POISON_MAX];
	/* list 0 is the init steps, the others are threads; a thread without operations does not exist */
	struct genome_list {
		unsigned nr;
		struct vm_op ops[GENOME_OPS_MAX];
	} lists[GENOME_LISTS];
	unsigned nr_choices;
	uint8_t choices[GENOME_CHOICES_MAX];
};

/* The number of lists in use. */
static inline unsigned
genome_nr_lists(const struct genome_limits *l)
{
	return 1 + l->threads_max;
}

/* The number of operations that list @i has room for. */
static inline unsigned
genome_room(const struct genome_limits *l, unsigned i)
{
	return i == 0 ? l->init_max : l->ops_max;
}

void genome_of_program(struct genome *g, const struct genome_limits *l, const struct program *p);
/* Makes *p, whose memory is in @g and in statics: it is valid until the next call, and must not be freed. */
void genome_program(struct genome *g, const struct genome_limits *l, struct program *p);

/* Decodes the byte form (docs/bytes.md), choices included. */
void genome_read(struct genome *g, const struct genome_limits *l, const uint8_t *bytes, size_t len);
/* Encodes into at most @max bytes. Drops operations at the end, directives and choices until the program fits. */
size_t genome_write(struct genome *g, const struct genome_limits *l, uint8_t *bytes, size_t max);

#endif
