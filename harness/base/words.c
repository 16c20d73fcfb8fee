/* SPDX-License-Identifier: BSD-2-Clause */
/* words.c - see words.h. */
#include "harness/base/words.h"

#include <assert.h>
#include <string.h>

#include "harness/base/escape.h"
#include "harness/base/strbuf.h"

uint32_t
text_char(const char *text, size_t *len)
{
	return escape_decode(text, strnlen(text, 4), len);
}

/*
 * Does not depend on the locale, so that a picture is the same everywhere. Characters of ambiguous width count as wide.
 */
static unsigned
char_width(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} wide[] = { { 0x1100, 0x115f }, { 0x231a, 0x231b }, { 0x2600, 0x27bf }, { 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xffe6 }, { 0x1f000, 0x1ffff },
		{ 0x20000, 0x3ffff } };

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (c >= wide[i].first && c <= wide[i].last)
			return 2;
	return 1;
}

unsigned
text_width(const char *text, size_t len)
{
	unsigned width = 0;
	size_t n;

	for (size_t i = 0; i < len; i += n)
		width += char_width(text_char(text + i, &n));
	return width;
}

/* No line break beside an arrow: "w0 -> w1" stays on one line. */
static bool
may_break(const char *from, const char *blank)
{
	return strncmp(blank, " -> ", 4) != 0 && (blank < from + 3 || strncmp(blank - 3, " -> ", 4) != 0);
}

bool
text_next_line(const char **text, unsigned width, bool whole, struct text_line *line)
{
	const char *from = *text, *at = from, *blank = NULL;
	unsigned used = 0;
	size_t n;

	if (from == NULL)
		return false;
	while (*at != '\0') {
		uint32_t c = text_char(at, &n);

		if (used + char_width(c) > width && (whole ? blank != NULL : at > from))
			break;
		if (c == ' ' && may_break(from, at))
			blank = at;
		used += char_width(c);
		at += n;
	}
	if (*at == '\0' || (*at == ' ' && may_break(from, at)))
		blank = at;
	if (blank == NULL || blank == from)
		blank = at;
	*line = (struct text_line){ from, (size_t)(blank - from) };
	while (*blank == ' ')
		blank++;
	*text = *blank != '\0' ? blank : NULL;
	assert(blank > from || *from == '\0');
	return true;
}

void
strbuf_wrap(struct strbuf *b, const char *text, unsigned at, unsigned columns, const char *next)
{
	struct text_line line;

	assert(at < columns && strlen(next) < columns);
	for (bool first = true; text_next_line(&text, columns - at, true, &line); first = false) {
		if (!first) {
			strbuf_addc(b, '\n');
			strbuf_add(b, next);
		}
		for (size_t i = 0; i < line.len; i++) /* a blank before another or at the end is left out */
			if (line.text[i] != ' ' || (i + 1 < line.len && line.text[i + 1] != ' '))
				strbuf_addc(b, line.text[i]);
		at = (unsigned)strlen(next);
	}
}
