/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - see message.h. */
#include "harness/base/message.h"

#include <assert.h>
#include <string.h>

#include "harness/base/memory.h"

void
message_text(struct keybuf *k, const char *text, size_t len)
{
	keybuf_num(k, len);
	keybuf_reserve(k, len);
	if (len > 0)
		memcpy(k->bytes + k->len, text, len);
	k->len += len;
}

void
message_double(struct keybuf *k, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	keybuf_num(k, bits);
}

uint64_t
message_read_number(struct message_reader *r)
{
	uint64_t value = 0;

	assert(r->at <= r->end);
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (r->at == r->end)
			break;
		value |= (uint64_t)(*r->at & 0x7f) << shift;
		if ((*r->at++ & 0x80) == 0)
			return value;
	}
	r->bad = true;
	return 0;
}

double
message_read_double(struct message_reader *r)
{
	uint64_t bits = message_read_number(r);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

char *
message_read_text(struct message_reader *r)
{
	uint64_t len = message_read_number(r);
	char *text;

	assert(r->at <= r->end);
	if (len > (uint64_t)(r->end - r->at)) {
		r->bad = true;
		len = 0;
	}
	text = memory_resize(NULL, len + 1, 1, "a message");
	if (len > 0)
		memcpy(text, r->at, len);
	text[len] = '\0';
	r->at += len;
	return text;
}
