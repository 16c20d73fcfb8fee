/* SPDX-License-Identifier: BSD-2-Clause */
/* mutant.c - the tables of mutants.def, and their names. */
#include "engine/mutant.h"

#include <string.h>

const struct vm_mutant_desc vm_mutant_table[VM_MUTANT_END] = {
#define VM_MUTANT(id, number, whose, year, grade, kind, wrong, seen)                                                   \
	[VM_MUTANT_##id] = { #id, (number), (whose), (year), #grade, VM_MUTANT_CLASS_##kind, (wrong), (seen) },
#include "engine/mutants.def"
#define CHECK(id, verdict, quirks, holds, fault, damage)                                                               \
	[VM_MUTANT_canary_##id] = { "canary_" #id, "-", "none", "", "DESIGN", VM_MUTANT_CLASS_CANARY, (fault), #id },
#include "engine/checks.def"
#undef CHECK
};

const struct vm_mutant_later vm_mutant_later_table[] = {
#define VM_MUTANT_LATER(number, whose, bug, lack) { (number), (whose), (bug), (lack) },
#include "engine/mutants.def"
	{ 0 },
};

const char *
vm_mutant_class_name(unsigned class)
{
	static const char *const names[VM_MUTANT_CLASSES] = {
		[VM_MUTANT_CLASS_INVALID] = "no bug",
		[VM_MUTANT_CLASS_HISTORICAL] = "historical",
		[VM_MUTANT_CLASS_INVARIANT] = "invariant",
		[VM_MUTANT_CLASS_EQUIVALENT] = "equivalent",
		[VM_MUTANT_CLASS_CANARY] = "canary",
	};

	return class < VM_MUTANT_CLASSES ? names[class] : "?";
}

enum vm_mutant
vm_mutant_by_name(const char *name)
{
	for (unsigned i = VM_MUTANT_none + 1; i < VM_MUTANT_END && name != NULL; i++)
		if (strcmp(vm_mutant_table[i].name, name) == 0)
			return (enum vm_mutant)i;
	return VM_MUTANT_none;
}
