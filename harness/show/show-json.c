/* SPDX-License-Identifier: BSD-2-Clause */
/* show-json.c - a run as one JSON object. */

#include <assert.h>
#include "harness/base/base.h"
#include "harness/show/show.h"

static const char *const kinds[] = {
	[SHOW_OP] = "op",
	[SHOW_DO] = "does",
	[SHOW_MORE] = "more",
	[SHOW_CHANGE] = "change",
	[SHOW_SLEEP] = "sleep",
	[SHOW_WAKE] = "wake",
	[SHOW_RESULT] = "result",
	[SHOW_FAILURE] = "failure",
	[SHOW_WHY] = "why",
	[SHOW_FOUND] = "found",
};
static const char *const switches[] = {
	[SHOW_SAME] = "",
	[SHOW_SLEPT] = "slept",
	[SHOW_ENDED] = "ended",
	[SHOW_PREEMPTED] = "preempted",
};

static json_t *
show_json_switch(const struct show_row *row)
{
	if (row->why == SHOW_SAME)
		return json_null();
	return json_pack("{s:i, s:s, s:i, s:s}", "from", (int)row->from, "why", switches[row->why], "preemption",
	    (int)row->preemption, "text", row->why_text);
}

static json_t *
show_json_row(const struct show *s, const struct show_row *row)
{
	json_t *events = json_array(), *wakes = json_array(), *j;
	struct strbuf state = { 0 };

	for (size_t i = 0; i < row->nr_events; i++)
		if (row->events[i].kind != SHOW_MORE) /* nothing is left out of JSON */
			json_array_append_new(events,
			    json_pack("{s:s, s:s}", "kind", kinds[row->events[i].kind], "text", row->events[i].text));
	for (unsigned t = 0; t < PROGRAM_THREADS_MAX; t++)
		if ((row->wakes & (uint32_t)1 << t) != 0)
			json_array_append_new(wakes, json_integer(t));
	state_print(&s->maps[row->map].state, &state);
	j = json_pack("{s:s, s:I, s:o, s:o, s:b, s:s}", "part", row->part != NULL ? row->part : "threads", "step",
	    (json_int_t)row->step, "events", events, "wakes", wakes, "changed", row->changed, "state",
	    strbuf_text(&state));
	if (j != NULL && row->part == NULL) {
		json_object_set_new(j, "thread", json_integer(row->thread));
		json_object_set_new(j, "op", json_integer(row->op));
		json_object_set_new(j, "switch", show_json_switch(row));
	}
	strbuf_free(&state);
	return j;
}

json_t *
show_json(const struct report *r)
{
	const struct show *s = r->run;
	json_t *rows = json_array(), *notes = json_array(), *j;

	assert(s != NULL);
	for (size_t i = 0; i < s->nr_rows; i++)
		json_array_append_new(rows, show_json_row(s, &s->rows[i]));
	for (size_t i = 0; i < s->nr_notes; i++)
		json_array_append_new(notes, json_text(s->notes[i]));
	j = json_pack("{s:o, s:o, s:s, s:s?, s:s?, s:s?, s:b, s:i, s:o, s:o, s:o}", "file", json_text(s->path), "title",
	    json_text(s->title), "target", s->target->name, "how", s->how, "schedule", s->schedule, "outcome",
	    s->outcome, "deadlock", s->deadlock, "preemptions", (int)s->nr_preemptions, "notes", notes, "findings",
	    report_json(r), "rows", rows);
	if (j == NULL)
		memory_out("the JSON");
	return j;
}
