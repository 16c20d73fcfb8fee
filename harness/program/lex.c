/* SPDX-License-Identifier: BSD-2-Clause */
/* lex.c - lines, words and numbers of a .vmt text, and the one shape of its errors. See lex.h. */
#include "harness/base/base.h"
#include "harness/program/lex.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* libbsd requires a choice between its two strnvis(); only vis() is used here. */
#define LIBBSD_OPENBSD_VIS
#include <vis.h>

#include "harness/program/vmt.h"

#define LEX_FOUND_MAX 40 /* a message shows at most this many bytes of a wrong word */

/* Is the text UTF-16, which Windows calls "Unicode"? Its two-byte letters are not supported. */
static bool
lex_is_utf16(const struct lex *l, const char *at)
{
	return l->line == 1 && l->end - at >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0);
}

void
lex_begin(struct lex *l, const char *text, size_t len, struct vmt_error *e)
{
	size_t mark = text_byte_order_mark(text, len);

	text += mark;
	len -= mark;
	*l = (struct lex){
		.next = text, .end = text + len, .line_at = text, .line_end = text, .word = text, .error = e
	};
}

bool
lex_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is this byte forbidden in a line? The caller skips the '\r' of a line end. */
static bool
lex_is_control(char c)
{
	unsigned char byte = (unsigned char)c;

	return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

static bool
lex_is_line_end(const struct lex *l, const char *at)
{
	return at == l->end || *at == '\n' || (*at == '\r' && l->end - at > 1 && at[1] == '\n');
}

static const char *
lex_trim(const char *from, const char *to)
{
	assert(from <= to);
	while (to > from && lex_is_blank(to[-1]))
		to--;
	return to;
}

/* Shows one byte as vis(3) does: no byte of a file reaches a terminal unescaped. */
static char *
lex_show_byte(char *to, char c)
{
	return vis(to, (unsigned char)c, VIS_CSTYLE | VIS_OCTAL | VIS_TAB | VIS_NL | VIS_DQ, 0);
}

enum lex_status
lex_line(struct lex *l)
{
	const char *at = l->next, *comment = NULL;
	char shown[8];

	assert(l->next <= l->end);
	if (at == l->end)
		return LEX_END;
	l->line++;
	l->line_at = at;
	if (lex_is_utf16(l, at)) {
		lex_complain(l, at, "UTF-8 text, found a UTF-16 byte order mark: save the file as UTF-8");
		return LEX_BAD;
	}
	for (; !lex_is_line_end(l, at); at++) {
		if (lex_is_control(*at)) {
			lex_show_byte(shown, *at);
			lex_complain(l, at, "text, found the control byte %s", shown);
			return LEX_BAD;
		}
		if (*at == '#' && comment == NULL && (at == l->line_at || lex_is_blank(at[-1])))
			comment = at;
	}
	l->comment = comment;
	l->comment_len = comment != NULL ? (size_t)(lex_trim(comment, at) - comment) : 0;
	l->line_end = lex_trim(l->line_at, comment != NULL ? comment : at);
	l->word = l->line_at;
	l->word_len = 0;
	if (at != l->end)
		at += *at == '\r' ? 2 : 1;
	l->next = at;
	lex_next(l);
	return LEX_LINE;
}

void
lex_next(struct lex *l)
{
	const char *at = l->word + l->word_len;

	while (at < l->line_end && lex_is_blank(*at))
		at++;
	l->word = at;
	while (at < l->line_end && !lex_is_blank(*at))
		at++;
	l->word_len = (size_t)(at - l->word);
}

bool
lex_equal(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

bool
lex_is(const struct lex *l, const char *word)
{
	return lex_equal(l->word, l->word_len, word);
}

bool
lex_at_end(const struct lex *l)
{
	return l->word_len == 0;
}

/* The column of @at, 1-based. */
static unsigned
lex_column(const struct lex *l, const char *at)
{
	assert(at >= l->line_at && at <= l->end);
	return (unsigned)(at - l->line_at) + 1;
}

/* Sets the error. @found is what was found, unless @format says it. */
static void
lex_set(const struct lex *l, unsigned line, unsigned column, const char *found, const char *format, va_list ap)
{
	struct vmt_error *e = l->error;
	char expected[sizeof(e->text)];

	vsnprintf(expected, sizeof(expected), format, ap);
	e->line = line != 0 ? line : 1;
	e->column = column;
	if (found != NULL)
		snprintf(e->text, sizeof(e->text), "expected %.120s, found %.100s", expected, found);
	else
		snprintf(e->text, sizeof(e->text), "expected %.220s", expected);
}

/* Shows the word at @at in quotes, at most LEX_FOUND_MAX bytes of it. */
static void
lex_show_word(char *to, const char *at, size_t len)
{
	const char *limit = to + LEX_FOUND_MAX;

	*to++ = '"';
	for (; len > 0 && to < limit; at++, len--)
		to = lex_show_byte(to, *at);
	(void)strlcpy(to, len > 0 ? "...\"" : "\"", sizeof("...\""));
}

static void
lex_set_found(const struct lex *l, const char *at, size_t len, const char *format, va_list ap)
{
	char found[LEX_FOUND_MAX + 16];

	if (len == 0)
		(void)strlcpy(found, "end of line", sizeof(found));
	else
		lex_show_word(found, at, len);
	lex_set(l, l->line, lex_column(l, at), found, format, ap);
}

bool
lex_fail(const struct lex *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	lex_set_found(l, l->word, l->word_len, format, ap);
	va_end(ap);
	return false;
}

bool
lex_fail_at(const struct lex *l, const char *at, size_t len, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	lex_set_found(l, at, len, format, ap);
	va_end(ap);
	return false;
}

bool
lex_complain(const struct lex *l, const char *at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	lex_set(l, l->line, lex_column(l, at), NULL, format, ap);
	va_end(ap);
	return false;
}

bool
lex_complain_of(const struct lex *l, unsigned line, unsigned column, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	lex_set(l, line, column, NULL, format, ap);
	va_end(ap);
	return false;
}

bool
lex_hint(const struct lex *l, struct nearest *n, const char *more)
{
	struct vmt_error *e = l->error;

	assert(l->error->line > 0); /* an error is set */
	(void)strlcat(e->text, nearest_hint(n), sizeof(e->text));
	if (more != NULL) {
		(void)strlcat(e->text, n->word != NULL ? " " : "; ", sizeof(e->text));
		(void)strlcat(e->text, more, sizeof(e->text));
	}
	return false;
}

/* The digit's value, or 16 if it is none. */
static unsigned
lex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

enum lex_number
lex_number(const char *text, size_t len, lex_wide max, lex_wide *ret)
{
	bool hex = len > 2 && text[0] == '0' && text[1] == 'x', large = false, zero;
	unsigned base = hex ? 16 : 10;
	lex_wide n = 0;

	if (len == 0)
		return LEX_NUMBER_BAD;
	zero = !hex && len > 1 && text[0] == '0';
	for (size_t i = hex ? 2 : 0; i < len; i++) {
		unsigned d = lex_digit(text[i]);

		if (d >= base)
			return LEX_NUMBER_BAD;
		if (d > max || n > (max - d) / base)
			large = true;
		else
			n = n * base + d;
	}
	if (zero)
		return LEX_NUMBER_ZERO;
	if (large)
		return LEX_NUMBER_LARGE;
	*ret = n;
	return LEX_NUMBER_OK;
}

bool
lex_fail_number(const struct lex *l, enum lex_number number, const char *what, const char *max)
{
	if (number == LEX_NUMBER_LARGE)
		return lex_fail(l, "%s, %s", what, max);
	if (number == LEX_NUMBER_ZERO)
		return lex_fail(l, "%s without a leading zero (decimal, or 0x and hexadecimal digits)", what);
	return lex_fail(l, "%s", what);
}

bool
lex_take_number(struct lex *l, const char *what, uint64_t max, uint64_t *ret)
{
	lex_wide n = 0;
	enum lex_number number = lex_number(l->word, l->word_len, max, &n);
	char largest[40];

	if (number != LEX_NUMBER_OK) {
		(void)snprintf(largest, sizeof(largest), "at most %" PRIu64, max);
		return lex_fail_number(l, number, what, largest);
	}
	*ret = (uint64_t)n;
	lex_next(l);
	return true;
}

int
vmt_thread_number(const char *text, size_t len)
{
	lex_wide n;

	if (len < 2 || text[0] != 'T' || (len > 2 && text[2] == 'x'))
		return -1;
	if (lex_number(text + 1, len - 1, PROGRAM_THREADS_MAX - 1, &n) != LEX_NUMBER_OK)
		return -1;
	return (int)n;
}

bool
lex_begin_piece(struct lex *l, const char *text, struct vmt_error *e)
{
	*e = (struct vmt_error){ 0 };
	lex_begin(l, text, strlen(text), e);
	return lex_line(l) != LEX_BAD;
}

bool
lex_end_piece(const struct lex *l)
{
	if (!lex_at_end(l))
		return lex_fail(l, "end of line");
	if (l->next != l->end)
		return lex_complain(l, l->word, "a single line, found another");
	return true;
}
