/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * genome.h - a program taken apart, with room to change it: what mutate.c works on.
 *
 * It has all its room at once, so that changing it takes no memory from anywhere. What is taken apart is cut to what
 * the limits say; expectations, final steps and comments are not taken over.
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

/* How large a program may become, and what of it may change. */
struct genome_limits {
	const struct vm_target *target;    /* operations and directives that it can do; NULL: any */
	unsigned threads_min, threads_max; /* threads_min 0: nobody runs threads, they are as good as init steps */
	bool explored;                     /* all its interleavings are run: growing is dear */
	unsigned ops_max;                  /* of a thread */
	unsigned init_max;
	unsigned poison_max;  /* pages */
	unsigned choices_max; /* bytes of a schedule */
	bool profile;         /* profile and quirks may change */
};

struct genome {
	struct program_config config; /* its poison is below */
	struct program_poison poison[GENOME_POISON_MAX];
	/* list 0 is the init steps, the others are threads; a thread without operations is none */
	struct genome_list {
		unsigned nr;
		struct vm_op ops[GENOME_OPS_MAX];
	} lists[GENOME_LISTS];
	unsigned nr_choices;
	uint8_t choices[GENOME_CHOICES_MAX];
};

/* The lists in use are those below it. */
static inline unsigned
genome_nr_lists(const struct genome_limits *l)
{
	return 1 + l->threads_max;
}

/* How many operations list @i has room for. */
static inline unsigned
genome_room(const struct genome_limits *l, unsigned i)
{
	return i == 0 ? l->init_max : l->ops_max;
}

void genome_of_program(struct genome *g, const struct genome_limits *l, const struct program *p);
/* *p is set here and has its memory in @g and in statics: valid until the next call, and not to be freed. */
void genome_program(struct genome *g, const struct genome_limits *l, struct program *p);

/* From the byte form (docs/bytes.md), the choices with it. */
void genome_read(struct genome *g, const struct genome_limits *l, const uint8_t *bytes, size_t len);
/* Writes at most @max bytes: operations at the end, directives and choices are dropped until it fits. */
size_t genome_write(struct genome *g, const struct genome_limits *l, uint8_t *bytes, size_t max);

#endif
