/* SPDX-License-Identifier: BSD-2-Clause */
/* bugs-write.c - a program in which a bug was found, with what is found in it and how. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bugs.h"
#include "harness/cli.h"
#include "harness/explore.h"
#include "harness/vmt.h"

/* Follows the witness to its end. */
static void
follow(struct run *r, const struct explore_path *path)
{
	run_begin(r);
	for (size_t i = 0; i < path->nr_choices; i++)
		for (uint32_t n = 0; n < path->choices[i].count && run_panic(r) == NULL; n++)
			if ((run_enabled(r) & (uint32_t)1 << path->choices[i].thread) != 0)
				run_step(r, path->choices[i].thread);
	if (run_enabled(r) == 0)
		checker_end(r->checker, r);
}

/* A bug may act on what no state key knows of: then a way that merged states make up need not show the finding. */
static bool
shows(struct run *r, const struct explore_finding *f)
{
	follow(r, &f->witness);
	for (size_t i = 0; i < r->checker->nr_findings; i++)
		if (finding_same(&r->checker->findings[i], &f->f))
			return true;
	return false;
}

/* The one with the fewest preemptions; of what the init steps do there is no schedule. NULL: none. */
static const struct explore_finding *
best_finding(struct run *r, const struct explore_result *x)
{
	const struct explore_finding *best = NULL;

	for (size_t i = 0; i < x->nr_findings; i++) {
		const struct explore_finding *f = &x->findings[i];

		if (f->f.quirk || f->witness.nr_choices == 0)
			continue;
		if ((best == NULL || f->witness.preemptions < best->witness.preemptions) && shows(r, f))
			best = f;
	}
	return best;
}

static char *
head_of(const struct program *p, const char *where)
{
	const struct vm_mutant_desc *d = &vm_mutant_table[vm_mutant_by_name(p->config.mutant)];
	struct strbuf head = { 0 };

	strbuf_printf(&head, "# bug: %s\n# %s: %s%s%s. What there is to see: %s.\n# From: %s\n", d->sentence, d->bank,
	    d->system, d->when[0] == '\0' ? "" : ", ", d->when, d->symptom, where);
	return strbuf_take(&head);
}

/* The outcome at the end of the witness; NULL: there is none, after a panic. */
static char *
outcome_of(struct run *r, const struct explore_path *path)
{
	struct strbuf text = { 0 };

	follow(r, path);
	if (run_panic(r) == NULL)
		run_outcome(r, &text);
	return text.text;
}

bool
bugs_write(const char *path, struct program *p, const char *where, struct sim *sim)
{
	struct explore_options o = { .states_max = 1000000, .want_witnesses = true };
	struct explore_result x = { 0 };
	struct checker c = { 0 };
	const struct explore_finding *f = NULL;
	char label[FINDING_TEXT_MAX];
	struct run r;
	bool good;

	if (run_open_checked(&r, p, &target_engine, sim, &c) == RUN_OPENED) {
		explore(&r, &o, &x);
		f = best_finding(&r, &x);
	}
	good = f != NULL;
	if (good) {
		p->verdict = finding_kind(&f->f);
		p->verdict_detail = strdup(finding_label(&f->f, label));
		p->head = head_of(p, where);
		p->has_schedule = true;
		p->choices = f->witness.choices;
		p->nr_choices = f->witness.nr_choices;
		p->result = outcome_of(&r, &f->witness);
		good = vmt_write(path, p);
		p->choices = NULL; /* the result's */
		p->nr_choices = 0;
	}
	run_close(&r);
	checker_free(&c);
	explore_result_free(&x);
	return good;
}
