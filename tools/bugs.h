/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bugs.h - measures how much of the bug bank (engine/mutants.def) is found, how soon, and by which check.
 *
 * A trial is one mutant, one engine (a way of searching for bugs) and one seed. It runs in its own process, because an
 * engine with a bug may crash or hang. It ends with the first finding or when its time is up. The result is a record,
 * one file in a state directory, so an interrupted hunt continues where it stopped.
 *
 * Times are processor seconds of the trial. For engines with their own threads they are wall-clock seconds.
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
	bool clock; /* its time is wall-clock time */
};

extern const struct bugs_engine_desc bugs_engine_table[BUGS_ENGINE_END];

/* BUGS_ENGINE_END: no engine has this name. */
enum bugs_engine bugs_engine_by_name(const char *name);

struct bugs_trial {
	enum vm_mutant mutant; /* VM_MUTANT_none: no bug, so a finding would be false */
	enum bugs_engine engine;
	uint64_t seed;
	double seconds; /* time limit */
	const char *corpus;
	const char *fuzzer; /* fuzz_sched: the fuzzer's file; NULL: none is given */
};

#define BUGS_CHECK_MAX 32
#define BUGS_TEXT_MAX 240
#define BUGS_WHERE_MAX 160

enum bugs_end {
	BUGS_NOT_FOUND = 0, /* the time was up, or there was nothing left to try */
	BUGS_FOUND,
	BUGS_FAILED, /* the trial failed because of the machine or the options; text has the reason */
};

struct bugs_record {
	uint8_t end;                /* enum bugs_end */
	double seconds;             /* until the finding, or until the end */
	uint64_t programs;          /* programs started; for real threads: operations */
	uint64_t transitions;       /* steps made */
	char check[BUGS_CHECK_MAX]; /* found: the check, such as "I12", "panic", "outcomes" */
	char text[BUGS_TEXT_MAX];   /* the text of the finding */
	char where[BUGS_WHERE_MAX]; /* the program: a seed of wirestorm gen, or a file */
};

/* The next mutant of the bank, without canaries. The first one follows VM_MUTANT_none, which follows the last one. */
enum vm_mutant bugs_next(enum vm_mutant after);
/* The name of a trial's mutant, "none" if it has none. */
const char *bugs_mutant_name(enum vm_mutant mutant);

/* --- bugs-loops.c: the code that runs in the trial's process --- */

/* Shared memory of both processes: the parent can read it after a crash. */
struct bugs_shared {
	bool found, failed;
	uint64_t programs, transitions;
	double found_at;
	char check[BUGS_CHECK_MAX], text[BUGS_TEXT_MAX], where[BUGS_WHERE_MAX];
};

void bugs_loop(const struct bugs_trial *t, struct bugs_shared *s);

/* --- bugs-trial.c --- */

/* A running trial. */
struct bugs_process {
	struct bugs_trial trial;
	pid_t pid; /* 0: idle */
	struct bugs_shared *shared;
	int output; /* what the process prints */
	double began;
};

/* False: it cannot be started, errno set. */
bool bugs_start(struct bugs_process *p, const struct bugs_trial *trial);
/* Judges process @p, which ended with @status after @cpu seconds, and fills the record. */
void bugs_finish(struct bugs_process *p, int status, double cpu, struct bugs_record *record);

/* --- bugs-store.c --- */

/* False: there is no record of this trial, or its time was shorter and it found nothing. */
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
/* Reads all records of a state directory, sorted by engine, mutant and seed. False: the error was reported. */
bool bugs_load_all(const char *state, struct bugs_result **ret_results, size_t *ret_nr);
/* Prints one line for each mutant and engine: number of seeds with a finding, medians, checks; then the sums. */
void bugs_table(const struct bugs_result *results, size_t nr, struct strbuf *out);

/* Prints a table for a document: one row for each mutant, one column for each engine. */
void bugs_markdown(const struct bugs_result *results, size_t nr, struct strbuf *out);

/* --- bugs-doc.c --- */

void bugs_list(bool markdown, struct strbuf *out);
void bugs_describe(enum vm_mutant mutant, struct strbuf *out);

/* --- bugs-same.c --- */

struct bugs_same {
	uint64_t files, programs, states, incomplete; /* incomplete: programs too large to be explored completely */
};

/*
 * Is the engine with @mutant equivalent to the one without? Explores all programs of @corpus and @count random ones
 * completely with both. False: no; *why names the program and the difference.
 */
bool bugs_equivalent(enum vm_mutant mutant, const char *const *corpus, size_t nr_corpus, uint64_t count,
    struct bugs_same *same, struct strbuf *why);

#endif
