/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-parse.c - a program from its text. See vmt.h; docs/vmt.md has the grammar.
 *
 * A file has three parts in this order: directives, steps, expectations. Each line is read by the function that
 * line_words names for its first word; the operations in the steps are read by optext.c, the outcomes by
 * vmt-outcome.c. Every array grows by doubling and every byte is looked at a bounded number of times: the time is
 * linear.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/optext.h"
#include "harness/state.h"
#include "harness/strbuf.h"
#include "harness/vmt-parse.h"
#include "harness/vmt.h"

enum part {
	PART_DIRECTIVES,
	PART_STEPS,
	PART_EXPECTATIONS,
};

/* What a "state" line would belong to. */
enum state_of {
	STATE_OF_NOTHING,
	STATE_OF_INIT,
	STATE_OF_FINAL,
};

/* A poisoned page, and where it was named. */
struct poison {
	struct program_poison page;
	unsigned line, column;
};

struct parser {
	struct lex lex;
	struct program *p;
	enum part part;
	enum state_of state_of;
	bool blocked;            /* the last init step would sleep for ever */
	bool begun;              /* a line that is no comment was there: the head is complete */
	uint32_t seen;           /* bit i: line_words[i] */
	struct strbuf head;      /* comment lines that no other line followed yet */
	size_t first_pending;    /* notes from here on wait for the line they belong to */
	unsigned highest_thread; /* valid if p->threads != NULL */
	struct {
		unsigned line, column;
	} first_op[PROGRAM_THREADS_MAX]; /* of each thread that has one */
	struct poison *poison;           /* every page named, in the order of the file */
	size_t nr_poison;
	struct vm_state state; /* scratch */
};

void *
vmt_grow(void *array, size_t nr, size_t size)
{
	size_t cap = nr == 0 ? 4 : nr * 2;

	/* Full exactly when nr is 0 or 4, 8, 16, ...: no capacity is stored. */
	if (nr != 0 && (nr < 4 || (nr & (nr - 1)) != 0))
		return array;
	array = reallocarray(array, cap, size);
	if (array == NULL)
		err(70, NULL);
	return array;
}

static char *
copy_text(const char *text, size_t len)
{
	char *copy = strndup(text, len);

	if (copy == NULL)
		err(70, NULL);
	return copy;
}

/* Comments. */

static void
add_note(struct parser *ps, unsigned line, bool beside)
{
	struct program *p = ps->p;

	p->notes = vmt_grow(p->notes, p->nr_notes, sizeof(*p->notes));
	p->notes[p->nr_notes++] = (struct program_note){
		.line = line,
		.beside = beside,
		.text = copy_text(ps->lex.comment, ps->lex.comment_len),
	};
}

/* A line with nothing but a comment: a part of the head, or waiting for the next line. */
static void
keep_comment_line(struct parser *ps)
{
	if (ps->begun) {
		add_note(ps, PROGRAM_NOTE_END, false);
		return;
	}
	strbuf_addn(&ps->head, ps->lex.comment, ps->lex.comment_len);
	strbuf_addc(&ps->head, '\n');
}

/* The current line is no mere comment: what was waiting belongs to it. */
static void
settle_comments(struct parser *ps)
{
	struct program *p = ps->p;

	ps->begun = true;
	for (; ps->first_pending < p->nr_notes; ps->first_pending++)
		p->notes[ps->first_pending].line = ps->lex.line;
	if (ps->lex.comment != NULL)
		add_note(ps, ps->lex.line, true);
	ps->first_pending = p->nr_notes;
}

/* Several "poison" lines become one: what belongs to the current line moves to before line @line. */
static void
move_notes(struct parser *ps, unsigned line)
{
	struct program *p = ps->p;

	for (size_t i = p->nr_notes; i > 0 && p->notes[i - 1].line == ps->lex.line; i--) {
		p->notes[i - 1].line = line;
		p->notes[i - 1].beside = false;
	}
}

static int
compare_notes(const void *a, const void *b)
{
	const struct program_note *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

/* Directives. Each is called at the word behind its own, and leaves the words that it does not know. */

static const struct {
	const char *name;
	uint32_t bit;
} quirks[] = {
#define VM_QUIRK(id, name, kernel, strict) { #id, VM_QUIRK_BIT(id) },
#include "engine/quirks.def"
#undef VM_QUIRK
};

static const char *const mutants[] = {
#define VM_MUTANT(name, sentence) #name,
#include "engine/mutants.def"
#undef VM_MUTANT
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t
quirk_bit(const char *text, size_t len)
{
	for (size_t i = 0; i < COUNT_OF(quirks); i++) {
		if (lex_equal(text, len, quirks[i].name))
			return quirks[i].bit;
	}
	return 0;
}

/* "+Q1 -Q2": each quirk at most once. */
static bool
parse_quirks(struct lex *l, struct program_config *cfg)
{
	uint32_t named = 0;

	for (; !lex_at_end(l); lex_next(l)) {
		uint32_t bit = quirk_bit(l->word + 1, l->word_len - 1);

		if ((*l->word != '+' && *l->word != '-') || bit == 0)
			return lex_fail(l, "+QUIRK or -QUIRK");
		if ((named & bit) != 0)
			return lex_fail(l, "each quirk at most once");
		named |= bit;
		cfg->quirks = *l->word == '+' ? cfg->quirks | bit : cfg->quirks & ~bit;
	}
	return true;
}

static bool
parse_profile(struct parser *ps)
{
	struct program_config *cfg = &ps->p->config;
	struct lex *l = &ps->lex;

	cfg->profile_given = true;
	cfg->profile_line = l->line;
	cfg->profile_freebsd12 = lex_is(l, "freebsd12");
	cfg->quirks = cfg->profile_freebsd12 ? VM_QUIRKS_FREEBSD12 : VM_QUIRKS_STRICT;
	if (!cfg->profile_freebsd12 && !lex_is(l, "strict"))
		return lex_fail(l, "strict or freebsd12");
	lex_next(l);
	return parse_quirks(l, cfg);
}

static bool
parse_mutant(struct parser *ps)
{
	struct lex *l = &ps->lex;

	ps->p->config.mutant_line = l->line;
	for (size_t i = 0; i < COUNT_OF(mutants); i++) {
		if (lex_is(l, mutants[i])) {
			ps->p->config.mutant = mutants[i];
			lex_next(l);
			return true;
		}
	}
	return lex_fail(l, "the name of a mutant");
}

static bool
parse_map(struct parser *ps)
{
	struct program_config *cfg = &ps->p->config;
	struct lex *l = &ps->lex;
	const char *max_at;
	size_t max_len;

	cfg->map_line = l->line;
	if (!lex_take_number(l, "the map's first page", VM_OP_PAGE_MAX, &cfg->min))
		return false;
	max_at = l->word;
	max_len = l->word_len;
	if (!lex_take_number(l, "the page behind the map", VM_OP_PAGE_MAX, &cfg->max))
		return false;
	if (cfg->min >= cfg->max)
		return lex_fail_at(l, max_at, max_len, "a page above the map's first, %" PRIu64, cfg->min);
	cfg->kernel = lex_is(l, "kernel");
	if (cfg->kernel)
		lex_next(l);
	else if (!lex_at_end(l))
		return lex_fail(l, "\"kernel\" or end of line");
	return true;
}

/* A page; the code is set when the end of the line is known. */
static bool
parse_poison_page(struct parser *ps)
{
	struct lex *l = &ps->lex;
	struct poison poison = {
		.page.code = KERN_OUT_OF_BOUNDS,
		.line = l->line,
		.column = (unsigned)(l->word - l->line_at) + 1,
	};

	if (!lex_take_number(l, "a page number", VM_OP_PAGE_MAX, &poison.page.page))
		return false;
	ps->poison = vmt_grow(ps->poison, ps->nr_poison, sizeof(*ps->poison));
	ps->poison[ps->nr_poison++] = poison;
	return true;
}

/* The code at the end of a line, for the pages from @first on. */
static bool
parse_poison_code(struct parser *ps, size_t first)
{
	struct lex *l = &ps->lex;
	int code = optext_kern_code(l->word, l->word_len);

	if (code < 0)
		return lex_fail(l, "a page number, a KERN_ code or end of line");
	if (code == KERN_SUCCESS)
		return lex_fail(l, "a KERN_ code of failure");
	for (size_t i = first; i < ps->nr_poison; i++)
		ps->poison[i].page.code = code;
	lex_next(l);
	return true;
}

static bool
parse_poison(struct parser *ps)
{
	struct program_config *cfg = &ps->p->config;
	struct lex *l = &ps->lex;
	size_t first = ps->nr_poison;

	if (cfg->poison_line == 0)
		cfg->poison_line = l->line;
	else
		move_notes(ps, cfg->poison_line);
	do {
		if (!parse_poison_page(ps))
			return false;
	} while (!lex_at_end(l) && *l->word >= '0' && *l->word <= '9');
	return lex_at_end(l) || parse_poison_code(ps, first);
}

static bool
parse_limit(struct parser *ps)
{
	struct program_config *cfg = &ps->p->config;

	cfg->limit_given = true;
	cfg->limit_line = ps->lex.line;
	/* The default is written as any other limit, so that every program can be. */
	return lex_take_number(&ps->lex, "a number of pages", VM_WIRE_LIMIT_DEFAULT, &cfg->limit);
}

static bool
parse_frames(struct parser *ps)
{
	struct lex *l = &ps->lex;

	ps->p->config.frames_line = l->line;
	if (lex_is(l, "0"))
		return lex_fail(l, "a number of page frames above 0");
	return lex_take_number(l, "a number of page frames", VM_OP_PAGE_MAX, &ps->p->config.frames);
}

/* Steps. */

/* Behind the operation of a step or thread: nothing but what the message names. */
static bool
fail_behind_op(const struct lex *l, const char *optional, bool may_have_result)
{
	const char *result = may_have_result ? "\"=>\" or " : "";

	if (optional == NULL)
		return lex_fail(l, "%send of line", result);
	return lex_fail(l, "\"%s\"%s %send of line", optional, may_have_result ? "," : " or", result);
}

/* "=> RESULT" of @step, if it is there. */
static bool
parse_step_result(struct lex *l, struct program_step *step, const char *optional, unsigned may)
{
	if (lex_at_end(l))
		return true;
	if (!lex_is(l, "=>"))
		return fail_behind_op(l, optional, true);
	lex_next(l);
	if (!optext_parse_result(l, l->word, l->word_len, &step->op, may, &step->result))
		return false;
	step->has_result = true;
	lex_next(l);
	return true;
}

static bool
parse_step(struct lex *l, struct program_step **steps, size_t *nr, unsigned may)
{
	struct program_step step = { .line = l->line };
	const char *optional;

	if (!optext_parse(l, &step.op, &optional) || !parse_step_result(l, &step, optional, may))
		return false;
	*steps = vmt_grow(*steps, *nr, sizeof(**steps));
	(*steps)[(*nr)++] = step;
	return true;
}

/* Only a program of init steps may block: nothing can come behind it. */
static bool
parse_init(struct parser *ps)
{
	struct program *p = ps->p;
	bool alone = p->threads == NULL && p->nr_final == 0;

	if (!parse_step(&ps->lex, &p->init, &p->nr_init, alone ? OPTEXT_MAY_BLOCK : 0))
		return false;
	ps->blocked = p->init[p->nr_init - 1].result.outcome == VM_OUTCOME_BLOCKED;
	ps->state_of = STATE_OF_INIT;
	return true;
}

static bool
parse_final(struct parser *ps)
{
	ps->state_of = STATE_OF_FINAL;
	return parse_step(&ps->lex, &ps->p->final, &ps->p->nr_final, 0);
}

int
vmt_thread_number(const char *text, size_t len)
{
	lex_wide n;

	if (len < 2 || text[0] != 'T' || (len > 2 && text[2] == 'x'))
		return -1;
	if (lex_number(text + 1, len - 1, PROGRAM_THREADS_MAX - 1, &n) != LEX_NUMBER_OK)
		return -1;
	return (int)n;
}

static bool
fail_thread_op(const struct lex *l, const char *optional)
{
	if (lex_is(l, "=>"))
		return lex_complain(l, l->word, "end of line, found \"=>\": results of threads stand in outcome lines");
	return fail_behind_op(l, optional, false);
}

/* The table has room for every thread there may be: which there are is known only at the end. */
static struct program_thread *
thread_of(struct parser *ps, unsigned t)
{
	struct program *p = ps->p;

	if (p->threads == NULL) {
		p->threads = calloc(PROGRAM_THREADS_MAX, sizeof(*p->threads));
		if (p->threads == NULL)
			err(70, NULL);
	}
	if (t > ps->highest_thread)
		ps->highest_thread = t;
	if (p->threads[t].nr_ops == 0) {
		ps->first_op[t].line = ps->lex.line;
		ps->first_op[t].column = (unsigned)(ps->lex.word - ps->lex.line_at) + 1;
	}
	return &p->threads[t];
}

static bool
parse_thread_op(struct parser *ps)
{
	struct lex *l = &ps->lex;
	int t = vmt_thread_number(l->word, l->word_len);
	struct program_thread *thread;
	const char *optional;

	if (t < 0)
		return lex_fail(l, "a thread from T0 to T%d", PROGRAM_THREADS_MAX - 1);
	thread = thread_of(ps, (unsigned)t);
	if (thread->nr_ops == PROGRAM_OPS_MAX)
		return lex_fail(l, "at most %d operations of T%d", PROGRAM_OPS_MAX, t);
	lex_next(l);
	ps->p->nr_threads = ps->highest_thread + 1;
	if (!optext_parse(l, &thread->ops[thread->nr_ops], &optional))
		return false;
	if (!lex_at_end(l))
		return fail_thread_op(l, optional);
	thread->line[thread->nr_ops++] = l->line;
	return true;
}

/* Every operation is known: are the threads contiguous? */
static bool
finish_threads(struct parser *ps)
{
	struct program *p = ps->p;
	struct vmt_error *e = ps->lex.error;
	unsigned missing = 0, next;

	while (missing < p->nr_threads && p->threads[missing].nr_ops > 0)
		missing++;
	if (missing == p->nr_threads)
		return true;
	for (next = missing; p->threads[next].nr_ops == 0; next++)
		;
	e->line = ps->first_op[next].line;
	e->column = ps->first_op[next].column;
	snprintf(e->text, sizeof(e->text), "expected operations of T%u, found \"T%u\" without them", missing, next);
	return false;
}

/* Expectations. */

static struct program_step *
step_of_state(struct parser *ps)
{
	struct program *p = ps->p;

	switch (ps->state_of) {
	case STATE_OF_INIT:
		return &p->init[p->nr_init - 1];
	case STATE_OF_FINAL:
		return &p->final[p->nr_final - 1];
	case STATE_OF_NOTHING:
		break;
	}
	return NULL;
}

static bool
parse_state_line(struct parser *ps)
{
	struct program_step *step = step_of_state(ps);
	struct lex *l = &ps->lex;
	struct strbuf text = { 0 };
	const char *expected;
	size_t at, len;

	if (step == NULL)
		return lex_fail(l, "an init or final step before a state");
	ps->state_of = STATE_OF_NOTHING;
	lex_next(l);
	expected = state_parse(l->word, (size_t)(l->line_end - l->word), &ps->state, &at, &len);
	if (expected != NULL)
		return lex_fail_at(l, l->word + at, len, "%s", expected);
	state_print(&ps->state, &text);
	step->state = strbuf_take(&text);
	step->state_line = l->line;
	return true;
}

static bool
parse_outcome_line(struct parser *ps)
{
	struct program *p = ps->p;
	struct program_outcome outcome = { .line = ps->lex.line };

	outcome.text = vmt_parse_outcome(&ps->lex, p, true);
	if (outcome.text == NULL)
		return false;
	p->outcomes = vmt_grow(p->outcomes, p->nr_outcomes, sizeof(*p->outcomes));
	p->outcomes[p->nr_outcomes++] = outcome;
	return true;
}

static bool
parse_result_line(struct parser *ps)
{
	ps->p->result_line = ps->lex.line;
	ps->p->result = vmt_parse_outcome(&ps->lex, ps->p, false);
	return ps->p->result != NULL;
}

static bool
parse_schedules(struct parser *ps)
{
	struct lex *l = &ps->lex;
	lex_wide n = 0;

	switch (lex_number(l->word, l->word_len, ~(lex_wide)0, &n)) {
	case LEX_NUMBER_BAD:
		return lex_fail(l, "a number of schedules");
	case LEX_NUMBER_LARGE:
		return lex_fail(l, "a number of schedules below 2^128");
	case LEX_NUMBER_OK:
		break;
	}
	ps->p->has_schedules = true;
	ps->p->schedules = n;
	ps->p->schedules_line = l->line;
	lex_next(l);
	return true;
}

static bool
parse_verdict(struct parser *ps)
{
	static const enum program_verdict verdicts[] = {
#define VERDICT(name, text) PROGRAM_VERDICT_##name,
#include "harness/verdicts.def"
#undef VERDICT
	};
	struct program *p = ps->p;
	struct lex *l = &ps->lex;
	struct strbuf detail = { 0 };

	for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
		if (lex_is(l, vmt_verdict_word(verdicts[i])))
			p->verdict = verdicts[i];
	}
	if (p->verdict == PROGRAM_VERDICT_NONE)
		return lex_fail(l, "a verdict");
	p->verdict_line = l->line;
	for (lex_next(l); !lex_at_end(l); lex_next(l)) {
		if (detail.len > 0)
			strbuf_addc(&detail, ' ');
		strbuf_addn(&detail, l->word, l->word_len);
	}
	if (detail.len > 0)
		p->verdict_detail = strbuf_take(&detail);
	return true;
}

static bool
parse_schedule(struct parser *ps)
{
	struct program *p = ps->p;

	p->has_schedule = true;
	p->schedule_line = ps->lex.line;
	return vmt_parse_choice_words(&ps->lex, p->nr_threads, &p->choices, &p->nr_choices);
}

/* "T0*3" */
static bool
parse_choice(const struct lex *l, unsigned nr_threads, struct program_choice *c)
{
	const char *star = memchr(l->word, '*', l->word_len);
	size_t name_len = star != NULL ? (size_t)(star - l->word) : l->word_len;
	int t = vmt_thread_number(l->word, name_len);
	lex_wide count = 1;

	if (t < 0)
		return lex_fail(l, "a choice like T0 or T0*3");
	if ((unsigned)t >= nr_threads)
		return lex_fail(l, "a thread of the program");
	if (star != NULL &&
	    (lex_number(star + 1, l->word_len - name_len - 1, UINT32_MAX, &count) != LEX_NUMBER_OK || count == 0))
		return lex_fail_at(
		    l, star + 1, l->word_len - name_len - 1, "a number of steps from 1 to %" PRIu32, UINT32_MAX);
	c->thread = (uint8_t)t;
	c->count = (uint32_t)count;
	return true;
}

/* Makes one of two neighbours that name the same thread. */
static bool
add_choice(const struct lex *l, const struct program_choice *c, struct program_choice **choices, size_t *nr)
{
	struct program_choice *last = *nr > 0 ? &(*choices)[*nr - 1] : NULL;

	if (last != NULL && last->thread == c->thread) {
		if (c->count > UINT32_MAX - last->count)
			return lex_fail(l, "at most %" PRIu32 " steps of a thread in a row", UINT32_MAX);
		last->count += c->count;
		return true;
	}
	*choices = vmt_grow(*choices, *nr, sizeof(**choices));
	(*choices)[(*nr)++] = *c;
	return true;
}

bool
vmt_parse_choice_words(struct lex *l, unsigned nr_threads, struct program_choice **choices, size_t *nr)
{
	struct program_choice *made = NULL, c;
	size_t nr_made = 0;

	for (; !lex_at_end(l); lex_next(l)) {
		if (!parse_choice(l, nr_threads, &c) || !add_choice(l, &c, &made, &nr_made)) {
			free(made);
			return false;
		}
	}
	*choices = made;
	*nr = nr_made;
	return true;
}

/* Lines. */

static const struct line_word {
	const char *word;
	bool (*parse)(struct parser *ps);
	enum part part;
	bool repeats;
} line_words[] = {
	{ "profile", parse_profile, PART_DIRECTIVES, false },
	{ "mutant", parse_mutant, PART_DIRECTIVES, false },
	{ "map", parse_map, PART_DIRECTIVES, false },
	{ "poison", parse_poison, PART_DIRECTIVES, true },
	{ "limit", parse_limit, PART_DIRECTIVES, false },
	{ "frames", parse_frames, PART_DIRECTIVES, false },
	{ "init", parse_init, PART_STEPS, true },
	{ "final", parse_final, PART_STEPS, true },
	{ "outcome", parse_outcome_line, PART_EXPECTATIONS, true },
	{ "schedules", parse_schedules, PART_EXPECTATIONS, false },
	{ "verdict", parse_verdict, PART_EXPECTATIONS, false },
	{ "result", parse_result_line, PART_EXPECTATIONS, false },
	{ "schedule", parse_schedule, PART_EXPECTATIONS, false },
};

/* Goes on to part @part, from which there is no way back. */
static bool
enter_part(struct parser *ps, enum part part)
{
	if (part < ps->part)
		return lex_fail(&ps->lex, "%s",
		    part == PART_DIRECTIVES ? "a step or an expectation, as directives come first"
		                            : "an expectation, as steps come before them");
	if (part > ps->part && part == PART_EXPECTATIONS && !finish_threads(ps))
		return false;
	ps->part = part;
	ps->state_of = STATE_OF_NOTHING;
	return true;
}

static bool
parse_listed(struct parser *ps, size_t i)
{
	const struct line_word *w = &line_words[i];
	struct lex *l = &ps->lex;

	if (!enter_part(ps, w->part))
		return false;
	if (!w->repeats && (ps->seen & (1u << i)) != 0)
		return lex_complain(l, l->word, "one \"%s\" line, found another", w->word);
	ps->seen |= 1u << i;
	lex_next(l);
	return w->parse(ps) && (lex_at_end(l) || lex_fail(l, "end of line"));
}

static bool
parse_line(struct parser *ps)
{
	struct lex *l = &ps->lex;

	if (lex_is(l, "state"))
		return parse_state_line(ps);
	if (ps->blocked)
		return lex_fail(l, "nothing behind a step that blocks");
	for (size_t i = 0; i < COUNT_OF(line_words); i++) {
		if (lex_is(l, line_words[i].word))
			return parse_listed(ps, i);
	}
	if (l->word_len > 1 && l->word[0] == 'T' && l->word[1] >= '0' && l->word[1] <= '9')
		return enter_part(ps, PART_STEPS) && parse_thread_op(ps);
	return lex_fail(l, "a directive, a step or an expectation");
}

static bool
parse_lines(struct parser *ps)
{
	for (;;) {
		switch (lex_line(&ps->lex)) {
		case LEX_BAD:
			return false;
		case LEX_END:
			return true;
		case LEX_LINE:
			break;
		}
		if (!lex_at_end(&ps->lex)) {
			settle_comments(ps);
			if (!parse_line(ps))
				return false;
		} else if (ps->lex.comment != NULL) {
			keep_comment_line(ps);
		}
	}
}

/* What can be said only when every line was read. */

/* By page; the same page by its place in the file. */
static int
compare_poison(const void *a, const void *b)
{
	const struct poison *x = a, *y = b;

	if (x->page.page != y->page.page)
		return x->page.page > y->page.page ? 1 : -1;
	if (x->line != y->line)
		return x->line > y->line ? 1 : -1;
	return (x->column > y->column) - (x->column < y->column);
}

static bool
fail_poison(const struct parser *ps, const struct poison *at)
{
	struct vmt_error *e = ps->lex.error;

	e->line = at->line;
	e->column = at->column;
	snprintf(e->text, sizeof(e->text), "expected one code for page %" PRIu64 ", found another", at->page.page);
	return false;
}

/* Sorts the pages, and takes each once. */
static bool
finish_poison(struct parser *ps)
{
	struct program_config *cfg = &ps->p->config;

	if (ps->nr_poison == 0)
		return true;
	qsort(ps->poison, ps->nr_poison, sizeof(*ps->poison), compare_poison);
	cfg->poison = reallocarray(NULL, ps->nr_poison, sizeof(*cfg->poison));
	if (cfg->poison == NULL)
		err(70, NULL);
	for (size_t i = 0; i < ps->nr_poison; i++) {
		const struct poison *poison = &ps->poison[i];
		const struct program_poison *last = cfg->nr_poison > 0 ? &cfg->poison[cfg->nr_poison - 1] : NULL;

		if (last == NULL || last->page != poison->page.page)
			cfg->poison[cfg->nr_poison++] = poison->page;
		else if (last->code != poison->page.code)
			return fail_poison(ps, poison);
	}
	return true;
}

/* Bytewise; equal ones by line. */
static int
compare_outcomes(const void *a, const void *b)
{
	const struct program_outcome *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static bool
finish_outcomes(struct parser *ps)
{
	struct program *p = ps->p;
	struct vmt_error *e = ps->lex.error;
	const struct program_outcome *first = NULL, *second = NULL;

	if (p->nr_outcomes > 0)
		qsort(p->outcomes, p->nr_outcomes, sizeof(*p->outcomes), compare_outcomes);
	for (size_t i = 1; i < p->nr_outcomes; i++) {
		if (strcmp(p->outcomes[i - 1].text, p->outcomes[i].text) != 0)
			continue;
		if (second == NULL || p->outcomes[i].line < second->line) {
			first = &p->outcomes[i - 1];
			second = &p->outcomes[i];
		}
	}
	if (second == NULL)
		return true;
	e->line = second->line;
	e->column = 1;
	snprintf(e->text, sizeof(e->text), "expected each outcome once, found the one of line %u again", first->line);
	return false;
}

static bool
finish(struct parser *ps)
{
	struct program *p = ps->p;

	if (ps->part != PART_EXPECTATIONS && !finish_threads(ps))
		return false;
	if (!finish_poison(ps) || !finish_outcomes(ps))
		return false;
	/* Stable, and in order but for the notes of "poison" lines. */
	if (p->nr_notes > 0 && mergesort(p->notes, p->nr_notes, sizeof(*p->notes), compare_notes) != 0)
		err(70, NULL);
	if (ps->head.len > 0)
		p->head = strbuf_take(&ps->head);
	return true;
}

bool
vmt_parse(const char *text, size_t len, struct program *p, struct vmt_error *e)
{
	struct parser ps = { .p = p };
	bool good;

	*e = (struct vmt_error){ 0 };
	program_init(p);
	lex_begin(&ps.lex, text, len, e);
	good = parse_lines(&ps) && finish(&ps);
	strbuf_free(&ps.head);
	free(ps.poison);
	state_free(&ps.state);
	if (!good)
		program_free(p);
	return good;
}

/* A text that must be one line. */
static bool
begin_piece(struct lex *l, const char *text, struct vmt_error *e)
{
	*e = (struct vmt_error){ 0 };
	lex_begin(l, text, strlen(text), e);
	return lex_line(l) != LEX_BAD;
}

static bool
end_piece(const struct lex *l)
{
	if (!lex_at_end(l))
		return lex_fail(l, "end of line");
	if (l->next != l->end)
		return lex_complain(l, l->word, "a single line, found another");
	return true;
}

bool
vmt_parse_op(const char *text, struct vm_op *op, struct vmt_error *e)
{
	const char *optional;
	struct lex l;

	if (!begin_piece(&l, text, e) || !optext_parse(&l, op, &optional))
		return false;
	return lex_at_end(&l) ? end_piece(&l) : fail_behind_op(&l, optional, false);
}

bool
vmt_parse_choices(const char *text, struct program_choice **choices, size_t *nr, struct vmt_error *e)
{
	struct lex l;

	*choices = NULL;
	*nr = 0;
	return begin_piece(&l, text, e) && vmt_parse_choice_words(&l, PROGRAM_THREADS_MAX, choices, nr) &&
	       end_piece(&l);
}
