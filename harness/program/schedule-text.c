/* SPDX-License-Identifier: BSD-2-Clause */
/* schedule-text.c - prints and parses schedules: see schedule.h. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/lex.h"
#include "harness/program/program-data.h"
#include "harness/program/schedule.h"

void
schedule_print(const struct schedule *s, struct strbuf *out)
{
	for (size_t i = 0, end; i < s->nr; i = end) {
		uint64_t count = 0;

		for (end = i; end < s->nr && s->choices[end].thread == s->choices[i].thread; end++)
			count += s->choices[end].count;
		strbuf_printf(out, "%sT%u", i > 0 ? " " : "", s->choices[i].thread);
		if (count != 1)
			strbuf_printf(out, "*%" PRIu64, count);
	}
}

/* Parses "T0*3", and appends it. */
static bool
schedule_parse_choice(const struct lex *l, unsigned nr_threads, struct schedule *s)
{
	const char *star = memchr(l->word, '*', l->word_len);
	size_t name_len = star != NULL ? (size_t)(star - l->word) : l->word_len;
	const struct schedule_choice *last = s->nr > 0 ? &s->choices[s->nr - 1] : NULL;
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
	if (last != NULL && last->thread == t && count > UINT32_MAX - last->count)
		return lex_fail(l, "at most %" PRIu32 " steps of a thread in a row", UINT32_MAX);
	schedule_add(s, (unsigned)t, SCHEDULE_OP_ANY, (uint32_t)count);
	return true;
}

bool
schedule_parse_words(struct lex *l, unsigned nr_threads, struct schedule *s)
{
	assert(!schedule_exists(s) && nr_threads <= PROGRAM_THREADS_MAX);
	for (; !lex_at_end(l); lex_next(l)) {
		if (!schedule_parse_choice(l, nr_threads, s)) {
			schedule_free(s);
			return false;
		}
	}
	return true;
}

bool
schedule_parse(const char *text, struct schedule *s, struct vmt_error *e)
{
	struct lex l;
	bool good =
	    lex_begin_piece(&l, text, e) && schedule_parse_words(&l, PROGRAM_THREADS_MAX, s) && lex_end_piece(&l);

	if (!good)
		schedule_free(s);
	return good;
}
