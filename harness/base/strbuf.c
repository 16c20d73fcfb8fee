/* SPDX-License-Identifier: BSD-2-Clause */
/* strbuf.c - see strbuf.h. */
#include "harness/base/strbuf.h"

#include <assert.h>
#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

#define STRBUF_CAP_MIN 64

/* Makes room for @more bytes and the terminator. Capacity doubles, so appending is linear. */
static void
strbuf_reserve(struct strbuf *b, size_t more)
{
	size_t need = b->len + more + 1, cap = b->cap != 0 ? b->cap : STRBUF_CAP_MIN;

	assert(b->len == 0 || b->len < b->cap);
	if (need <= b->len)
		errx(2, "a text is too long");
	if (need <= b->cap)
		return;
	while (cap < need)
		cap = cap > (size_t)-1 / 2 ? need : cap * 2;
	b->text = memory_resize(b->text, cap, 1, "a text");
	b->cap = cap;
}

void
strbuf_addn(struct strbuf *b, const char *text, size_t len)
{
	strbuf_reserve(b, len);
	if (len > 0)
		memcpy(b->text + b->len, text, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void
strbuf_add(struct strbuf *b, const char *text)
{
	strbuf_addn(b, text, strlen(text));
}

void
strbuf_addc(struct strbuf *b, char c)
{
	strbuf_addn(b, &c, 1);
}

void
strbuf_add_num(struct strbuf *b, int64_t n)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (n < 0)
		*--at = '-';
	strbuf_addn(b, at, (size_t)(digits + sizeof(digits) - at));
}

void
strbuf_vprintf(struct strbuf *b, const char *format, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, format, ap);
	if (len < 0)
		memory_out("a text");
	strbuf_reserve(b, (size_t)len);
	(void)vsnprintf(b->text + b->len, (size_t)len + 1, format, again);
	va_end(again);
	b->len += (size_t)len;
}

void
strbuf_printf(struct strbuf *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	strbuf_vprintf(b, format, ap);
	va_end(ap);
}

void
strbuf_clear(struct strbuf *b)
{
	b->len = 0;
	if (b->text != NULL)
		b->text[0] = '\0';
}

void
strbuf_free(struct strbuf *b)
{
	free(b->text);
	*b = (struct strbuf){ 0 };
}

char *
strbuf_take(struct strbuf *b)
{
	char *text;

	strbuf_reserve(b, 0);
	text = b->text;
	assert(text != NULL);
	text[b->len] = '\0';
	*b = (struct strbuf){ 0 };
	return text;
}

const char *
strbuf_text(const struct strbuf *b)
{
	return b->text != NULL ? b->text : "";
}

size_t
text_byte_order_mark(const char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t mark_len = sizeof(mark) - 1;

	return len >= mark_len && memcmp(text, mark, mark_len) == 0 ? mark_len : 0;
}
