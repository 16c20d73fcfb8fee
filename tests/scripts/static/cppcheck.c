/* SPDX-License-Identifier: BSD-2-Clause */
/* Planted faults that cppcheck must report: nullPointer and uninitvar. No build compiles this file. */
int
read_null(void)
{
	int *p = 0;

	return *p;
}

int
read_unset(void)
{
	int x;

	return x + 1;
}
