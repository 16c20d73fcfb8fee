/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-shared.c - functions that the files of the parser share: see vmt-inside.h. */
#include "harness/base/base.h"
#include "harness/program/program-data.h"
#include "harness/program/vmt-inside.h"

void *
vmt_grow(void *array, size_t nr, size_t size)
{
	size_t cap = nr == 0 ? 4 : nr * 2;

	/* The array is full if nr is 0 or a power of two from 4 on: the capacity is not stored. */
	if (nr != 0 && (nr < 4 || (nr & (nr - 1)) != 0))
		return array;
	return memory_resize(array, cap, size, "a program");
}
