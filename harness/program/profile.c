/* SPDX-License-Identifier: BSD-2-Clause */
/* profile.c - see profile.h. */
#include "harness/program/profile.h"

#include <string.h>

#include "harness/base/base.h"
#include "harness/program/lex.h"

#define SEPARATORS "+- ,"

bool
profile_find(const char *name, size_t len, struct vm_profile *p)
{
	for (unsigned id = 0; id < VM_PROFILE_COUNT; id++) {
		if (lex_equal(name, len, vm_profile_table[id].name)) {
			*p = vm_profile((enum vm_profile_id)id);
			return true;
		}
	}
	return false;
}

uint32_t
profile_behaviour(const char *id, size_t len)
{
	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++)
		if (lex_equal(id, len, vm_behaviour_table[i].id))
			return (uint32_t)1 << i;
	return 0;
}

/* The longest name of a profile that the text begins with: a name may have a "-" in it. 0: none. */
static size_t
profile_name_len(const char *text)
{
	size_t longest = 0;

	for (unsigned id = 0; id < VM_PROFILE_COUNT; id++) {
		size_t len = strlen(vm_profile_table[id].name);

		if (len > longest && strncmp(text, vm_profile_table[id].name, len) == 0 &&
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
		bit = profile_behaviour(text, len);
		if (bit == 0)
			return false;
		p->on = sign == '+' ? p->on | bit : p->on & ~bit;
	}
	return true;
}

void
profile_print(struct vm_profile p, struct strbuf *out)
{
	uint32_t differs = p.on ^ vm_profile_table[p.base].on;

	strbuf_add(out, vm_profile_table[p.base].name);
	for (unsigned i = 0; i < VM_BEHAVIOUR_COUNT; i++) {
		uint32_t bit = (uint32_t)1 << i;

		if ((differs & bit) != 0)
			strbuf_printf(out, " %c%s", (p.on & bit) != 0 ? '+' : '-', vm_behaviour_table[i].id);
	}
}

const char *
profile_names(void)
{
	static char names[256];
	size_t len = 0;

	for (unsigned id = 0; id < VM_PROFILE_COUNT && len < sizeof(names); id++) {
		const char *before = id == 0 ? "" : id + 1 < VM_PROFILE_COUNT ? ", " : " or ";

		len += (size_t)snprintf(&names[len], sizeof(names) - len, "%s%s", before, vm_profile_table[id].name);
	}
	return names;
}

void
profile_offer(struct nearest *n)
{
	for (unsigned id = 0; id < VM_PROFILE_COUNT; id++)
		nearest_offer(n, vm_profile_table[id].name);
}
