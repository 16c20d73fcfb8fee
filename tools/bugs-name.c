/* SPDX-License-Identifier: BSD-2-Clause */
/* bugs-name.c - what a mutant is called: see bugs.h. */
#include "tools/bugs.h"

#include "engine/mutant.h"

const char *
bugs_mutant_name(enum vm_mutant mutant)
{
	return mutant == VM_MUTANT_none ? "none" : vm_mutant_table[mutant].name;
}
