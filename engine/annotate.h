/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * annotate.h - what the compiler checks for us: clang's thread-safety attributes and results that must be used.
 *
 * The function attributes are the contract (they work in C from clang 14 on); gcc sees nothing. Fields carry letters
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
/* The body changes locks in a way that the analysis cannot follow; the reason is required and says why it is right. */
#define VM_NO_TSA(reason) VM_TSA(no_thread_safety_analysis)

#define VM_MUST_CHECK __attribute__((warn_unused_result))
#define VM_NORETURN __attribute__((noreturn))

#endif
