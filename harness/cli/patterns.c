/* SPDX-License-Identifier: BSD-2-Clause */
/* patterns.c - see patterns.h. */
#include "harness/cli/patterns.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"

bool
pattern_matches(const char *pattern, const char *path)
{
	if (fnmatch(pattern, path, 0) == 0)
		return true;
	for (path = strchr(path, '/'); path != NULL; path = strchr(path, '/'))
		if (fnmatch(pattern, ++path, 0) == 0)
			return true;
	return false;
}

bool
patterns_read(struct patterns *p, const char *path)
{
	struct keybuf bytes = { 0 };
	unsigned line = 0;
	char *at, *next;

	assert(p->nr == 0);
	if (!cli_read_bytes(path, &bytes)) {
		keybuf_free(&bytes);
		return false;
	}
	keybuf_u8(&bytes, '\0');
	for (next = (char *)bytes.bytes; (at = strsep(&next, "\n")) != NULL;) {
		line++;
		at += strspn(at, " \t");
		if (at[0] == '#' || at[0] == '\0')
			continue;
		for (size_t len = strlen(at); len > 0 && strchr(" \t\r", at[len - 1]) != NULL; len--)
			at[len - 1] = '\0';
		MEMORY_GROW(p->list, p->cap, p->nr + 1, "the patterns");
		p->list[p->nr++] = (struct pattern){ .text = memory_text(at, "a pattern"), .line = line };
	}
	keybuf_free(&bytes);
	return true;
}

const struct pattern *
patterns_find(struct patterns *p, const char *path)
{
	for (size_t i = 0; i < p->nr; i++) {
		if (!pattern_matches(p->list[i].text, path))
			continue;
		p->list[i].used = true;
		return &p->list[i];
	}
	return NULL;
}

void
patterns_free(struct patterns *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->list[i].text);
	free(p->list);
	*p = (struct patterns){ 0 };
}
