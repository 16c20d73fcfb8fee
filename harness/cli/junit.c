/* SPDX-License-Identifier: BSD-2-Clause */
/* junit.c - see junit.h. */
#include "harness/cli/junit.h"

#include <assert.h>
#include <string.h>

#include "harness/base/base.h"

#define SUITE "wirestorm check"

static void
junit_print_case(const struct junit_case *c, struct strbuf *out)
{
	static const char *const tags[] = { NULL, "failure", "error", "skipped" };

	assert(c->end <= JUNIT_SKIPPED);
	strbuf_add(out, "<testcase classname=\"wirestorm.check\" name=\"");
	escape_xml(c->name, strlen(c->name), out);
	strbuf_printf(out, "\" time=\"%.3f\"", c->seconds);
	if (c->end == JUNIT_PASSED) {
		strbuf_add(out, "/>\n");
		return;
	}
	strbuf_printf(out, "><%s message=\"", tags[c->end]);
	escape_xml(c->text, strcspn(c->text, "\n"), out);
	strbuf_add(out, "\">");
	escape_xml(c->text, strlen(c->text), out);
	strbuf_printf(out, "</%s></testcase>\n", tags[c->end]);
}

void
junit_print(const struct junit_case *cases, size_t nr, struct strbuf *out)
{
	size_t counts[JUNIT_SKIPPED + 1] = { 0 };
	struct strbuf numbers = { 0 };
	double seconds = 0;

	for (size_t i = 0; i < nr; i++) {
		counts[cases[i].end]++;
		seconds += cases[i].seconds;
	}
	strbuf_printf(&numbers,
	    "name=\"" SUITE "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"", nr,
	    counts[JUNIT_FAILURE], counts[JUNIT_ERROR], counts[JUNIT_SKIPPED], seconds);
	strbuf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites %s>\n<testsuite %s>\n",
	    strbuf_text(&numbers), strbuf_text(&numbers));
	for (size_t i = 0; i < nr; i++)
		junit_print_case(&cases[i], out);
	strbuf_add(out, "</testsuite>\n</testsuites>\n");
	strbuf_free(&numbers);
}
