/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-edges.c - compares the table of edges (engine/edges.def) with the engine.
 *
 *	test-edges LITMUS [CORPUS...]   the rows against the programs of LITMUS, the results against those of all
 *	test-edges --reached LITMUS     print what each program of LITMUS reaches, to choose the program of a row
 *	test-edges --canary LITMUS      the same with all edges lost on the way: rows and results must be complained of
 *
 * LITMUS and CORPUS are directories with .vmt files in them, anywhere. Each program is explored completely: those of
 *LITMUS schedule by schedule, because which way an operation went is no part of the state key, and states that merge
 *may differ in it; the others by states. Each result that an operation ends with is looked at, on its way out of the
 *target.
 */
#include <err.h>
#include <fts.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/edge.h"
#include "engine/vm.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"

#define WRONG_MAX 8
#define PROGRAMS_MIN 900 /* of all directories */
#define ROWS_MIN 35      /* that a program shows */

/* The edges of the present program's operations. Atomic, because fibers write it and ThreadSanitizer would report that.
 */
static _Atomic uint64_t reached;
static _Atomic uint64_t nr_results, nr_failures;
static _Atomic unsigned nr_wrong;
static struct {
	const struct vm_op *op;
	struct vm_result result;
	const char *what;
} wrong[WRONG_MAX];

static bool canary;
static uint64_t shown; /* by the program that the row names */
static unsigned nr_programs, nr_complaints;

/* --- one result --- */

/* Is @op among the operations that pass the edge? */
static bool
is_of(const struct vm_edge_desc *edge, const char *op)
{
	const char *word = edge->whose;

	while (*word != '\0') {
		size_t len = strcspn(word, ", ");

		if (strlen(op) == len && strncmp(op, word, len) == 0)
			return true;
		word += len + strspn(word + len, ", ");
	}
	return strcmp(edge->whose, "any") == 0;
}

static void
blame(const struct vm_op *op, const struct vm_result *r, const char *what)
{
	unsigned i = atomic_fetch_add_explicit(&nr_wrong, 1, memory_order_relaxed);

	if (i >= WRONG_MAX)
		return;
	wrong[i].op = op;
	wrong[i].result = *r;
	wrong[i].what = what;
}

static void
look(const struct vm_op *op, const struct vm_result *r)
{
	bool named = false;

	atomic_fetch_or_explicit(&reached, r->edges, memory_order_relaxed);
	atomic_fetch_add_explicit(&nr_results, 1, memory_order_relaxed);
	for (uint64_t left = r->edges; left != 0; left &= left - 1) {
		const struct vm_edge_desc *edge = &vm_edge_table[__builtin_ctzll(left)];
		int code = edge->code;

		if (!is_of(edge, vm_op_table[op->code].name))
			blame(op, r, "passes an edge that is not one of its own");
		named |= code == r->code || code == VM_EDGE_VERBATIM;
		if (code != VM_EDGE_VERBATIM && code != KERN_SUCCESS && code != r->code)
			blame(op, r, "passes an edge with another code");
		if (code == VM_EDGE_VERBATIM && r->code == KERN_SUCCESS)
			blame(op, r, "succeeds though it passes the edge of a failed fault");
	}
	if (vm_op_table[op->code].result == VM_RESULT_BOOL || r->code == KERN_SUCCESS)
		return;
	atomic_fetch_add_explicit(&nr_failures, 1, memory_order_relaxed);
	if (!named)
		blame(op, r, "fails by no edge with its code: a failure without a name");
}

static struct vm_result
look_and_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct vm_result r = target_engine.apply(self, thread, op);

	if (canary)
		r.edges = 0;
	look(op, &r);
	return r;
}

/* --- one program --- */

static void
complain(const char *path, const char *what)
{
	printf("%s: %s\n", path, what);
	nr_complaints++;
}

static void
print_wrong(const char *path)
{
	unsigned nr = atomic_load_explicit(&nr_wrong, memory_order_relaxed);

	for (unsigned i = 0; i < nr && i < WRONG_MAX; i++) {
		struct strbuf text = { 0 };

		vmt_print_op(wrong[i].op, &text);
		strbuf_add(&text, " => ");
		vmt_print_result(wrong[i].op, &wrong[i].result, &text);
		edges_print_after(wrong[i].result.edges, &text);
		strbuf_printf(&text, " %s", wrong[i].what);
		complain(path, strbuf_text(&text));
		strbuf_free(&text);
	}
}

static void
explore_all(const char *path, struct run *r, bool by_schedules)
{
	struct explore_options o = { .by_schedules = by_schedules };
	struct explore_result x;

	if (r->program->nr_threads == 0)
		return;
	explore(r, &o, &x);
	if (x.end != EXPLORE_COMPLETE)
		complain(path, explore_end_text(x.end));
	explore_result_free(&x);
	/* The final steps look at the end of any run. */
	run_begin(r);
	for (uint32_t enabled; (enabled = run_enabled(r)) != 0;)
		run_step(r, (unsigned)__builtin_ctz(enabled));
	if (!run_deadlocked(r))
		for (size_t i = 0; i < r->program->nr_final; i++)
			(void)run_alone(r, &r->program->final[i].op);
}

/* Everything that can happen in the program at @path; returns the edges that were reached. */
static uint64_t
run_program(const char *path, struct sim *sim, bool by_schedules)
{
	struct vm_target target = target_engine;
	struct program p;
	struct run r;

	atomic_store_explicit(&reached, 0, memory_order_relaxed);
	atomic_store_explicit(&nr_wrong, 0, memory_order_relaxed);
	target.apply = look_and_apply;
	if (!vmt_read(path, &p))
		errx(1, "%s: not a program", path);
	if (run_open(&r, &p, &target, sim) == RUN_OPENED)
		explore_all(path, &r, by_schedules);
	else
		complain(path, strbuf_text(&r.error));
	print_wrong(path);
	nr_programs++;
	run_close(&r);
	program_free(&p);
	return atomic_load_explicit(&reached, memory_order_relaxed);
}

/* --- directories --- */

/* "wire-hole" of ".../wire-hole.vmt" */
static bool
is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
	size_t len = strlen(name);

	return strncmp(base, name, len) == 0 && strcmp(base + len, ".vmt") == 0;
}

/* Checks that the program at @path reaches the edges whose rows name it. */
static void
note_shown(const char *path, uint64_t edges)
{
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		if (is_named(path, vm_edge_table[i].litmus))
			shown |= edges & (uint64_t)1 << i;
}

static void
print_reached(const char *path, uint64_t edges)
{
	struct strbuf text = { 0 };

	edges_print(edges, &text);
	printf("%s: %s\n", path, strbuf_text(&text));
	strbuf_free(&text);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
run_directory(char *path, struct sim *sim, bool litmus, bool print)
{
	FTS *tree = fts_open((char *[]){ path, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;

	if (tree == NULL)
		err(1, "%s", path);
	while ((e = fts_read(tree)) != NULL) {
		uint64_t edges;

		if (e->fts_info != FTS_F || e->fts_namelen <= 4 ||
		    strcmp(e->fts_name + e->fts_namelen - 4, ".vmt") != 0)
			continue;
		edges = run_program(e->fts_path, sim, litmus);
		if (litmus)
			note_shown(e->fts_path, edges);
		if (print)
			print_reached(e->fts_path, edges);
	}
	(void)fts_close(tree);
}

/* --- the rows --- */

/* The name of an edge begins with an operation that passes it, except for clamped and bad_argument. */
static bool
name_fits(const struct vm_edge_desc *d)
{
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		const char *op = vm_op_table[code].name;
		size_t len = op != NULL ? strlen(op) : 0;

		if (len > 0 && is_of(d, op) && strncmp(d->name, op, len) == 0 && d->name[len] == '_')
			return true;
	}
	return strcmp(d->name, "clamped") == 0 || strcmp(d->name, "bad_argument") == 0;
}

static void
check_rows(void)
{
	unsigned nr_shown = 0;

	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		const struct vm_edge_desc *d = &vm_edge_table[i];

		if (!name_fits(d))
			complain(d->name, "its name does not begin with an operation that passes it");
		if (d->when[0] == '\0' || d->leaves[0] == '\0' ||
		    (d->page[0] == '\0') != (d->man == VM_EDGE_MAN_UNREAD))
			complain(d->name, "a text is missing, or one is too many");
		if (edges_find(d->name) != i)
			complain(d->name, "is not found by its name");
		if (d->litmus[0] == '\0')
			continue;
		nr_shown++;
		if ((shown >> i & 1) == 0) {
			printf("%s: is not reached by %s.vmt, or there is no such program\n", d->name, d->litmus);
			nr_complaints++;
		}
	}
	printf("%d edges, %u of them shown by a program\n", VM_EDGE_COUNT, nr_shown);
	if (nr_shown < ROWS_MIN)
		complain("engine/edges.def", "too few edges are shown by a program");
}

int
main(int argc, char **argv)
{
	bool print = argc == 3 && strcmp(argv[1], "--reached") == 0;
	struct sim *sim = sim_create();
	int first;

	canary = argc == 3 && strcmp(argv[1], "--canary") == 0;
	first = print || canary ? 2 : 1;
	if (argc <= first)
		errx(2, "usage: test-edges [--reached | --canary] LITMUS [CORPUS...]");
	if (sim == NULL)
		err(1, "sim_create");
	for (int i = first; i < argc; i++)
		run_directory(argv[i], sim, i == first, print);
	sim_destroy(sim);
	if (print)
		return nr_complaints > 0;
	check_rows();
	printf("%u programs, %" PRIu64 " results, %" PRIu64 " of them failures; %u complaints\n", nr_programs,
	    atomic_load(&nr_results), atomic_load(&nr_failures), nr_complaints);
	/* Every row that names a program, and results that fail. */
	if (canary)
		return nr_complaints < 2 * ROWS_MIN;
	if (nr_programs < PROGRAMS_MIN || atomic_load(&nr_failures) == 0)
		return 1;
	return nr_complaints > 0;
}
