/* SPDX-License-Identifier: BSD-2-Clause */
/* show-words.c - see show-words.h. */
#include "harness/show-words.h"

#include <string.h>

#define REPLACEMENT 0xfffdu

uint32_t
show_char(const char *text, size_t *len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *t = (const unsigned char *)text;
	size_t n = t[0] < 0x80 ? 1 : t[0] >= 0xf8 ? 0 : t[0] >= 0xf0 ? 4 : t[0] >= 0xe0 ? 3 : t[0] >= 0xc0 ? 2 : 0;
	uint32_t c = n <= 1 ? t[0] : t[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((t[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		c = c << 6 | (t[i] & 0x3fu);
	}
	*len = n > 0 ? n : 1;
	return n > 0 && c >= least[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? c : REPLACEMENT;
}

/* Not asked of the locale: a picture is the same wherever it is made. What may be wide counts as wide. */
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

/* Around an arrow there is no break: "w0 -> w1" stays together. */
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

/* What XML has no way to say: control characters, and those that are none. */
static bool
not_in_xml(uint32_t c)
{
	return c == REPLACEMENT || (c & 0xfffe) == 0xfffe || (c < ' ' && c != '\n' && c != '\t');
}

void
show_xml(const char *text, size_t len, struct strbuf *out)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		uint32_t c = show_char(text + i, &n);

		if (c == '&')
			strbuf_add(out, "&amp;");
		else if (c == '<')
			strbuf_add(out, "&lt;");
		else if (c == '>')
			strbuf_add(out, "&gt;");
		else if (c == '"')
			strbuf_add(out, "&quot;");
		else if (not_in_xml(c))
			strbuf_add(out, "\xef\xbf\xbd");
		else
			strbuf_addn(out, text + i, n);
	}
}
