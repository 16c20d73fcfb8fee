/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt-print.c - prints a program as canonical text. See vmt.h.
 *
 * The order of the lines: head, directives, init steps, the threads one after the other, final steps, expectations. A
 * comment is printed with its line. If that line is gone, the comment goes before the next line.
 */
#include <inttypes.h>
#include <stdarg.h>
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
print_find_note(const struct program *p, unsigned line)
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

/* Prints the comments of line @line of the file: those at its end (@beside), or those on lines of their own before it.
 */
static void
print_notes(const struct program *p, unsigned line, bool beside, struct strbuf *out)
{
	for (size_t i = line != 0 ? print_find_note(p, line) : p->nr_notes; i < p->nr_notes && p->notes[i].line == line;
	     i++)
		if (p->notes[i].beside == beside)
			strbuf_printf(out, beside ? " %s" : "%s\n", p->notes[i].text);
}

static void
print_line_begin(const struct program *p, unsigned line, struct strbuf *out)
{
	print_notes(p, line, false, out);
}

static void
print_line_end(const struct program *p, unsigned line, struct strbuf *out)
{
	print_notes(p, line, true, out);
	strbuf_addc(out, '\n');
}

/* Prints a whole line with its comments. */
__attribute__((format(printf, 4, 5))) static void
print_line(const struct program *p, unsigned line, struct strbuf *out, const char *format, ...)
{
	va_list ap;

	print_line_begin(p, line, out);
	va_start(ap, format);
	strbuf_vprintf(out, format, ap);
	va_end(ap);
	print_line_end(p, line, out);
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
print_poison(const struct program *p, struct strbuf *out)
{
	unsigned line = p->lines[PROGRAM_LINE_poison];

	if (p->config.nr_poison == 0)
		return;
	print_line_begin(p, line, out);
	for (int code = 0; code < VM_KERN_COUNT; code++) {
		if (!print_poison_line(&p->config, code, out))
			continue;
		print_line_end(p, line, out);
		line = 0;
	}
}

static void
print_config(const struct program *p, struct strbuf *out)
{
	const struct program_config *cfg = &p->config;
	const unsigned *lines = p->lines;

	if (cfg->profile_given || !vm_profile_equal(cfg->profile, vm_profile(VM_PROFILE_strict))) {
		print_line_begin(p, lines[PROGRAM_LINE_profile], out);
		strbuf_add(out, "profile ");
		profile_print(cfg->profile, out);
		print_line_end(p, lines[PROGRAM_LINE_profile], out);
	}
	if (cfg->mutant != NULL)
		print_line(p, lines[PROGRAM_LINE_mutant], out, "mutant %s", cfg->mutant);
	print_line(p, lines[PROGRAM_LINE_map], out, "map %" PRIu64 " %" PRIu64 "%s", cfg->min, cfg->max,
	    cfg->kernel ? " kernel" : "");
	print_poison(p, out);
	if (cfg->limit_given || cfg->limit != VM_WIRE_LIMIT_DEFAULT)
		print_line(p, lines[PROGRAM_LINE_limit], out, "limit %" PRIu64, cfg->limit);
	if (cfg->frames != 0)
		print_line(p, lines[PROGRAM_LINE_frames], out, "frames %" PRIu64, cfg->frames);
	if (cfg->growsize != 0)
		print_line(p, lines[PROGRAM_LINE_growsize], out, "growsize %" PRIu64, cfg->growsize);
}

void
vmt_print_config(const struct program_config *cfg, struct strbuf *out)
{
	print_config(&(struct program){ .config = *cfg }, out);
}

static void
print_step(const struct program *p, const char *word, const struct program_step *step, struct strbuf *out)
{
	print_line_begin(p, step->line, out);
	strbuf_printf(out, "%s ", word);
	vmt_print_op(&step->op, out);
	if (step->has_result) {
		strbuf_add(out, " => ");
		vmt_print_result(&step->op, &step->result, out);
	}
	print_line_end(p, step->line, out);
	if (step->state != NULL)
		print_line(p, step->state_line, out, "state %s", step->state);
}

static void
print_thread(const struct program *p, unsigned t, struct strbuf *out)
{
	const struct program_thread *thread = &p->threads[t];

	for (unsigned i = 0; i < thread->nr_ops; i++) {
		print_line_begin(p, thread->line[i], out);
		strbuf_printf(out, "T%u ", t);
		vmt_print_op(&thread->ops[i], out);
		print_line_end(p, thread->line[i], out);
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
print_schedule(
    const struct program *p, enum program_line line, const char *word, const struct schedule *s, struct strbuf *out)
{
	print_line_begin(p, p->lines[line], out);
	strbuf_printf(out, "%s%s", word, s->nr > 0 ? " " : "");
	schedule_print(s, out);
	print_line_end(p, p->lines[line], out);
}

static void
print_expectations(const struct program *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->nr_outcomes; i++)
		print_line(p, p->outcomes[i].line, out, "outcome %s", p->outcomes[i].text);
	for (size_t i = 0; i < p->nr_nevers; i++) {
		print_line_begin(p, p->nevers[i].line, out);
		strbuf_add(out, "never ");
		never_print(p, &p->nevers[i], out);
		print_line_end(p, p->nevers[i].line, out);
	}
	if (p->has_schedules) {
		print_line_begin(p, p->lines[PROGRAM_LINE_schedules], out);
		strbuf_add(out, "schedules ");
		print_wide(p->schedules, out);
		print_line_end(p, p->lines[PROGRAM_LINE_schedules], out);
	}
	for (size_t i = 0; i < p->nr_verdicts; i++) {
		const struct program_verdict_line *v = &p->verdicts[i];

		print_line_begin(p, v->line, out);
		strbuf_add(out, "verdict ");
		vmt_print_verdict(v, out);
		print_line_end(p, v->line, out);
	}
	if (p->result != NULL)
		print_line(p, p->lines[PROGRAM_LINE_result], out, "result %s", p->result);
	if (p->order.nr > 0)
		print_schedule(p, PROGRAM_LINE_order, "order", &p->order, out);
	if (p->has_schedule)
		print_schedule(p, PROGRAM_LINE_schedule, "schedule", &p->schedule, out);
}

void
vmt_print(const struct program *p, struct strbuf *out)
{
	if (p->head != NULL)
		strbuf_add(out, p->head);
	if (p->version_given)
		print_line(p, p->lines[PROGRAM_LINE_vmt], out, "vmt %d", VMT_VERSION);
	print_config(p, out);
	for (size_t i = 0; i < p->nr_init; i++)
		print_step(p, "init", &p->init[i], out);
	for (unsigned t = 0; t < p->nr_threads; t++)
		print_thread(p, t, out);
	for (size_t i = 0; i < p->nr_final; i++)
		print_step(p, "final", &p->final[i], out);
	print_expectations(p, out);
	print_line_begin(p, PROGRAM_NOTE_END, out);
}
