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

/* The profile of the table with this name of @len bytes. False: there is none, and *p is as before. */
bool profile_find(const char *name, size_t len, struct vm_profile *p);
/* VM_BEHAVIOUR_BIT() of the behaviour whose id these @len bytes are; 0: none. */
uint32_t profile_behaviour(const char *id, size_t len);
/*
 * "freebsd12 +Q1 -Q2": a name, then any number of behaviours; blanks or commas may separate them. False: *word is what
 * is wrong.
 */
bool profile_parse(const char *text, struct vm_profile *p, const char **word);
/* As profile_parse reads it, appended: behaviours in which it differs from its base, in the order of the table. */
void profile_print(struct vm_profile p, struct strbuf *out);
/* "strict or freebsd12", for a message. */
const char *profile_names(void);
/* The names as what may have been meant. */
void profile_offer(struct nearest *n);

#endif
