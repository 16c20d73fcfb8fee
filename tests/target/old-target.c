/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * old-target.c - a program whose second target was compiled for another struct vm_target. The build defines
 * FOUND_VERSION and FOUND_SIZE. All other members are invalid: reading one of them is a crash.
 */
#include "harness/wirestorm.h"

static const struct vm_target right = { VM_TARGET_INIT, .name = "right", .summary = "compiled for this library" };
static const struct vm_target old = {
	.version = FOUND_VERSION,
	.size = FOUND_SIZE,
	.name = (const char *)1,
	.summary = (const char *)1,
};

WIRESTORM_MAIN(&right, &old)
