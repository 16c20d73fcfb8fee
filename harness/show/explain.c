/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.c - see explain.h. */
#include "harness/show/explain.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/mutant.h"
#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/check/check.h"
#include "harness/program/program.h"

#define FOLD_COLUMNS 78
#define LABEL_COLUMNS 10

/* --- the layout --- */

/* Appends a label and the text after it, wrapped between words. */
static void explain_line(struct strbuf *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
explain_line(struct strbuf *out, const char *label, const char *format, ...)
{
	char next[LABEL_COLUMNS + 1];
	struct strbuf text = { 0 };
	va_list ap;

	assert(label != NULL && format[0] != '\0');
	va_start(ap, format);
	strbuf_vprintf(&text, format, ap);
	va_end(ap);
	(void)snprintf(next, sizeof(next), "%*s", LABEL_COLUMNS, "");
	strbuf_printf(out, "%-*s", LABEL_COLUMNS, label);
	strbuf_wrap(out, strbuf_text(&text), LABEL_COLUMNS, FOLD_COLUMNS, next);
	strbuf_addc(out, '\n');
	strbuf_free(&text);
}

static void
explain_title(const char *name, const char *kind, struct strbuf *out)
{
	if (out->len > 0)
		strbuf_addc(out, '\n');
	strbuf_printf(out, "%s, %s\n\n", name, kind);
}

static void
explain_add_word(struct strbuf *list, const char *word)
{
	strbuf_printf(list, "%s%s", list->len > 0 ? ", " : "", word);
}

/* --- the kinds of name --- */

/* The section of docs/engine.md for each operation. */
static const char *const explain_op_sections[VM_OP_CODE_MAX + 1] = {
	[VM_OP_insert] = "4",
	[VM_OP_fixed] = "4",
	[VM_OP_find] = "4",
	[VM_OP_remove] = "5",
	[VM_OP_protect] = "9",
	[VM_OP_inherit] = "10",
	[VM_OP_madvise] = "10",
	[VM_OP_wire] = "6",
	[VM_OP_unwire] = "6",
	[VM_OP_sync] = "10",
	[VM_OP_check] = "10",
	[VM_OP_lookup] = "10",
	[VM_OP_clip] = "10",
	[VM_OP_fault] = "8",
	[VM_OP_read] = "8",
	[VM_OP_write] = "8",
	[VM_OP_pageout] = "12",
	[VM_OP_wirefuture] = "14",
	[VM_OP_mmap] = "14",
	[VM_OP_stack] = "14",
	[VM_OP_grow] = "14",
};

/* Is @word in this list of words separated by commas? */
static bool
explain_lists_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at != '\0'; at += strspn(at, ", ")) {
		size_t n = strcspn(at, ",");

		if (n == len && memcmp(at, word, len) == 0)
			return true;
		at += n;
	}
	return false;
}

static void
explain_op_edges(const char *name, struct strbuf *out)
{
	struct strbuf text = { 0 };

	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		if (explain_lists_word(vm_edge_table[i].whose, name))
			explain_add_word(&text, vm_edge_table[i].name);
	if (text.len > 0)
		explain_line(out, "edges", "%s", strbuf_text(&text));
	strbuf_free(&text);
}

static void
explain_print_operation(uint8_t code, struct strbuf *out)
{
	const struct vm_op_desc *d = &vm_op_table[code];
	struct strbuf text = { 0 };

	assert(code > VM_OP_INVALID && code <= VM_OP_CODE_MAX);
	explain_title(d->name, "an operation: what a thread does in one line", out);
	opsdoc_usage(d, &text);
	explain_line(out, "write", "%s", strbuf_text(&text));
	explain_line(out, "does", "%s", d->summary);
	explain_line(out, "returns", "%s", opsdoc_result((enum vm_result_kind)d->result));
	explain_op_edges(d->name, out);
	strbuf_clear(&text);
	opsdoc_aliases(code, &text);
	if (text.len > 0)
		explain_line(out, "others", "%s", strbuf_text(&text));
	explain_line(
	    out, "rule", "docs/engine.md, section %s; docs/ops.md has the arguments", explain_op_sections[code]);
	strbuf_free(&text);
}

/* Explains an operation, or the operations that have this name elsewhere. */
static bool
explain_operation(const char *name, struct strbuf *out)
{
	uint8_t alias;
	unsigned nr = 0;

	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		if (vm_op_table[code].name == NULL || strcmp(vm_op_table[code].name, name) != 0)
			continue;
		explain_print_operation((uint8_t)code, out);
		nr++;
	}
	for (unsigned i = 0; (alias = vmt_op_alias(name, strlen(name), i)) != VM_OP_INVALID; i++, nr++)
		explain_print_operation(alias, out);
	return nr > 0;
}

/* Lists the checks with this kind of verdict. */
static bool
explain_verdict(const char *name, struct strbuf *out)
{
	struct strbuf text = { 0 };
	enum program_verdict v = PROGRAM_VERDICT_NONE + 1;

	while (vmt_verdict_word(v) != NULL && strcmp(vmt_verdict_word(v), name) != 0)
		v++;
	if (vmt_verdict_word(v) == NULL)
		return false;
	explain_title(name, "a verdict: a kind of finding", out);
	explain_line(out, "means", "%s", check_verdict_text(v));
	for (unsigned i = 1; i < CHECK_COUNT; i++)
		if (check_table[i].verdict == v)
			explain_add_word(&text, check_table[i].name);
	explain_line(out, "checks", "%s", text.len > 0 ? strbuf_text(&text) : "none: ThreadSanitizer reports it");
	explain_line(out, "more", "docs/checks.md");
	strbuf_free(&text);
	return true;
}

static void
explain_edge_man(enum vm_edge edge, struct strbuf *out)
{
	const struct vm_edge_desc *d = &vm_edge_table[edge];
	struct strbuf text = { 0 };

	if (d->man == VM_EDGE_MAN_UNREAD) {
		explain_line(out, "man page", "not compared: only vm_map_wire(9) and vm_map_sync(9) are");
		return;
	}
	strbuf_printf(&text, "%s: %s", edges_man(edge), d->page);
	text.text[0] = (char)toupper((unsigned char)text.text[0]);
	explain_line(out, "man page", "%s", strbuf_text(&text));
	strbuf_free(&text);
}

static bool
explain_edge(const char *name, struct strbuf *out, const char **litmus)
{
	enum vm_edge edge = edges_find(name);
	const struct vm_edge_desc *d = &vm_edge_table[edge];

	if (edge == VM_EDGE_COUNT)
		return false;
	explain_title(d->name, "an edge: a return worth a name", out);
	explain_line(out, "whose", "%s", strcmp(d->whose, "any") == 0 ? "any operation" : d->whose);
	/* The operation continues after this edge; another edge may follow. */
	explain_line(out, "returns", "%s",
	    d->code == KERN_SUCCESS ? "KERN_SUCCESS, unless something fails later in the call" : edges_code(edge));
	if (d->err[0] != '\0')
		explain_line(out, "errno", "%s", strcmp(d->err, "0") == 0 ? "0: the system call succeeds" : d->err);
	explain_line(out, "when", "%s", d->when);
	explain_line(out, "leaves", "%s", d->leaves);
	explain_edge_man(edge, out);
	explain_line(out, "rule", "docs/%s %s",
	    d->row[0] == 'w' || d->row[0] == 'u' ? "returns.md, row" : "engine.md, section", d->row);
	if (d->litmus[0] != '\0') {
		explain_line(out, "see it", "wirestorm show corpus/litmus/%s.vmt", d->litmus);
		*litmus = d->litmus;
	}
	return true;
}

static bool
explain_check(const char *name, struct strbuf *out)
{
	enum check_id id = check_find(name, strlen(name));
	const struct check_desc *d = &check_table[id];
	struct strbuf text = { 0 };
	enum vm_mutant canary;

	if (id == CHECK_NONE)
		return false;
	explain_title(d->name, "a check: what the checker asks of each run", out);
	explain_line(out, "holds", "%s", d->holds);
	explain_line(out, "verdict", "%s: %s", vmt_verdict_word(d->verdict), check_verdict_text(d->verdict));
	strbuf_printf(&text, "canary_%s", d->name);
	canary = vm_mutant_by_name(strbuf_text(&text));
	if (canary != VM_MUTANT_none)
		explain_line(out, "canary", "%s", vm_mutant_table[canary].sentence);
	strbuf_clear(&text);
	if (d->quirks != 0) {
		check_print_quirks(d->quirks, &text);
		strbuf_add(&text, " can break it: with one of them on, a report names the quirk and is not a failure");
	} else {
		strbuf_add(&text, "none breaks it");
	}
	explain_line(out, "quirks", "%s", strbuf_text(&text));
	explain_line(
	    out, "more", "docs/checks.md%s", d->verdict == PROGRAM_VERDICT_INVARIANT ? ", docs/invariants.md" : "");
	strbuf_free(&text);
	return true;
}

/* Lists the checks that the quirk breaks. */
static void
explain_quirk_breaks(uint32_t bit, struct strbuf *out)
{
	struct strbuf text = { 0 };

	for (unsigned i = 1; i < CHECK_COUNT; i++)
		if ((check_table[i].quirks & bit) != 0)
			explain_add_word(&text, check_table[i].name);
	explain_line(out, "breaks", "%s", text.len > 0 ? strbuf_text(&text) : "no check");
	strbuf_free(&text);
}

/* Appends the profiles that turn the behaviour on. */
static void
explain_behaviour_profiles(enum vm_behaviour i, struct strbuf *out)
{
	struct strbuf text = { 0 };

	strbuf_printf(&text, "profile strict +%s: this one alone", vm_behaviour_table[i].id);
	for (unsigned id = 0; id < VM_PROFILE_COUNT; id++) {
		const struct vm_profile_desc *d = &vm_profile_table[id];

		if ((d->on >> i & 1) != 0)
			strbuf_printf(&text, "; profile %s: with others", d->name);
	}
	explain_line(out, "turn on", "%s", strbuf_text(&text));
	strbuf_free(&text);
}

/* Appends the lines that quirks and rules have in common. */
static void
explain_behaviour_lines(enum vm_behaviour i, struct strbuf *out)
{
	const struct vm_behaviour_desc *d = &vm_behaviour_table[i];

	if (d->also[0] != '\0')
		explain_line(out, "also", "%s", d->also);
	explain_line(out, "kernel", "%s", d->kernel);
	explain_line(out, "strict", "%s", d->strict);
	if (d->kind == VM_BEHAVIOUR_IS_QUIRK)
		explain_quirk_breaks((uint32_t)1 << i, out);
}

static bool
explain_behaviour(const char *name, struct strbuf *out)
{
	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++) {
		const struct vm_behaviour_desc *d = &vm_behaviour_table[i];
		bool quirk = d->kind == VM_BEHAVIOUR_IS_QUIRK;

		if (strcmp(d->id, name) != 0 && strcmp(d->name, name) != 0 &&
		    (d->also[0] == '\0' || strcmp(d->also, name) != 0))
			continue;
		explain_title(d->id,
		    quirk ? "a quirk: a behaviour of the recorded kernel that profile strict does not have"
		          : "a rule: the recorded kernel does this in another way than profile strict, and no worse",
		    out);
		explain_line(out, "name", "%s", d->name);
		explain_behaviour_lines((enum vm_behaviour)i, out);
		explain_behaviour_profiles((enum vm_behaviour)i, out);
		explain_line(out, "rule", "docs/engine.md, section 13; docs/profiles.md");
		if (quirk)
			explain_line(out, "see it", "corpus/litmus/quirk-%c%s-*.vmt", tolower((unsigned char)d->id[0]),
			    d->id + 1);
		else
			explain_line(out, "see it", "grep -l ': %s:' corpus/freebsd-main/directed/*.vmt", d->id);
		return true;
	}
	return false;
}

static void
explain_switch_lines(const struct vm_behaviour_desc *d, unsigned base, struct strbuf *out)
{
	explain_line(out, "with it", "%s", d->kernel);
	explain_line(out, "without", "%s", d->strict);
	explain_line(out, "profile", "%s", profile_desc(base)->name);
}

/* A switch of a target's profiles. */
static bool
explain_switch(const char *name, struct strbuf *out)
{
	const struct vm_behaviour_desc *d;

	for (unsigned base = VM_PROFILE_COUNT; profile_desc(base) != NULL; base++) {
		for (unsigned i = 0; (d = profile_switch(base, i)) != NULL; i++) {
			if (strcmp(d->id, name) != 0 && strcmp(d->name, name) != 0)
				continue;
			explain_title(d->id, "a switch of a target's profiles", out);
			explain_line(out, "name", "%s", d->name);
			explain_switch_lines(d, base, out);
			return true;
		}
	}
	return false;
}

/* The class of a mutant, as words about its name. */
static const char *explain_mutant_kind(enum vm_mutant_class class)
{
	switch (class) {
	case VM_MUTANT_CLASS_HISTORICAL:
		return "a mutant: a past bug of such code, which can be put back";
	case VM_MUTANT_CLASS_INVARIANT:
		return "a mutant: breaks a rule of the design, or is a variant of a past bug";
	case VM_MUTANT_CLASS_EQUIVALENT:
		return "a mutant that no check may find: it behaves as the original";
	case VM_MUTANT_CLASS_CANARY:
		return "a canary: a fault planted for one check, which must report it";
	case VM_MUTANT_CLASS_INVALID:
		break;
	}
	return "a mutant";
}

static bool
explain_mutant(const char *name, struct strbuf *out)
{
	enum vm_mutant mutant = vm_mutant_by_name(name);
	const struct vm_mutant_desc *d = &vm_mutant_table[mutant];

	if (mutant == VM_MUTANT_none)
		return false;
	explain_title(d->name, explain_mutant_kind((enum vm_mutant_class)d->class), out);
	explain_line(out, "does", "%s", d->sentence);
	explain_line(out, d->class == VM_MUTANT_CLASS_CANARY ? "check" : "seen as", "%s", d->symptom);
	if (d->class == VM_MUTANT_CLASS_HISTORICAL)
		explain_line(out, "whose", "%s, %s; %s in the bug bank", d->system, d->when, d->bank);
	explain_line(out, "turn on", "a line \"mutant %s\" in a program, in a build with -Dmutants=true%s", d->name,
	    VM_HAS_MUTANTS ? ", as this one" : "; this one has no mutants");
	return true;
}

/* Explains a return code by the edges that have it. */
static bool
explain_code(const char *name, struct strbuf *out)
{
	static const char *const says[] = {
#define VM_KERN(code, number, text) [number] = text,
#include "engine/kern.def"
#undef VM_KERN
	};
	int code = 0;

	while (code < VM_KERN_COUNT && strcmp(vm_kern_name(code), name) != 0)
		code++;
	if (code == VM_KERN_COUNT)
		return false;
	explain_title(name, "a return code, of these edges", out);
	explain_line(out, "says", "%s", says[code]);
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++) {
		const struct vm_edge_desc *d = &vm_edge_table[i];

		if (d->code == code || (d->code == VM_EDGE_VERBATIM && code != KERN_SUCCESS)) {
			strbuf_printf(out, "\n%s%s\n", d->name, d->code == code ? "" : ", if it is the fault's code");
			explain_line(out, "", "%s", d->when);
		}
	}
	return true;
}

/* Behaviour of the recorded kernels that no switch changes: docs/engine.md, section 14.9. */
static const struct explain_design {
	const char *name, *what, *recording;
} explain_designs[] = {
	{ "D2",
	    "the wire of an mmap goes by address after the lock was released: it wires and charges what another thread "
	    "has put there meanwhile, by an operation that does not heed mlockall(MCL_FUTURE)",
	    "mmap-wires-anothers-mapping" },
	{ "D5",
	    "a growth does not take the inheritance or the advice of its stack: after minherit(none) over all of it, "
	    "the child of a fork gets the grown part",
	    "grow-not-as-stack-above" },
	{ "D6", "advice or inheritance on a part of a gap ends the stack there, with a guard page in the middle",
	    "gap-cut-dead" },
	{ "D7", "mlockall(MCL_CURRENT) without MCL_FUTURE passes over what grows between its marks, and succeeds",
	    "mlockall-current-misses-growth" },
};

static bool
explain_design(const char *name, struct strbuf *out)
{
	for (size_t i = 0; i < sizeof(explain_designs) / sizeof(explain_designs[0]); i++) {
		const struct explain_design *d = &explain_designs[i];

		if (strcmp(d->name, name) != 0)
			continue;
		explain_title(d->name, "by design, and surprising: strict does the same", out);
		explain_line(out, "does", "%s", d->what);
		explain_line(out, "rule", "docs/engine.md, section 14.9");
		explain_line(out, "see it", "wirestorm explore corpus/freebsd/stack/defects/%s.vmt", d->recording);
		return true;
	}
	return false;
}

bool
explain(const char *name, struct strbuf *out, const char **litmus)
{
	bool found;

	*litmus = NULL;
	found = explain_operation(name, out);
	found |= explain_edge(name, out, litmus);
	found |= explain_verdict(name, out);
	found |= explain_check(name, out);
	found |= explain_behaviour(name, out);
	found |= explain_switch(name, out);
	found |= explain_mutant(name, out);
	found |= explain_code(name, out);
	found |= explain_design(name, out);
	return found;
}

const char *
explain_hint(const char *name, struct nearest *n)
{
	nearest_begin(n, name, strlen(name));
	vmt_offer_ops(n);
	for (unsigned i = 0; i < VM_EDGE_COUNT; i++)
		nearest_offer(n, vm_edge_table[i].name);
	for (unsigned i = 1; i < CHECK_COUNT; i++)
		nearest_offer(n, check_table[i].name);
	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++)
		nearest_offer(n, vm_behaviour_table[i].name);
	vmt_offer_mutants(n);
	for (int code = 0; code < VM_KERN_COUNT; code++)
		nearest_offer(n, vm_kern_name(code));
	for (unsigned v = PROGRAM_VERDICT_NONE + 1; vmt_verdict_word((enum program_verdict)v) != NULL; v++)
		nearest_offer(n, vmt_verdict_word((enum program_verdict)v));
	return nearest_hint(n);
}

/* --- lists, for wirestorm help --- */

/* The switches of the target whose first profile is @base. */
static void
explain_target_switches(unsigned base, struct strbuf *out)
{
	const struct vm_behaviour_desc *d;

	for (unsigned i = 0; (d = profile_switch(base, i)) != NULL; i++) {
		strbuf_printf(out, "\n%s, %s\n", d->id, d->name);
		explain_switch_lines(d, base, out);
	}
}

void
explain_quirks(struct strbuf *out, bool markdown)
{
	(void)markdown;
	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++) {
		const struct vm_behaviour_desc *d = &vm_behaviour_table[i];

		strbuf_printf(out, "%s%s, %s\n", i > 0 ? "\n" : "", d->id, d->name);
		explain_behaviour_lines((enum vm_behaviour)i, out);
	}
	for (unsigned base = VM_PROFILE_COUNT; profile_desc(base) != NULL; base++)
		if (profile_plain((struct vm_profile){ (enum vm_profile_id)base, 0 }).base == (enum vm_profile_id)base)
			explain_target_switches(base, out);
}

void
explain_profiles(struct strbuf *out, bool markdown)
{
	const struct vm_profile_desc *d;
	struct strbuf text = { 0 };

	(void)markdown;
	for (unsigned base = 0; (d = profile_desc(base)) != NULL; base++) {
		strbuf_clear(&text);
		strbuf_printf(&text, "%s%s", d->text, d->on != 0 ? ", " : "");
		profile_print_switches(base, d->on, "", ", ", &text);
		strbuf_printf(out, "%s\n", d->name);
		explain_line(out, "", "%s", strbuf_text(&text));
	}
	strbuf_printf(out,
	    "\nAfter the name, +Q1 turns a quirk on and -Q1 turns it off: \"%s +Q1\".\n"
	    "wirestorm help quirks explains the quirks.\n",
	    vm_profile_table[0].name);
	strbuf_free(&text);
}

void
explain_mutants(struct strbuf *out, bool markdown)
{
	(void)markdown;
	for (unsigned i = VM_MUTANT_none + 1; i < VM_MUTANT_END; i++)
		strbuf_printf(out, "%s, %s\n      %s\n", vm_mutant_table[i].name,
		    vm_mutant_class_name(vm_mutant_table[i].class), vm_mutant_table[i].sentence);
}

void
explain_verdicts(struct strbuf *out, bool markdown)
{
	(void)markdown;
	for (unsigned v = PROGRAM_VERDICT_NONE + 1; vmt_verdict_word((enum program_verdict)v) != NULL; v++)
		strbuf_printf(out, "  %-12s %s\n", vmt_verdict_word((enum program_verdict)v),
		    check_verdict_text((enum program_verdict)v));
}
