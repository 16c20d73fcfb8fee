/* SPDX-License-Identifier: BSD-2-Clause */
/* inputs.c - see inputs.h. */
#include "harness/base/inputs.h"

#include <assert.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/base/strbuf.h"

#define LIST_MAX_SIZE ((size_t)64 << 20) /* limit: a million names of 64 bytes */
#define READ_SIZE 65536

static void
inputs_add_name(struct inputs *files, const char *name)
{
	MEMORY_GROW(files->names, files->cap, files->nr + 1, "the file names");
	files->names[files->nr++] = memory_text(name, "a file name");
}

static int
inputs_by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool
inputs_wanted(const FTSENT *entry, enum inputs_kind kind)
{
	size_t len = strlen(entry->fts_name);

	return entry->fts_level == FTS_ROOTLEVEL || (kind == INPUTS_ALL && entry->fts_name[0] != '.') ||
	       (len > 4 && strcmp(entry->fts_name + len - 4, ".vmt") == 0);
}

bool
inputs_add(struct inputs *files, const char *path, enum inputs_kind kind, inputs_about *about)
{
	assert(about != NULL);
	FTSENT *entry;
	FTS *tree;
	bool ok = true;
	char *copy;

	if (strcmp(path, "-") == 0) {
		inputs_add_name(files, path);
		return true;
	}
	copy = memory_text(path, "a file name");
	tree = fts_open((char *const[]){ copy, NULL }, FTS_LOGICAL | FTS_NOCHDIR, inputs_by_name);
	if (tree == NULL) { /* fts_open fails for an empty name; all other errors come from fts_read */
		about(path, 0, "%s", strerror(errno));
		free(copy);
		return false;
	}
	while ((entry = fts_read(tree)) != NULL) {
		switch (entry->fts_info) {
		case FTS_F:
			if (inputs_wanted(entry, kind))
				inputs_add_name(files, entry->fts_path);
			break;
		case FTS_DEFAULT: /* a pipe or a device: taken only if it is named itself */
			if (entry->fts_level == FTS_ROOTLEVEL)
				inputs_add_name(files, entry->fts_path);
			break;
		case FTS_SLNONE: /* a dangling link */
			if (inputs_wanted(entry, kind)) {
				about(entry->fts_path, 0, "the link leads to no file");
				ok = false;
			}
			break;
		case FTS_NS:
		case FTS_DNR:
		case FTS_ERR:
			about(entry->fts_path, 0, "%s", strerror(entry->fts_errno));
			ok = false;
			break;
		default:
			break;
		}
	}
	(void)fts_close(tree);
	free(copy);
	return ok;
}

/* Reads the whole list and appends a NUL. NULL: @about has reported the reason. */
static char *
inputs_read_list(const char *path, size_t *ret_len, inputs_about *about)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char *text = NULL;
	size_t len = 0, cap = 0;
	bool ok = f != NULL;

	for (size_t n = 1; ok && n > 0; len += n) {
		MEMORY_GROW(text, cap, len + READ_SIZE + 1, "a list of files");
		n = fread(text + len, 1, READ_SIZE, f);
		ok = ferror(f) == 0;
		if (ok && len > LIST_MAX_SIZE) {
			errno = EFBIG;
			ok = false;
		}
	}
	if (!ok)
		about(path, 0, "%s", strerror(errno));
	if (f != NULL && f != stdin)
		(void)fclose(f);
	if (!ok) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	*ret_len = len;
	return text;
}

bool
inputs_add_list(struct inputs *files, const char *path, enum inputs_kind kind, inputs_about *about)
{
	size_t len = 0;
	char *text = inputs_read_list(path, &len, about), *end;
	bool ok = text != NULL;
	unsigned line = 0;
	char separator;

	assert(about != NULL);
	if (text == NULL)
		return false;
	separator = memchr(text, '\0', len) != NULL ? '\0' : '\n';
	for (char *name = text + text_byte_order_mark(text, len); name < text + len; name = end + 1) {
		end = memchr(name, separator, (size_t)(text + len - name));
		if (end == NULL)
			end = text + len;
		*end = '\0';
		line++;
		if (strcmp(name, "-") == 0) {
			about(path, line, "expected the name of a file or directory, found \"-\": name it ./-");
			ok = false;
		} else if (name[0] != '\0' && !inputs_add(files, name, kind, about)) {
			ok = false;
		}
	}
	free(text);
	return ok;
}

void
inputs_free(struct inputs *files)
{
	assert(files->nr <= files->cap);
	for (size_t i = 0; i < files->nr; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct inputs){ 0 };
}
