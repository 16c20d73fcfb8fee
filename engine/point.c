/* SPDX-License-Identifier: BSD-2-Clause */
/* point.c - describes where an operation is, by the texts of points.def. The engine does not use printf. */
#include "engine/thread.h"

static const char *const texts[] = {
	[VM_POINT_none] = "start",
#define VM_POINT(name, text) [VM_POINT_##name] = (text),
#include "engine/points.def"
#undef VM_POINT
};

const struct vm_channel_desc vm_channel_table[VM_CHANNEL_COUNT] = {
#define VM_SLEEP(point, channel, text)
#define VM_CHANNEL(id, key, initial, waits_until, waits_for)                                                           \
	[VM_CHANNEL_##id] = { .name = (key), .letter = (initial), .condition = (waits_until), .cause = (waits_for) },
#include "engine/channels.def"
#undef VM_CHANNEL
#undef VM_SLEEP
};

enum vm_channel
vm_point_channel(enum vm_point point)
{
	static const uint8_t channels[] = {
#define VM_CHANNEL(id, name, letter, condition, cause)
#define VM_SLEEP(at, channel, text) [VM_POINT_##at] = VM_CHANNEL_##channel,
#include "engine/channels.def"
#undef VM_SLEEP
#undef VM_CHANNEL
	};

	return point < sizeof(channels) ? (enum vm_channel)channels[point] : VM_CHANNEL_NONE;
}

vm_offset_t
vm_op_awaited(const struct vm_op_ctx *ctx)
{
	return ctx->point == VM_POINT_fault_wait ? ctx->fault_addr : ctx->cursor;
}

struct out {
	char *p, *end;
};

static void
put_text(struct out *o, const char *s)
{
	for (; *s != '\0' && o->p < o->end; s++)
		*o->p++ = *s;
}

static void
put_page(struct out *o, vm_offset_t addr)
{
	char digits[24], *d = digits + sizeof(digits) - 1;
	uint64_t page = addr >> VM_PAGE_SHIFT;

	*d = '\0';
	do
		*--d = (char)('0' + page % 10);
	while ((page /= 10) != 0);
	put_text(o, d);
}

void
vm_point_describe(const struct vm_op_ctx *ctx, char *buf, size_t size)
{
	struct out o = { buf, buf + size - 1 };

	for (const char *t = texts[ctx->point]; *t != '\0'; t++) {
		if (*t != '%') {
			put_text(&o, (const char[]){ *t, '\0' });
			continue;
		}
		t++;
		if (*t == 'c')
			put_page(&o, ctx->cursor);
		else if (*t == 'f')
			put_page(&o, ctx->fault_addr);
		else {
			put_page(&o, ctx->piece_start);
			put_text(&o, "-");
			put_page(&o, ctx->piece_end);
		}
	}
	*o.p = '\0';
}
