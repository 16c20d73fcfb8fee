/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-against.c - the work of a hunt's worker that compares two sides: does a program behave differently on side B?
 * Which switches of side A make it so? The smallest program of each set of switches is a finding.
 *
 * A set of switches explains a difference if side A with these switches turned over behaves as side B. Targets that
 * differ have no such set: their differences are told apart by what differs, and by the kinds of operation.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/expect/expect.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt-inside.h"
#include "harness/program/program.h"
#include "harness/shrink/shrink.h"

#define STATES_MAX 4000     /* of a program on one side, unless the hunt has a limit */
#define SHRINK_SECONDS 20.0 /* processor seconds; then the smallest program so far is kept */
#define ENDLESS_MAX 4
#define OUTCOMES_SHOWN_MAX 8 /* of side B, in the head of a file */

struct rivals {
	const struct hunt_options *o;
	struct sim *sim;
	struct behaviour_side a, b;
	uint32_t switches; /* in which the profiles differ, if only the profiles do */
	/* for shrinking */
	uint32_t set;
	bool weak; /* the switches must make a difference to side A; side B need not be the same */
};

static void
rivals_init(struct rivals *v, const struct hunt_options *o, struct sim *sim)
{
	*v = (struct rivals){ .o = o, .sim = sim, .a = { o->limits.target, o->profile, o->mutant }, .b = *o->against };
	assert(v->b.target != NULL);
	if (v->a.target == v->b.target && profile_set_of(v->a.profile.base) == profile_set_of(v->b.profile.base))
		v->switches = v->a.profile.on ^ v->b.profile.on;
}

static bool
rivals_on_state(void *arg, struct run *r)
{
	features_look(arg, r);
	return false;
}

/* @features: NULL, or notes those of the runs. */
static void
rivals_find(const struct rivals *v, const struct program *p, const struct behaviour_side *side,
    struct features *features, struct behaviour *ret)
{
	uint64_t max = v->o->states_max != 0 ? v->o->states_max : STATES_MAX;
	struct explore_options x = { .states_max = max,
		.schedules_max = max,
		.endless_max = ENDLESS_MAX,
		.stop = worker_over,
		.on_state = features != NULL ? rivals_on_state : NULL,
		.on_state_arg = features };

	behaviour_find(ret, p, side, &x, v->sim);
}

/* Side A with these switches turned over. */
static struct behaviour_side
rivals_turned(const struct rivals *v, uint32_t set)
{
	struct behaviour_side side = v->a;

	side.profile.on ^= set;
	return side;
}

/* Does side A with these switches turned over behave exactly as @b? */
static bool
rivals_explain(const struct rivals *v, const struct program *p, uint32_t set, const struct behaviour *b)
{
	struct behaviour_side side = rivals_turned(v, set);
	struct behaviour x;
	bool same;

	rivals_find(v, p, &side, NULL, &x);
	same = behaviour_complete(&x) && behaviour_complete(b) && behaviour_differences(&x, b) == 0;
	behaviour_free(&x);
	return same;
}

/* The smallest set of switches that explains @b: one switch, or what is left when none can be left out. 0: none. */
static uint32_t
rivals_smallest(const struct rivals *v, const struct program *p, const struct behaviour *b)
{
	uint32_t set = v->switches;

	for (uint32_t rest = v->switches; rest != 0; rest &= rest - 1)
		if (rivals_explain(v, p, rest & -rest, b))
			return rest & -rest;
	for (uint32_t rest = v->switches; rest != 0; rest &= rest - 1)
		if (rivals_explain(v, p, set & ~(rest & -rest), b))
			set &= ~(rest & -rest);
	return set;
}

/* --- names of differences --- */

/* Appends "M1+M3", or for targets what differs: "outcomes schedules". */
static void
rivals_rough(const struct rivals *v, uint32_t set, unsigned found, struct strbuf *out)
{
	static const char *const names[] = { "init", "outcomes", "schedules", "final" };

	if (v->switches != 0) {
		profile_print_switches(v->a.profile.base, set, "", "+", out);
		return;
	}
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((found >> i & 1) != 0)
			strbuf_printf(out, "%s%s", out->len > 0 ? " " : "", names[i]);
}

/* The switches of rivals_rough. */
static uint32_t
rivals_parse_rough(const struct rivals *v, const char *text)
{
	uint32_t set = 0;

	for (size_t len; v->switches != 0 && *text != '\0'; text += len + (text[len] == '+')) {
		len = strcspn(text, "+");
		set |= profile_behaviour(v->a.profile.base, text, len);
	}
	return set;
}

/* Appends "Q7-M2": both ids of each switch, for the name of a file. */
static void
rivals_file_name(const struct rivals *v, uint32_t set, const char *key, struct strbuf *out)
{
	const struct vm_behaviour_desc *d;
	const char *before = "";

	for (unsigned i = 0; (d = profile_switch(v->a.profile.base, i)) != NULL; i++) {
		if ((set >> i & 1) == 0)
			continue;
		strbuf_printf(out, "%s%s", before, d->id);
		if (d->also != NULL && d->also[0] != '\0')
			strbuf_printf(out, "-%s", d->also);
		before = "-";
	}
	if (set == 0)
		strbuf_addn(out, key, strcspn(key, " :"));
}

/* Appends "profile strict +M1", or "target model, profile strict". */
static void
rivals_print_side(const struct rivals *v, const struct behaviour_side *side, struct strbuf *out)
{
	if (v->a.target != v->b.target)
		strbuf_printf(out, "target %s, ", side->target->name);
	strbuf_add(out, "profile ");
	profile_print(side->profile, out);
}

/* --- an attempt --- */

struct differences {
	size_t nr;
	struct strbuf rough[VM_BEHAVIOUR_COUNT + 1];
};

/*
 * Notes each switch that explains the difference alone, or that makes a difference to side A. If there is none, notes
 * the smallest set.
 */
static void
rivals_note(const struct rivals *v, const struct program *p, const struct behaviour *a, const struct behaviour *b,
    unsigned found, struct differences *d)
{
	for (uint32_t rest = v->switches; rest != 0 && d->nr < VM_BEHAVIOUR_COUNT; rest &= rest - 1)
		if (!rivals_explain(v, p, rest & -rest, a))
			rivals_rough(v, rest & -rest, found, &d->rough[d->nr++]);
	if (d->nr == 0)
		rivals_rough(v, rivals_smallest(v, p, b), found, &d->rough[d->nr++]);
}

static void
against_say(const struct behaviour *a, const struct behaviour *b, const struct features *f, const struct differences *d,
    const struct program *p, struct keybuf *out)
{
	struct strbuf text = { 0 };

	keybuf_num(out, a->refused != NULL || b->refused != NULL         ? ATTEMPT_REFUSED
	                : behaviour_complete(a) && behaviour_complete(b) ? ATTEMPT_COMPLETE
	                                                                 : ATTEMPT_SAMPLED);
	keybuf_num(out, a->x.states + b->x.states);
	keybuf_num(out, 0);
	keybuf_num(out, a->x.steps + b->x.steps);
	message_double(out, a->x.overflow ? 0 : (double)a->x.schedules);
	keybuf_num(out, f->edges);
	keybuf_num(out, f->nr);
	for (size_t i = 0; i < f->nr; i++)
		keybuf_num(out, f->list[i]);
	vmt_print(p, &text);
	keybuf_num(out, d->nr);
	for (size_t i = 0; i < d->nr; i++) {
		message_text(out, strbuf_text(&d->rough[i]), d->rough[i].len);
		message_text(out, strbuf_text(&text), text.len);
	}
	message_text(out, "", 0);
	strbuf_free(&text);
}

void
against_attempt(
    const struct hunt_options *o, struct sim *sim, struct features *features, const char *text, struct keybuf *out)
{
	struct differences d = { 0 };
	struct behaviour a, b;
	struct rivals v;
	struct program p;
	unsigned found;

	rivals_init(&v, o, sim);
	vmt_parse_own(text, "a hunted program", &p);
	rivals_find(&v, &p, &v.a, features, &a);
	rivals_find(&v, &p, &v.b, NULL, &b);
	found = behaviour_differences(&a, &b);
	if ((found & BEHAVIOUR_INIT) != 0 && program_init_as_thread(&p)) {
		behaviour_free(&a);
		behaviour_free(&b);
		rivals_find(&v, &p, &v.a, features, &a);
		rivals_find(&v, &p, &v.b, NULL, &b);
		found = behaviour_differences(&a, &b);
	}
	if (found != 0 && behaviour_complete(&a) && behaviour_complete(&b))
		rivals_note(&v, &p, &a, &b, found, &d);
	against_say(&a, &b, features, &d, &p, out);
	for (size_t i = 0; i < d.nr; i++)
		strbuf_free(&d.rough[i]);
	behaviour_free(&a);
	behaviour_free(&b);
	program_free(&p);
}

/* --- a small program --- */

/* For shrinking: is the difference still there, and the switches the same? */
static bool
rivals_differ(void *arg, const struct program *p)
{
	const struct rivals *v = arg;
	struct behaviour a, b;
	bool differ;

	rivals_find(v, p, &v->a, NULL, &a);
	if (v->weak) {
		differ = behaviour_complete(&a) && !rivals_explain(v, p, v->set, &a);
		behaviour_free(&a);
		return differ;
	}
	rivals_find(v, p, &v->b, NULL, &b);
	differ = behaviour_complete(&a) && behaviour_complete(&b) && behaviour_differences(&a, &b) != 0 &&
	         (v->set == 0 || rivals_explain(v, p, v->set, &b));
	behaviour_free(&a);
	behaviour_free(&b);
	return differ;
}

/* Looks first for a program that these switches explain, else for one in which they make a difference. */
static bool
rivals_shrink(struct rivals *v, struct program *p)
{
	const struct shrink_wanted wanted = { .whole = rivals_differ, .arg = v };
	struct shrink_options o = { .target = v->a.target,
		.sim = v->sim,
		.wanted = &wanted,
		.processor = SHRINK_SECONDS,
		.stop = worker_over };
	struct shrink_report report;

	v->weak = false;
	if (shrink(p, &o, &report))
		return report.end == SHRINK_FIXED_POINT;
	v->weak = v->set != 0;
	return v->weak && shrink(p, &o, &report) && report.end == SHRINK_FIXED_POINT;
}

/* Appends what side B has that side A has not. */
static void
rivals_say_other(const struct rivals *v, const struct behaviour *a, const struct behaviour *b, struct strbuf *head)
{
	struct strbuf text = { 0 };
	unsigned nr = 0;
	char buf[40];

	strbuf_add(&text, "In ");
	rivals_print_side(v, &v->b, &text);
	if (a->x.schedules != b->x.schedules)
		strbuf_printf(&text, " the number of schedules is %s%s", explore_count_text(b->x.schedules, buf),
		    a->x.nr_outcomes == b->x.nr_outcomes ? "." : ", and the outcomes are others.");
	else
		strbuf_add(&text, " the outcomes are others.");
	hunt_comment(strbuf_text(&text), head);
	for (size_t i = 0; i < b->x.nr_outcomes && nr < OUTCOMES_SHOWN_MAX; i++) {
		if (behaviour_outcome(a, b->x.outcomes[i].text) != NULL)
			continue;
		strbuf_printf(head, "# only there: outcome %s\n", b->x.outcomes[i].text);
		nr++;
	}
	strbuf_free(&text);
}

static void
rivals_say_head(const struct rivals *v, uint32_t set, const struct behaviour *a, const struct behaviour *b,
    const char *line, struct strbuf *head)
{
	const struct vm_behaviour_desc *d;
	struct strbuf text = { 0 };

	strbuf_printf(head, "# %s\n", line);
	for (unsigned i = 0; (d = profile_switch(v->a.profile.base, i)) != NULL; i++) {
		if ((set >> i & 1) == 0)
			continue;
		strbuf_clear(&text);
		strbuf_printf(&text, "With %s: %s. Without: %s.", d->id, d->kernel, d->strict);
		hunt_comment(strbuf_text(&text), head);
	}
	strbuf_clear(&text);
	strbuf_add(&text, "The program expects what happens in ");
	rivals_print_side(v, &v->a, &text);
	strbuf_addc(&text, '.');
	hunt_comment(strbuf_text(&text), head);
	rivals_say_other(v, a, b, head);
	strbuf_free(&text);
}

/* Gives the program what it expects on side A, and its head. Returns what wirestorm check says of the file. */
static void
rivals_bless(
    const struct rivals *v, struct program *p, struct strbuf *head, struct strbuf *text, struct strbuf *complaint)
{
	struct checkfile_options o = { .target = v->a.target, .bless = true, .no_checks = true };
	struct strbuf blessed = { 0 };
	struct program copy;

	free(p->head);
	p->head = strbuf_take(head);
	p->config.profile = v->a.profile;
	vmt_print(p, text);
	vmt_parse_own(strbuf_text(text), "a small program", &copy);
	o.blessed = &blessed;
	if (checkfile_program("file", &copy, &o, v->sim, complaint).status != CHECKFILE_PASSED) {
		strbuf_free(&blessed);
		return;
	}
	strbuf_clear(text);
	strbuf_add(text, strbuf_text(&blessed));
	strbuf_free(&blessed);
	o.bless = false;
	o.no_checks = false;
	o.counts = true;
	vmt_parse_own(strbuf_text(text), "a small program", &copy);
	if (checkfile_program("file", &copy, &o, v->sim, complaint).status == CHECKFILE_PASSED)
		strbuf_clear(complaint);
	else
		complaint->len = strcspn(strbuf_text(complaint), "\n");
}

/* Names the difference of the program. Nothing is appended if there is none. */
static void
rivals_say(const struct rivals *v, struct program *p, const struct behaviour *a, const struct behaviour *b, bool shrunk,
    struct keybuf *out)
{
	struct strbuf key = { 0 }, name = { 0 }, line = { 0 }, head = { 0 }, text = { 0 }, complaint = { 0 };
	unsigned found = behaviour_complete(a) && behaviour_complete(b) ? behaviour_differences(a, b) : 0;
	uint32_t set = found != 0 ? rivals_smallest(v, p, b) : 0;

	if (found != 0) {
		rivals_rough(v, set, found, &key);
		if (set == 0) {
			strbuf_addc(&key, ':');
			hunt_print_kinds(p, &key);
		}
		rivals_file_name(v, set, strbuf_text(&key), &name);
		strbuf_printf(&line, "%s tells apart: ", strbuf_text(&key));
		rivals_print_side(v, &v->a, &line);
		strbuf_add(&line, ", ");
		rivals_print_side(v, &v->b, &line);
		rivals_say_head(v, set, a, b, strbuf_text(&line), &head);
		rivals_bless(v, p, &head, &text, &complaint);
	}
	keybuf_u8(out, complaint.len == 0);
	keybuf_u8(out, 0);
	keybuf_u8(out, shrunk);
	message_text(out, strbuf_text(&key), key.len);
	message_text(out, strbuf_text(&name), name.len);
	message_text(out, strbuf_text(&line), line.len);
	message_text(out, strbuf_text(&text), text.len);
	message_text(out, strbuf_text(&complaint), complaint.len);
	strbuf_free(&key);
	strbuf_free(&name);
	strbuf_free(&line);
	strbuf_free(&head);
	strbuf_free(&text);
	strbuf_free(&complaint);
}

void
against_small(const struct hunt_options *o, struct sim *sim, const char *text, const char *rough, struct keybuf *out)
{
	struct behaviour a, b;
	bool shrunk = false;
	struct rivals v;
	struct program p;

	rivals_init(&v, o, sim);
	vmt_parse_own(text, "a hunted program", &p);
	if (rough != NULL) {
		v.set = rivals_parse_rough(&v, rough);
		shrunk = rivals_shrink(&v, &p);
	}
	rivals_find(&v, &p, &v.a, NULL, &a);
	rivals_find(&v, &p, &v.b, NULL, &b);
	rivals_say(&v, &p, &a, &b, shrunk, out);
	behaviour_free(&a);
	behaviour_free(&b);
	program_free(&p);
}
