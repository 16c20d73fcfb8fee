/* SPDX-License-Identifier: BSD-2-Clause */
/* show-words.c - see show-words.h. */
#include "harness/show/show-words.h"

#include <string.h>

#include "harness/base/base.h"

uint32_t
show_char(const char *text, size_t *len)
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
show_width(const char *text, size_t len)
{
	unsigned width = 0;
	size_t n;

	for (size_t i = 0; i < len; i += n)
		width += char_width(show_char(text + i, &n));
	return width;
}

/* No line break beside an arrow: "w0 -> w1" stays on one line. */
static bool
may_break(const char *from, const char *blank)
{
	return strncmp(blank, " -> ", 4) != 0 && (blank < from + 3 || strncmp(blank - 3, " -> ", 4) != 0);
}

bool
show_next_line(const char **text, unsigned width, struct show_line *line)
{
	const char *from = *text, *at = from, *blank = NULL;
	unsigned used = 0;
	size_t n;

	if (from == NULL)
		return false;
	while (*at != '\0') {
		uint32_t c = show_char(at, &n);

		if (used + char_width(c) > width && at > from)
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
	*line = (struct show_line){ from, (size_t)(blank - from) };
	while (*blank == ' ')
		blank++;
	*text = *blank != '\0' ? blank : NULL;
	return true;
}
