/* SPDX-License-Identifier: BSD-2-Clause */
/* nearest.c - see nearest.h. */
#include "harness/base/nearest.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 40   /* longer words are not compared */
#define PREFIX_MIN 4  /* a prefix of at least this many letters matches the whole word */
#define CASE_COST 1   /* a letter in the wrong case */
#define LETTER_COST 3 /* a letter missing, wrong, extra, or swapped with the next */
#define FAR_SHORT (2 * LETTER_COST)
#define FAR_MIDDLE (3 * LETTER_COST)
#define FAR_LONG (4 * LETTER_COST)

/* The smallest distance that is too far for a word of @len letters. */
static unsigned
nearest_too_far(size_t len)
{
	if (len <= 4)
		return FAR_SHORT;
	return len <= 8 ? FAR_MIDDLE : FAR_LONG;
}

void
nearest_begin(struct nearest *n, const char *text, size_t len)
{
	*n = (struct nearest){ .text = text, .len = len, .distance = nearest_too_far(len) };
}

static unsigned
nearest_least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned
nearest_letter_cost(char a, char b)
{
	if (a == b)
		return 0;
	return tolower((unsigned char)a) == tolower((unsigned char)b) ? CASE_COST : LETTER_COST;
}

/* The edit distance of two words: single letters and swapped neighbours. */
static unsigned
nearest_distance(const char *a, size_t len_a, const char *b, size_t len_b)
{
	unsigned cost[3][WORD_MAX + 1];

	for (size_t j = 0; j <= len_b; j++)
		cost[0][j] = (unsigned)j * LETTER_COST;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned *row = cost[i % 3], *above = cost[(i - 1) % 3];

		row[0] = (unsigned)i * LETTER_COST;
		for (size_t j = 1; j <= len_b; j++) {
			row[j] = above[j - 1] + nearest_letter_cost(a[i - 1], b[j - 1]);
			row[j] = nearest_least(row[j], nearest_least(above[j], row[j - 1]) + LETTER_COST);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = nearest_least(row[j], cost[(i - 2) % 3][j - 2] + LETTER_COST);
		}
	}
	return cost[len_a % 3][len_b];
}

void
nearest_offer(struct nearest *n, const char *word)
{
	size_t len = strlen(word);
	unsigned found;

	assert(word != NULL);
	if (n->len == 0 || n->len > WORD_MAX || len > WORD_MAX)
		return;
	found = nearest_distance(n->text, n->len, word, len);
	/* A word of one or two letters does not match if all its letters change. */
	if (found >= LETTER_COST * (n->len < len ? n->len : len))
		found = FAR_LONG;
	if (n->len >= PREFIX_MIN && len > n->len && memcmp(n->text, word, n->len) == 0)
		found = nearest_least(found, nearest_too_far(n->len) - 1);
	if (found >= n->distance)
		return;
	n->distance = found;
	n->word = word;
}

const char *
nearest_hint(struct nearest *n)
{
	n->hint[0] = '\0';
	if (n->word != NULL)
		(void)snprintf(n->hint, sizeof(n->hint), "; did you mean \"%s\"?", n->word);
	return n->hint;
}
