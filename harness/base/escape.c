/* SPDX-License-Identifier: BSD-2-Clause */
/* escape.c - see escape.h. */
#include "harness/base/escape.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/files.h"
#include "harness/base/memory.h"

#define CHAR_MAX_LEN 4 /* bytes of a character of UTF-8 */
#define SHOWN_LEN 4    /* the length of "\ooo" */

uint32_t
escape_decode(const char *text, size_t left, size_t *len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *t = (const unsigned char *)text;
	size_t n = t[0] < 0x80 ? 1 : t[0] >= 0xf8 ? 0 : t[0] >= 0xf0 ? 4 : t[0] >= 0xe0 ? 3 : t[0] >= 0xc0 ? 2 : 0;
	uint32_t c = n <= 1 ? t[0] : t[0] & (0x7fu >> n);

	assert(left > 0);
	for (size_t i = 1; i < n; i++) {
		if (i >= left || (t[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		c = c << 6 | (t[i] & 0x3fu);
	}
	*len = 1;
	if (n == 0 || c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return ESCAPE_REPLACEMENT;
	*len = n;
	return c;
}

/* Control characters, characters that change the direction of text or break the line, and bytes that are no UTF-8. */
static bool
escape_is_harmful(uint32_t c, size_t len)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = { { 0x00, 0x08 }, { 0x0b, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xe0000, 0xe007f } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return (c & 0xfffe) == 0xfffe || (c == ESCAPE_REPLACEMENT && len == 1);
}

/* Rewrites the next character of @text into a harmless form: reads *from bytes, and writes *to bytes to @shown. */
static void
escape_show_next(const char *text, size_t left, size_t *from, char shown[CHAR_MAX_LEN * SHOWN_LEN], size_t *to)
{
	uint32_t c = escape_decode(text, left, from);

	*to = 0;
	for (size_t i = 0; i < *from; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (!escape_is_harmful(c, *from)) {
			shown[(*to)++] = text[i];
			continue;
		}
		shown[(*to)++] = '\\';
		shown[(*to)++] = (char)('0' + (byte >> 6));
		shown[(*to)++] = (char)('0' + (byte >> 3 & 7));
		shown[(*to)++] = (char)('0' + (byte & 7));
	}
}

void
escape_text(const char *text, size_t len, struct strbuf *out)
{
	char shown[CHAR_MAX_LEN * SHOWN_LEN];
	size_t from, to;

	for (size_t i = 0; i < len; i += from) {
		escape_show_next(text + i, len - i, &from, shown, &to);
		strbuf_addn(out, shown, to);
	}
}

void
escape_xml(const char *text, size_t len, struct strbuf *out)
{
	char shown[CHAR_MAX_LEN * SHOWN_LEN];
	size_t from, to;

	for (size_t i = 0; i < len; i += from) {
		escape_show_next(text + i, len - i, &from, shown, &to);
		if (shown[0] == '&')
			strbuf_add(out, "&amp;");
		else if (shown[0] == '<')
			strbuf_add(out, "&lt;");
		else if (shown[0] == '>')
			strbuf_add(out, "&gt;");
		else if (shown[0] == '"')
			strbuf_add(out, "&quot;");
		else
			strbuf_addn(out, shown, to);
	}
}

void
escape_shell(const char *word, struct strbuf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=:,@%";

	if (word[strspn(word, plain)] == '\0' && word[0] != '\0') {
		strbuf_add(out, word);
		return;
	}
	strbuf_addc(out, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			strbuf_add(out, "'\\''");
		else
			strbuf_addc(out, *word);
	strbuf_addc(out, '\'');
}

/* --- the standard streams --- */

/*
 * The state of an escaping stdio stream. Escaping allocates no memory, because messages about a lack of memory pass
 * here, too. A character may arrive in several pieces: its first bytes are kept until the last ones arrive.
 */
struct filter {
	int fd;
	bool raw;
	char kept[CHAR_MAX_LEN];
	size_t nr_kept;
};

static struct filter filters[] = { { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO } };

/* Are these bytes the start of a character whose last bytes are missing? */
static bool
escape_is_cut(const char *text, size_t left)
{
	unsigned char first = (unsigned char)text[0];
	size_t need = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : 2;

	if (first < 0xc0 || first >= 0xf8 || left >= need)
		return false;
	for (size_t i = 1; i < left; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return false;
	return true;
}

static ssize_t
escape_filter_write(void *cookie, const char *text, size_t len)
{
	struct filter *f = cookie;
	char out[512];
	size_t used = 0, from, to;

	if (f->raw)
		return file_write_all(f->fd, text, len) ? (ssize_t)len : 0;
	for (size_t i = 0; i < len; i++) {
		f->kept[f->nr_kept++] = text[i];
		while (f->nr_kept > 0 && !escape_is_cut(f->kept, f->nr_kept)) {
			if (used > sizeof(out) - CHAR_MAX_LEN * SHOWN_LEN) {
				if (!file_write_all(f->fd, out, used))
					return 0;
				used = 0;
			}
			escape_show_next(f->kept, f->nr_kept, &from, out + used, &to);
			used += to;
			f->nr_kept -= from;
			memmove(f->kept, f->kept + from, f->nr_kept);
		}
	}
	return file_write_all(f->fd, out, used) ? (ssize_t)len : 0;
}

/* Makes a stream that escapes what is written to it. */
static FILE *
escape_filtered(struct filter *f, int mode)
{
	FILE *stream = fopencookie(f, "w", (cookie_io_functions_t){ .write = escape_filter_write });

	if (stream == NULL || setvbuf(stream, NULL, mode, BUFSIZ) != 0)
		memory_out("the standard streams");
	return stream;
}

void
escape_streams(void)
{
	stdout = escape_filtered(&filters[0], isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF);
	stderr = escape_filtered(&filters[1], _IONBF);
}

void
escape_stdout_raw(bool raw)
{
	(void)fflush(stdout);
	filters[0].raw = raw;
}

void
escape_erase_line(void)
{
	static const char code[] = "\r\033[K";

	(void)file_write_all(STDERR_FILENO, code, sizeof(code) - 1);
}

const char *
escape_path(const char *path)
{
	static struct strbuf one_line;

	if (strcmp(path, "-") == 0)
		return "standard input";
	if (strchr(path, '\n') == NULL)
		return path;
	strbuf_clear(&one_line);
	for (; *path != '\0'; path++)
		if (*path == '\n')
			strbuf_add(&one_line, "\\012");
		else
			strbuf_addc(&one_line, *path);
	return strbuf_text(&one_line);
}
