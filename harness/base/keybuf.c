/* SPDX-License-Identifier: BSD-2-Clause */
/* keybuf.c - see keybuf.h. */
#include "harness/base/keybuf.h"

#include <assert.h>
#include <err.h>
#include <stdlib.h>

#include "harness/base/memory.h"

#define KEYBUF_CAP_MIN 256

void
keybuf_grow(struct keybuf *k, size_t more)
{
	size_t need = k->len + more, cap = k->cap != 0 ? k->cap : KEYBUF_CAP_MIN;

	assert(k->len <= k->cap);
	if (need < k->len)
		errx(2, "a key is too long");
	while (cap < need)
		cap = cap > (size_t)-1 / 2 ? need : cap * 2;
	k->bytes = memory_resize(k->bytes, cap, 1, "state keys and messages");
	k->cap = cap;
}

void
keybuf_free(struct keybuf *k)
{
	free(k->bytes);
	*k = (struct keybuf){ 0 };
}
