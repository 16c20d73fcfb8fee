/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay-main.c - runs a fuzz target over stored inputs, for builds without a fuzzing engine.
 *
 * usage: TARGET [--verbose] [--bench SECONDS] [--files-from LIST] FILE|DIRECTORY...   All files below a directory are
 * run, in the order of their names; and those of a list, one per line or with a NUL after each ("-": standard input).
 * With --verbose it prints the name before each run, to find the input of a crash. --bench then runs all inputs
 * repeatedly, and prints the time of one. Exit status: 0 all inputs were run, 2 an input cannot be read, or there is
 * none.
 */
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/fuzz.h"
#include "harness/base/base.h"

#define STATUS_USAGE 2
#define READ_SIZE 65536
#define INPUT_MAX_SIZE ((size_t)16 << 20) /* far more than any target reads */

static bool verbose;

struct input {
	uint8_t *bytes;
	size_t len;
};

static struct input *inputs;
static size_t nr_inputs, inputs_cap;

/* The content of the file in memory of exactly its size, so that a sanitizer detects a read past the end. */
static struct input
replay_read_input(const char *path)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	struct input in = { 0 };
	size_t n = 1;

	if (f == NULL)
		err(STATUS_USAGE, "%s", path);
	for (; n > 0; in.len += n) {
		in.bytes = memory_resize(in.bytes, in.len + READ_SIZE, 1, "an input");
		n = fread(in.bytes + in.len, 1, READ_SIZE, f);
		if (ferror(f) != 0)
			err(STATUS_USAGE, "%s", path);
		if (in.len > INPUT_MAX_SIZE)
			errx(STATUS_USAGE, "%s: %s", path, strerror(EFBIG));
	}
	if (f != stdin)
		(void)fclose(f);
	in.bytes = memory_resize(in.bytes, in.len > 0 ? in.len : 1, 1, "an input");
	return in;
}

static void
replay_run_file(const char *path)
{
	struct input in;

	if (verbose)
		fprintf(stderr, "%s\n", path);
	in = replay_read_input(path);
	(void)LLVMFuzzerTestOneInput(in.bytes, in.len);
	MEMORY_GROW(inputs, inputs_cap, nr_inputs + 1, "the inputs");
	inputs[nr_inputs++] = in;
}

static __attribute__((format(printf, 3, 4))) void
replay_about(const char *path, unsigned line, const char *format, ...)
{
	va_list args;

	if (line != 0)
		fprintf(stderr, "%s:%u: ", path, line);
	else
		fprintf(stderr, "%s: ", path);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

/* Runs the files of an operand, or, with @list, the files that the list names. */
static void
replay_run_path(const char *path, bool list)
{
	struct inputs files = { 0 };

	if (!(list ? inputs_add_list : inputs_add)(&files, path, INPUTS_ALL, replay_about))
		exit(STATUS_USAGE);
	for (size_t i = 0; i < files.nr; i++)
		replay_run_file(files.names[i]);
	printf("%s: %zu inputs\n", path, files.nr);
	inputs_free(&files);
}

/* Processor seconds, which depend least on other load. */
static double
replay_now(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
replay_bench(double seconds)
{
	double start = replay_now(), spent;
	size_t runs = 0;

	do {
		for (size_t i = 0; i < nr_inputs; i++)
			(void)LLVMFuzzerTestOneInput(inputs[i].bytes, inputs[i].len);
		runs += nr_inputs;
		spent = replay_now() - start;
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
		else if (strcmp(argv[i], "--files-from") == 0 && i + 1 < argc)
			replay_run_path(argv[++i], true);
		else
			replay_run_path(argv[i], false);
	}
	if (nr_inputs == 0)
		warnx("no input was run");
	else if (seconds > 0)
		replay_bench(seconds);
	for (size_t i = 0; i < nr_inputs; i++)
		free(inputs[i].bytes);
	free(inputs);
	return nr_inputs > 0 ? 0 : STATUS_USAGE;
}
