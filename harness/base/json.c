/* SPDX-License-Identifier: BSD-2-Clause */
/* json.c - see json.h. */
#include "harness/base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "engine/edge.h"
#include "harness/base/escape.h"
#include "harness/base/memory.h"

json_t *
json_text(const char *text)
{
	json_t *j = json_string(text);
	struct strbuf shown = { 0 };

	if (j != NULL)
		return j;
	escape_text(text, strlen(text), &shown);
	j = json_string(strbuf_text(&shown));
	strbuf_free(&shown);
	return j;
}

json_t *
json_count(uint64_t count)
{
	return json_sprintf("%" PRIu64, count);
}

void
json_print(const char *command, json_t *fields, size_t flags, FILE *f)
{
	json_t *root = json_pack("{s:i, s:s}", "version", JSON_VERSION, "command", command);

	assert(command != NULL);
	if (root == NULL || fields == NULL || json_object_update(root, fields) != 0)
		memory_out("the JSON");
	(void)json_dumpf(root, f, flags | JSON_ENSURE_ASCII);
	(void)fputc('\n', f);
	json_decref(fields);
	json_decref(root);
}
