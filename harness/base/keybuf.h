/* SPDX-License-Identifier: BSD-2-Clause */
/* keybuf.h - a growing byte string, for state keys and messages. Numbers are written in a fixed byte order. */
#ifndef HARNESS_BASE_KEYBUF_H
#define HARNESS_BASE_KEYBUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct keybuf {
	uint8_t *bytes;
	size_t len, cap;
};

/* Makes room for @more bytes after len. Ends the program if memory runs out. */
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

/* Appends a number in 7-bit groups, low group first: a small number takes one byte. */
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

/* Appends a signed number. A small magnitude takes one byte. */
static inline void
keybuf_signed(struct keybuf *k, int64_t v)
{
	keybuf_num(k, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

#endif
