/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bugs-store.c - records of trials in STATE/ENGINE/MUTANT-SEED.json. Each is written to a temporary file and renamed.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "harness/program/program.h"
#include "tools/bugs.h"

static const char *const end_words[] = { "not found", "found", "failed" };

json_t *
bugs_json_result(const struct bugs_result *r)
{
	const struct bugs_trial *t = &r->trial;
	const struct bugs_record *x = &r->record;

	return json_pack("{s:s, s:s, s:s, s:o, s:f, s:s, s:f, s:I, s:I, s:s, s:o, s:o}", "mutant",
	    bugs_mutant_name(t->mutant), "class", vm_mutant_class_name(vm_mutant_table[t->mutant].class), "engine",
	    bugs_engine_table[t->engine].name, "seed", json_count(t->seed), "budget_seconds", t->seconds, "end",
	    end_words[x->end], "seconds", x->seconds, "programs", (json_int_t)x->programs, "transitions",
	    (json_int_t)x->transitions, "check", x->check, "text", json_text(x->text), "where", json_text(x->where));
}

static void
bugs_take_text(const json_t *j, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(j, key));

	(void)strlcpy(to, text == NULL ? "" : text, size);
}

static bool
bugs_result_of(const json_t *j, struct bugs_result *r)
{
	char mutant[64], engine[64], end[16], seed[24];

	*r = (struct bugs_result){ 0 };
	bugs_take_text(j, "mutant", mutant, sizeof(mutant));
	bugs_take_text(j, "engine", engine, sizeof(engine));
	bugs_take_text(j, "end", end, sizeof(end));
	bugs_take_text(j, "check", r->record.check, sizeof(r->record.check));
	bugs_take_text(j, "text", r->record.text, sizeof(r->record.text));
	bugs_take_text(j, "where", r->record.where, sizeof(r->record.where));
	r->trial.mutant = vm_mutant_by_name(mutant);
	r->trial.engine = bugs_engine_by_name(engine);
	bugs_take_text(j, "seed", seed, sizeof(seed));
	r->trial.seed = strtoull(seed, NULL, 10);
	r->trial.seconds = json_number_value(json_object_get(j, "budget_seconds"));
	r->record.seconds = json_number_value(json_object_get(j, "seconds"));
	r->record.programs = (uint64_t)json_integer_value(json_object_get(j, "programs"));
	r->record.transitions = (uint64_t)json_integer_value(json_object_get(j, "transitions"));
	while (r->record.end < BUGS_FAILED && strcmp(end_words[r->record.end], end) != 0)
		r->record.end++;
	return r->trial.engine != BUGS_ENGINE_END && (r->trial.mutant != VM_MUTANT_none || strcmp(mutant, "none") == 0);
}

static bool
bugs_path_of(const char *state, const struct bugs_trial *t, char *path, size_t size)
{
	int n = snprintf(path, size, "%s/%s/%s-%llu.json", state, bugs_engine_table[t->engine].name,
	    bugs_mutant_name(t->mutant), (unsigned long long)t->seed);

	return n > 0 && (size_t)n < size;
}

bool
bugs_load(const char *state, const struct bugs_trial *t, struct bugs_record *record)
{
	struct bugs_result r;
	char path[PATH_MAX];
	json_t *j;
	bool good;

	if (!bugs_path_of(state, t, path, sizeof(path)))
		return false;
	j = json_load_file(path, 0, NULL);
	good = j != NULL && bugs_result_of(j, &r) && r.record.end != BUGS_FAILED &&
	       (r.record.end == BUGS_FOUND || r.trial.seconds >= t->seconds);
	if (good)
		*record = r.record;
	json_decref(j);
	return good;
}

/* Makes the directory of the record, and its parent, unless they exist. */
static bool
bugs_make_directories(const char *state, const struct bugs_trial *t)
{
	char path[PATH_MAX];

	if (mkdir(state, 0777) != 0 && errno != EEXIST)
		return false;
	(void)snprintf(path, sizeof(path), "%s/%s", state, bugs_engine_table[t->engine].name);
	return mkdir(path, 0777) == 0 || errno == EEXIST;
}

bool
bugs_save(const char *state, const struct bugs_trial *t, const struct bugs_record *record)
{
	json_t *j = bugs_json_result(&(struct bugs_result){ *t, *record });
	char *dumped = j != NULL ? json_dumps(j, JSON_INDENT(1)) : NULL;
	struct strbuf text = { 0 };
	char path[PATH_MAX];
	bool good = false;

	json_decref(j);
	errno = ENAMETOOLONG;
	if (dumped != NULL && bugs_path_of(state, t, path, sizeof(path)) && bugs_make_directories(state, t)) {
		strbuf_add(&text, dumped);
		good = file_write_text(path, &text);
	}
	strbuf_free(&text);
	free(dumped);
	return good;
}

static int
bugs_by_engine_mutant_seed(const void *a, const void *b)
{
	const struct bugs_trial *x = &((const struct bugs_result *)a)->trial,
	                        *y = &((const struct bugs_result *)b)->trial;

	if (x->engine != y->engine)
		return x->engine < y->engine ? -1 : 1;
	if (x->mutant != y->mutant)
		return x->mutant < y->mutant ? -1 : 1;
	return x->seed < y->seed ? -1 : x->seed > y->seed;
}

/* Appends the records in STATE/ENGINE. */
static void
bugs_load_engine(const char *state, enum bugs_engine engine, struct bugs_result **results, size_t *nr)
{
	char path[PATH_MAX];
	struct dirent *d;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/%s", state, bugs_engine_table[engine].name);
	dir = opendir(path);
	if (dir == NULL)
		return; /* this engine has no records */
	while ((d = readdir(dir)) != NULL) {
		const char *end = strrchr(d->d_name, '.');
		json_t *j;

		if (end == NULL || strcmp(end, ".json") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s/%s", state, bugs_engine_table[engine].name, d->d_name);
		j = json_load_file(path, 0, NULL);
		*results = memory_resize(*results, *nr + 1, sizeof(**results), "the records");
		if (j != NULL && bugs_result_of(j, &(*results)[*nr]))
			(*nr)++;
		else
			warnx("%s: not a record, or unknown mutant", path);
		json_decref(j);
	}
	(void)closedir(dir);
}

bool
bugs_load_all(const char *state, struct bugs_result **ret_results, size_t *ret_nr)
{
	*ret_results = NULL;
	*ret_nr = 0;
	for (unsigned e = 0; e < BUGS_ENGINE_END; e++)
		bugs_load_engine(state, (enum bugs_engine)e, ret_results, ret_nr);
	if (*ret_nr == 0) {
		warnx("%s: no records; wirestorm bugs hunt makes them", state);
		return false;
	}
	qsort(*ret_results, *ret_nr, sizeof(**ret_results), bugs_by_engine_mutant_seed);
	return true;
}
