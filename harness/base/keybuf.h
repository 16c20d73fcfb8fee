/* SPDX-License-Identifier: BSD-2-Clause */
/* keybuf.h - a growing byte string: what a state is reduced to. Numbers are written in a fixed byte order. */
#ifndef HARNESS_BASE_KEYBUF_H
#define HARNESS_BASE_KEYBUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct keybuf {
	uint8_t *bytes;
	size_t len, cap;
};

/* Makes room for @more bytes behind len; ends the program if memory runs out. */
void keybuf_grow(struct keybuf *k, size_t more);
void keybuf_free(struct keybuf *k);

static inline void
keybuf_reserve(struct keybuf *k, size_t more)
{
	if (k->cap - k->len < more)
		keybuf_grow(k, more);
}

static inline void
keybuf_u8(struct keybuf *k, uint8_t v)
{
	keybuf_reserve(k, 1);
	k->bytes[k->len++] = v;
}

/* A number in 7-bit groups, low first: small numbers are one byte. */
static inline void
keybuf_num(struct keybuf *k, uint64_t v)
{
	keybuf_reserve(k, 10);
	while (v >= 0x80) {
		k->bytes[k->len++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	k->bytes[k->len++] = (uint8_t)v;
}

/* A signed number, as one that is small for small magnitudes. */
static inline void
keybuf_signed(struct keybuf *k, int64_t v)
{
	keybuf_num(k, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

#endif
