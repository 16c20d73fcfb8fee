/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-vmt-damage.c - the parser on damaged programs: every file of the corpus cut off at every byte, and with bits
 * flipped, words doubled and lines exchanged by chance. What must hold of each text is fuzz/fuzz_vmt.c, which is linked
 * in.
 *
 * usage: test-vmt-damage [--seed N] [--cuts N] [--flips K] CORPUS
 *
 * Of a file with more than N bytes the cuts are spread evenly, so that it takes seconds under a sanitizer, too. A crash
 * prints the text, then the file, which can be given alone instead of the corpus: damage depends on the file and the
 * seed only.
 */
#include <err.h>
#include <fts.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "harness/base/base.h"
#include "harness/program/program.h"

/* Of one file. */
#define CUTS_DEFAULT 120
#define FLIPS_DEFAULT 40

static uint64_t seed = 1, max_cuts = CUTS_DEFAULT, flips = FLIPS_DEFAULT;
static uint64_t nr_files, nr_cuts, nr_flips;
static char note[4200];

static void
on_abort(int sig)
{
	(void)sig;
	if (write(STDERR_FILENO, note, strlen(note)) < 0)
		_exit(1);
}

/* A copy in its own memory, so that a sanitizer detects a read past the end. */
static void
feed(const char *text, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		err(1, "%zu bytes", len);
	memcpy(copy, text, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void
cut(const struct strbuf *text)
{
	size_t cuts = text->len < max_cuts ? text->len : (size_t)max_cuts;

	for (size_t i = 0; i <= cuts; i++, nr_cuts++)
		feed(text->text, cuts == 0 ? 0 : i * text->len / cuts);
}

/* One to three bits. */
static void
flip_bits(struct prng *prng, char *text, size_t len)
{
	for (uint64_t n = 1 + prng_below(prng, 3); n > 0; n--) {
		size_t at = prng_below(prng, len);

		text[at] ^= (char)(1 << prng_below(prng, 8));
	}
}

/* Copies a piece of the text to another place: doubles and overwrites words, exchanges lines. */
static void
move_piece(struct prng *prng, char *text, size_t len)
{
	size_t from = prng_below(prng, len), to = prng_below(prng, len), max = len - (from > to ? from : to);

	memmove(text + to, text + from, 1 + prng_below(prng, max < 40 ? max : 40));
}

static void
flip(const struct strbuf *text)
{
	char *copy = malloc(text->len);

	if (copy == NULL)
		err(1, "%zu bytes", text->len);
	for (uint64_t i = 0; i < flips; i++, nr_flips++) {
		struct prng prng = prng_mix(seed, text->len, i);

		memcpy(copy, text->text, text->len);
		if (prng_one_in(&prng, 4))
			move_piece(&prng, copy, text->len);
		else
			flip_bits(&prng, copy, text->len);
		feed(copy, text->len);
	}
	free(copy);
}

static void
damage(const char *path)
{
	struct strbuf text = { 0 }, error = { 0 };
	struct program p;

	if (!vmt_load(path, &p, &text, &error))
		errx(1, "%s", strbuf_text(&error));
	program_free(&p);
	(void)snprintf(note, sizeof(note), "in %s\n", path);
	cut(&text);
	if (text.len > 0)
		flip(&text);
	nr_files++;
	strbuf_free(&text);
	strbuf_free(&error);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
damage_all(char *root)
{
	FTS *tree = fts_open((char *[]){ root, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, by_name);

	if (tree == NULL)
		err(1, "%s", root);
	for (FTSENT *f; (f = fts_read(tree)) != NULL;) {
		const char *dot = strrchr(f->fts_name, '.');

		if (f->fts_info == FTS_F && dot != NULL && strcmp(dot, ".vmt") == 0)
			damage(f->fts_path);
	}
	(void)fts_close(tree);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "cuts", required_argument, NULL, 'c' },
		{ "flips", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'c')
			max_cuts = strtoull(optarg, NULL, 0);
		else if (c == 'f')
			flips = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	if (optind + 1 != argc)
		errx(2, "usage: %s [--seed N] [--cuts N] [--flips K] CORPUS", argv[0]);
	(void)signal(SIGABRT, on_abort);
	(void)LLVMFuzzerInitialize(&argc, &argv);
	damage_all(argv[optind]);
	printf("%" PRIu64 " files, cut off in %" PRIu64 " ways, damaged in %" PRIu64 "\n", nr_files, nr_cuts, nr_flips);
	return nr_files > 0 && nr_cuts > nr_files ? 0 : 1;
}
