/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay-main.c - runs a fuzz target over stored inputs, for builds without a fuzzing engine.
 *
 * usage: TARGET FILE|DIRECTORY...   All files below a directory are run, in the order of their names. It prints the
 * name before each run only if asked by --verbose; a crash is found again by that. Exit 1 if none was run.
 */
#include <err.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

static bool verbose;

static void
run_file(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	size_t len;

	if (f == NULL || fstat(fileno(f), &st) != 0)
		err(1, "%s", path);
	if (verbose)
		fprintf(stderr, "%s\n", path);
	/* Exactly as large as the input, so that a sanitizer sees a read behind it. */
	bytes = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (bytes == NULL)
		err(1, "%s", path);
	len = fread(bytes, 1, (size_t)st.st_size, f);
	if (len != (size_t)st.st_size)
		errx(1, "%s: read %zu of %jd bytes", path, len, (intmax_t)st.st_size);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static size_t
run_path(char *path)
{
	FTS *tree = fts_open((char *[]){ path, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	size_t ran = 0;

	if (tree == NULL)
		err(1, "%s", path);
	for (FTSENT *f; (f = fts_read(tree)) != NULL;) {
		if (f->fts_info == FTS_NS || f->fts_info == FTS_DNR || f->fts_info == FTS_ERR)
			errx(1, "%s: %s", f->fts_path, strerror(f->fts_errno));
		if (f->fts_info != FTS_F)
			continue;
		run_file(f->fts_path);
		ran++;
	}
	(void)fts_close(tree);
	return ran;
}

int
main(int argc, char **argv)
{
	size_t total = 0;

	(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		size_t ran;

		if (strcmp(argv[i], "--verbose") == 0) {
			verbose = true;
			continue;
		}
		ran = run_path(argv[i]);
		printf("%s: %zu inputs\n", argv[i], ran);
		total += ran;
	}
	if (total == 0)
		warnx("no input was run");
	return total > 0 ? 0 : 1;
}
