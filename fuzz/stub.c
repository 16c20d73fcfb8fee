/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stub.c - a target that only hits features, to measure the cost of libFuzzer itself for scripts/bench-fuzz.
 * WS_STUB_COUNTERS is the number of features, WS_STUB_FEATURES how many of them each input hits.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

#define COUNTERS_MAX 16384

__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS_MAX];
static unsigned stride = 1, nr_features;

static unsigned
stub_number(const char *name)
{
	const char *text = getenv(name), *problem = NULL;
	long long n = text != NULL ? strtonum(text, 1, COUNTERS_MAX, &problem) : 0;

	if (text == NULL || problem != NULL)
		errx(2, "%s: expected a number from 1 to %d", name, COUNTERS_MAX);
	return (unsigned)n;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	nr_features = stub_number("WS_STUB_FEATURES");
	stride = stub_number("WS_STUB_COUNTERS") / nr_features;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	for (unsigned i = 0; i < nr_features; i++)
		counters[i * stride] = 1;
	return 0;
}
