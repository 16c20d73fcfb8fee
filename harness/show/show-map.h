/* SPDX-License-Identifier: BSD-2-Clause */
/* show-map.h - maps as words: what is at a page, what became different, since when. Private to harness/show/show*.c. */
#ifndef HARNESS_SHOW_SHOW_MAP_H
#define HARNESS_SHOW_SHOW_MAP_H

#include "harness/show/show.h"

/* The map as it is now, appended to s->maps unless it is equal to the last one. Returns its index. */
size_t show_map_take(struct show *s, struct run *r);
void show_map_free(struct show_map *m);

/* What is at @page; NULL: nothing. */
const struct vm_run *show_map_at(const struct show_map *m, uint64_t page);
/* The lowest hole of [start, end); false: there is none. */
bool show_map_hole(const struct show_map *m, uint64_t *start, uint64_t *end);

/*
 * One event of kind SHOW_CHANGE for each thing that is different in maps[to]. @op was under way, and has failed in this
 * step if @failed.
 */
void show_map_changes(
    const struct show *s, size_t from, size_t to, const struct vm_op *op, bool failed, struct show_row *row);

void show_event(struct show_row *row, enum show_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What can be said of a page of a map, or (busy) of the whole map. */
typedef bool show_fact(const struct show_map *m, uint64_t page);
show_fact show_is_hole, show_is_marked, show_is_system_wired, show_is_busy, show_is_closed, show_is_read_only;
/*
 * The step of a thread or init that made the fact true of @page, which it is in the map behind row @last; NULL: it has
 * been from the start.
 */
const struct show_row *show_since(const struct show *s, size_t last, show_fact *fact, uint64_t page);

/* Explains the failure @result of @op, which was decided on the map before row @at: an event SHOW_WHY, or none. */
void show_explain(
    const struct show *s, size_t at, const struct vm_op *op, const struct vm_result *result, struct show_row *row);
/* " (T1 marked it in step 1)", for a sleeper whose target says @where, on the map behind row @last. */
void show_explain_sleep(const struct show *s, size_t last, const char *where, struct strbuf *out);
/* The number behind the first "page " in a text; false: there is none. */
bool show_page_in(const char *text, uint64_t *page);
/* "step 3: T1 remove 22 24", "init insert ..." or "the start" for NULL. */
void show_name_row(const struct show *s, const struct show_row *row, struct strbuf *out);

#endif
