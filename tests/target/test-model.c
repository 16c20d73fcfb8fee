/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-model.c - the reference model against the recorded kernel: every sequential program of the directories given,
 * every result and every state.
 *
 * Programs with threads are not the model's; they are counted and left out. A directory without a program fails.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

struct counts {
	size_t passed, failed, concurrent;
};

static int
is_vmt(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".vmt") == 0;
}

static void
run_file(const char *path, struct seqdiff *d, struct sim *sim, struct counts *n)
{
	struct program p;
	const char *reason;

	if (!vmt_read(path, &p)) {
		n->failed++;
		return;
	}
	reason = seqrun_reason(&target_model, &p);
	if (p.nr_threads != 0) {
		n->concurrent++;
	} else if (reason != NULL) {
		printf("%s: %s\n", path, reason);
		n->failed++;
	} else if (!seqdiff_recorded(d, &target_model, &p, sim)) {
		printf("%s: %s", path, strbuf_text(&d->text));
		n->failed++;
	} else {
		n->passed++;
	}
	program_free(&p);
}

static bool
run_directory(const char *dir, struct seqdiff *d, struct sim *sim)
{
	struct counts n = { 0, 0, 0 };
	struct dirent **list;
	size_t steps = d->nr_steps;
	int nr = scandir(dir, &list, is_vmt, alphasort);

	if (nr < 0)
		err(1, "%s", dir);
	for (int i = 0; i < nr; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		run_file(path, d, sim, &n);
		free(list[i]);
	}
	free(list);
	printf("%s: %zu passed (%zu steps), %zu failed, %zu with threads left out\n", dir, n.passed,
	    d->nr_steps - steps, n.failed, n.concurrent);
	return n.passed > 0 && n.failed == 0;
}

int
main(int argc, char **argv)
{
	struct seqdiff d = { 0 };
	struct sim *sim = sim_create();
	bool ok = argc > 1;

	if (sim == NULL)
		err(1, "no simulated world");
	for (int i = 1; i < argc; i++)
		ok = run_directory(argv[i], &d, sim) && ok;
	seqdiff_free(&d);
	sim_destroy(sim);
	return ok ? 0 : 1;
}
