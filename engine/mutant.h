/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant.h - bugs that can be put back: if (VM_MUTATED(map, name)) at the very place of the bug, names in mutants.def.
 *
 * They are compiled only into the mutant build (-Dmutants=true), where a program's "mutant NAME" turns one on. In every
 * build a name that is not in the table does not compile.
 */
#ifndef ENGINE_MUTANT_H
#define ENGINE_MUTANT_H

#include <stdbool.h>

enum vm_mutant {
	VM_MUTANT_none = 0,
#define VM_MUTANT(name, sentence) VM_MUTANT_##name,
#include "engine/mutants.def"
#undef VM_MUTANT
};

#ifdef VM_MUTANTS
#define VM_MUTATED(map, name) ((map)->config.mutant == VM_MUTANT_##name)
#define VM_HAS_MUTANTS true
#else
#define VM_MUTATED(map, name) ((void)(map), (void)VM_MUTANT_##name, false)
#define VM_HAS_MUTANTS false
#endif

#endif
