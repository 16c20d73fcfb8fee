/* SPDX-License-Identifier: BSD-2-Clause */
/* relaxed.h - relaxed C11 loads and stores, for counters, and for flags that are read again later. */
#ifndef STRESS_RELAXED_H
#define STRESS_RELAXED_H

#include <stdatomic.h>

#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define STORE(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)

#endif
