/* SPDX-License-Identifier: BSD-2-Clause */
/* profile.c - see profile.h. */
#include "harness/program/profile.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/program/lex.h"

#define SEPARATORS "+- ,"
#define SETS_MAX 16
#define SWITCHES_MAX 32

static const struct profile_set *sets[SETS_MAX]; /* of targets, in the order of their numbers */
static unsigned nr_sets;

/* --- sets --- */

/* The row of profile @base in its set, and in *set that set. NULL: there is none. */
static const struct vm_profile_desc *
profile_row(unsigned base, const struct profile_set **set)
{
	*set = NULL;
	if (base < VM_PROFILE_COUNT)
		return &vm_profile_table[base];
	base -= VM_PROFILE_COUNT;
	for (unsigned i = 0; i < nr_sets; i++) {
		*set = sets[i];
		for (const struct vm_profile_desc *d = sets[i]->profiles; d->name != NULL; d++)
			if (base-- == 0)
				return d;
	}
	return NULL;
}

const struct vm_profile_desc *
profile_desc(unsigned base)
{
	const struct profile_set *set;

	return profile_row(base, &set);
}

const struct profile_set *
profile_set_of(unsigned base)
{
	const struct profile_set *set;

	return profile_row(base, &set) == NULL ? NULL : set;
}

const struct vm_behaviour_desc *
profile_switch(unsigned base, unsigned i)
{
	const struct profile_set *set = profile_set_of(base);

	if (set == NULL)
		return i < VM_BEHAVIOUR_COUNT ? &vm_behaviour_table[i] : NULL;
	for (unsigned n = 0; n <= i; n++)
		if (set->switches[n].id == NULL)
			return NULL;
	return &set->switches[i];
}

struct vm_profile
profile_plain(struct vm_profile p)
{
	const struct profile_set *set = profile_set_of(p.base);

	if (set == NULL)
		return vm_profile(VM_PROFILE_strict);
	while (profile_set_of(p.base - 1) == set)
		p.base--;
	p.on = 0;
	return p;
}

uint32_t
profile_excuses(struct vm_profile p, const char *check)
{
	const struct profile_set *set = profile_set_of(p.base);
	uint32_t switches = 0;

	if (set == NULL || set->excuses == NULL)
		return 0;
	for (const struct profile_excuse *e = set->excuses; e->check != NULL; e++)
		if (strcmp(e->check, check) == 0)
			switches |= e->switches;
	return switches & p.on;
}

static bool
profile_set_is_known(const struct profile_set *set)
{
	for (unsigned i = 0; i < nr_sets; i++)
		if (sets[i] == set)
			return true;
	return false;
}

/* A name is one word, and no set has it yet. */
static bool
profile_name_is_free(const char *name)
{
	struct vm_profile p;

	return name[0] != '\0' && strcspn(name, " +,\t#") == strlen(name) && !profile_find(name, strlen(name), &p);
}

const char *
profile_register(const struct profile_set *set)
{
	static char text[160];
	unsigned nr_switches = 0;

	if (profile_set_is_known(set))
		return NULL;
	if (nr_sets == SETS_MAX)
		return "expected at most 16 sets of profiles";
	while (set->switches[nr_switches].id != NULL)
		nr_switches++;
	if (nr_switches > SWITCHES_MAX)
		return "expected at most 32 switches in a set of profiles";
	if (set->profiles[0].name == NULL || set->profiles[0].on != 0)
		return "expected a first profile without switches in its set of profiles";
	for (const struct vm_profile_desc *d = set->profiles; d->name != NULL; d++) {
		if (!profile_name_is_free(d->name))
			(void)snprintf(text, sizeof(text),
			    "expected a word of its own as the name of a profile, found \"%s\"", d->name);
		else if (nr_switches < SWITCHES_MAX && d->on >> nr_switches != 0)
			(void)snprintf(
			    text, sizeof(text), "profile %s has a switch that its set does not have", d->name);
		else
			continue;
		return text;
	}
	sets[nr_sets++] = set;
	return NULL;
}

/* --- words --- */

bool
profile_find(const char *name, size_t len, struct vm_profile *p)
{
	const struct vm_profile_desc *d;

	for (unsigned base = 0; (d = profile_desc(base)) != NULL; base++) {
		if (lex_equal(name, len, d->name)) {
			*p = (struct vm_profile){ (enum vm_profile_id)base, d->on };
			return true;
		}
	}
	return false;
}

uint32_t
profile_behaviour(unsigned base, const char *id, size_t len)
{
	const struct vm_behaviour_desc *d;

	for (unsigned i = 0; (d = profile_switch(base, i)) != NULL; i++)
		if (lex_equal(id, len, d->id) || (d->also != NULL && len > 0 && lex_equal(id, len, d->also)))
			return (uint32_t)1 << i;
	return 0;
}

/* The longest name of a profile that the text begins with: a name may have a "-" in it. 0: none. */
static size_t
profile_name_len(const char *text)
{
	const struct vm_profile_desc *d;
	size_t longest = 0;

	for (unsigned base = 0; (d = profile_desc(base)) != NULL; base++) {
		size_t len = strlen(d->name);

		if (len > longest && strncmp(text, d->name, len) == 0 &&
		    (text[len] == '\0' || strchr(SEPARATORS, text[len]) != NULL))
			longest = len;
	}
	return longest;
}

bool
profile_parse(const char *text, struct vm_profile *p, const char **word)
{
	size_t len = profile_name_len(text);

	*word = text;
	if (!profile_find(text, len, p))
		return false;
	for (text += len; *text != '\0'; text += len) {
		uint32_t bit;
		char sign;

		text += strspn(text, " ,");
		*word = text;
		sign = *text;
		if (sign != '+' && sign != '-')
			return false;
		len = strcspn(++text, SEPARATORS);
		bit = profile_behaviour(p->base, text, len);
		if (bit == 0)
			return false;
		p->on = sign == '+' ? p->on | bit : p->on & ~bit;
	}
	return true;
}

void
profile_print_switches(unsigned base, uint32_t mask, const char *before, const char *between, struct strbuf *out)
{
	const struct vm_behaviour_desc *d;

	for (unsigned i = 0; (d = profile_switch(base, i)) != NULL; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		strbuf_printf(out, "%s%s", before, d->id);
		before = between;
	}
}

void
profile_print(struct vm_profile p, struct strbuf *out)
{
	uint32_t differs = p.on ^ profile_desc(p.base)->on;
	const struct vm_behaviour_desc *d;

	strbuf_add(out, profile_desc(p.base)->name);
	for (unsigned i = 0; (d = profile_switch(p.base, i)) != NULL; i++) {
		uint32_t bit = (uint32_t)1 << i;

		if ((differs & bit) != 0)
			strbuf_printf(out, " %c%s", (p.on & bit) != 0 ? '+' : '-', d->id);
	}
}

const char *
profile_names(void)
{
	static char names[512];
	const struct vm_profile_desc *d;
	size_t len = 0;

	for (unsigned base = 0; (d = profile_desc(base)) != NULL && len < sizeof(names); base++) {
		const char *before = base == 0 ? "" : profile_desc(base + 1) != NULL ? ", " : " or ";

		len += (size_t)snprintf(&names[len], sizeof(names) - len, "%s%s", before, d->name);
	}
	return names;
}

void
profile_offer(struct nearest *n)
{
	const struct vm_profile_desc *d;

	for (unsigned base = 0; (d = profile_desc(base)) != NULL; base++)
		nearest_offer(n, d->name);
}
