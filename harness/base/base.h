/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base.h - the room base: tools that know nothing about VM maps.
 *
 * For: growing texts and bytes, random numbers, clocks, files, JSON, worker processes and their messages.
 * Includes: no other room. Link: libbsd.
 * Start reading: strbuf.h, then workers.h.
 */
#ifndef HARNESS_BASE_BASE_H
#define HARNESS_BASE_BASE_H

#include "harness/base/clock.h"
#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/base/heartbeat.h"
#include "harness/base/inputs.h"
#include "harness/base/json.h"
#include "harness/base/keybuf.h"
#include "harness/base/memory.h"
#include "harness/base/message.h"
#include "harness/base/nearest.h"
#include "harness/base/prng.h"
#include "harness/base/progress.h"
#include "harness/base/say.h"
#include "harness/base/strbuf.h"
#include "harness/base/words.h"
#include "harness/base/workers.h"

#endif
