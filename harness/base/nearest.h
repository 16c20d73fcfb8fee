/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest.h - which word of a table an unknown word is probably meant to be: "did you mean".
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
	const char *word;  /* the nearest one so far; NULL: none is near */
	unsigned distance; /* its distance, or the first that is too far */
	char hint[NEAREST_HINT_MAX];
};

void nearest_begin(struct nearest *n, const char *text, size_t len);
/* One of the words that may stand there. Of several with the same distance the first counts. @word stays alive. */
void nearest_offer(struct nearest *n, const char *word);
/* "; did you mean "wire"?", or "" if no word is near. In *n. */
const char *nearest_hint(struct nearest *n);

#endif
