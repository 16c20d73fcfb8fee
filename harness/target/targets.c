/* SPDX-License-Identifier: BSD-2-Clause */
/* targets.c - the targets to choose from: see target.h. */
#include "harness/target/target.h"

#include <stdio.h>

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

const char *
target_unusable(const struct vm_target *target)
{
	static char text[256];
	size_t size = sizeof(struct vm_target);

	if (target->version == VM_TARGET_VERSION && target->size == size)
		return NULL;
	if (target->version != VM_TARGET_VERSION)
		(void)snprintf(text, sizeof(text),
		    "expected version %u of struct vm_target, found %u; set VM_TARGET_INIT in the target and "
		    "compile it with the headers of this library",
		    VM_TARGET_VERSION, target->version);
	else
		(void)snprintf(text, sizeof(text),
		    "expected a struct vm_target of %zu bytes, found %u; compile the target with the headers of this "
		    "library",
		    size, target->size);
	return text;
}
