/* SPDX-License-Identifier: BSD-2-Clause */
/* stress-smoke.c - `wirestorm stress` without the rest of wirestorm: what the suites stress and tsan run. */
#include "stress/stress-main.h"

int
main(int argc, char **argv)
{
	return stress_main(argc, argv);
}
