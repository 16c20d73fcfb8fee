/* SPDX-License-Identifier: BSD-2-Clause */
/* check-text.c - the table of checks, and findings as text. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/program/program.h"

const struct check_desc check_table[CHECK_COUNT] = {
	[CHECK_NONE] = { "", PROGRAM_VERDICT_NONE, 0, "" },
#define CHECK(id, kind, mask, text, fault, damage) [CHECK_##id] = { #id, PROGRAM_VERDICT_##kind, (mask), (text) },
#include "engine/checks.def"
#undef CHECK
};

enum check_id
check_find(const char *name, size_t len)
{
	for (unsigned i = 1; i < CHECK_COUNT; i++)
		if (strlen(check_table[i].name) == len && memcmp(check_table[i].name, name, len) == 0)
			return (enum check_id)i;
	return CHECK_NONE;
}

const char *
finding_label(const struct finding *f, char buf[FINDING_TEXT_MAX])
{
	size_t len = strcspn(f->text, ":");

	assert(f->check > CHECK_NONE && f->check < CHECK_COUNT);
	if (f->check != CHECK_target || f->text[len] == '\0')
		return check_table[f->check].name;
	memcpy(buf, f->text, len);
	buf[len] = '\0';
	return buf;
}

enum program_verdict
finding_kind(const struct finding *f)
{
	assert(f->check > CHECK_NONE && f->check < CHECK_COUNT);
	return check_table[f->check].verdict;
}

bool
finding_is(const struct finding *f, enum program_verdict kind, const char *detail)
{
	char label[FINDING_TEXT_MAX];
	const char *name = finding_label(f, label);
	size_t len = detail != NULL ? strcspn(detail, " :") : 0;

	return finding_kind(f) == kind && (len == 0 || (strcspn(name, " :") == len && memcmp(name, detail, len) == 0));
}

bool
findings_show_verdict(const struct finding *findings, size_t nr, bool deadlock, const struct program_verdict_line *v)
{
	for (size_t i = 0; i < nr; i++)
		if (finding_is(&findings[i], v->kind, v->detail))
			return true;
	/* A remove of system-wired pages may sleep forever, but it is still a deadlock. */
	return v->kind == PROGRAM_VERDICT_DEADLOCK && v->detail == NULL && deadlock;
}

bool
finding_same(const struct finding *a, const struct finding *b)
{
	/* An invariant concerns the map, not the operation that happens to be running: one report is enough. */
	bool whose = check_table[a->check].verdict != PROGRAM_VERDICT_INVARIANT;

	return a->check == b->check && (!whose || (a->thread == b->thread && a->final == b->final && a->op == b->op)) &&
	       ((a->check != CHECK_target && a->check != CHECK_never) || strcmp(a->text, b->text) == 0);
}

void
check_print_quirks(uint32_t mask, struct strbuf *out)
{
	profile_print_switches(VM_PROFILE_strict, mask, "", ", ", out);
}

/* "T0.1 wire 20 24 user noholes" */
static void
finding_print_whose(const struct finding *f, struct strbuf *out)
{
	if (f->thread == SIM_INIT_THREAD)
		strbuf_printf(out, "%s step %u", f->final ? "final" : "init", f->op + 1u);
	else
		strbuf_printf(out, "T%d.%u", f->thread, f->op);
	if (f->what.code == VM_OP_INVALID)
		return;
	strbuf_addc(out, ' ');
	vmt_print_op(&f->what, out);
}

static const char *
finding_code_text(const struct finding *f)
{
	if (vm_op_table[f->what.code].result == VM_RESULT_BOOL)
		return f->code != 0 ? "TRUE" : "FALSE";
	return vm_kern_name(f->code) != NULL ? vm_kern_name(f->code) : "not a KERN_ code";
}

void
finding_print(const struct finding *f, const struct program *p, struct strbuf *out)
{
	char buf[FINDING_TEXT_MAX];
	const struct check_desc *d = &check_table[f->check];

	assert(f->check > CHECK_NONE && f->check < CHECK_COUNT);
	strbuf_printf(out, "%s %s: ", vmt_verdict_word(d->verdict), finding_label(f, buf));
	if (f->thread >= 0) {
		finding_print_whose(f, out);
		if (f->has_code)
			strbuf_printf(out, " => %s", finding_code_text(f));
		edges_print_after(f->edges, out);
	}
	if (f->thread != SIM_INIT_THREAD && f->step > 0) {
		strbuf_add(out, f->thread >= 0 ? ", " : "");
		if (f->since != f->step)
			strbuf_printf(out, "steps %u to %u", f->since, f->step);
		else
			strbuf_printf(out, "step %u", f->step);
	}
	strbuf_printf(out, "%s%s", f->thread >= 0 || f->step > 0 ? ": " : "", f->text);
	if (f->quirk) {
		strbuf_add(out, profile_set_of(p->config.profile.base) == NULL ? " (as the recorded kernel does: quirk "
		                                                               : " (explained by its profile: ");
		profile_print_switches(p->config.profile.base, f->excuse, "", ", ", out);
		strbuf_addc(out, ')');
	}
}

const char *
check_verdict_text(enum program_verdict verdict)
{
	switch (verdict) {
	case PROGRAM_VERDICT_SPURIOUS:
		return "KERN_INVALID_ADDRESS was returned, and at no instant of the call was there a reason";
	case PROGRAM_VERDICT_MISSED:
		return "KERN_SUCCESS was returned, though there was a reason to fail at each instant of the call";
	case PROGRAM_VERDICT_INVARIANT:
		return "the map breaks an invariant, whichever operation caused it";
	case PROGRAM_VERDICT_MODEL:
		return "an operation did, or returned, something else than docs/engine.md says";
	case PROGRAM_VERDICT_CONTENT:
		return "a page has other content than was written to it, or wrong content was written back";
	case PROGRAM_VERDICT_LOST_WAKEUP:
		return "a thread sleeps, and the thread that should wake it will not";
	case PROGRAM_VERDICT_DEADLOCK:
		return "no thread can run, and not all have finished";
	case PROGRAM_VERDICT_LIVELOCK:
		return "there is a schedule that never ends";
	case PROGRAM_VERDICT_RACE:
		return "two threads access the same memory, one of them writes, and no lock orders them";
	case PROGRAM_VERDICT_PANIC:
		return "an assertion of the engine failed";
	case PROGRAM_VERDICT_FORBIDDEN:
		return "a \"never\" line of the program forbids this outcome";
	case PROGRAM_VERDICT_NONE:
		break;
	}
	return "";
}

void
checks_doc(struct strbuf *out, bool markdown)
{
	if (markdown) {
		strbuf_add(out, "| verdict | what is wrong |\n|---|---|\n");
		for (unsigned v = PROGRAM_VERDICT_NONE + 1; vmt_verdict_word((enum program_verdict)v) != NULL; v++)
			strbuf_printf(out, "| %s | %s |\n", vmt_verdict_word((enum program_verdict)v),
			    check_verdict_text((enum program_verdict)v));
		strbuf_add(out, "\n| check | verdict | what holds | quirks that break it |\n|---|---|---|---|\n");
	}
	for (unsigned i = 1; i < CHECK_COUNT; i++) {
		const struct check_desc *d = &check_table[i];

		if (markdown)
			strbuf_printf(out, "| `%s` | %s | %s | ", d->name, vmt_verdict_word(d->verdict), d->holds);
		else
			strbuf_printf(out, "  %-12s %-12s %s", d->name, vmt_verdict_word(d->verdict), d->holds);
		if (!markdown && d->quirks != 0)
			strbuf_add(out, "; not with quirk ");
		check_print_quirks(d->quirks, out);
		strbuf_add(out, markdown ? " |\n" : "\n");
	}
}
