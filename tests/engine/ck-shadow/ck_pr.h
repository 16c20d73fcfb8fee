/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck_pr.h - what ck's locks do to memory, as the compiler's own atomics, which ThreadSanitizer understands. Before
 * ck's header on the include path it makes ck_rwlock, ck_spinlock and engine/sync.c checkable: tests/engine/meson.build
 * builds the locks a second time with it, instrumented and without annotations.
 *
 * ThreadSanitizer does not know fences. So the orders that ck makes by them are in the accesses here: each is
 * sequentially consistent. That checks which accesses the locks make, in which order, and that what they protect is
 * ordered by them; not that the fences are strong enough. With CK_SHADOW_WEAK no access orders anything, and the locks
 * protect nothing: it must be reported.
 */
#ifndef CK_PR_H
#define CK_PR_H

#include <ck_cc.h>
#include <ck_md.h>
#include <ck_stdbool.h>
#include <ck_stdint.h>

#ifdef CK_SHADOW_WEAK
#define CK_SHADOW_ORDER __ATOMIC_RELAXED
#else
#define CK_SHADOW_ORDER __ATOMIC_SEQ_CST
#endif

#define CK_SHADOW_LOAD(p) __atomic_load_n((p), CK_SHADOW_ORDER)
#define CK_SHADOW_STORE(p, v) __atomic_store_n((p), (v), CK_SHADOW_ORDER)
#define CK_SHADOW_SWAP(p, v) __atomic_exchange_n((p), (v), CK_SHADOW_ORDER)
#define CK_SHADOW_ADD(p, v) __atomic_fetch_add((p), (v), CK_SHADOW_ORDER)
#define CK_SHADOW_CAS(p, old, new)                                                                                     \
	__extension__({                                                                                                \
		__typeof__(*(p)) expected_ = (old);                                                                    \
		__atomic_compare_exchange_n((p), &expected_, (new), false, CK_SHADOW_ORDER, CK_SHADOW_ORDER);          \
	})

#define ck_pr_load_int CK_SHADOW_LOAD
#define ck_pr_load_uint CK_SHADOW_LOAD
#define ck_pr_load_32 CK_SHADOW_LOAD
#define ck_pr_load_64 CK_SHADOW_LOAD
#define ck_pr_load_ptr CK_SHADOW_LOAD
#define ck_pr_store_uint CK_SHADOW_STORE
#define ck_pr_store_ptr CK_SHADOW_STORE
#define ck_pr_fas_uint CK_SHADOW_SWAP
#define ck_pr_fas_ptr CK_SHADOW_SWAP
#define ck_pr_faa_uint CK_SHADOW_ADD
#define ck_pr_faa_32 CK_SHADOW_ADD
#define ck_pr_faa_64 CK_SHADOW_ADD
#define ck_pr_cas_uint CK_SHADOW_CAS
#define ck_pr_cas_32 CK_SHADOW_CAS
#define ck_pr_cas_64 CK_SHADOW_CAS
#define ck_pr_cas_ptr CK_SHADOW_CAS
#define ck_pr_cas_uint_value(p, old, new, seen)                                                                        \
	__extension__({                                                                                                \
		*(seen) = (old);                                                                                       \
		__atomic_compare_exchange_n((p), (seen), (new), false, CK_SHADOW_ORDER, CK_SHADOW_ORDER);              \
	})
#define ck_pr_inc_16(p) ((void)CK_SHADOW_ADD((p), 1))
#define ck_pr_inc_32(p) ((void)CK_SHADOW_ADD((p), 1))
#define ck_pr_inc_uint(p) ((void)CK_SHADOW_ADD((p), 1))
#define ck_pr_dec_uint(p) ((void)CK_SHADOW_ADD((p), -1))
#define ck_pr_dec_uint_is_zero(p) (CK_SHADOW_ADD((p), -1) == 1)
#define ck_pr_dec_uint_zero(p, zero) ((void)(*(zero) = ck_pr_dec_uint_is_zero(p)))

#define ck_pr_barrier() __asm__ volatile("" ::: "memory")
#define ck_pr_stall() ck_pr_barrier()
#define ck_pr_fence_acquire() ck_pr_barrier()
#define ck_pr_fence_atomic_load() ck_pr_barrier()
#define ck_pr_fence_load() ck_pr_barrier()
#define ck_pr_fence_load_atomic() ck_pr_barrier()
#define ck_pr_fence_lock() ck_pr_barrier()
#define ck_pr_fence_store() ck_pr_barrier()
#define ck_pr_fence_store_atomic() ck_pr_barrier()
#define ck_pr_fence_unlock() ck_pr_barrier()

#endif
