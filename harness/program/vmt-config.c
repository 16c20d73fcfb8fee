/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-config.c - parses directive lines. Each function starts at the word after the directive's name. See vmt-inside.h.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/optext.h"
#include "harness/program/profile.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

void
vmt_offer_mutants(struct nearest *n)
{
	for (unsigned i = VM_MUTANT_none + 1; i < VM_MUTANT_END; i++)
		nearest_offer(n, vm_mutant_table[i].name);
}

const char *
vmt_mutant(const char *name)
{
	for (unsigned i = VM_MUTANT_none + 1; i < VM_MUTANT_END; i++)
		if (strcmp(vm_mutant_table[i].name, name) == 0)
			return vm_mutant_table[i].name;
	return NULL;
}

/* Sets the error about a word that is not @expected, and adds the nearest of the words of @offer. */
static bool
config_hint(const struct lex *l, const char *expected, void (*offer)(struct nearest *n), const char *more)
{
	struct nearest n;

	nearest_begin(&n, l->word, l->word_len);
	offer(&n);
	(void)lex_fail(l, "%s", expected);
	return lex_hint(l, &n, lex_at_end(l) ? NULL : more);
}

/* Quirk names are all alike, so no nearest one is offered: the message names the list instead. */
static void
config_no_word(struct nearest *n)
{
	(void)n;
}

/* "+Q1 -Q2": each quirk at most once. */
static bool
config_parse_behaviours(struct lex *l, struct vm_profile *profile)
{
	uint32_t named = 0;

	for (; !lex_at_end(l); lex_next(l)) {
		uint32_t bit = profile_behaviour(profile->base, l->word + 1, l->word_len - 1);

		if ((*l->word != '+' && *l->word != '-') || bit == 0)
			return config_hint(l, "+QUIRK or -QUIRK", config_no_word, "wirestorm help quirks lists them");
		if ((named & bit) != 0)
			return lex_fail(l, "each quirk at most once");
		named |= bit;
		profile->on = *l->word == '+' ? profile->on | bit : profile->on & ~bit;
	}
	return true;
}

bool
vmt_line_vmt(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;
	lex_wide version;

	if (ps->first_line != l->line)
		return lex_complain(
		    l, l->line_at, "\"vmt\" before all other lines, found it after line %u", ps->first_line);
	if (lex_number(l->word, l->word_len, UINT64_MAX, &version) != LEX_NUMBER_OK || version != VMT_VERSION)
		return lex_fail(l, "version %d of the text form, the only one that this wirestorm reads", VMT_VERSION);
	ps->p->version_given = true;
	lex_next(l);
	return true;
}

bool
vmt_line_profile(struct vmt_parser *ps)
{
	struct program_config *cfg = &ps->p->config;
	struct lex *l = &ps->lex;

	cfg->profile_given = true;
	if (!profile_find(l->word, l->word_len, &cfg->profile))
		return config_hint(l, profile_names(), profile_offer, NULL);
	lex_next(l);
	return config_parse_behaviours(l, &cfg->profile);
}

bool
vmt_line_mutant(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;

	for (unsigned i = VM_MUTANT_none + 1; i < VM_MUTANT_END; i++) {
		if (lex_is(l, vm_mutant_table[i].name)) {
			ps->p->config.mutant = vm_mutant_table[i].name;
			lex_next(l);
			return true;
		}
	}
	return config_hint(l, "the name of a mutant", vmt_offer_mutants, "wirestorm help mutants lists them");
}

bool
vmt_line_map(struct vmt_parser *ps)
{
	struct program_config *cfg = &ps->p->config;
	struct lex *l = &ps->lex;
	const char *max_at;
	size_t max_len;

	if (!lex_take_number(l, "the map's first page", VM_OP_PAGE_MAX, &cfg->min))
		return false;
	max_at = l->word;
	max_len = l->word_len;
	if (!lex_take_number(l, "the first page after the map", VM_OP_PAGE_MAX, &cfg->max))
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

/* Parses a page. Its code is set at the end of the line. */
static bool
config_parse_poison_page(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;
	struct vmt_poisoned poison = {
		.page.code = KERN_OUT_OF_BOUNDS,
		.line = l->line,
		.column = (unsigned)(l->word - l->line_at) + 1,
	};

	if (!lex_take_number(l, "a page number", VM_OP_PAGE_MAX, &poison.page.page))
		return false;
	*MEMORY_APPEND(ps->poison, ps->nr_poison, "a program") = poison;
	return true;
}

/* Parses the code at the end of a line, and sets it for the pages from @first on. */
static bool
config_parse_poison_code(struct vmt_parser *ps, size_t first)
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

bool
vmt_line_poison(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;
	size_t first = ps->nr_poison;

	if (ps->p->lines[PROGRAM_LINE_poison] != l->line)
		vmt_move_notes(ps, ps->p->lines[PROGRAM_LINE_poison]);
	do {
		if (!config_parse_poison_page(ps))
			return false;
	} while (!lex_at_end(l) && *l->word >= '0' && *l->word <= '9');
	return lex_at_end(l) || config_parse_poison_code(ps, first);
}

bool
vmt_line_limit(struct vmt_parser *ps)
{
	struct program_config *cfg = &ps->p->config;

	cfg->limit_given = true;
	/* The largest limit is the default, so that every program can be written. */
	return lex_take_number(&ps->lex, "a number of pages", VM_WIRE_LIMIT_DEFAULT, &cfg->limit);
}

bool
vmt_line_frames(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;

	if (lex_is(l, "0"))
		return lex_fail(l, "a number of page frames above 0");
	return lex_take_number(l, "a number of page frames", VM_OP_PAGE_MAX, &ps->p->config.frames);
}

bool
vmt_line_growsize(struct vmt_parser *ps)
{
	struct lex *l = &ps->lex;

	if (lex_is(l, "0"))
		return lex_fail(l, "a number of pages above 0");
	return lex_take_number(l, "a number of pages", VM_OP_PAGE_MAX, &ps->p->config.growsize);
}

/* By page; equal pages by their place in the file. */
static int
config_compare_poison(const void *a, const void *b)
{
	const struct vmt_poisoned *x = a, *y = b;

	if (x->page.page != y->page.page)
		return x->page.page > y->page.page ? 1 : -1;
	if (x->line != y->line)
		return x->line > y->line ? 1 : -1;
	return (x->column > y->column) - (x->column < y->column);
}

/* Sorts the pages and removes duplicates. */
bool
vmt_finish_poison(struct vmt_parser *ps)
{
	struct program_config *cfg = &ps->p->config;

	if (ps->nr_poison == 0)
		return true;
	qsort(ps->poison, ps->nr_poison, sizeof(*ps->poison), config_compare_poison);
	cfg->poison = memory_resize(NULL, ps->nr_poison, sizeof(*cfg->poison), "a program");
	for (size_t i = 0; i < ps->nr_poison; i++) {
		const struct vmt_poisoned *poison = &ps->poison[i];
		const struct program_poison *last = cfg->nr_poison > 0 ? &cfg->poison[cfg->nr_poison - 1] : NULL;

		if (last == NULL || last->page != poison->page.page)
			/* memory_resize never returns NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
			cfg->poison[cfg->nr_poison++] = poison->page;
		else if (last->code != poison->page.code)
			return lex_complain_of(&ps->lex, poison->line, poison->column,
			    "one code for page %" PRIu64 ", found another", poison->page.page);
	}
	assert(cfg->nr_poison <= ps->nr_poison);
	return true;
}
