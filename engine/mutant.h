/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutant.h - bugs that can be put back: if (VM_MUTATED(map, name)) at the place of the bug, names in mutants.def.
 *
 * Only the mutant build (-Dmutants=true) contains them; a program's line "mutant NAME" turns one on. In every build, a
 * name that is not in the table does not compile. Every build contains the table, vm_mutant_table.
 */
#ifndef ENGINE_MUTANT_H
#define ENGINE_MUTANT_H

#include <stdbool.h>
#include <stdint.h>

enum vm_mutant {
	VM_MUTANT_none = 0,
#define VM_MUTANT(name, bank, system, when, evidence, class, sentence, symptom) VM_MUTANT_##name,
#include "engine/mutants.def"
#define CHECK(id, verdict, quirks, holds, fault, damage) VM_MUTANT_canary_##id,
#include "engine/checks.def"
#undef CHECK
	VM_MUTANT_END
};

#ifdef VM_MUTANTS
#define VM_MUTATED(map, name) ((map)->config.mutant == VM_MUTANT_##name)
#define VM_HAS_MUTANTS true
#else
#define VM_MUTATED(map, name) ((void)(map), (void)VM_MUTANT_##name, false)
#define VM_HAS_MUTANTS false
#endif

enum vm_mutant_class {
	VM_MUTANT_CLASS_INVALID = 0,
	VM_MUTANT_CLASS_HISTORICAL,
	VM_MUTANT_CLASS_INVARIANT,
	VM_MUTANT_CLASS_EQUIVALENT,
	VM_MUTANT_CLASS_CANARY, /* a fault planted for one check (checks.def), not a bug of the bank */
};
#define VM_MUTANT_CLASSES (VM_MUTANT_CLASS_CANARY + 1)

/* A row of mutants.def. Number VM_MUTANT_none has a NULL name. */
struct vm_mutant_desc {
	const char *name, *bank, *system, *when, *evidence;
	uint8_t class; /* enum vm_mutant_class */
	const char *sentence, *symptom;
};

extern const struct vm_mutant_desc vm_mutant_table[VM_MUTANT_END];

/* A bug of the bank that this engine cannot have. The last row has a NULL bank. */
struct vm_mutant_later {
	const char *bank, *system, *what, *missing;
};

extern const struct vm_mutant_later vm_mutant_later_table[];

/* "historical" and so on; "no bug" for a canary. */
const char *vm_mutant_class_name(unsigned class);
/* VM_MUTANT_none if @name is NULL or no mutant has this name. */
enum vm_mutant vm_mutant_by_name(const char *name);

#endif
