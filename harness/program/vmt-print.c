/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-print.c - prints a program as canonical text. See vmt.h.
 *
 * The order of the lines: head, directives, init steps, the threads one after the other, final steps, expectations. A
 * comment is printed with its line. If that line is gone, the comment goes before the next line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/never.h"
#include "harness/program/optext.h"
#include "harness/program/profile.h"
#include "harness/program/vmt-inside.h"
#include "harness/program/vmt.h"

/* The first note of line @line or of a later line. */
static size_t
find_note(const struct program *p, unsigned line)
{
	size_t low = 0, high = p->nr_notes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->notes[mid].line < line)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * Prints the comments that stand on lines of their own before line @line of the file. None if @p is NULL or @line is 0.
 */
static void
begin_line(const struct program *p, unsigned line, struct strbuf *out)
{
	if (p == NULL || line == 0)
		return;
	for (size_t i = find_note(p, line); i < p->nr_notes && p->notes[i].line == line; i++) {
		if (p->notes[i].beside)
			continue;
		strbuf_add(out, p->notes[i].text);
		strbuf_addc(out, '\n');
	}
}

static void
end_line(const struct program *p, unsigned line, struct strbuf *out)
{
	size_t nr = p != NULL && line != 0 ? p->nr_notes : 0;

	for (size_t i = nr > 0 ? find_note(p, line) : 0; i < nr && p->notes[i].line == line; i++) {
		if (!p->notes[i].beside)
			continue;
		strbuf_addc(out, ' ');
		strbuf_add(out, p->notes[i].text);
	}
	strbuf_addc(out, '\n');
}

/* Prints the pages with code @code, if there are any, as one line without its line end. */
static bool
print_poison_line(const struct program_config *cfg, int code, struct strbuf *out)
{
	bool any = false;

	for (size_t i = 0; i < cfg->nr_poison; i++) {
		if (cfg->poison[i].code != code)
			continue;
		strbuf_printf(out, "%s %" PRIu64, any ? "" : "poison", cfg->poison[i].page);
		any = true;
	}
	if (any && code != KERN_OUT_OF_BOUNDS)
		strbuf_printf(out, " %s", vm_kern_name(code));
	return any;
}

/* Prints one line for each code. The comments of all poison lines go with the first. */
static void
print_poison(const struct program_config *cfg, const struct program *notes, struct strbuf *out)
{
	unsigned line = cfg->poison_line;

	if (cfg->nr_poison == 0)
		return;
	begin_line(notes, line, out);
	for (int code = 0; code < VM_KERN_COUNT; code++) {
		if (!print_poison_line(cfg, code, out))
			continue;
		end_line(notes, line, out);
		line = 0;
	}
}

static void
print_config(const struct program_config *cfg, const struct program *notes, struct strbuf *out)
{
	if (cfg->profile_given || !vm_profile_equal(cfg->profile, vm_profile(VM_PROFILE_strict))) {
		begin_line(notes, cfg->profile_line, out);
		strbuf_add(out, "profile ");
		profile_print(cfg->profile, out);
		end_line(notes, cfg->profile_line, out);
	}
	if (cfg->mutant != NULL) {
		begin_line(notes, cfg->mutant_line, out);
		strbuf_printf(out, "mutant %s", cfg->mutant);
		end_line(notes, cfg->mutant_line, out);
	}
	begin_line(notes, cfg->map_line, out);
	strbuf_printf(out, "map %" PRIu64 " %" PRIu64 "%s", cfg->min, cfg->max, cfg->kernel ? " kernel" : "");
	end_line(notes, cfg->map_line, out);
	print_poison(cfg, notes, out);
	if (cfg->limit_given || cfg->limit != VM_WIRE_LIMIT_DEFAULT) {
		begin_line(notes, cfg->limit_line, out);
		strbuf_printf(out, "limit %" PRIu64, cfg->limit);
		end_line(notes, cfg->limit_line, out);
	}
	if (cfg->frames != 0) {
		begin_line(notes, cfg->frames_line, out);
		strbuf_printf(out, "frames %" PRIu64, cfg->frames);
		end_line(notes, cfg->frames_line, out);
	}
}

void
vmt_print_config(const struct program_config *cfg, struct strbuf *out)
{
	print_config(cfg, NULL, out);
}

static void
print_step(const struct program *p, const char *word, const struct program_step *step, struct strbuf *out)
{
	begin_line(p, step->line, out);
	strbuf_printf(out, "%s ", word);
	vmt_print_op(&step->op, out);
	if (step->has_result) {
		strbuf_add(out, " => ");
		vmt_print_result(&step->op, &step->result, out);
	}
	end_line(p, step->line, out);
	if (step->state == NULL)
		return;
	begin_line(p, step->state_line, out);
	strbuf_printf(out, "state %s", step->state);
	end_line(p, step->state_line, out);
}

static void
print_thread(const struct program *p, unsigned t, struct strbuf *out)
{
	const struct program_thread *thread = &p->threads[t];

	for (unsigned i = 0; i < thread->nr_ops; i++) {
		begin_line(p, thread->line[i], out);
		strbuf_printf(out, "T%u ", t);
		vmt_print_op(&thread->ops[i], out);
		end_line(p, thread->line[i], out);
	}
}

static void
print_wide(unsigned __int128 n, struct strbuf *out)
{
	char digits[40], *at = digits + sizeof(digits);

	*--at = '\0';
	do {
		*--at = (char)('0' + (unsigned)(n % 10));
		n /= 10;
	} while (n != 0);
	strbuf_add(out, at);
}

void
vmt_print_choices(const struct program_choice *c, size_t n, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++) {
		strbuf_printf(out, "%sT%u", i > 0 ? " " : "", c[i].thread);
		if (c[i].count != 1)
			strbuf_printf(out, "*%" PRIu32, c[i].count);
	}
}

const char *
vmt_verdict_word(enum program_verdict verdict)
{
	switch (verdict) {
	case PROGRAM_VERDICT_NONE:
		break;
#define VERDICT(name, text)                                                                                            \
	case PROGRAM_VERDICT_##name:                                                                                   \
		return text;
#include "harness/program/verdicts.def"
#undef VERDICT
	}
	return NULL;
}

/*
 * Prints the words of a detail that was made in memory, so that they are parsed as the same words: no comment, no line
 * end.
 */
static void
print_detail(const char *detail, struct strbuf *out)
{
	bool begins = true;

	for (; *detail != '\0'; detail++) {
		unsigned char c = (unsigned char)*detail;

		if (c <= ' ' || c == 0x7f || (begins && c == '#')) {
			begins = true;
			continue;
		}
		if (begins)
			strbuf_addc(out, ' ');
		begins = false;
		strbuf_addc(out, (char)c);
	}
}

void
vmt_print_verdict(const struct program_verdict_line *v, struct strbuf *out)
{
	strbuf_add(out, vmt_verdict_word(v->kind));
	print_detail(v->detail != NULL ? v->detail : "", out);
}

static void
print_expectations(const struct program *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->nr_outcomes; i++) {
		begin_line(p, p->outcomes[i].line, out);
		strbuf_printf(out, "outcome %s", p->outcomes[i].text);
		end_line(p, p->outcomes[i].line, out);
	}
	for (size_t i = 0; i < p->nr_nevers; i++) {
		begin_line(p, p->nevers[i].line, out);
		strbuf_add(out, "never ");
		never_print(p, &p->nevers[i], out);
		end_line(p, p->nevers[i].line, out);
	}
	if (p->has_schedules) {
		begin_line(p, p->schedules_line, out);
		strbuf_add(out, "schedules ");
		print_wide(p->schedules, out);
		end_line(p, p->schedules_line, out);
	}
	for (size_t i = 0; i < p->nr_verdicts; i++) {
		const struct program_verdict_line *v = &p->verdicts[i];

		begin_line(p, v->line, out);
		strbuf_add(out, "verdict ");
		vmt_print_verdict(v, out);
		end_line(p, v->line, out);
	}
	if (p->result != NULL) {
		begin_line(p, p->result_line, out);
		strbuf_printf(out, "result %s", p->result);
		end_line(p, p->result_line, out);
	}
	if (p->has_schedule) {
		begin_line(p, p->schedule_line, out);
		strbuf_printf(out, "schedule%s", p->nr_choices > 0 ? " " : "");
		vmt_print_choices(p->choices, p->nr_choices, out);
		end_line(p, p->schedule_line, out);
	}
}

void
vmt_print(const struct program *p, struct strbuf *out)
{
	if (p->head != NULL)
		strbuf_add(out, p->head);
	if (p->version_given) {
		begin_line(p, p->version_line, out);
		strbuf_printf(out, "vmt %d", VMT_VERSION);
		end_line(p, p->version_line, out);
	}
	print_config(&p->config, p, out);
	for (size_t i = 0; i < p->nr_init; i++)
		print_step(p, "init", &p->init[i], out);
	for (unsigned t = 0; t < p->nr_threads; t++)
		print_thread(p, t, out);
	for (size_t i = 0; i < p->nr_final; i++)
		print_step(p, "final", &p->final[i], out);
	print_expectations(p, out);
	begin_line(p, PROGRAM_NOTE_END, out);
}
