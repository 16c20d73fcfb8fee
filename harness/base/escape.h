/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * escape.h - the one place that makes text from outside harmless: names of files, comments, arguments.
 *
 * A terminal obeys control characters, and a reader is misled by characters that change the direction of text. Each
 * byte of such a character, and each byte that is no UTF-8, is shown as a backslash and three octal digits, as vis(3)
 * shows it. Line ends and tabs stay.
 */
#ifndef HARNESS_BASE_ESCAPE_H
#define HARNESS_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/strbuf.h"

#define ESCAPE_REPLACEMENT 0xfffdu

/*
 * The character of UTF-8 at @text, of at most @left bytes, and its length. ESCAPE_REPLACEMENT and length 1: the byte
 * begins no character.
 */
uint32_t escape_decode(const char *text, size_t left, size_t *len);

/* Appends @len bytes of @text for a person. */
void escape_text(const char *text, size_t len, struct strbuf *out);
/* The same for XML and HTML: in elements and in attributes between double quotes. */
void escape_xml(const char *text, size_t len, struct strbuf *out);

/* A word as a shell reads it back. What is shown to a person is escaped besides. */
void escape_shell(const char *word, struct strbuf *out);

/*
 * From now on standard output and standard error escape what is written through stdio. To be called once, before
 * anything is written.
 */
void escape_streams(void);
/*
 * Is standard output to take bytes as they are? For programs and other data, and for text that has been escaped and
 * then got colours. Flushes what was written before.
 */
void escape_stdout_raw(bool raw);
/* Standard error is a terminal: to the beginning of its line, which becomes empty. */
void escape_erase_line(void);

/*
 * What messages call it: "-" is "standard input", and a line end in a name is escaped, because messages are lines. The
 * text is valid until the next call.
 */
const char *escape_path(const char *path);

#endif
