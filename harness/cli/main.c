/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - the tool with the targets of targets.def only. */
#include "harness/wirestorm.h"

int
main(int argc, char **argv)
{
	return wirestorm_main(argc, argv, NULL);
}
