/* SPDX-License-Identifier: BSD-2-Clause */
/* expect-run.c - see expect.h. */
#include "harness/expect/expect-run.h"

#include <assert.h>
#include <stdlib.h>

#include "harness/program/program.h"
#include "harness/run/run.h"

bool
expect_end(struct run *r, struct strbuf *result, struct strbuf *wrong)
{
	return expect_end_each(r, NULL, NULL, result, wrong);
}

bool
expect_end_each(struct run *r, run_final_fn *each, void *arg, struct strbuf *result, struct strbuf *wrong)
{
	assert(run_enabled(r) == 0);
	if (r->checker != NULL)
		checker_end(r->checker, r);
	run_outcome(r, result);
	return run_deadlocked(r) || run_final_each(r, each, arg, wrong);
}

const struct program_verdict_line *
expect_line_of(const struct program *p, const struct finding *f)
{
	for (size_t i = 0; i < p->nr_verdicts; i++)
		if (finding_is(f, p->verdicts[i].kind, p->verdicts[i].detail))
			return &p->verdicts[i];
	return NULL;
}

void
expect_print(const struct program *p, struct strbuf *out)
{
	if (p->nr_verdicts == 0)
		strbuf_add(out, "a finding");
	for (size_t i = 0; i < p->nr_verdicts; i++) {
		size_t len;
		const char *check = program_verdict_check(&p->verdicts[i], &len);

		strbuf_printf(out, "%s%s%s%.*s", i > 0 ? ", " : "", vmt_verdict_word(p->verdicts[i].kind),
		    check != NULL ? " " : "", check != NULL ? (int)len : 0, check != NULL ? check : "");
	}
}

void
expect_findings(struct program *p, const struct finding *findings, size_t nr, bool deadlock)
{
	struct program_verdict_line *old = p->verdicts;
	size_t nr_old = p->nr_verdicts;
	char label[FINDING_TEXT_MAX];

	p->verdicts = NULL;
	p->nr_verdicts = 0;
	for (size_t i = 0; i < nr_old; i++) {
		if (findings_show_verdict(findings, nr, deadlock, &old[i]))
			program_take_verdict(p, &old[i]);
		else
			free(old[i].detail);
	}
	free(old);
	for (size_t i = 0; i < nr; i++)
		if (expect_line_of(p, &findings[i]) == NULL)
			program_add_verdict(p, finding_kind(&findings[i]), finding_label(&findings[i], label));
	assert(nr == 0 || p->nr_verdicts > 0);
}

bool
expect_run(struct program *p, const struct vm_target *t, struct sim *sim)
{
	struct strbuf result = { 0 }, wrong = { 0 };
	struct checker checker = { 0 };
	struct replay how = { 0 };
	bool good, deadlock, panic;
	struct run r;

	assert(p->has_schedule && p->nr_threads > 0);
	good = run_open_checked(&r, p, t, sim, &checker) == RUN_OPENED && replay(&r, &p->schedule, &how);
	if (good) {
		deadlock = run_deadlocked(&r);
		panic = run_panic(&r) != NULL;
		(void)expect_end(&r, &result, &wrong);
		good = p->nr_verdicts == 0 ||
		       findings_show_verdict(checker.findings, checker.nr_findings, deadlock, program_verdict(p));
	}
	if (good) {
		free(p->result);
		p->result = panic ? NULL : strbuf_take(&result); /* no program can expect a panic */
		expect_findings(p, checker.findings, checker.nr_findings, deadlock);
	}
	strbuf_free(&result);
	strbuf_free(&wrong);
	replay_free(&how);
	run_close(&r);
	checker_free(&checker);
	return good;
}
