/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report-sarif.c - a report as SARIF 2.1.0 (Static Analysis Results Interchange Format, an OASIS standard). A check is
 * a rule; a finding is a result at a line of its program.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/show/report.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"
#define URI_PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

/* A path as a URI reference: a colon must not look like a scheme, and a blank is no part of a URI. */
static json_t *
sarif_uri(const char *path)
{
	struct strbuf uri = { 0 };
	json_t *j;

	for (; *path != '\0'; path++)
		if (strchr(URI_PLAIN, *path) != NULL)
			strbuf_addc(&uri, *path);
		else
			strbuf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*path);
	j = json_string(strbuf_text(&uri));
	strbuf_free(&uri);
	return j;
}

static json_t *
sarif_result(const struct report_entry *e)
{
	json_t *properties = json_object(), *j;

	assert(e->rule != NULL && e->text != NULL);
	if (e->schedule != NULL)
		(void)json_object_set_new(properties, "schedule", json_text(e->schedule));
	if (e->map != NULL)
		(void)json_object_set_new(properties, "map", json_text(e->map));
	j = json_pack("{s:o, s:s, s:{s:o}, s:o}", "ruleId", json_text(e->rule), "level", e->failure ? "error" : "note",
	    "message", "text", json_text(e->text), "properties", properties);
	if (strcmp(e->file, "-") != 0) /* a program from standard input has no place that a reader could open */
		(void)json_object_set_new(j, "locations",
		    json_pack("[{s:{s:{s:o}, s:{s:i}}}]", "physicalLocation", "artifactLocation", "uri",
		        sarif_uri(e->file), "region", "startLine", e->line != 0 ? (int)e->line : 1));
	return j;
}

/* Each rule once, in the order of its first finding. */
static json_t *
sarif_rules(const struct report *r)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < r->nr; i++) {
		const char *rule = r->entries[i].rule;
		enum check_id check = check_find(rule, strlen(rule));
		const char *holds = check != CHECK_NONE ? check_table[check].holds : rule;
		bool listed = false;

		for (size_t k = 0; k < i && !listed; k++)
			listed = strcmp(r->entries[k].rule, rule) == 0;
		if (!listed)
			(void)json_array_append_new(rules, json_pack("{s:o, s:{s:o}}", "id", json_text(rule),
			                                       "shortDescription", "text", json_text(holds)));
	}
	assert(json_array_size(rules) <= r->nr);
	return rules;
}

void
report_sarif(const struct report *r, struct strbuf *out)
{
	json_t *results = json_array(), *root;
	char *text;

	for (size_t i = 0; i < r->nr; i++)
		(void)json_array_append_new(results, sarif_result(&r->entries[i]));
	root = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:o}}, s:o}]}", "$schema", SCHEMA, "version", "2.1.0", "runs",
	    "tool", "driver", "name", "wirestorm", "rules", sarif_rules(r), "results", results);
	text = json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	strbuf_add(out, memory_need(text, "the report"));
	strbuf_addc(out, '\n');
	free(text);
	json_decref(root);
}
