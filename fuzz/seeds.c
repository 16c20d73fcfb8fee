/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seeds.c - derives binary fuzz seeds from .vmt programs at build time, so that they always match the byte form.
 *
 * usage: seeds STAMP DEPFILE OUTDIR DIRECTORY...   Writes OUTDIR/<directory>-<name> for each program that has a byte
 * form, with its schedule as choices if it has one; then the list of files read, for ninja, and STAMP. Fails if it
 * wrote no seed.
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
#include "harness/program/program.h"
#include "harness/run/run.h"

static int
seeds_is_vmt(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".vmt") == 0;
}

static void
seeds_write_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		err(1, "%s", path);
}

/* The choices that make the program's schedule. If the schedule does not fit the program, the seed has no choices, and
 * a message says so. */
static void
seeds_add_choices(const char *from, const struct program *p, struct keybuf *bytes)
{
	struct keybuf choices = { 0 };
	struct strbuf error = { 0 };
	struct sim *sim = sim_create();
	struct run r;

	if (run_open(&r, p, &target_engine, sim) != RUN_OPENED)
		errx(1, "%s: %s", from, strbuf_text(&r.error));
	if (strategy_bytes_of(&r, &p->schedule, &choices, &error))
		bytes_encode_choices(choices.bytes, choices.len, bytes);
	else
		warnx("%s: %s", from, strbuf_text(&error));
	run_close(&r);
	sim_destroy(sim);
	keybuf_free(&choices);
	strbuf_free(&error);
}

/* 1 if the program became a seed. */
static size_t
seeds_convert(const char *from, const char *to)
{
	struct keybuf bytes = { 0 };
	struct program p;
	const char *reason;
	bool ok;

	if (!vmt_read(from, &p))
		exit(1);
	ok = bytes_encode(&p, &bytes, &reason);
	if (ok && p.has_schedule && p.nr_threads > 0)
		seeds_add_choices(from, &p, &bytes);
	if (ok)
		seeds_write_file(to, bytes.bytes, bytes.len);
	keybuf_free(&bytes);
	program_free(&p);
	return ok;
}

/* The last two components of a path, as the start of a file name: folders of two recordings have the same names. */
static char *
seeds_label(const char *dir)
{
	char *copy = memory_text(dir, "a file name");
	const char *last = strrchr(copy, '/'), *from = last;
	char *label;

	while (from != NULL && from > copy && from[-1] != '/')
		from--;
	label = memory_text(from != NULL ? from : copy, "a file name");
	for (char *c = label; *c != '\0'; c++)
		if (*c == '/')
			*c = '-';
	free(copy);
	return label;
}

static size_t
seeds_convert_directory(const char *dir, const char *outdir, FILE *deps)
{
	struct dirent **list;
	char *label = seeds_label(dir);
	int nr = scandir(dir, &list, seeds_is_vmt, alphasort);
	size_t wrote = 0;

	if (nr < 0)
		err(1, "%s", dir);
	fprintf(deps, " %s", dir);
	for (int i = 0; i < nr; i++) {
		char from[PATH_MAX], to[PATH_MAX];

		if (snprintf(from, sizeof(from), "%s/%s", dir, list[i]->d_name) >= PATH_MAX ||
		    snprintf(to, sizeof(to), "%s/%s-%s.bin", outdir, label, list[i]->d_name) >= PATH_MAX)
			errx(1, "%s: the name is too long", list[i]->d_name);
		fprintf(deps, " %s", from);
		wrote += seeds_convert(from, to);
		free(list[i]);
	}
	free(list);
	free(label);
	return wrote;
}

int
main(int argc, char **argv)
{
	size_t wrote = 0;
	FILE *deps;

	if (argc < 5)
		errx(2, "usage: %s STAMP DEPFILE OUTDIR DIRECTORY...", argv[0]);
	if (mkdir(argv[3], 0777) != 0 && errno != EEXIST)
		err(1, "%s", argv[3]);
	deps = fopen(argv[2], "w");
	if (deps == NULL)
		err(1, "%s", argv[2]);
	fprintf(deps, "%s:", argv[1]);
	for (int i = 4; i < argc; i++)
		wrote += seeds_convert_directory(argv[i], argv[3], deps);
	fputc('\n', deps);
	if (fclose(deps) != 0)
		err(1, "%s", argv[2]);
	if (wrote == 0)
		errx(1, "no program became a seed");
	seeds_write_file(argv[1], "", 0);
	printf("%zu seeds\n", wrote);
	return 0;
}
