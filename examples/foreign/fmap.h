/* SPDX-License-Identifier: BSD-2-Clause */
/* fmap.h - the map of fmap.c. */
#ifndef EXAMPLES_FOREIGN_FMAP_H
#define EXAMPLES_FOREIGN_FMAP_H

#include "examples/foreign/kern.h"

struct fentry {
	struct fentry *next;
	unsigned long start, end; /* pages */
	int prot, max, wired;
	struct thread *busy; /* wires it, with the lock of the map dropped */
};

struct fmap {
	struct sx lock;
	unsigned long start, end;
	struct fentry *first; /* ascending */
	long nr_wired;        /* pages */
	int wanted;           /* somebody sleeps until an entry is not busy */
};

/* All return 0 or an error of errno.h. */
struct fmap *fmap_create(unsigned long start, unsigned long end);
int fmap_insert(struct fmap *map, unsigned long start, unsigned long end, int prot, int max);
int fmap_remove(struct fmap *map, unsigned long start, unsigned long end);
int fmap_wire(struct fmap *map, unsigned long start, unsigned long end);
int fmap_unwire(struct fmap *map, unsigned long start, unsigned long end);

#endif
