/* SPDX-License-Identifier: BSD-2-Clause */
/* profile.c - the tables of behaviours and profiles: behaviours.def, profiles.def, vm.h. */
#include "engine/vm.h"

const struct vm_behaviour_desc vm_behaviour_table[VM_BEHAVIOUR_COUNT] = {
#define VM_BEHAVIOUR(row, sort, alias, title, recorded, ours)                                                          \
	[VM_BEHAVIOUR_##row] = { #row, #title, (recorded), (ours), (alias), VM_BEHAVIOUR_IS_##sort },
#include "engine/behaviours.def"
#undef VM_BEHAVIOUR
};

const struct vm_profile_desc vm_profile_table[VM_PROFILE_COUNT] = {
#define VM_PROFILE(row, title, behaviours, folder, words)                                                              \
	[VM_PROFILE_##row] = { (title), (behaviours), (folder), (words) },
#include "engine/profiles.def"
#undef VM_PROFILE
};
