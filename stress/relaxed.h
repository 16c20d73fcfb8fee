/* SPDX-License-Identifier: BSD-2-Clause */
/* relaxed.h - loads and stores of C11 that order nothing: of counters, and of flags that are looked at again. */
#ifndef STRESS_RELAXED_H
#define STRESS_RELAXED_H

#include <stdatomic.h>

#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define STORE(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)

#endif
