/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * genome.h - a fuzz input taken apart, with room to change it: what mutate.c works on. Longer parts are cut.
 */
#ifndef FUZZ_GENOME_H
#define FUZZ_GENOME_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/mutate.h"
#include "harness/program.h"

#define GENOME_POISON_MAX 8
#define GENOME_LISTS (1 + MUTATE_THREADS_MAX)

struct genome {
	struct program_config config; /* its poison is below */
	struct program_poison poison[GENOME_POISON_MAX];
	/* list 0 is the init steps, the others are threads; a thread without operations is none */
	struct genome_list {
		unsigned nr;
		struct vm_op ops[MUTATE_INIT_MAX];
	} lists[GENOME_LISTS];
	unsigned nr_choices;
	uint8_t choices[MUTATE_CHOICES_MAX];
};

/* How many operations list @i has room for. */
static inline unsigned
genome_room(unsigned i)
{
	return i == 0 ? MUTATE_INIT_MAX : MUTATE_THREAD_OPS_MAX;
}

void genome_read(struct genome *g, const uint8_t *bytes, size_t len);
/* Writes at most @max bytes: operations at the end, directives and choices are dropped until it fits. */
size_t genome_write(struct genome *g, uint8_t *bytes, size_t max);

#endif
