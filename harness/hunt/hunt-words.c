/* SPDX-License-Identifier: BSD-2-Clause */
/* hunt-words.c - keys of findings, and names for their files. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/gen/gen.h"
#include "harness/hunt/hunt-inside.h"
#include "harness/program/program.h"

#define COMMENT_COLUMNS 110

void
hunt_print_kinds(const struct program *p, struct strbuf *out)
{
	bool seen[VM_OP_CODE_MAX + 1] = { false };
	struct program copy;

	program_copy_bare(&copy, p);
	for (unsigned i = 0; i < program_nr_ops(&copy); i++)
		seen[program_op(&copy, i)->code] = true;
	program_free(&copy);
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++)
		if (seen[code])
			strbuf_printf(out, " %s", vm_op_table[code].name);
}

void
hunt_key(const struct program *p, const struct finding *f, struct strbuf *out)
{
	char label[FINDING_TEXT_MAX];

	assert(f->check > CHECK_NONE && f->check < CHECK_COUNT);
	strbuf_add(out, finding_label(f, label));
	if (p->config.mutant != NULL)
		strbuf_printf(out, " mutant %s", p->config.mutant);
	profile_print_switches(p->config.profile.base, p->config.profile.on, " +", " +", out);
	strbuf_add(out, " |");
	/* An invariant concerns the map: the operation that was running does not count. */
	if (check_table[f->check].verdict != PROGRAM_VERDICT_INVARIANT) {
		strbuf_addc(out, ' ');
		edges_print(f->edges, out);
	}
	strbuf_add(out, " |");
	hunt_print_kinds(p, out);
}

void
hunt_comment(const char *text, struct strbuf *out)
{
	strbuf_add(out, "# ");
	strbuf_wrap(out, text, strlen("# "), COMMENT_COLUMNS, "#   ");
	strbuf_addc(out, '\n');
}

void
hunt_name(const struct finding *f, struct strbuf *out)
{
	char label[FINDING_TEXT_MAX];
	size_t from = out->len;

	assert(f->check > CHECK_NONE && f->check < CHECK_COUNT);
	strbuf_add(out, finding_label(f, label));
	if (f->edges != 0) {
		strbuf_addc(out, '-');
		strbuf_add(out, vm_edge_table[63 - __builtin_clzll(f->edges)].name);
	}
	/* A target's own label may contain any character. */
	for (char *c = out->text + from; *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *c) == NULL)
			*c = '-';
}
