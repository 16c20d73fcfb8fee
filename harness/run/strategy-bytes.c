/* SPDX-License-Identifier: BSD-2-Clause */
/* strategy-bytes.c - chooses by bytes, and turns a schedule into bytes: docs/bytes.md. */
#include "harness/base/base.h"

#include <assert.h>

#include "harness/run/run-step.h"
#include "harness/run/strategy.h"

#define DRAWN_MAX 64 /* bytes: enough choices for a short program */

size_t
strategy_bytes_upto(struct run *r, const uint8_t *bytes, size_t nr, size_t max, replay_step_fn *on_step, void *arg)
{
	unsigned last = 0;
	uint32_t enabled;
	size_t step = 0, at = 0;

	assert(nr == 0 || bytes != NULL);
	run_begin(r);
	while ((enabled = run_enabled(r)) != 0 && step < max) {
		if ((enabled & (enabled - 1)) != 0 && at < nr)
			last = strategy_nth(enabled, bytes[at++] % (unsigned)__builtin_popcount(enabled));
		else
			last = replay_default(enabled, last);
		run_step_here(r, last);
		step++;
		if (on_step != NULL)
			on_step(arg, r, step, last);
	}
	return step;
}

size_t
strategy_bytes(struct run *r, const uint8_t *bytes, size_t nr, replay_step_fn *on_step, void *arg)
{
	return strategy_bytes_upto(r, bytes, nr, STRATEGY_STEPS_MAX, on_step, arg);
}

size_t
strategy_bytes_drawn(struct run *r, const struct strategy_view *v, uint64_t seed, replay_step_fn *on_step, void *arg)
{
	struct prng prng = { seed };
	size_t nr = (size_t)prng_below(&prng, DRAWN_MAX + 1);
	uint8_t bytes[DRAWN_MAX];

	(void)v;
	for (size_t i = 0; i < nr; i++)
		bytes[i] = (uint8_t)prng_next(&prng);
	return strategy_bytes(r, bytes, nr, on_step, arg);
}

/* Turns a schedule into bytes. on_step comes after the step, so the recorder remembers what was enabled before it. */
struct recorder {
	struct keybuf *out;
	uint32_t enabled;
	unsigned last;
	size_t needed; /* length of *out up to the last choice that differs from the default */
};

static void
bytes_record(void *arg, struct run *r, size_t step, unsigned thread)
{
	struct recorder *c = arg;

	(void)step;
	if (__builtin_popcount(c->enabled) > 1) {
		keybuf_u8(c->out, (uint8_t)__builtin_popcount(c->enabled & (((uint32_t)1 << thread) - 1)));
		if (thread != replay_default(c->enabled, c->last))
			c->needed = c->out->len;
	}
	c->last = thread;
	c->enabled = run_enabled(r);
}

bool
strategy_bytes_of(struct run *r, const struct schedule *s, struct keybuf *out, struct strbuf *error)
{
	size_t start = out->len;
	struct recorder c = { .out = out, .needed = start };
	struct replay how = { .on_step = bytes_record, .arg = &c };
	bool ok;

	assert(error->len == 0);
	run_begin(r);
	c.enabled = run_enabled(r);
	ok = replay(r, s, &how);
	if (!ok)
		strbuf_add(error, strbuf_text(&how.error));
	replay_free(&how);
	if (ok && c.needed == start) {
		/* At least one choice, which says that there is a schedule. */
		keybuf_u8(out, 0);
		c.needed = start + 1;
	}
	out->len = c.needed;
	assert(out->len > start || !ok);
	return ok;
}
