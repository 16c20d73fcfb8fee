/* SPDX-License-Identifier: BSD-2-Clause */
/* Planted faults that clang-tidy must report, one per group of checks. No build compiles this file. */
unsigned long
size_of_size(int x)
{
	return sizeof(sizeof(x));
}

int
count_by_float(void)
{
	int n = 0;

	for (float f = 0; f < 1; f += 0.1f)
		n++;
	return n;
}

int
read_null(int *p)
{
	return p == 0 ? *p : 0;
}
