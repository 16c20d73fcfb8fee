/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-store.c - the --pool directory: the programs that hunts have kept, one file each.
 *
 * A file is called TARGET-HASH.vmt, by the target and the hash of its text. A name never stands for two programs, so
 * hunts may share a directory. The features of a program are not stored: a hunt runs the stored programs first, and
 * notes their features with the present code.
 */
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt-inside.h"
#include "harness/program/program.h"

#define HASH_DIGITS 16
#define SUFFIX ".vmt"
#define POOL "the programs of a pool" /* for messages about a lack of memory */

struct stored {
	char *path;
	char *text;
	uint64_t hash;
	bool own;   /* a hunt wrote the file; false: it has another origin and is never removed */
	bool tried; /* this hunt has run it */
};

struct hunt_store {
	const struct hunt_options *options;
	size_t nr, cap;
	struct stored *stored;
};

/* FNV-1a: the names must be the same in every version. */
static uint64_t
hunt_store_hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
	return hash;
}

static const char *
hunt_store_name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Is it the name of a hunt's file? If so, *ret_target_len and *ret_hash are its parts. */
static bool
hunt_store_parse_name(const char *name, size_t *ret_target_len, uint64_t *ret_hash)
{
	size_t len = strlen(name), tail = 1 + HASH_DIGITS + strlen(SUFFIX);
	const char *dash;

	if (len <= tail)
		return false;
	dash = name + len - tail;
	if (*dash != '-' || strspn(dash + 1, "0123456789abcdef") != HASH_DIGITS ||
	    strcmp(dash + 1 + HASH_DIGITS, SUFFIX) != 0)
		return false;
	*ret_target_len = (size_t)(dash - name);
	*ret_hash = strtoull(dash + 1, NULL, 16);
	return true;
}

/* Gives the program the configuration of this hunt. True: the program already had it. */
static bool
hunt_store_configure(const struct hunt_options *o, struct program_config *config)
{
	struct program_config before = *config;

	config->profile = o->profile;
	config->mutant = o->mutant;
	random_suit_target(o->limits.target, config);
	return vm_profile_equal(before.profile, config->profile) && before.mutant == config->mutant;
}

static void
hunt_store_keep(struct hunt_store *s, const char *path, const char *text, bool own)
{
	s->stored = memory_grow(s->stored, &s->cap, s->nr + 1, sizeof(*s->stored), POOL);
	s->stored[s->nr++] = (struct stored){ .path = memory_text(path, POOL),
		.text = memory_text(text, POOL),
		.hash = hunt_store_hash_of(text),
		.own = own };
}

/* Loads the program of one file if it fits this hunt. False: the file is damaged, which was reported. */
static bool
hunt_store_load_file(struct hunt_store *s, const char *path)
{
	const char *target = s->options->limits.target->name;
	struct strbuf text = { 0 }, error = { 0 }, bare_text = { 0 };
	struct program p, bare;
	size_t target_len;
	uint64_t hash = 0;
	bool own = hunt_store_parse_name(hunt_store_name_of(path), &target_len, &hash), suits, good;

	if (own && (target_len != strlen(target) || memcmp(hunt_store_name_of(path), target, target_len) != 0))
		return true;
	good = vmt_load(path, &p, &text, &error);
	if (good && own && hunt_store_hash_of(strbuf_text(&text)) != hash) {
		strbuf_printf(
		    &error, "%s: expected the program that was stored under this name, found another text\n", path);
		good = false;
	}
	if (good) {
		program_copy_bare(&bare, &p);
		suits = hunt_store_configure(s->options, &bare.config);
		vmt_print(&bare, &bare_text);
		if (bare.nr_threads > 0 && bare.nr_threads <= s->options->limits.threads_max && (suits || !own))
			hunt_store_keep(s, path, strbuf_text(&bare_text), own);
		program_free(&bare);
	} else {
		fprintf(stderr, "%s", strbuf_text(&error));
		warnx("%s: the file is damaged, so the pool does not use it", path);
	}
	program_free(&p);
	strbuf_free(&text);
	strbuf_free(&error);
	strbuf_free(&bare_text);
	return good;
}

struct hunt_store *
hunt_store_open(const struct hunt_options *o, struct hunt_report *report)
{
	struct hunt_store *s = memory_new(1, sizeof(*s), POOL);
	struct inputs files = { 0 };
	bool good;

	assert(o->pool != NULL);
	s->options = o;
	good = file_make_directory(o->pool);
	if (good && access(o->pool, R_OK | W_OK | X_OK) != 0) {
		warn("%s", o->pool);
		good = false;
	}
	if (!good) {
		free(s);
		return NULL;
	}
	report->pool.damaged += !inputs_add(&files, o->pool, INPUTS_VMT, say_about);
	for (size_t i = 0; i < files.nr; i++)
		report->pool.damaged += !hunt_store_load_file(s, files.names[i]);
	inputs_free(&files);
	report->pool.loaded = s->nr;
	return s;
}

void
hunt_store_close(struct hunt_store *s)
{
	for (size_t i = 0; s != NULL && i < s->nr; i++) {
		free(s->stored[i].path);
		free(s->stored[i].text);
	}
	if (s != NULL)
		free(s->stored);
	free(s);
}

size_t
hunt_store_nr(const struct hunt_store *s)
{
	return s->nr;
}

const char *
hunt_store_text(const struct hunt_store *s, size_t i)
{
	assert(i < s->nr);
	return s->stored[i].text;
}

void
hunt_store_tried(struct hunt_store *s, size_t i)
{
	assert(i < s->nr);
	s->stored[i].tried = true;
}

/* The stored program with this text; NULL: there is none. */
static struct stored *
hunt_store_find(const struct hunt_store *s, uint64_t hash)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->stored[i].hash == hash)
			return &s->stored[i];
	return NULL;
}

static bool
hunt_store_add(struct hunt_store *s, const char *text)
{
	struct strbuf path = { 0 }, whole = { 0 };
	bool good;

	strbuf_printf(&path, "%s/%s-%016llx" SUFFIX, s->options->pool, s->options->limits.target->name,
	    (unsigned long long)hunt_store_hash_of(text));
	strbuf_add(&whole, text);
	good = file_write_unsynced(strbuf_text(&path), &whole); /* a damaged file of this name is replaced */
	if (good) {
		hunt_store_keep(s, strbuf_text(&path), text, true);
		hunt_store_tried(s, s->nr - 1);
	} else {
		warn("%s: the pool cannot be saved", strbuf_text(&path));
	}
	strbuf_free(&path);
	strbuf_free(&whole);
	return good;
}

bool
hunt_store_save(struct hunt_store *s, const struct hunt_pool *pool, struct hunt_report *report)
{
	bool good = true;

	for (size_t i = 0; good && i < hunt_pool_nr(pool); i++) {
		if (hunt_store_find(s, hunt_store_hash_of(hunt_pool_text(pool, i))) != NULL)
			continue;
		good = hunt_store_add(s, hunt_pool_text(pool, i));
		report->pool.added += good;
	}
	return good;
}

void
hunt_store_prune(struct hunt_store *s, const struct hunt_pool *pool, struct hunt_report *report)
{
	size_t nr = hunt_pool_nr(pool);
	uint64_t *kept = memory_new(nr, sizeof(*kept), POOL);

	for (size_t i = 0; i < nr; i++)
		kept[i] = hunt_store_hash_of(hunt_pool_text(pool, i));
	for (size_t i = 0; i < s->nr; i++) {
		const struct stored *one = &s->stored[i];
		bool needed = !one->own || !one->tried;

		for (size_t j = 0; j < nr && !needed; j++)
			needed = kept[j] == one->hash;
		report->pool.removed += !needed && unlink(one->path) == 0;
	}
	free(kept);
}
