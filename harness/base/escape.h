/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * escape.h - the one place that makes text from outside harmless: file names, comments, arguments.
 *
 * A terminal obeys control characters, and characters that change the direction of text mislead a reader. Each byte of
 * such a character, and each byte that is no UTF-8, becomes a backslash and three octal digits, as vis(3) shows it.
 * Line ends and tabs stay.
 */
#ifndef HARNESS_BASE_ESCAPE_H
#define HARNESS_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/strbuf.h"

#define ESCAPE_REPLACEMENT 0xfffdu

/*
 * Decodes the UTF-8 character at @text, which has @left bytes, and sets its length. Returns ESCAPE_REPLACEMENT with
 * length 1 if no character starts there.
 */
uint32_t escape_decode(const char *text, size_t left, size_t *len);

/* Appends @len bytes of @text in the form for people. */
void escape_text(const char *text, size_t len, struct strbuf *out);
/* Appends text for XML and HTML: for elements, and for attributes in double quotes. */
void escape_xml(const char *text, size_t len, struct strbuf *out);

/* Appends a word quoted for a shell. Text that a person reads is escaped as well. */
void escape_shell(const char *word, struct strbuf *out);

/*
 * Makes standard output and standard error escape everything that is written through stdio. Call it once, before the
 * first output.
 */
void escape_streams(void);
/*
 * Switches escaping of standard output off (@raw) or on. Raw is for programs and other data, and for text that is
 * escaped already and contains colours. Flushes earlier output first.
 */
void escape_stdout_raw(bool raw);
/* Clears the current line of the terminal on standard error. */
void escape_erase_line(void);

/*
 * The name of a file as messages print it: "standard input" for "-", and line ends are escaped, because messages are
 * lines. The text is valid until the next call.
 */
const char *escape_path(const char *path);

#endif
