/* SPDX-License-Identifier: BSD-2-Clause */
/* targets.c - the targets to choose from: see target.h. */
#include "harness/target/target.h"

static const struct vm_target *const targets[] = {
#define TARGET(name) &name,
#include "harness/target/targets.def"
#undef TARGET
};
#define NR_TARGETS (sizeof(targets) / sizeof(targets[0]))

const struct vm_target *const *target_extra;

const struct vm_target *
target_at(size_t i)
{
	const struct vm_target *const *t = target_extra;

	for (; t != NULL && *t != NULL; t++, i--)
		if (i == 0)
			return *t;
	return i < NR_TARGETS ? targets[i] : NULL;
}
