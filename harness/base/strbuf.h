/* SPDX-License-Identifier: BSD-2-Clause */
/* strbuf.h - a growing, always terminated string. Ends the program if memory runs out. */
#ifndef HARNESS_BASE_STRBUF_H
#define HARNESS_BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* The plural ending for @n things: "%zu file%s". */
static inline const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

struct strbuf {
	char *text; /* NULL until something is added */
	size_t len, cap;
};

void strbuf_add(struct strbuf *b, const char *text);
void strbuf_addn(struct strbuf *b, const char *text, size_t len);
void strbuf_addc(struct strbuf *b, char c);
/* Appends a decimal number. Ten times as fast as strbuf_printf, for the outcomes that an exploration prints. */
void strbuf_add_num(struct strbuf *b, int64_t n);
void strbuf_vprintf(struct strbuf *b, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));
void strbuf_printf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties the buffer and keeps its memory. */
void strbuf_clear(struct strbuf *b);
void strbuf_free(struct strbuf *b);
/* Returns the text, never NULL, and leaves the buffer empty. The caller frees the text. */
char *strbuf_take(struct strbuf *b);
/* Returns the text, never NULL. The buffer owns it. */
const char *strbuf_text(const struct strbuf *b);

/* The length of the UTF-8 byte order mark at the start of @text: 3, or 0 if there is none. */
size_t text_byte_order_mark(const char *text, size_t len);

#endif
