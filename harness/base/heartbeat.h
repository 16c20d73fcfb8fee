/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heartbeat.h - a counter that moves while a process makes progress: at each run, and at each step of an exploration.
 *
 * The parent of a worker reads it (workers.h): a worker hangs if it uses processor time and the counter stands still.
 */
#ifndef HARNESS_BASE_HEARTBEAT_H
#define HARNESS_BASE_HEARTBEAT_H

#include <stdatomic.h>
#include <stdint.h>

/* This process's counter, in memory that its parent may share. Only this process writes it. */
extern _Atomic uint64_t *heartbeat_counter;

static inline void
heartbeat(void)
{
	uint64_t n = atomic_load_explicit(heartbeat_counter, memory_order_relaxed);

	atomic_store_explicit(heartbeat_counter, n + 1, memory_order_relaxed);
}

#endif
