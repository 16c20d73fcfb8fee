/* SPDX-License-Identifier: BSD-2-Clause */
/* bugs-report.c - prints records of trials as a table. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "tools/bugs.h"

/* The results of one mutant with one engine. */
struct group {
	size_t nr, found, failed;
	double seconds, programs; /* medians of the trials that found something */
	char checks[120];         /* the checks that found it, each once */
};

static int
bugs_by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
bugs_median(double *values, size_t nr)
{
	if (nr == 0)
		return 0;
	qsort(values, nr, sizeof(*values), bugs_by_size);
	return nr % 2 != 0 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

static void
bugs_add_check(struct group *g, const char *check)
{
	size_t len = strlen(check);

	for (const char *at = g->checks; (at = strstr(at, check)) != NULL; at += len)
		if ((at == g->checks || at[-1] == ' ') && (at[len] == '\0' || at[len] == ','))
			return;
	if (g->checks[0] != '\0')
		(void)strlcat(g->checks, ", ", sizeof(g->checks));
	(void)strlcat(g->checks, check, sizeof(g->checks));
}

static struct group
bugs_group_of(const struct bugs_result *results, size_t nr)
{
	double *seconds = memory_new(nr, sizeof(*seconds), "a report");
	double *programs = memory_new(nr, sizeof(*programs), "a report");
	struct group g = { .nr = nr };

	assert(nr > 0);
	for (size_t i = 0; i < nr; i++) {
		const struct bugs_record *r = &results[i].record;

		g.failed += r->end == BUGS_FAILED;
		if (r->end != BUGS_FOUND)
			continue;
		seconds[g.found] = r->seconds;
		programs[g.found++] = (double)r->programs;
		bugs_add_check(&g, r->check);
	}
	g.seconds = bugs_median(seconds, g.found);
	g.programs = bugs_median(programs, g.found);
	free(seconds);
	free(programs);
	assert(g.found + g.failed <= nr);
	return g;
}

/* The number of records from @first on with the same engine and mutant. */
static size_t
bugs_group_length(const struct bugs_result *first, const struct bugs_result *end)
{
	size_t nr = 1;

	while (first + nr < end && first[nr].trial.engine == first->trial.engine &&
	       first[nr].trial.mutant == first->trial.mutant)
		nr++;
	return nr;
}

/* The sums of one engine, separate for historical bugs and the others. */
struct sums {
	size_t mutants[VM_MUTANT_CLASSES], mostly[VM_MUTANT_CLASSES]; /* by class */
	double *seconds;                                              /* medians of the bugs found */
	size_t nr_seconds;
};

static void
sums_print(struct sums *s, enum bugs_engine engine, struct strbuf *out)
{
	strbuf_printf(out, "%s:", bugs_engine_table[engine].name);
	for (unsigned c = 0; c < VM_MUTANT_CLASSES; c++)
		if (s->mutants[c] > 0)
			strbuf_printf(out, " %s %zu of %zu found in at least 4/5 of the seeds,",
			    vm_mutant_class_name(c), s->mostly[c], s->mutants[c]);
	strbuf_printf(out, " median of the found %.3f s\n", bugs_median(s->seconds, s->nr_seconds));
}

void
bugs_table(const struct bugs_result *results, size_t nr, struct strbuf *out)
{
	const struct bugs_result *end = results + nr;
	struct strbuf sums = { 0 };
	struct sums s = { .seconds = memory_new(nr + 1, sizeof(double), "a report") };

	strbuf_printf(out, "%-8s %-28s %-11s %7s %10s %10s  %s\n", "engine", "mutant", "class", "found", "seconds",
	    "programs", "by");
	for (const struct bugs_result *r = results; r < end;) {
		size_t len = bugs_group_length(r, end);
		struct group g = bugs_group_of(r, len);
		unsigned class = vm_mutant_table[r->trial.mutant].class;

		strbuf_printf(out, "%-8s %-28s %-11s %3zu/%-3zu", bugs_engine_table[r->trial.engine].name,
		    bugs_mutant_name(r->trial.mutant), vm_mutant_class_name(vm_mutant_table[r->trial.mutant].class),
		    g.found, g.nr);
		if (g.found > 0)
			strbuf_printf(out, " %10.3f %10.0f  %s", g.seconds, g.programs, g.checks);
		if (g.failed > 0)
			strbuf_printf(out, "  (%zu failed)", g.failed);
		strbuf_addc(out, '\n');
		s.mutants[class]++;
		s.mostly[class] += 5 * g.found >= 4 * g.nr;
		if (g.found > 0)
			s.seconds[s.nr_seconds++] = g.seconds;
		if (r + len == end || r[len].trial.engine != r->trial.engine) {
			sums_print(&s, r->trial.engine, &sums);
			s = (struct sums){ .seconds = s.seconds };
		}
		r += len;
	}
	strbuf_addc(out, '\n');
	strbuf_add(out, strbuf_text(&sums));
	strbuf_free(&sums);
	free(s.seconds);
}

/* Prints the result of @engine for @mutant as a cell of a table. */
static void
bugs_cell(
    const struct bugs_result *results, size_t nr, enum bugs_engine engine, enum vm_mutant mutant, struct strbuf *out)
{
	struct group g;
	size_t i = 0;

	while (i < nr && (results[i].trial.engine != engine || results[i].trial.mutant != mutant))
		i++;
	if (i == nr) {
		strbuf_add(out, " |");
		return;
	}
	g = bugs_group_of(&results[i], bugs_group_length(&results[i], results + nr));
	if (g.found == 0)
		strbuf_printf(out, " 0/%zu |", g.nr);
	else
		strbuf_printf(out, " %zu/%zu, %.3g s |", g.found, g.nr, g.seconds);
}

void
bugs_markdown(const struct bugs_result *results, size_t nr, struct strbuf *out)
{
	bool measured[BUGS_ENGINE_END] = { false };

	for (size_t i = 0; i < nr; i++)
		measured[results[i].trial.engine] = true;
	strbuf_add(out, "| mutant | class |");
	for (unsigned e = 0; e < BUGS_ENGINE_END; e++)
		if (measured[e])
			strbuf_printf(out, " %s |", bugs_engine_table[e].name);
	strbuf_add(out, "\n|---|---|");
	for (unsigned e = 0; e < BUGS_ENGINE_END; e++)
		if (measured[e])
			strbuf_add(out, "---|");
	for (enum vm_mutant m = bugs_next(VM_MUTANT_none); m != VM_MUTANT_none; m = bugs_next(m)) {
		strbuf_printf(
		    out, "\n| `%s` | %s |", bugs_mutant_name(m), vm_mutant_class_name(vm_mutant_table[m].class));
		for (unsigned e = 0; e < BUGS_ENGINE_END; e++)
			if (measured[e])
				bugs_cell(results, nr, (enum bugs_engine)e, m, out);
	}
	strbuf_addc(out, '\n');
}
