/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watchdog.h - ends a test of threads that hangs, on a machine that may be busy or stopped.
 *
 * A test hangs if its process uses no processor time over many looks, because all threads sleep; or if it uses far more
 * than a test that ends. The time on the clock does not count: a busy machine stretches it without limit.
 */
#ifndef TESTS_WATCHDOG_H
#define TESTS_WATCHDOG_H

/* Watches until watchdog_stop. @processor_s: processor seconds after which the test counts as endless. */
void watchdog_start(const char *what, unsigned processor_s);
void watchdog_stop(void);

#endif
