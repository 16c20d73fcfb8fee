/* SPDX-License-Identifier: BSD-2-Clause */
/* profile.h - profiles as words: "strict +Q1" (struct vm_profile, engine/profiles.def, engine/behaviours.def). */
#ifndef HARNESS_PROGRAM_PROFILE_H
#define HARNESS_PROGRAM_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/vm.h"

struct nearest;
struct strbuf;

/* A check of checks.def that a switch breaks: "stuck". Its findings are explained while one of the switches is on. */
struct profile_excuse {
	const char *check;
	uint32_t switches;
};

/*
 * Profiles and switches besides those of profiles.def and behaviours.def: those of a target (target.h). The lists end
 * with an empty row; a set without excuses has NULL. A profile's "on" has bit i for switch i, of at most 32. The first
 * profile has no switch on. The names must be in no other set; names of switches may.
 */
struct profile_set {
	const struct vm_profile_desc *profiles;
	const struct vm_behaviour_desc *switches;
	const struct profile_excuse *excuses;
};

/*
 * Makes the profiles of @set known to all that follows; the same set twice counts once. @set must stay. NULL, or why it
 * cannot be used, in a static buffer.
 */
const char *profile_register(const struct profile_set *set);
/* The profile with this number (struct vm_profile), of any set; NULL: there is none, and none with a higher number. */
const struct vm_profile_desc *profile_desc(unsigned base);
/* Switch @i of the set of profile @base; NULL: the set has no more. */
const struct vm_behaviour_desc *profile_switch(unsigned base, unsigned i);
/* The set of profile @base; NULL: the tables of the engine. */
const struct profile_set *profile_set_of(unsigned base);
/* The switches of @p that are on and break check @check, by the excuses of its set; 0 for the engine's profiles. */
uint32_t profile_excuses(struct vm_profile p, const char *check);
/* The first profile of the set of @p, which has no switch on: strict. */
struct vm_profile profile_plain(struct vm_profile p);

/* The profile of the table with this name of @len bytes. False: there is none, and *p is as before. */
bool profile_find(const char *name, size_t len, struct vm_profile *p);
/* The bit of the switch of profile @base whose id these @len bytes are, VM_BEHAVIOUR_BIT() for strict; 0: none. */
uint32_t profile_behaviour(unsigned base, const char *id, size_t len);
/* Appends the ids of the switches in @mask, with @before before the first and @between before the others. */
void profile_print_switches(unsigned base, uint32_t mask, const char *before, const char *between, struct strbuf *out);
/*
 * Reads "freebsd12 +Q1 -Q2": a name, then any number of behaviours. Blanks or commas may separate them. False: *word
 * is the wrong word.
 */
bool profile_parse(const char *text, struct vm_profile *p, const char **word);
/*
 * Appends the form that profile_parse reads: the name, and the behaviours in which @p differs from it, in the order of
 * the table.
 */
void profile_print(struct vm_profile p, struct strbuf *out);
/* "strict, freebsd12 or freebsd-main", for a message. */
const char *profile_names(void);
/* Offers the names of all profiles for a "did you mean". */
void profile_offer(struct nearest *n);

#endif
