/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest.h - finds the word of a table that is closest to an unknown word, for "did you mean".
 *
 *	struct nearest n;
 *
 *	nearest_begin(&n, text, strlen(text));
 *	for (each row)
 *		nearest_offer(&n, row.name);
 *	errx(EXIT_USAGE, "--mutant %s: unknown mutant; ... lists them%s", text, nearest_hint(&n));
 */
#ifndef HARNESS_BASE_NEAREST_H
#define HARNESS_BASE_NEAREST_H

#include <stddef.h>

#define NEAREST_HINT_MAX 120

struct nearest {
	const char *text; /* the unknown word */
	size_t len;
	const char *word;  /* the nearest word so far; NULL: none is near */
	unsigned distance; /* the distance of @word, or the smallest distance that is too far */
	char hint[NEAREST_HINT_MAX];
};

void nearest_begin(struct nearest *n, const char *text, size_t len);
/* Offers a word. The first of several words with the same distance wins. @word must stay valid. */
void nearest_offer(struct nearest *n, const char *word);
/* Returns "; did you mean "wire"?", or "" if no word is near. The text is in *n. */
const char *nearest_hint(struct nearest *n);

#endif
