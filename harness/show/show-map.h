/* SPDX-License-Identifier: BSD-2-Clause */
/* show-map.h - maps as words: what is at a page, what changed, and since when. Private to show*.c. */
#ifndef HARNESS_SHOW_SHOW_MAP_H
#define HARNESS_SHOW_SHOW_MAP_H

#include "harness/show/show.h"

/* Appends the present map to s->maps, unless it equals the last one. Returns its index. */
size_t show_map_take(struct show *s, struct run *r);
void show_map_free(struct show_map *m);

/* The run that contains @page; NULL: nothing is mapped there. */
const struct vm_run *show_map_at(const struct show_map *m, uint64_t page);
/* The lowest hole in [start, end); false: there is none. */
bool show_map_hole(const struct show_map *m, uint64_t *start, uint64_t *end);

/*
 * Appends an event of kind SHOW_CHANGE for each difference in maps[to]. @op was running; @failed: it failed in this
 * step.
 */
void show_map_changes(
    const struct show *s, size_t from, size_t to, const struct vm_op *op, bool failed, struct show_row *row);

void show_event(struct show_row *row, enum show_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A statement about a page of a map, or (busy) about the whole map. */
typedef bool show_fact(const struct show_map *m, uint64_t page);
show_fact show_is_hole, show_is_marked, show_is_system_wired, show_is_busy, show_is_closed, show_is_read_only;
/*
 * The row that made the fact true of @page, where it is true in the map after row @last; NULL: it is true from the
 * start.
 */
const struct show_row *show_since(const struct show *s, size_t last, show_fact *fact, uint64_t page);

/*
 * Explains the failure @result of @op, which was decided on the map before row @at. Appends an event SHOW_WHY, or
 * nothing.
 */
void show_explain(
    const struct show *s, size_t at, const struct vm_op *op, const struct vm_result *result, struct show_row *row);
/*
 * Appends "; T1 marked it in step 1" for a thread that sleeps on @channel. @where is the target's text. The fact is
 * looked up in the map after row @last.
 */
void show_explain_sleep(const struct show *s, size_t last, const char *where, unsigned channel, struct strbuf *out);
/* The number after the first "page " in a text; false: there is none. */
bool show_page_in(const char *text, uint64_t *page);
/* Appends "step 3: T1 remove 22 24" or "init insert ..."; "the start" for NULL. */
void show_name_row(const struct show *s, const struct show_row *row, struct strbuf *out);

#endif
