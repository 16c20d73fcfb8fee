/* SPDX-License-Identifier: BSD-2-Clause */
/* explain-difference.c - see explain-difference.h. */
#include "harness/expect/explain-difference.h"

#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/program/program.h"

/* One program, checked again and again. */
struct explainer {
	const char *path;
	struct strbuf text; /* the program: each check frees its own copy */
	struct checkfile_options options;
	struct sim *sim;
	struct vm_profile profile;      /* the one in question */
	struct checkfile_report report; /* of the last check */
	struct strbuf said;             /* by the last check */
};

/* Does the program go as it expects if these switches of the profile are turned over? */
static bool
explain_passes(struct explainer *x, uint32_t turned)
{
	struct vmt_error e;
	struct program p;

	strbuf_clear(&x->said);
	if (!vmt_parse(strbuf_text(&x->text), x->text.len, &p, &e)) {
		strbuf_printf(&x->said, "%s: internal error: the printed program does not parse\n", x->path);
		x->report = (struct checkfile_report){ .status = CHECKFILE_BAD };
		return false;
	}
	x->options.profile = x->profile;
	x->options.profile.on ^= turned;
	x->report = checkfile_program(x->path, &p, &x->options, x->sim, &x->said);
	return x->report.status == CHECKFILE_PASSED;
}

static bool
explain_stopped(const struct explainer *x)
{
	return x->options.stop != NULL && *x->options.stop != 0;
}

/* Drops each switch from a set that passes, if the set passes without it. */
static uint32_t
explain_smaller(struct explainer *x, uint32_t set)
{
	for (uint32_t rest = set; rest != 0 && !explain_stopped(x); rest &= rest - 1)
		if (explain_passes(x, set & ~(rest & -rest)))
			set &= ~(rest & -rest);
	return set;
}

/* The next larger number with as many bits; 0 if there is none below 2^32. */
static uint32_t
explain_next_set(uint32_t set)
{
	uint64_t lowest = set & -set, ripple = (uint64_t)set + lowest;

	return (uint32_t)(ripple | (ripple ^ set) / lowest >> 2);
}

/* "M1", or for a switch with two ids "Q7 (M2)"; "Q1+Q3". */
static void
explain_print_set(const struct explainer *x, uint32_t set, struct strbuf *out)
{
	const struct vm_behaviour_desc *d;
	const char *before = "";

	for (unsigned i = 0; (d = profile_switch(x->profile.base, i)) != NULL; i++) {
		if ((set >> i & 1) == 0)
			continue;
		strbuf_printf(out, "%s%s", before, d->id);
		if (d->also != NULL && d->also[0] != '\0')
			strbuf_printf(out, " (%s)", d->also);
		before = "+";
	}
}

/* The switches in @mask whose positions in it are set in @index. */
static uint32_t
explain_spread(uint32_t mask, uint32_t index)
{
	uint32_t set = 0;

	for (; mask != 0; mask &= mask - 1, index >>= 1)
		if ((index & 1) != 0)
			set |= mask & -mask;
	return set;
}

/* Tries all sets of @size switches in @mask, and appends those that pass. Returns how many. */
static unsigned
explain_try_size(struct explainer *x, uint32_t mask, unsigned size, uint32_t *first, struct strbuf *out)
{
	unsigned nr = 0, all = (unsigned)__builtin_popcount(mask);

	for (uint32_t index = ((uint32_t)1 << size) - 1; index >> all == 0 && index != 0 && !explain_stopped(x);
	     index = explain_next_set(index)) {
		uint32_t set = explain_spread(mask, index);

		if (!explain_passes(x, set))
			continue;
		if (nr++ > 0)
			strbuf_add(out, " or ");
		else
			*first = set;
		explain_print_set(x, set, out);
	}
	return nr;
}

/* Appends every smallest set of switches in @mask. False: there is none; else *first is the first. */
static bool
explain_find_sets(struct explainer *x, uint32_t mask, uint32_t *first, struct strbuf *out)
{
	unsigned most = EXPLAIN_SIZE_MAX;
	uint32_t some = explain_passes(x, mask) ? explain_smaller(x, mask) : 0;

	if (some != 0 && (unsigned)__builtin_popcount(some) < most)
		most = (unsigned)__builtin_popcount(some);
	for (unsigned size = 1; size <= most && size <= (unsigned)__builtin_popcount(mask); size++)
		if (explain_try_size(x, mask, size, first, out) > 0)
			return true;
	if (some == 0)
		return false;
	*first = some;
	explain_print_set(x, some, out);
	return true;
}

static uint32_t
explain_all_switches(struct vm_profile profile)
{
	uint32_t mask = 0;

	for (unsigned i = 0; profile_switch(profile.base, i) != NULL; i++)
		mask |= (uint32_t)1 << i;
	return mask;
}

static void
explain_print_profile(struct vm_profile profile, struct strbuf *out)
{
	strbuf_addc(out, '\'');
	profile_print(profile, out);
	strbuf_addc(out, '\'');
}

/* The program does not go as it expects: says why. */
static void
explain_switches(struct explainer *x, struct vm_profile own, struct strbuf *out)
{
	uint32_t differ = profile_set_of(own.base) == profile_set_of(x->profile.base) ? own.on ^ x->profile.on : 0;
	struct vm_profile with = x->profile;
	struct strbuf sets = { 0 };
	uint32_t first = 0;

	if ((differ != 0 && explain_find_sets(x, differ, &first, &sets)) ||
	    explain_find_sets(x, explain_all_switches(x->profile), &first, &sets)) {
		with.on ^= first;
		strbuf_printf(out, "%s: %s: as expected in profile ", x->path, strbuf_text(&sets));
		explain_print_profile(with, out);
		strbuf_add(out, ", but not in ");
		explain_print_profile(x->profile, out);
	} else {
		strbuf_printf(out, "%s: not explained: no set of at most %u switches makes it as expected in profile ",
		    x->path, EXPLAIN_SIZE_MAX);
		explain_print_profile(x->profile, out);
	}
	strbuf_addc(out, '\n');
	strbuf_free(&sets);
}

struct checkfile_report
explain_difference(const char *path, const struct checkfile_options *options, struct sim *sim, struct strbuf *out)
{
	struct explainer x = { .path = path, .options = *options, .sim = sim };
	struct checkfile_report report;
	struct strbuf text = { 0 };
	struct vm_profile own;
	struct program p;

	if (!vmt_load(path, &p, &text, out)) {
		strbuf_free(&text);
		return (struct checkfile_report){ .status = CHECKFILE_BAD };
	}
	own = p.config.profile;
	x.profile = options->profile_text != NULL ? options->profile : own;
	x.options.profile_text = "";
	x.options.counts = true;
	x.options.no_checks = true;
	x.options.notes = NULL;
	x.options.differences = NULL;
	vmt_print(&p, &x.text);
	program_free(&p);
	strbuf_free(&text);
	(void)explain_passes(&x, 0);
	report = x.report;
	if (report.status == CHECKFILE_PASSED) {
		strbuf_printf(out, "%s: no difference in profile ", path);
		explain_print_profile(x.profile, out);
		strbuf_addc(out, '\n');
	} else if (report.status == CHECKFILE_FAILED) {
		explain_switches(&x, own, out);
	} else {
		strbuf_add(out, strbuf_text(&x.said));
	}
	strbuf_free(&x.text);
	strbuf_free(&x.said);
	return report;
}
