/* SPDX-License-Identifier: BSD-2-Clause */
/* show-run.c - makes the model of a run. See show.h. */
#include "harness/show/show.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/show/show-map.h"

#define WHERE_MAX 160
#define PLAIN_MIN 6 /* fewer plain steps in a row are all shown */

/* The state while the model is made. */
struct maker {
	struct show *s;
	struct {
		char where[WHERE_MAX]; /* what the thread does next */
		unsigned nr_done;
		unsigned announced; /* operations that have an event SHOW_OP */
		enum sim_status status;
		unsigned woken_by; /* thread + 1; 0: it was not asleep */
	} threads[PROGRAM_THREADS_MAX];
	int last; /* the thread of the last step; -1: none yet */
};

static struct show_row *
maker_new_row(struct show *s)
{
	s->rows = memory_resize(s->rows, s->nr_rows + 1, sizeof(*s->rows), "a picture");
	s->rows[s->nr_rows] = (struct show_row){ 0 };
	return &s->rows[s->nr_rows++];
}

/* --- findings --- */

static bool
maker_is_at(const struct finding *f, const struct show_row *row)
{
	if (f->thread == SIM_INIT_THREAD)
		return row->part != NULL && row->op == f->op && (row->part[0] == 'i') == (f->step == 0);
	return row->part == NULL && row->step == f->step;
}

/* For a success that should have been KERN_INVALID_ADDRESS: adds the evidence to the step, and after the finding. */
static void
maker_add_evidence(struct show *s, const struct finding *f, size_t at, struct strbuf *text)
{
	const struct vm_result other = { .outcome = VM_OUTCOME_DONE, .code = KERN_INVALID_ADDRESS };
	struct show_row *row = &s->rows[at];
	size_t nr = row->nr_events;

	if (finding_kind(f) != PROGRAM_VERDICT_MISSED || f->thread < 0 || f->thread >= PROGRAM_THREADS_MAX)
		return;
	show_explain(s, at, &s->program->threads[f->thread].ops[f->op], &other, row);
	if (row->nr_events > nr)
		strbuf_printf(text, ": %s", row->events[nr].text);
}

/* Takes the checker's findings: as text, as events of their steps, and as data. */
static void
maker_take_findings(struct show *s, const struct checker *c)
{
	char label[FINDING_TEXT_MAX];

	assert(s->findings == NULL && s->nr_findings == 0);
	s->findings = memory_new(c->nr_findings + 1, sizeof(*s->findings), "a picture");
	for (size_t i = 0; i < c->nr_findings; i++) {
		const struct finding *f = &c->findings[i];
		struct strbuf text = { 0 };

		s->findings[s->nr_findings++] = *f;
		finding_print(f, s->program, &text);
		for (size_t k = 0; k < s->nr_rows; k++) {
			if (!maker_is_at(f, &s->rows[k]))
				continue;
			show_event(&s->rows[k], SHOW_FOUND, "found: %s %s%s", vmt_verdict_word(finding_kind(f)),
			    finding_label(f, label), f->quirk ? " (a quirk)" : "");
			maker_add_evidence(s, f, k, &text);
		}
		show_note(s, "%s", strbuf_text(&text));
		strbuf_free(&text);
	}
}

/* --- one operation that runs alone --- */

static bool
maker_is_failure(const struct vm_op *op, const struct vm_result *result)
{
	return vm_op_table[op->code].result != VM_RESULT_BOOL && result->code != KERN_SUCCESS;
}

/*
 * Runs and shows an operation on @r, which runs all operations of this kind. False: it blocks, and nothing can follow.
 */
static bool
maker_run_alone(struct show *s, struct run *r, const char *part, size_t number, const struct program_step *step)
{
	struct vm_result got;
	size_t before = s->nr_maps - 1;
	struct show_row *row = maker_new_row(s);
	struct strbuf text = { 0 };
	bool failed;

	assert(s->nr_maps > 0);
	r->init_index = (unsigned)number;
	r->init_is_final = part[0] == 'f';
	got = run_alone(r, &step->op);
	row->part = part;
	row->op = (unsigned)number;
	row->step = number + 1;
	row->map = show_map_take(s, r);
	row->changed = row->map != before;
	vmt_print_op(&step->op, &text);
	show_event(row, SHOW_OP, "%s", strbuf_text(&text));
	strbuf_clear(&text);
	failed = got.outcome == VM_OUTCOME_BLOCKED || maker_is_failure(&step->op, &got);
	vmt_print_result(&step->op, &got, &text);
	edges_print_after(got.edges, &text);
	s->edges |= got.edges;
	show_map_changes(s, before, row->map, &step->op, failed, row);
	show_event(row, failed ? SHOW_FAILURE : SHOW_RESULT, "=> %s", strbuf_text(&text));
	if (got.outcome == VM_OUTCOME_DONE)
		show_explain(s, s->nr_rows - 1, &step->op, &got, row);
	strbuf_free(&text);
	return got.outcome != VM_OUTCOME_BLOCKED;
}

/*
 * Shows the init steps on an instance of their own, because run_open does not show them. Without threads, also the
 * final steps.
 */
static bool
maker_run_init(struct show *s, struct sim *sim, struct strbuf *error)
{
	struct program bare = *s->program;
	struct run r;
	bool going = true, opened;

	bare.nr_init = 0;
	opened = run_open(&r, &bare, s->target, sim) == RUN_OPENED;
	if (!opened) {
		strbuf_add(error, strbuf_text(&r.error));
	} else {
		(void)show_map_take(s, &r);
		for (size_t i = 0; i < s->program->nr_init && going; i++)
			going = maker_run_alone(s, &r, "init", i, &s->program->init[i]);
		for (size_t i = 0; s->program->nr_threads == 0 && i < s->program->nr_final && going; i++)
			going = maker_run_alone(s, &r, "final", i, &s->program->final[i]);
	}
	run_close(&r);
	return opened;
}

/* --- a step --- */

static void
maker_where(struct run *r, unsigned thread, char *buf)
{
	buf[0] = '\0';
	if (sim_status(r->sim, thread) != SIM_DONE && run_op_waits(r, thread, r->threads[thread].nr_done))
		(void)strlcpy(buf, "look the results up", WHERE_MAX);
	else if (r->target->where != NULL && sim_status(r->sim, thread) != SIM_DONE)
		r->target->where(r->self, thread, buf, WHERE_MAX);
}

/* Shows the first step of an operation whose arguments are results. */
static void
maker_look_up_event(const struct run *r, struct show_row *row, unsigned thread)
{
	struct strbuf text = { 0 };

	if (run_op_refused(r, thread, row->op)) {
		show_event(row, SHOW_DO, "look the results up: there is none");
		return;
	}
	vmt_print_op(&row->what, &text);
	show_event(row, SHOW_DO, "look the results up: %s", strbuf_text(&text));
	strbuf_free(&text);
}

/* Shows what the step starts with: an operation, or the place in the running one. */
static void
maker_begin_events(struct maker *m, struct run *r, struct show_row *row, unsigned thread)
{
	const struct program_thread *pt = &r->program->threads[thread];
	const char *at = m->threads[thread].where;
	unsigned by = m->threads[thread].woken_by;
	struct strbuf text = { 0 };
	uint64_t page;

	assert(thread < r->program->nr_threads && row->part == NULL);
	if (m->threads[thread].announced <= row->op) {
		m->threads[thread].announced = row->op + 1;
		vmt_print_op(&pt->ops[row->op], &text);
		show_event(row, SHOW_OP, "%s", strbuf_text(&text));
		if (vm_op_has_refs(&pt->ops[row->op]))
			maker_look_up_event(r, row, thread);
		else
			show_event(row, SHOW_DO, "lock the map");
	} else if (by != 0) {
		strbuf_printf(&text, "woken by T%u: lock the map, look again", by - 1);
		if (show_page_in(at, &page))
			strbuf_printf(&text, " at page %llu", (unsigned long long)page);
		show_event(row, SHOW_DO, "%s", strbuf_text(&text));
	} else {
		show_event(row, SHOW_DO, "%s", at[0] != '\0' ? at : "go on");
	}
	for (size_t i = 0; show_page_in(at, &page) && i < r->program->config.nr_poison; i++)
		if (by == 0 && r->program->config.poison[i].page == page)
			show_event(row, SHOW_DO, "page %llu is poisoned: %s", (unsigned long long)page,
			    vm_kern_name(r->program->config.poison[i].code));
	strbuf_free(&text);
}

/* Shows the operations that ended in the step. */
static void
maker_result_events(struct maker *m, struct run *r, struct show_row *row, unsigned thread)
{
	const struct run_thread *rt = &r->threads[thread];
	struct strbuf text = { 0 };

	for (unsigned i = row->op; i < rt->nr_done; i++) {
		const struct vm_op *op = run_op(r, thread, i);

		if (m->threads[thread].announced <= i) {
			m->threads[thread].announced = i + 1;
			vmt_print_op(op, &text);
			show_event(row, SHOW_OP, "%s", strbuf_text(&text));
			strbuf_clear(&text);
		}
		vmt_print_result(op, &rt->results[i], &text);
		edges_print_after(rt->results[i].edges, &text);
		m->s->edges |= rt->results[i].edges;
		show_event(row, maker_is_failure(op, &rt->results[i]) ? SHOW_FAILURE : SHOW_RESULT, "=> %s",
		    strbuf_text(&text));
		strbuf_clear(&text);
		show_explain(m->s, m->s->nr_rows - 1, op, &rt->results[i], row);
	}
	strbuf_free(&text);
}

static void
maker_sleep_event(struct maker *m, struct run *r, struct show_row *row, unsigned thread)
{
	struct strbuf text = { 0 };
	char at[WHERE_MAX];

	if (sim_status(r->sim, thread) != SIM_SLEEPING)
		return;
	maker_where(r, thread, at);
	strbuf_add(&text, at[0] != '\0' ? at : "sleep");
	show_explain_sleep(m->s, m->s->nr_rows - 1, at, sim_channel(r->sim, thread), &text);
	show_event(row, SHOW_SLEEP, "%s", strbuf_text(&text));
	strbuf_free(&text);
}

/* Shows which threads the step woke, and remembers the state of every thread. */
static void
maker_wake_events(struct maker *m, struct run *r, struct show_row *row, unsigned thread)
{
	struct strbuf who = { 0 };

	assert(thread < r->program->nr_threads);
	m->threads[thread].woken_by = 0;
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		enum sim_status now = sim_status(r->sim, t);
		bool slept = m->threads[t].status == SIM_SLEEPING;

		if (slept && now == SIM_READY) {
			row->wakes |= (uint32_t)1 << t;
			m->threads[t].woken_by = thread + 1;
			strbuf_printf(&who, "%sT%u", who.len > 0 ? ", " : "", t);
		}
		m->threads[t].status = now;
		m->threads[t].nr_done = r->threads[t].nr_done;
		/* A woken thread is still at the place where it fell asleep. */
		if (t == thread)
			maker_where(r, t, m->threads[t].where);
	}
	if (who.len > 0)
		show_event(row, SHOW_WAKE, "wake %s", strbuf_text(&who));
	strbuf_free(&who);
}

/* Explains why another thread than the last one takes the step. */
static void
maker_explain_switch(struct maker *m, struct show_row *row)
{
	unsigned from;
	const char *at;
	struct strbuf text = { 0 };

	assert(m->last >= 0 && (unsigned)m->last != row->thread);
	from = (unsigned)m->last;
	at = m->threads[from].where;
	row->from = from;
	switch (m->threads[from].status) {
	case SIM_SLEEPING:
		row->why = SHOW_SLEPT;
		strbuf_printf(&text, "T%u sleeps", from);
		break;
	case SIM_DONE:
	case SIM_IDLE:
		row->why = SHOW_ENDED;
		strbuf_printf(&text, "T%u has finished", from);
		break;
	case SIM_READY:
		row->why = SHOW_PREEMPTED;
		row->preemption = ++m->s->nr_preemptions;
		strbuf_printf(&text, "preemption %u: T%u could go on", row->preemption, from);
		if (at[0] != '\0')
			strbuf_printf(&text, ", next: %s", at);
		break;
	}
	row->why_text = strbuf_take(&text);
}

/* The state of a thread that does not take the present step. */
static enum show_life
maker_life(const struct maker *m, unsigned thread)
{
	switch (m->threads[thread].status) {
	case SIM_SLEEPING:
		return SHOW_SLEEPS;
	case SIM_DONE:
	case SIM_IDLE:
		return SHOW_DONE;
	case SIM_READY:
		break;
	}
	return m->threads[thread].announced > m->threads[thread].nr_done ? SHOW_READY : SHOW_IDLE;
}

static void
maker_on_step(void *arg, struct run *r, size_t step, unsigned thread)
{
	struct maker *m = arg;
	struct show *s = m->s;
	size_t before = s->nr_maps - 1;
	struct show_row *row = maker_new_row(s);
	const struct vm_op *op;
	bool failed;

	assert(thread < r->program->nr_threads && s->nr_maps > 0);
	row->step = step;
	row->thread = thread;
	row->op = m->threads[thread].nr_done;
	row->what = *run_op(r, thread, row->op);
	op = &row->what;
	if (m->last >= 0 && (unsigned)m->last != thread)
		maker_explain_switch(m, row);
	for (unsigned t = 0; t < r->program->nr_threads; t++)
		row->life[t] = (uint8_t)(t == thread ? SHOW_RUNS : maker_life(m, t));
	row->map = show_map_take(s, r);
	row->changed = row->map != before;
	failed = r->threads[thread].nr_done > row->op && maker_is_failure(op, &r->threads[thread].results[row->op]);
	maker_begin_events(m, r, row, thread);
	show_map_changes(s, before, row->map, op, failed, row);
	maker_wake_events(m, r, row, thread);
	maker_result_events(m, r, row, thread);
	maker_sleep_event(m, r, row, thread);
	row->after = (uint8_t)maker_life(m, thread);
	m->last = (int)thread;
	assert(row->nr_events > 0);
}

/* --- the whole --- */

static void
maker_note_sleepers(struct maker *m, struct run *r)
{
	struct strbuf op = { 0 };

	assert(m->s->deadlock);
	for (unsigned t = 0; t < r->program->nr_threads; t++) {
		unsigned i = r->threads[t].nr_done;
		struct strbuf why = { 0 };

		if (sim_status(r->sim, t) != SIM_SLEEPING)
			continue;
		vmt_print_op(run_op(r, t, i), &op);
		show_explain_sleep(m->s, m->s->nr_rows - 1, m->threads[t].where, sim_channel(r->sim, t), &why);
		show_note(m->s, "T%u.%u %s sleeps for ever: %s%s", t, i, strbuf_text(&op),
		    m->threads[t].where[0] != '\0' ? m->threads[t].where : "no thread wakes it", strbuf_text(&why));
		strbuf_clear(&op);
		strbuf_free(&why);
	}
	strbuf_free(&op);
}

static void
maker_end(struct maker *m, struct run *r)
{
	struct show *s = m->s;
	struct strbuf outcome = { 0 };
	bool going = run_panic(r) == NULL && run_enabled(r) == 0;
	char *tail;

	if (run_enabled(r) == 0)
		checker_end(r->checker, r);
	run_outcome(r, &outcome);
	s->outcome = strbuf_take(&outcome);
	tail = strstr(s->outcome, " | DEADLOCK(");
	if (run_enabled(r) != 0 && tail != NULL) /* not at an end, so no thread is blocked */
		*tail = '\0';
	s->deadlock = going && run_deadlocked(r);
	for (size_t i = 0; i < s->program->nr_final && going && !s->deadlock; i++)
		going = maker_run_alone(s, r, "final", i, &s->program->final[i]);
	maker_take_findings(s, r->checker);
	if (s->circle != NULL)
		show_note(s, "%s", s->circle);
	if (s->deadlock)
		maker_note_sleepers(m, r);
}

/* Runs a sequential program, which has been shown, a second time with the checker. */
static void
maker_judge_sequential(struct show *s, struct sim *sim)
{
	struct checker checker = { 0 };
	struct strbuf wrong = { 0 };
	struct run r;

	if (run_open_checked(&r, s->program, s->target, sim, &checker) == RUN_OPENED)
		(void)run_final(&r, &wrong);
	maker_take_findings(s, &checker);
	run_close(&r);
	checker_free(&checker);
	strbuf_free(&wrong);
}

static bool
maker_run_threads(struct show *s, struct sim *sim, const struct schedule *schedule, struct strbuf *error)
{
	struct maker m = { .s = s, .last = -1 };
	struct replay how = { .on_step = maker_on_step, .arg = &m };
	struct checker checker = { 0 };
	struct run r;
	bool good = run_open_checked(&r, s->program, s->target, sim, &checker) == RUN_OPENED;

	if (!good) {
		strbuf_add(error, strbuf_text(&r.error));
	} else {
		for (unsigned t = 0; t < s->program->nr_threads; t++)
			m.threads[t].status = SIM_READY;
		good = replay(&r, schedule, &how) || (s->cut && how.nr_steps == schedule->nr_steps);
		if (good)
			maker_end(&m, &r);
		else
			strbuf_add(error, strbuf_text(&how.error));
	}
	replay_free(&how);
	run_close(&r);
	checker_free(&checker);
	return good;
}

/* Is it a step of the same thread as before that did one thing and changed nothing, such as one of many page faults? */
static bool
maker_is_plain(const struct show_row *row)
{
	return row->part == NULL && row->why == SHOW_SAME && row->nr_events == 1 && row->events[0].kind == SHOW_DO &&
	       !row->changed && row->wakes == 0;
}

/* Leaves out all but the first and the last of many plain steps in a row. */
static void
maker_leave_out(struct show *s)
{
	assert(s->nr_rows <= SHOW_STEPS_MAX + s->program->nr_init + s->program->nr_final);
	for (size_t i = 0, end; i < s->nr_rows; i = end) {
		for (end = i; end < s->nr_rows && maker_is_plain(&s->rows[end]); end++)
			;
		if (end - i >= PLAIN_MIN) {
			show_event(&s->rows[i], SHOW_MORE, "... and %zu steps like it", end - i - 2);
			for (size_t k = i + 1; k + 1 < end; k++)
				s->rows[k].left_out = true;
		}
		end += end == i;
	}
}

/* Escapes a text; to be done before lines are broken, because escaped text has another width. */
static char *
maker_escaped(struct strbuf *text)
{
	struct strbuf shown = { 0 };

	escape_text(strbuf_text(text), text->len, &shown);
	strbuf_free(text);
	return strbuf_take(&shown);
}

/*
 * Takes the head of the file, without the "# " of each line. The first line, without "title:", is the title. So are
 * indented lines that follow it directly: they continue a long sentence (hunt_comment).
 */
static void
maker_take_head(struct show *s)
{
	const char *head = s->program->head != NULL ? s->program->head : "";
	struct strbuf title = { 0 }, about = { 0 }, *to = &title;

	for (const char *line = head, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		bool goes_on = strncmp(line, "#   ", strlen("#   ")) == 0;

		if (line != head && !goes_on)
			to = &about;
		line += line[0] == '#';
		line += line[0] == ' ';
		if (line == head + strlen("# ") && strncmp(line, "title: ", strlen("title: ")) == 0)
			line += strlen("title: ");
		if (to == &title && title.len > 0)
			strbuf_addc(&title, ' ');
		if (to == &title)
			line += strspn(line, " ");
		strbuf_addn(to, line, (size_t)(end - line));
		if (to == &about)
			strbuf_addc(to, '\n');
	}
	if (title.len == 0)
		strbuf_add(&title, s->path);
	s->title = maker_escaped(&title);
	s->about = maker_escaped(&about);
}

bool
show_make(struct show *s, const struct program *p, const struct vm_target *t, struct sim *sim,
    const struct schedule *schedule, struct strbuf *error)
{
	struct strbuf text = { 0 };

	assert(s->nr_rows == 0 && s->title == NULL);
	s->program = p;
	s->target = t;
	maker_take_head(s);
	if (schedule->nr_steps > SHOW_STEPS_MAX) {
		strbuf_printf(error, "the run has %llu steps, which is too many to show: the limit is %d",
		    (unsigned long long)schedule->nr_steps, SHOW_STEPS_MAX);
		return false;
	}
	schedule_print(schedule, &text);
	s->schedule = strbuf_take(&text);
	if (!maker_run_init(s, sim, error))
		return false;
	if (p->nr_threads == 0)
		maker_judge_sequential(s, sim);
	else if (!maker_run_threads(s, sim, schedule, error))
		return false;
	maker_leave_out(s);
	return true;
}

bool
show_row_is_bad(const struct show_row *row)
{
	for (size_t i = 0; i < row->nr_events; i++)
		if (row->events[i].kind == SHOW_FAILURE || row->events[i].kind == SHOW_FOUND)
			return true;
	return false;
}

size_t
show_nr_init(const struct show *s)
{
	size_t nr = 0;

	while (nr < s->nr_rows && s->rows[nr].part != NULL && s->rows[nr].part[0] == 'i')
		nr++;
	assert(nr <= s->program->nr_init);
	return nr;
}

bool
show_row_alone(const struct show_row *row, struct strbuf *out)
{
	bool failed = false;

	assert(row->part != NULL);
	for (size_t i = 0; i < row->nr_events; i++) {
		const struct show_event *e = &row->events[i];

		if (e->kind == SHOW_OP || e->kind == SHOW_RESULT || e->kind == SHOW_FAILURE)
			strbuf_printf(out, "%s%s", out->len > 0 ? " " : "", e->text);
		failed |= e->kind == SHOW_FAILURE;
	}
	return failed;
}

void
show_schedule(const struct show *s, struct strbuf *out)
{
	assert(s->program->nr_threads > 0);
	strbuf_printf(out, "%s (%u preemption%s)", s->schedule, s->nr_preemptions, plural(s->nr_preemptions));
}

const char *
show_notes_name(const struct show *s)
{
	return s->nr_findings > 0 || s->circle != NULL ? "verdict" : "note";
}

void
show_note(struct show *s, const char *format, ...)
{
	va_list ap;

	s->notes = memory_resize(s->notes, s->nr_notes + 1, sizeof(*s->notes), "a picture");
	va_start(ap, format);
	s->notes[s->nr_notes] = memory_vprintf("a picture", format, ap);
	va_end(ap);
	s->nr_notes++;
}

void
show_free(struct show *s)
{
	for (size_t i = 0; i < s->nr_rows; i++) {
		for (size_t k = 0; k < s->rows[i].nr_events; k++)
			free(s->rows[i].events[k].text);
		free(s->rows[i].events);
		free(s->rows[i].why_text);
	}
	for (size_t i = 0; i < s->nr_maps; i++)
		show_map_free(&s->maps[i]);
	for (size_t i = 0; i < s->nr_notes; i++)
		free(s->notes[i]);
	free(s->rows);
	free(s->maps);
	free(s->notes);
	free(s->findings);
	free(s->how);
	free(s->circle);
	free(s->title);
	free(s->about);
	free(s->outcome);
	free(s->schedule);
	*s = (struct show){ 0 };
}
