/* SPDX-License-Identifier: BSD-2-Clause */
/* message.h - what goes to a worker and comes back (workers.h): numbers and texts as bytes. */
#ifndef HARNESS_BASE_MESSAGE_H
#define HARNESS_BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/keybuf.h"

struct message_reader {
	const uint8_t *at, *end;
	bool bad; /* there was less than was asked for */
};

void message_text(struct keybuf *k, const char *text, size_t len);
void message_double(struct keybuf *k, double value);
uint64_t message_read_number(struct message_reader *r);
double message_read_double(struct message_reader *r);
/* malloc'ed, with a zero behind it. */
char *message_read_text(struct message_reader *r);

#endif
