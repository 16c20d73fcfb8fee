/* SPDX-License-Identifier: BSD-2-Clause */
/* message.h - messages to and from a worker (workers.h): numbers and texts as bytes. */
#ifndef HARNESS_BASE_MESSAGE_H
#define HARNESS_BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/keybuf.h"

struct message_reader {
	const uint8_t *at, *end;
	bool bad; /* the message was shorter than expected */
};

void message_text(struct keybuf *k, const char *text, size_t len);
void message_double(struct keybuf *k, double value);
uint64_t message_read_number(struct message_reader *r);
double message_read_double(struct message_reader *r);
/* malloc'ed, and terminated with a zero byte. */
char *message_read_text(struct message_reader *r);

#endif
