/* SPDX-License-Identifier: BSD-2-Clause */
/* hunt-inside.h - the inside of a hunt, private to hunt*.c. */
#ifndef HARNESS_HUNT_HUNT_INSIDE_H
#define HARNESS_HUNT_HUNT_INSIDE_H

#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/hunt/hunt.h"

/* --- hunt-features.c --- */

#define FEATURES_COUNT 65536 /* numbers that a way of meeting can have */

/* The ways in which operations have met in one program, and pages were, each once. */
struct features {
	uint64_t edges; /* returns reached */
	size_t nr;
	uint16_t list[FEATURES_COUNT];
	uint64_t seen[FEATURES_COUNT / 64];
};

void features_clear(struct features *f);
/* What the run, which is between two steps, shows. */
void features_look(struct features *f, const struct run *r);

/* --- hunt-pool.c --- */

struct hunt_pool;
struct prng;

struct hunt_pool *hunt_pool_new(void);
void hunt_pool_free(struct hunt_pool *p);
/* What an attempt has reached, as it says so itself: returns, ways. True: something that none had before. */
bool hunt_pool_look(struct hunt_pool *p, struct message_reader *r);
/* Keeps the program of that attempt. Takes the text. */
void hunt_pool_keep(struct hunt_pool *p, char *text, uint64_t cost);
bool hunt_pool_is_empty(const struct hunt_pool *p);
/* The text of a program that is worth changing. */
const char *hunt_pool_choose(const struct hunt_pool *p, struct prng *prng);
/* The programs that are kept now, in the order in which hunt_pool_choose numbers them. */
size_t hunt_pool_nr(const struct hunt_pool *p);
const char *hunt_pool_text(const struct hunt_pool *p, size_t i);
void hunt_pool_report(const struct hunt_pool *p, struct hunt_report *report);

/* --- hunt-store.c: the directory of --pool --- */

struct hunt_store;

/* Reads the programs in o->pool that are for this hunt, in order of their names. NULL: said why it cannot. */
struct hunt_store *hunt_store_open(const struct hunt_options *o, struct hunt_report *report);
void hunt_store_close(struct hunt_store *s);
size_t hunt_store_nr(const struct hunt_store *s);
const char *hunt_store_text(const struct hunt_store *s, size_t i);
/* The program was run in this hunt: if it is not in the pool in the end, it is no longer needed. */
void hunt_store_tried(struct hunt_store *s, size_t i);
/* Writes the programs that are kept and in no file. False: said why not. */
bool hunt_store_save(struct hunt_store *s, const struct hunt_pool *pool, struct hunt_report *report);
/* Removes the files of programs that were tried and not kept. */
void hunt_store_prune(struct hunt_store *s, const struct hunt_pool *pool, struct hunt_report *report);

/* --- hunt-attempt.c: the worker's side --- */

enum hunt_job {
	JOB_ATTEMPT = 1, /* a number, a text: what happens in the program */
	JOB_SHRINK,      /* a text with verdict and schedule: a small one, in words */
	JOB_KEY,         /* the same: what tells its finding from others */
};

enum attempt_how {
	ATTEMPT_REFUSED = 0, /* its init steps do not come to an end, or the target cannot do it */
	ATTEMPT_COMPLETE,
	ATTEMPT_SAMPLED,
};

void *hunt_worker_begin(const void *arg);
void hunt_worker_do(void *state, const struct keybuf *in, struct keybuf *out);

/* --- hunt-words.c --- */

/*
 * What tells a finding in a small program from others: check, quirks that are on, returns of the operation, kinds of
 * operation.
 */
void hunt_key(const struct program *p, const struct finding *f, struct strbuf *out);
/* The text as a comment of as many lines as it takes. */
void hunt_comment(const char *text, struct strbuf *out);
/* A name for its file: "I19-wire_fault". */
void hunt_name(const struct finding *f, struct strbuf *out);

/* --- hunt.c --- */

/* What came of JOB_SHRINK or JOB_KEY. The texts are the caller's. */
void hunt_read_small(struct work *work, struct hunt_finding *f);

/* --- hunt-files.c: the directories of a hunt --- */

struct hunt_files;

/* Reads what is known. NULL: said why it cannot. */
struct hunt_files *hunt_files_open(const struct hunt_options *o, struct workers *workers);
/* The key of a program that cost its process. */
void hunt_lost_key(const struct program *p, struct strbuf *out);
/* Sets what is known of a new finding, and its name. Writes it, unless it is there already, and sets f->error. */
void hunt_files_keep(struct hunt_files *files, struct hunt_finding *f);
/* Tries once more to write a finding with an error. */
void hunt_files_retry(const struct hunt_files *files, struct hunt_finding *f);
void hunt_files_close(struct hunt_files *files);

#endif
