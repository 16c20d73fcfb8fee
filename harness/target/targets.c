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
		return target->profiles != NULL ? profile_register(target->profiles) : NULL;
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

const char *
target_profile_reason(const struct vm_target *target, struct vm_profile p)
{
	const struct profile_set *set = profile_set_of(p.base);

	if (set == target->profiles)
		return NULL;
	if (set != NULL)
		return "its profile is of another target; wirestorm help profiles lists them";
	return p.base == VM_PROFILE_strict && p.on == 0 ? NULL : "the target has profiles of its own, and not this one";
}

const char *
target_config_reason(const struct vm_target *target, const struct program_config *cfg)
{
	const char *reason = target_profile_reason(target, cfg->profile);

	return reason == NULL && target->config_reason != NULL ? target->config_reason(cfg) : reason;
}

const char *
target_op_reason(const struct vm_target *target, const struct program_config *cfg, const struct vm_op *op)
{
	return target->op_reason != NULL ? target->op_reason(cfg, op) : NULL;
}

const char *
target_check(const struct vm_target *target, void *self, bool excused, uint32_t *excuse)
{
	*excuse = 0;
	return target->check != NULL ? target->check(self, excused, excuse) : NULL;
}
