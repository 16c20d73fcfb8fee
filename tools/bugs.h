/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bugs.h - the bug bank as a measure: how much is found of engine/mutants.def, how soon, and by which check.
 *
 * A trial is one mutant, one engine (a way of looking for bugs) and one seed. It runs in a process of its own, because
 * an engine with a bug may crash or never come back, and ends with the first finding or when its time is up. What came
 * of it is a record, one file in a directory of state: a hunt that was interrupted goes on where it was.
 *
 * Times are processor seconds of the trial, but for engines with threads of their own: seconds on the clock.
 */
#ifndef TOOLS_BUGS_H
#define TOOLS_BUGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/mutant.h"
#include "harness/base/base.h"

enum bugs_engine {
#define BUGS_ENGINE(name, clock, text) BUGS_ENGINE_##name,
#include "tools/bug-engines.def"
#undef BUGS_ENGINE
	BUGS_ENGINE_END
};

struct bugs_engine_desc {
	const char *name, *text;
	bool clock; /* its time is on the clock */
};

extern const struct bugs_engine_desc bugs_engine_table[BUGS_ENGINE_END];

/* BUGS_ENGINE_END: none of that name. */
enum bugs_engine bugs_engine_by_name(const char *name);

struct bugs_trial {
	enum vm_mutant mutant; /* VM_MUTANT_none: no bug, and nothing may be found */
	enum bugs_engine engine;
	uint64_t seed;
	double seconds; /* at most */
	const char *corpus;
	const char *fuzzer; /* fuzz_sched: the program; NULL: none was named */
};

#define BUGS_CHECK_MAX 32
#define BUGS_TEXT_MAX 240
#define BUGS_WHERE_MAX 160

enum bugs_end {
	BUGS_NOT_FOUND = 0, /* the time was up, or there is nothing more to try */
	BUGS_FOUND,
	BUGS_FAILED, /* no trial: something is wrong with the machine or the options, text says what */
};

struct bugs_record {
	uint8_t end;                /* enum bugs_end */
	double seconds;             /* to the finding, or that were spent */
	uint64_t programs;          /* begun; operations, for real threads */
	uint64_t transitions;       /* steps made */
	char check[BUGS_CHECK_MAX]; /* found: what saw it, "I12", "panic", "outcomes" */
	char text[BUGS_TEXT_MAX];   /* what it says */
	char where[BUGS_WHERE_MAX]; /* in which program: a seed of wirestorm gen, a file */
};

/* The next mutant of the bank, canaries left out; that of VM_MUTANT_none is the first, that of the last is it again. */
enum vm_mutant bugs_next(enum vm_mutant after);
/* The name of a trial's mutant, "none" if it has none. */
const char *bugs_mutant_name(enum vm_mutant mutant);

/* --- bugs-loops.c: what an engine does in the trial's process --- */

/* Seen by both processes: what is written before a crash is there after it. */
struct bugs_shared {
	bool found, failed;
	uint64_t programs, transitions;
	double found_at;
	char check[BUGS_CHECK_MAX], text[BUGS_TEXT_MAX], where[BUGS_WHERE_MAX];
};

void bugs_loop(const struct bugs_trial *t, struct bugs_shared *s);

/* --- bugs-trial.c --- */

/* A trial under way. */
struct bugs_process {
	struct bugs_trial trial;
	pid_t pid; /* 0: idle */
	struct bugs_shared *shared;
	int output; /* what the process prints */
	double began;
};

/* False: it cannot be started, errno set. */
bool bugs_start(struct bugs_process *p, const struct bugs_trial *trial);
/* After the process @p has ended with @status, having used @cpu seconds: what came of it. */
void bugs_finish(struct bugs_process *p, int status, double cpu, struct bugs_record *record);

/* --- bugs-store.c --- */

/* False: there is no record of this trial, or it was given less time and nothing was found. */
bool bugs_load(const char *state, const struct bugs_trial *t, struct bugs_record *record);
/* False with errno set. */
bool bugs_save(const char *state, const struct bugs_trial *t, const struct bugs_record *record);

/* --- bugs-report.c --- */

struct bugs_result {
	struct bugs_trial trial;
	struct bugs_record record;
};

struct json_t;
struct json_t *bugs_json_result(const struct bugs_result *r);
/* All records of a directory of state, sorted by engine, mutant and seed. False, with a message: it cannot be read. */
bool bugs_load_all(const char *state, struct bugs_result **ret_results, size_t *ret_nr);
/* One line per mutant and engine: in how many seeds found, medians, by which checks; then the sums. */
void bugs_table(const struct bugs_result *results, size_t nr, struct strbuf *out);

/* The same as a table for a document: one row per mutant, one column per engine. */
void bugs_markdown(const struct bugs_result *results, size_t nr, struct strbuf *out);

/* --- bugs-doc.c --- */

void bugs_list(bool markdown, struct strbuf *out);
void bugs_describe(enum vm_mutant mutant, struct strbuf *out);

/* --- bugs-same.c --- */

struct bugs_same {
	uint64_t files, programs, states, incomplete; /* programs too large to be explored completely are incomplete */
};

/*
 * Is the engine with @mutant the same as the one without? Explores all programs of @corpus and @count random ones
 * completely with both. False: no, *why says on which program and in what.
 */
bool bugs_equivalent(enum vm_mutant mutant, const char *const *corpus, size_t nr_corpus, uint64_t count,
    struct bugs_same *same, struct strbuf *why);

#endif
