/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiet-engine.c - the tool with two targets that are the engine without the names of its returns: "quiet" is judged by
 * the rules of the engine, "unjudged" is not.
 */
#include "harness/wirestorm.h"

static struct vm_target quiet, unjudged;

static struct vm_result
quiet_apply(void *self, unsigned thread, const struct vm_op *op)
{
	struct vm_result result = target_engine.apply(self, thread, op);

	result.edges = 0;
	return result;
}

int
main(int argc, char **argv)
{
	quiet = target_engine;
	quiet.name = "quiet";
	quiet.apply = quiet_apply;
	unjudged = quiet;
	unjudged.name = "unjudged";
	unjudged.judged = false;
	return wirestorm_main(argc, argv, (const struct vm_target *const[]){ &quiet, &unjudged, NULL });
}
