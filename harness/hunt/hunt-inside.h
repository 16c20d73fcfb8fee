/* SPDX-License-Identifier: BSD-2-Clause */
/* hunt-inside.h - the inside of a hunt, private to hunt*.c. */
#ifndef HARNESS_HUNT_HUNT_INSIDE_H
#define HARNESS_HUNT_HUNT_INSIDE_H

#include "harness/base/base.h"
#include "harness/explore/explore.h"
#include "harness/hunt/hunt.h"

/* --- hunt-features.c --- */

#define FEATURES_COUNT 65536 /* number of different features */

/* The features of one program, each once. */
struct features {
	uint64_t edges; /* edges reached */
	size_t nr;
	uint16_t list[FEATURES_COUNT];
	uint64_t seen[FEATURES_COUNT / 64];
};

void features_clear(struct features *f);
/* Notes the features of the run, which is between two steps. */
void features_look(struct features *f, const struct run *r);

/* --- hunt-pool.c --- */

struct hunt_pool;
struct prng;

struct hunt_pool *hunt_pool_new(void);
void hunt_pool_free(struct hunt_pool *p);
/* Reads the features of an attempt from its message: edges, then ways of meeting. True: one of them is new. */
bool hunt_pool_look(struct hunt_pool *p, struct message_reader *r);
/* Keeps the program of that attempt. Takes ownership of the text. */
void hunt_pool_keep(struct hunt_pool *p, char *text, uint64_t cost);
/* Chooses a kept program to mutate, and returns its text. */
const char *hunt_pool_choose(const struct hunt_pool *p, struct prng *prng);
/* The programs that are kept now, numbered as in hunt_pool_choose. */
size_t hunt_pool_nr(const struct hunt_pool *p);
const char *hunt_pool_text(const struct hunt_pool *p, size_t i);
void hunt_pool_report(const struct hunt_pool *p, struct hunt_report *report);

/* --- hunt-store.c: the directory of --pool --- */

struct hunt_store;

/* Reads the programs in o->pool that fit this hunt, in order of their names. NULL: the error was reported. */
struct hunt_store *hunt_store_open(const struct hunt_options *o, struct hunt_report *report);
void hunt_store_close(struct hunt_store *s);
size_t hunt_store_nr(const struct hunt_store *s);
const char *hunt_store_text(const struct hunt_store *s, size_t i);
/* This hunt has run the program: hunt_store_prune removes its file unless the pool keeps it. */
void hunt_store_tried(struct hunt_store *s, size_t i);
/* Writes the kept programs that have no file. False: the error was reported. */
bool hunt_store_save(struct hunt_store *s, const struct hunt_pool *pool, struct hunt_report *report);
/* Removes the files of programs that were tried and not kept. */
void hunt_store_prune(struct hunt_store *s, const struct hunt_pool *pool, struct hunt_report *report);

/* --- hunt-attempt.c: the worker's side --- */

enum hunt_job {
	JOB_ATTEMPT = 1, /* input: a number and a text; runs the program */
	JOB_SHRINK,      /* input: a text with verdict and schedule; shrinks the program and describes it */
	JOB_KEY,         /* input: the same; gives the key of its finding */
};

enum attempt_how {
	ATTEMPT_REFUSED = 0, /* its init steps do not end, or the target rejects it */
	ATTEMPT_COMPLETE,
	ATTEMPT_SAMPLED,
};

void *hunt_worker_begin(const void *arg);
void hunt_worker_do(void *state, const struct keybuf *in, struct keybuf *out);
/* Reads the result of JOB_SHRINK or JOB_KEY. Free it with hunt_finding_free. */
void hunt_read_small(const struct work *work, struct hunt_finding *f);
void hunt_finding_free(struct hunt_finding *f);

/* --- hunt-against.c: the same jobs for a hunt for differences between two sides --- */

/* Fills the same messages as an attempt does. Notes the features of the runs on the first side. */
void against_attempt(
    const struct hunt_options *o, struct sim *sim, struct features *features, const char *text, struct keybuf *out);
/*
 * Shrinks the program while its difference stays, and describes it. @rough: as the attempt has named it; NULL: does not
 * shrink. The key is empty if there is no difference.
 */
void against_small(
    const struct hunt_options *o, struct sim *sim, const char *text, const char *rough, struct keybuf *out);

/* --- hunt-words.c --- */

/* Appends each kind of operation in the program once, in the order of the table, with a blank before each. */
void hunt_print_kinds(const struct program *p, struct strbuf *out);

/*
 * The key of a finding, by which equal findings are recognised: check, active quirks, returns of the operation, kinds
 * of operation.
 */
void hunt_key(const struct program *p, const struct finding *f, struct strbuf *out);
/* Appends the text as a comment of several lines. */
void hunt_comment(const char *text, struct strbuf *out);
/* Appends a name for its file: "I19-wire_fault". */
void hunt_name(const struct finding *f, struct strbuf *out);

/* --- hunt-files.c: the directories of a hunt --- */

struct hunt_files;

/* Reads the known findings. NULL: the error was reported. */
struct hunt_files *hunt_files_open(const struct hunt_options *o, struct workers *workers);
/* The key of a program that killed its process. */
void hunt_lost_key(const struct program *p, struct strbuf *out);
/* Compares a new finding with known ones, names it, and writes it unless it is known. Sets f->error. */
void hunt_files_keep(struct hunt_files *files, struct hunt_finding *f);
/* Tries again to write a finding that has an error. */
void hunt_files_retry(const struct hunt_files *files, struct hunt_finding *f);
void hunt_files_close(struct hunt_files *files);

#endif
