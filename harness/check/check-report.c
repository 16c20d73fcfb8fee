/* SPDX-License-Identifier: BSD-2-Clause */
/* check-report.c - keeps findings. See check-inside.h. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/vm.h"
#include "harness/check/check-inside.h"

static bool
finding_is_known(const struct checker *c, const struct finding *f)
{
	for (size_t i = 0; i < c->nr_findings; i++)
		if (finding_same(&c->findings[i], f))
			return true;
	return false;
}

static void
finding_add(struct checker *c, const struct finding *f)
{
	/*
	 * Only the first findings are kept, because a broken state causes more of them. Findings that a quirk excuses
	 * leave room for others.
	 */
	if (c->nr_findings < (f->quirk ? FINDINGS_MAX / 2 : FINDINGS_MAX) && !finding_is_known(c, f))
		c->findings[c->nr_findings++] = *f;
	assert(c->nr_findings <= FINDINGS_MAX);
}

void
check_report(struct checker *c, struct run *r, enum check_id check, const struct check_call *call, uint64_t start,
    uint64_t end, const char *fmt, ...)
{
	struct finding f = {
		.check = (uint8_t)check, .thread = -1, .step = c->step, .since = c->step, .start = start, .end = end
	};
	struct vm_profile profile = r->program->config.profile;
	va_list ap;

	assert(check > CHECK_NONE && check < CHECK_COUNT);
	if (profile_set_of(profile.base) == NULL)
		f.excuse = check_table[check].quirks & profile.on;
	f.excuse |= (c->excuse & profile.on) | profile_excuses(profile, check_table[check].name);
	f.quirk = f.excuse != 0;
	if (call != NULL) {
		f.thread = (int8_t)call->thread;
		f.op = (uint16_t)call->index;
		f.final = call->thread == SIM_INIT_THREAD && r->init_is_final;
		f.what = *call->op;
		f.since = check_is_running(c, call->thread) ? call->state->since : c->step;
		f.edges = call->result != NULL ? call->result->edges : 0;
		f.has_code = call->result != NULL && call->result->outcome == VM_OUTCOME_DONE;
		f.code = f.has_code ? call->result->code : 0;
	}
	if (!c->opened)
		f.step = f.since = 0;
	va_start(ap, fmt);
	(void)vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	finding_add(c, &f);
}

const struct vm_run *
check_run_at(const struct vm_state *s, uint64_t page, uint64_t end, uint64_t *until)
{
	*until = end;
	for (size_t i = 0; i < s->nr_runs && s->runs[i].start < end; i++) {
		const struct vm_run *run = &s->runs[i];

		if (run->end <= page)
			continue;
		if (run->start > page) {
			*until = run->start;
			return NULL;
		}
		*until = run->end < end ? run->end : end;
		return run;
	}
	return NULL;
}
