/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * annotate.h - attributes that the compiler checks: clang's thread-safety analysis, and results that must be used.
 *
 * The function attributes state which locks a function needs (clang 14 or later; gcc ignores them). Fields have letters
 * instead of GUARDED_BY, which cannot name a sibling field in C before clang 19: see map.h.
 */
#ifndef ENGINE_ANNOTATE_H
#define ENGINE_ANNOTATE_H

#if defined(__clang__)
#define VM_TSA(x) __attribute__((x))
#else
#define VM_TSA(x)
#endif

#define VM_CAPABILITY(name) VM_TSA(capability(name))
#define VM_REQUIRES(lock) VM_TSA(requires_capability(lock))
#define VM_REQUIRES_SHARED(lock) VM_TSA(requires_shared_capability(lock))
#define VM_EXCLUDES(lock) VM_TSA(locks_excluded(lock))
#define VM_ACQUIRE(lock) VM_TSA(acquire_capability(lock))
#define VM_ACQUIRE_SHARED(lock) VM_TSA(acquire_shared_capability(lock))
#define VM_RELEASE(lock) VM_TSA(release_capability(lock))
#define VM_RELEASE_SHARED(lock) VM_TSA(release_shared_capability(lock))
#define VM_TRY_ACQUIRE(ok, lock) VM_TSA(try_acquire_capability(ok, lock))
#define VM_TRY_ACQUIRE_SHARED(ok, lock) VM_TSA(try_acquire_shared_capability(ok, lock))
#define VM_ASSERT_HELD(lock) VM_TSA(assert_capability(lock))
#define VM_ASSERT_HELD_SHARED(lock) VM_TSA(assert_shared_capability(lock))
/* The analysis cannot follow how the body changes locks; @reason says why the body is correct. */
#define VM_NO_TSA(reason) VM_TSA(no_thread_safety_analysis)

#define VM_MUST_CHECK __attribute__((warn_unused_result))
#define VM_NORETURN __attribute__((noreturn))

#endif
