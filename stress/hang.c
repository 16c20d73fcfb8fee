/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hang.c - the report of a hung run on standard error: which thread waits for which. It reads the threads' data without
 * synchronization, which is safe because they are stuck, by functions that ThreadSanitizer does not see.
 */
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/program.h"
#include "stress/member.h"

#define ENTRIES_MAX 1000 /* entries that a report lists */
#define MS_PER_S 1000.0
#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

/* ThreadSanitizer would see memcpy. */
UNSEEN static void
hang_peek(void *to, const void *from, size_t size)
{
	volatile const char *f = from;
	char *t = to;

	while (size-- > 0)
		*t++ = *f++;
}

static double
hang_op_age(const struct stress_run *run, const struct member *m)
{
	return (atomic_load(&run->clock_ms) - atomic_load(&m->began_ms)) / MS_PER_S;
}

static void
hang_tell_op(const struct stress_run *run, const struct member *m)
{
	struct strbuf text = { 0 };
	struct vm_op op;

	hang_peek(&op, &m->op, sizeof(op));
	if (op.code == VM_OP_INVALID) {
		fputs("between operations", stderr);
		return;
	}
	vmt_print_op(&op, &text);
	fprintf(stderr, "%s, begun %.1f s ago", strbuf_text(&text), hang_op_age(run, m));
	strbuf_free(&text);
}

/* Prints the entry that a sleeper of channel T waits for, and the thread that marked it. */
static void
hang_tell_awaited(const struct stress_run *run, const struct vm_op_ctx *ctx)
{
	vm_offset_t addr = vm_op_awaited(ctx);
	struct vm_map_entry e;

	hang_peek(&e, &run->map->header, sizeof(e));
	for (unsigned i = 0; i < ENTRIES_MAX && e.next != &run->map->header; i++) {
		hang_peek(&e, e.next, sizeof(e));
		if (addr < e.start || addr >= e.end)
			continue;
		fprintf(stderr, "      waits for %ju-%ju", (uintmax_t)(e.start >> VM_PAGE_SHIFT),
		    (uintmax_t)(e.end >> VM_PAGE_SHIFT));
		if (e.wiring_thread != NULL) {
			fprintf(stderr, ", in transition by T%u: ", e.wiring_thread->id);
			hang_tell_op(run, &run->members[e.wiring_thread->id]);
		} else if (vm_map_entry_system_wired_count(&e) > 0) {
			fprintf(stderr, ", which has %d system wirings", vm_map_entry_system_wired_count(&e));
		} else {
			fputs(", which is not in transition and has no system wiring", stderr);
		}
		fputs((e.eflags & MAP_ENTRY_NEEDS_WAKEUP) != 0 ? "\n" : "; it has no NEEDS_WAKEUP\n", stderr);
		return;
	}
	fprintf(stderr, "      waits for page %ju, which is not mapped\n", (uintmax_t)(addr >> VM_PAGE_SHIFT));
}

static void
hang_tell_thread(const struct stress_run *run, const struct member *m)
{
	unsigned channel = world_sleeps_on(&m->world);
	struct vm_op_ctx ctx;
	uint64_t nr_held;
	char where[128];

	hang_peek(&ctx, &m->world.td.ctx, sizeof(ctx));
	hang_peek(&nr_held, &m->workload.nr_held, sizeof(nr_held));
	fprintf(stderr, "  T%u: ", m->world.td.id);
	if (atomic_load(&m->world.status) == WORLD_OUT) {
		fputs("has ended its round\n", stderr);
		return;
	}
	hang_tell_op(run, m);
	if (ctx.point != VM_POINT_none) {
		vm_point_describe(&ctx, where, sizeof(where));
		fprintf(stderr, ": %s", where);
	}
	if (channel != VM_CHANNEL_NONE)
		fprintf(stderr, "; asleep until %s", vm_channel_table[channel].condition);
	else
		fputs("; runs, or can run", stderr);
	if (nr_held > 0)
		fprintf(stderr, "; may hold %ju system wirings", (uintmax_t)nr_held);
	fputc('\n', stderr);
	if (channel == VM_CHANNEL_TRANSITION)
		hang_tell_awaited(run, &ctx);
}

/* Prints the entries that a thread may wait for. */
static void
hang_tell_entries(const struct stress_run *run)
{
	struct vm_map_entry e;

	hang_peek(&e, &run->map->header, sizeof(e));
	for (unsigned i = 0; i < ENTRIES_MAX && e.next != &run->map->header; i++) {
		hang_peek(&e, e.next, sizeof(e));
		if ((e.eflags & MAP_ENTRY_IN_TRANSITION) == 0 && e.wired_count == 0)
			continue;
		fprintf(stderr, "  %ju-%ju: wire count %d%s%s", (uintmax_t)(e.start >> VM_PAGE_SHIFT),
		    (uintmax_t)(e.end >> VM_PAGE_SHIFT), e.wired_count,
		    (e.eflags & MAP_ENTRY_USER_WIRED) != 0 ? ", user-wired" : "",
		    (e.eflags & MAP_ENTRY_NEEDS_WAKEUP) != 0 ? ", waited for" : "");
		if ((e.eflags & MAP_ENTRY_IN_TRANSITION) != 0 && e.wiring_thread != NULL)
			fprintf(stderr, ", in transition by T%u", e.wiring_thread->id);
		fputc('\n', stderr);
	}
}

void
hang_tell(struct stress_run *run, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "hung: %s\n", why);
	for (unsigned i = 0; i < run->config.threads; i++)
		hang_tell_thread(run, &run->members[i]);
	fputs("entries that are wired or in transition:\n", stderr);
	hang_tell_entries(run);
}
