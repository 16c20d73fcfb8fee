/* SPDX-License-Identifier: BSD-2-Clause */
/* op-ranges.c - see op-ranges.h. */
#include "harness/program/op-ranges.h"

#include "harness/program/program-data.h"

enum pages { NONE = 1, PAGE, GIVEN, CUT };

/* An operation without a row does not compile. */
enum {
#define OP_RANGES(name, pages, access) pages_##name = (pages), access_##name = OP_##access,
#include "harness/program/op-ranges.def"
#undef OP_RANGES
};

static const struct {
	uint8_t pages, access;
} rows[VM_OP_CODE_MAX + 1] = {
#define VM_OP(name, code, result, args, summary) [code] = { pages_##name, access_##name },
#include "engine/ops.def"
#undef VM_OP
};

struct op_ranges
op_ranges(const struct vm_op *op)
{
	struct op_ranges r = { 0 };
	bool one_page = rows[op->code].pages == PAGE;

	if (rows[op->code].pages < PAGE)
		return r;
	r.at[r.nr++] = (struct op_range){ .start = op->start,
		.end = one_page ? op->start + 1 : op->end,
		.access = (enum op_access)rows[op->code].access,
		.one_page = one_page,
		.cut = rows[op->code].pages == CUT };
	return r;
}

bool
op_takes_range(uint8_t code)
{
	return rows[code].pages >= GIVEN;
}

bool
op_changes(uint8_t code)
{
	return rows[code].access == OP_CHANGES;
}

struct op_range
op_range_cut(const struct op_range *range, const struct program_config *cfg)
{
	struct op_range r = *range;

	if (r.cut) {
		r.start = r.start < cfg->min ? cfg->min : r.start;
		r.end = r.end > cfg->max ? cfg->max : r.end;
		r.start = r.start > r.end ? r.end : r.start;
	}
	r.end = r.end > r.start ? r.end : r.start;
	return r;
}
