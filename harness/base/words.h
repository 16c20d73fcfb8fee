/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - text for people: characters, their width, and breaking lines. */
#ifndef HARNESS_BASE_WORDS_H
#define HARNESS_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* The UTF-8 character at @text, and its length; U+FFFD with length 1 if the byte starts no character. */
uint32_t text_char(const char *text, size_t *len);
/* Width in columns on a terminal. */
unsigned text_width(const char *text, size_t len);

/* A line of text, at most some columns wide. */
struct text_line {
	const char *text;
	size_t len;
};
/*
 * Takes the next line of *text, and advances *text. False: no more. Lines break at blanks. A word that is too long is
 * broken, too, unless @whole. An empty text has one empty line.
 */
bool text_next_line(const char **text, unsigned width, bool whole, struct text_line *line);

/*
 * Appends the words of @text with one blank between them. The first word starts in column @at. A word that would end
 * after column @columns starts a new line. Each new line begins with @next. A word is never divided.
 */
void strbuf_wrap(struct strbuf *b, const char *text, unsigned at, unsigned columns, const char *next);

#endif
