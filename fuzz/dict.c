/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dict.c - writes the words of the .vmt form as a dictionary for fuzz_vmt, from the tables of the parser, so that it is
 * always up to date. usage: dict > fuzz_vmt.dict
 */
#include <ctype.h>
#include <stdio.h>

#include "engine/ops.h"

static const char *const words[] = {
#define VM_KERN(name, code, text) "KERN_" #name,
#include "engine/kern.def"
#undef VM_KERN
#define VM_BEHAVIOUR(id, kind, also, name, recorded, strict) "+" #id, "-" #id,
#include "engine/behaviours.def"
#undef VM_BEHAVIOUR
#define VERDICT(name, text) text,
#include "harness/program/verdicts.def"
#undef VERDICT
	"profile ",
#define VM_PROFILE(id, name, behaviours, recordings, text) name,
#include "engine/profiles.def"
#undef VM_PROFILE
	"mutant ",
	"map ",
	"kernel",
	"poison ",
	"limit ",
	"frames ",
	"init ",
	"final ",
	"T0 ",
	"T1 ",
	"T15 ",
	"outcome T0: ",
	"schedules ",
	"verdict ",
	"result T0: ",
	"order ",
	"schedule ",
	"state ",
	" => ",
	"(empty)",
	" | ",
	"BLOCKED",
	"TRUE",
	"FALSE",
	"@",
	"DEADLOCK(T1.0 blocked)",
	" uw=",
	"0x",
	"4294967296",
	"rwx",
	"prot=",
	"max=",
	"!T",
	"!busy",
	"*3 ",
	"#",
	",",
	"-",
};

/* Adds the words in "(none|copy|share|zero)", without placeholders in capitals. */
static void
dict_print_alternatives(const char *text)
{
	while (*text != '\0') {
		const char *end = text;

		while (islower((unsigned char)*end))
			end++;
		if (end - text > 1)
			printf("\"%.*s\"\n", (int)(end - text), text);
		text = end + (*end != '\0');
	}
}

int
main(void)
{
	static const uint8_t kinds[] = {
#define VM_ARG(kind, letter, expected, meaning) VM_ARG_##kind,
#include "engine/args.def"
#undef VM_ARG
	};

	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++)
		if (vm_op_table[code].name != NULL)
			printf("\"%s \"\n", vm_op_table[code].name);
	for (unsigned i = 0; i < sizeof(kinds); i++)
		dict_print_alternatives(vm_arg_table[kinds[i]].letter);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		printf("\"%s\"\n", words[i]);
	return 0;
}
