/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine-op.h - turns an operation of ops.h, in pages, into a call of the engine, in bytes. For the simulated world and
 * for stress.
 */
#ifndef HARNESS_TARGET_ENGINE_OP_H
#define HARNESS_TARGET_ENGINE_OP_H

#include <stdint.h>

#include "engine/ops.h"

struct vm_map;

/*
 * Runs @op to its end as vm_curthread, which holds no lock. The result is DONE, with its code (KERN_*; 0 or 1 for a
 * predicate), a value if there is one (an address in pages, a tag), and the edges that it passed.
 */
struct vm_result engine_op_apply(struct vm_map *map, const struct vm_op *op);

#endif
