/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay-main.c - runs a fuzz target over stored inputs, for builds without a fuzzing engine.
 *
 * usage: TARGET [--verbose] [--bench SECONDS] FILE|DIRECTORY...   All files below a directory are run, in the order of
 * their names. It prints the name before each run only if asked by --verbose; a crash is found again by that. --bench
 * then runs all of them again and again, and prints what one costs. Exit 1 if none was run.
 */
#include <err.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fuzz/fuzz.h"

static bool verbose;

struct input {
	uint8_t *bytes;
	size_t len;
};

static struct input *inputs;
static size_t nr_inputs, inputs_cap;

static void
run_file(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	struct input in = { 0 };

	if (f == NULL || fstat(fileno(f), &st) != 0)
		err(1, "%s", path);
	if (verbose)
		fprintf(stderr, "%s\n", path);
	/* Exactly as large as the input, so that a sanitizer sees a read behind it. */
	in.bytes = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (in.bytes == NULL)
		err(1, "%s", path);
	in.len = fread(in.bytes, 1, (size_t)st.st_size, f);
	if (in.len != (size_t)st.st_size)
		errx(1, "%s: read %zu of %jd bytes", path, in.len, (intmax_t)st.st_size);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(in.bytes, in.len);
	if (nr_inputs == inputs_cap) {
		inputs_cap = inputs_cap == 0 ? 64 : inputs_cap * 2;
		inputs = reallocarray(inputs, inputs_cap, sizeof(*inputs));
		if (inputs == NULL)
			err(1, "%s", path);
	}
	inputs[nr_inputs++] = in;
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
run_path(char *path)
{
	FTS *tree = fts_open((char *[]){ path, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	size_t before = nr_inputs;

	if (tree == NULL)
		err(1, "%s", path);
	for (FTSENT *f; (f = fts_read(tree)) != NULL;) {
		if (f->fts_info == FTS_NS || f->fts_info == FTS_DNR || f->fts_info == FTS_ERR)
			errx(1, "%s: %s", f->fts_path, strerror(f->fts_errno));
		if (f->fts_info == FTS_F)
			run_file(f->fts_path);
	}
	(void)fts_close(tree);
	printf("%s: %zu inputs\n", path, nr_inputs - before);
}

/* Processor seconds: what else the machine does disturbs them least. */
static double
now(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
bench(double seconds)
{
	double start = now(), spent;
	size_t runs = 0;

	do {
		for (size_t i = 0; i < nr_inputs; i++)
			(void)LLVMFuzzerTestOneInput(inputs[i].bytes, inputs[i].len);
		runs += nr_inputs;
		spent = now() - start;
	} while (spent < seconds);
	printf("us_per_input: %.3f\n", spent * 1e6 / (double)runs);
}

int
main(int argc, char **argv)
{
	double seconds = 0;

	(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else if (strcmp(argv[i], "--bench") == 0 && i + 1 < argc)
			seconds = strtod(argv[++i], NULL);
		else
			run_path(argv[i]);
	}
	if (nr_inputs == 0)
		warnx("no input was run");
	else if (seconds > 0)
		bench(seconds);
	for (size_t i = 0; i < nr_inputs; i++)
		free(inputs[i].bytes);
	free(inputs);
	return nr_inputs > 0 ? 0 : 1;
}
