/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - see report.h. */
#include "harness/show/report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/program/program.h"
#include "harness/run/run.h"

struct report_entry *
report_add(struct report *r, const char *rule, const char *file, const char *text)
{
	struct report_entry *e;

	assert(rule[0] != '\0' && file[0] != '\0');
	MEMORY_GROW(r->entries, r->cap, r->nr + 1, "the report");
	e = &r->entries[r->nr++];
	*e = (struct report_entry){ .rule = memory_text(rule, "the report"),
		.text = memory_textn(text, strcspn(text, "\n"), "the report"),
		.file = memory_text(file, "the report"),
		.failure = true };
	return e;
}

static json_t *
report_fields(const struct finding *f, const char *label, const char *text)
{
	return json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:s}", "verdict", vmt_verdict_word(finding_kind(f)),
	    "check", label, "quirk", f->quirk, "thread", (int)f->thread, "op", (int)f->op, "since", (int)f->since,
	    "step", (int)f->step, "text", text);
}

struct report_entry *
report_finding(struct report *r, const char *file, const struct program *p, const struct finding *f,
    const struct schedule *witness)
{
	char label[FINDING_TEXT_MAX];
	const char *rule = finding_label(f, label);
	struct strbuf text = { 0 }, schedule = { 0 };
	struct report_entry *e;

	assert(f->check != CHECK_NONE);
	finding_print(f, p, &text);
	e = report_add(r, rule, file, strbuf_text(&text));
	e->failure = !f->quirk;
	e->init = f->thread == SIM_INIT_THREAD && !f->final;
	e->fields = report_fields(f, rule, strbuf_text(&text));
	if (witness != NULL) {
		schedule_print(witness, &schedule);
		e->schedule = strbuf_take(&schedule);
		e->preemptions = witness->preemptions;
	}
	strbuf_free(&text);
	return e;
}

void
report_checked(struct report *r, const char *file, const struct program *p, const struct checker *c)
{
	for (size_t i = 0; c != NULL && i < c->nr_findings; i++)
		(void)report_finding(r, file, p, &c->findings[i], NULL);
}

/* The map at the moment of the finding. Runs @run up to there. */
static char *
report_map(struct run *run, const struct explore_finding *x)
{
	struct strbuf map = { 0 };
	struct schedule_walk w = { &x->witness };
	unsigned thread = 0;

	run_begin(run);
	for (uint32_t left = x->f.step; left > 0 && schedule_next(&w, &thread); left--)
		run_step(run, thread);
	for (unsigned i = 0; x->f.final && i <= x->f.op; i++)
		(void)run_alone(run, &run->program->final[i].op);
	run->target->dump(run->self, &run->state);
	state_print(&run->state, &map);
	return strbuf_take(&map);
}

void
report_explored(struct report *r, const char *file, struct run *run, const struct explore_result *x)
{
	for (size_t i = 0; i < x->nr_findings; i++) {
		const struct explore_finding *f = &x->findings[i];

		report_finding(r, file, run->program, &f->f, &f->witness)->map = report_map(run, f);
	}
}

void
report_free(struct report *r)
{
	for (size_t i = 0; i < r->nr; i++) {
		const struct report_entry *e = &r->entries[i];

		free(e->rule);
		free(e->text);
		free(e->file);
		free(e->schedule);
		free(e->map);
		json_decref(e->fields);
	}
	free(r->entries);
	*r = (struct report){ 0 };
}

/* --- formats --- */

void
report_text(const struct report *r, struct strbuf *out)
{
	for (size_t i = 0; i < r->nr; i++) {
		const struct report_entry *e = &r->entries[i];

		strbuf_printf(out, "# FINDING %s\n", e->text);
		if (e->map != NULL)
			strbuf_printf(out, "#   the map %s: %s\n", e->init ? "after the init steps" : "then", e->map);
		if (e->schedule != NULL && e->schedule[0] != '\0')
			strbuf_printf(out, "#   witness, %u preemption%s: %s\n", e->preemptions, plural(e->preemptions),
			    e->schedule);
	}
}

json_t *
report_json(const struct report *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->nr; i++) {
		const struct report_entry *e = &r->entries[i];
		json_t *j = json_copy(e->fields);

		if (e->map != NULL)
			(void)json_object_set_new(j, "map", json_text(e->map));
		if (e->schedule != NULL) {
			(void)json_object_set_new(j, "schedule", json_text(e->schedule));
			(void)json_object_set_new(j, "preemptions", json_integer(e->preemptions));
		}
		(void)json_array_append_new(all, j);
	}
	return all;
}

void (*const report_formats[REPORT_FORMATS])(const struct report *r, struct strbuf *out) = {
#define FORMAT(name, function, help) [REPORT_##name] = (function),
#define RUN_FORMAT FORMAT
#include "harness/show/formats.def"
#undef RUN_FORMAT
#undef FORMAT
};
