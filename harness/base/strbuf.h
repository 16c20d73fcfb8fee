/* SPDX-License-Identifier: BSD-2-Clause */
/* strbuf.h - a growing, always terminated string. Ends the program (err(3)) if memory runs out. */
#ifndef HARNESS_BASE_STRBUF_H
#define HARNESS_BASE_STRBUF_H

#include <stddef.h>
#include <stdint.h>

/* "s", or with one "": "%zu file%s". */
static inline const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

struct strbuf {
	char *text; /* NULL while nothing was added */
	size_t len, cap;
};

void strbuf_add(struct strbuf *b, const char *text);
void strbuf_addn(struct strbuf *b, const char *text, size_t len);
void strbuf_addc(struct strbuf *b, char c);
/* In decimal: what strbuf_printf does, but in a tenth of the time, for the outcomes that an exploration prints. */
void strbuf_add_num(struct strbuf *b, int64_t n);
void strbuf_printf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties, keeps the memory. */
void strbuf_clear(struct strbuf *b);
void strbuf_free(struct strbuf *b);
/* The text, never NULL; owned by the caller, the buffer is empty afterwards. */
char *strbuf_take(struct strbuf *b);
/* The text, never NULL; owned by the buffer. */
const char *strbuf_text(const struct strbuf *b);

/* The bytes of the UTF-8 byte order mark that a text begins with: 3; 0: there is none. */
size_t text_byte_order_mark(const char *text, size_t len);

#endif
