/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.c - decodes programs from bytes and encodes them: see bytes.h. docs/bytes.md has the layout. The decoder and
 * the encoder of a rule stand side by side.
 *
 * Nothing here knows an operation: arguments are coded by their kind (engine/args.def).
 */
#include "harness/program/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vm.h"
#include "harness/base/base.h"

#define FIRST_BYTE 1

#define FLAG_FREEBSD12 0x01 /* the profile of row 1; without, of row 0 */
#define FLAG_LIMIT 0x02
#define FLAGS_KERNEL 0x0c
#define FLAGS_FRAMES 0xf0

/*
 * The byte about the profile has a bit for each of the first five behaviours that differ from the profile's. Any other
 * profile or behaviour needs the long form: all of the byte's other bits, long_mark, and LONG_BYTES bytes. The short
 * form came first and ignores its other bits. The mark makes sure that inputs in the short form keep their meaning.
 */
#define SHORT_BITS 5
#define SHORT_BEHAVIOURS 0x1f
#define LONG_BITS 0xe0
#define LONG_BYTES 3
static const uint8_t long_mark[] = { 0x9d, 0x57 };
_Static_assert(VM_BEHAVIOUR_COUNT <= SHORT_BITS + 8 * LONG_BYTES, "the byte form has a bit for each behaviour");
_Static_assert(VM_PROFILE_strict == 0 && VM_PROFILE_freebsd12 == 1, "the byte form names these two profiles by row");

/*
 * A size by which stacks grow follows this mark. The first byte means "no poison", so a string without the mark keeps
 * its meaning.
 */
static const uint8_t grow_mark[] = { 0x2a, 0x57, 0x9d };

#define MAP_LOW 160      /* the map 0 64 */
#define MAP_EXPLICIT 208 /* from this value on: two numbers follow */

#define ESCAPE 240      /* from this value on: a number of 1 to 8 bytes follows */
#define PAGE_MARGIN 4   /* pages below and above the map that one byte can name */
#define LENGTHS 16      /* most lengths are below this */
#define LENGTH_WIDE 128 /* from this value on: lengths 0 to 95 */
#define LENGTH_BACK 224 /* from this value on: the end is 1 to 16 pages below the start */

#define CODES 10 /* error codes that a pager may give: 1 to 10 */
#define CODE_ANY 128

#define MAPPING_GUARD 0xc0
#define MAPPING_RAW 0x40 /* leaves max as it is, even if prot is not in it */

/* The meaning of a byte where an operation can start. */
#define OPS_END 112        /* to 127, and 0: the choices follow */
#define SECTION_THREAD 128 /* a thread: its number modulo 4 is in the byte */
#define SECTION_ANY 224    /* one of all 16 threads: its number follows */
#define SECTION_INIT 240
#define SECTION_FINAL 248
#define SECTION_THREADS 4

static_assert(SECTION_INIT - SECTION_ANY == PROGRAM_THREADS_MAX, "each thread has its byte");
static_assert(VM_OP_CODE_MAX < OPS_END, "each operation has its byte");

/* Precedes the version. No text starts with these bytes, and hardly any input that a fuzzer makes. */
static const uint8_t magic[BYTES_HEADER - 1] = { 0x89, 'w', 's', 'p', 'r', 'o', 'g' };

struct arg_bytes;

struct bytes_reader {
	const uint8_t *bytes;
	size_t at, len;
	const struct arg_bytes *arg; /* the kind of the argument that is read */
	uint64_t near;               /* the first page that one byte can name, once the map is known */
	unsigned nr_near;            /* how many such pages there are */
};

struct bytes_writer {
	struct keybuf *out;
	const struct program_config *cfg;
	const struct arg_bytes *arg; /* the kind of the argument that is written */
};

static uint8_t
bytes_take(struct bytes_reader *r)
{
	return r->at < r->len ? r->bytes[r->at++] : 0;
}

/* The number that follows escape byte @b. */
static uint64_t
bytes_take_escaped(struct bytes_reader *r, uint8_t b)
{
	unsigned n = 1 + (b - ESCAPE) % 8;
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)bytes_take(r) << (8 * i);
	return v;
}

static void
bytes_put_escaped(struct keybuf *out, uint64_t v)
{
	unsigned n = 1;

	while (n < 8 && v >> (8 * n) != 0)
		n++;
	keybuf_u8(out, (uint8_t)(ESCAPE + n - 1));
	for (unsigned i = 0; i < n; i++)
		keybuf_u8(out, (uint8_t)(v >> (8 * i)));
}

static uint64_t
bytes_take_number(struct bytes_reader *r)
{
	uint8_t b = bytes_take(r);

	return b < ESCAPE ? b : bytes_take_escaped(r, b);
}

static void
bytes_put_number(struct keybuf *out, uint64_t v)
{
	if (v < ESCAPE)
		keybuf_u8(out, (uint8_t)v);
	else
		bytes_put_escaped(out, v);
}

static uint64_t
bytes_as_page(uint64_t v)
{
	return v % (VM_OP_PAGE_MAX + 1);
}

static uint64_t
bytes_at_most(uint64_t v, uint64_t max)
{
	return v < max ? v : max;
}

/* The pages that one byte can name: returns their number, and sets *ret_lo to the first. */
static uint64_t
bytes_near_pages(const struct program_config *cfg, uint64_t *ret_lo)
{
	assert(cfg->min < cfg->max);
	*ret_lo = cfg->min - bytes_at_most(cfg->min, PAGE_MARGIN);
	return bytes_at_most(cfg->max + PAGE_MARGIN - *ret_lo, ESCAPE);
}

static uint64_t
bytes_take_page(struct bytes_reader *r)
{
	uint8_t b = bytes_take(r);

	return b < ESCAPE ? bytes_at_most(r->near + b % r->nr_near, VM_OP_PAGE_MAX)
	                  : bytes_as_page(bytes_take_escaped(r, b));
}

static void
bytes_put_page(struct keybuf *out, const struct program_config *cfg, uint64_t page)
{
	uint64_t lo, nr = bytes_near_pages(cfg, &lo);

	if (page >= lo && page - lo < nr)
		keybuf_u8(out, (uint8_t)(page - lo));
	else
		bytes_put_escaped(out, page);
}

static uint64_t
bytes_take_end(struct bytes_reader *r, uint64_t start)
{
	uint8_t b = bytes_take(r);

	if (b >= ESCAPE)
		return bytes_as_page(bytes_take_escaped(r, b));
	if (b >= LENGTH_BACK)
		return start - bytes_at_most(start, (uint64_t)b - LENGTH_BACK + 1);
	return bytes_at_most(start + (b >= LENGTH_WIDE ? b - LENGTH_WIDE : b % LENGTHS), VM_OP_PAGE_MAX);
}

static void
bytes_put_end(struct keybuf *out, uint64_t start, uint64_t end)
{
	if (end >= start && end - start < LENGTHS)
		keybuf_u8(out, (uint8_t)(end - start));
	else if (end >= start && end - start < LENGTH_BACK - LENGTH_WIDE)
		keybuf_u8(out, (uint8_t)(LENGTH_WIDE + end - start));
	else if (end < start && start - end <= ESCAPE - LENGTH_BACK)
		keybuf_u8(out, (uint8_t)(LENGTH_BACK - 1 + start - end));
	else
		bytes_put_escaped(out, end);
}

/*
 * A kind of argument as bytes: two functions, and what they have to know of the kind. The table of all kinds is made
 * from args.def; a kind without a row BYTES_KIND does not compile.
 */
struct arg_bytes {
	void (*take)(struct bytes_reader *r, struct vm_op *op);
	void (*put)(struct bytes_writer *w, const struct vm_op *op);
	uint8_t count; /* choices: how many there are */
	uint8_t flag;  /* flags: VM_OPF_* */
	uint8_t mask;  /* flags: the bits of the byte that are all set if the flag is */
};

static void
bytes_take_start(struct bytes_reader *r, struct vm_op *op)
{
	op->start = bytes_take_page(r);
}

static void
bytes_put_start(struct bytes_writer *w, const struct vm_op *op)
{
	bytes_put_page(w->out, w->cfg, op->start);
}

static void
bytes_take_length(struct bytes_reader *r, struct vm_op *op)
{
	op->end = bytes_take_end(r, op->start);
}

static void
bytes_put_length(struct bytes_writer *w, const struct vm_op *op)
{
	bytes_put_end(w->out, op->start, op->end);
}

static void
bytes_take_prot(struct bytes_reader *r, struct vm_op *op)
{
	op->prot = bytes_take(r) & VM_PROT_ALL;
}

static void
bytes_put_prot(struct bytes_writer *w, const struct vm_op *op)
{
	keybuf_u8(w->out, op->prot);
}

static uint8_t
bytes_raw_bit(const struct vm_op *op)
{
	return (op->prot & ~op->max) != 0 ? MAPPING_RAW : 0;
}

static void
bytes_take_max(struct bytes_reader *r, struct vm_op *op)
{
	uint8_t b = bytes_take(r);

	op->max = (b & VM_PROT_ALL) | ((b & MAPPING_RAW) == 0 ? op->prot : 0);
}

static void
bytes_put_max(struct bytes_writer *w, const struct vm_op *op)
{
	keybuf_u8(w->out, op->max | bytes_raw_bit(op));
}

static void
bytes_take_mapping(struct bytes_reader *r, struct vm_op *op)
{
	uint8_t b = bytes_take(r);

	if ((b & MAPPING_GUARD) == MAPPING_GUARD) {
		op->flags |= VM_OPF_GUARD;
		return;
	}
	op->prot = b & VM_PROT_ALL;
	op->max = ((b >> 3) & VM_PROT_ALL) | ((b & MAPPING_RAW) == 0 ? op->prot : 0);
}

static void
bytes_put_mapping(struct bytes_writer *w, const struct vm_op *op)
{
	if ((op->flags & VM_OPF_GUARD) != 0)
		keybuf_u8(w->out, MAPPING_GUARD);
	else
		keybuf_u8(w->out, (uint8_t)(op->prot | op->max << 3 | bytes_raw_bit(op)));
}

static void
bytes_take_choice(struct bytes_reader *r, struct vm_op *op)
{
	op->choice = bytes_take(r) % r->arg->count;
}

static void
bytes_put_choice(struct bytes_writer *w, const struct vm_op *op)
{
	keybuf_u8(w->out, op->choice);
}

static void
bytes_take_flag(struct bytes_reader *r, struct vm_op *op)
{
	if ((bytes_take(r) & r->arg->mask) == r->arg->mask)
		op->flags |= r->arg->flag;
}

static void
bytes_put_flag(struct bytes_writer *w, const struct vm_op *op)
{
	keybuf_u8(w->out, (op->flags & w->arg->flag) != 0 ? w->arg->mask : 0);
}

static void
bytes_take_tag(struct bytes_reader *r, struct vm_op *op)
{
	op->value = bytes_take_number(r);
}

static void
bytes_take_count(struct bytes_reader *r, struct vm_op *op)
{
	op->value = bytes_as_page(bytes_take_number(r));
}

static void
bytes_put_value(struct bytes_writer *w, const struct vm_op *op)
{
	bytes_put_number(w->out, op->value);
}

/* A required flag is set by half of all bytes, an optional one by a quarter. */
#define REQUIRED(bit) bytes_take_flag, bytes_put_flag, .flag = (bit), .mask = 1
#define OPTIONAL(bit) bytes_take_flag, bytes_put_flag, .flag = (bit), .mask = 3

#define BYTES_START bytes_take_start, bytes_put_start
#define BYTES_END bytes_take_length, bytes_put_length
#define BYTES_LEN bytes_take_length, bytes_put_length
#define BYTES_PROT bytes_take_prot, bytes_put_prot
#define BYTES_MAX bytes_take_max, bytes_put_max
#define BYTES_MAPPING bytes_take_mapping, bytes_put_mapping
#define BYTES_INHERIT bytes_take_choice, bytes_put_choice, .count = VM_INHERIT_COUNT
#define BYTES_ADVICE bytes_take_choice, bytes_put_choice, .count = VM_MADV_COUNT
#define BYTES_WHO REQUIRED(VM_OPF_USER)
#define BYTES_HOLES REQUIRED(VM_OPF_HOLESOK)
#define BYTES_SETMAX OPTIONAL(VM_OPF_SETMAX)
#define BYTES_WRITE OPTIONAL(VM_OPF_WRITE)
#define BYTES_INVALIDATE OPTIONAL(VM_OPF_INVALIDATE)
#define BYTES_TAG bytes_take_tag, bytes_put_value
#define BYTES_COUNT bytes_take_count, bytes_put_value
#define BYTES_SWITCH REQUIRED(VM_OPF_ON)

static const struct arg_bytes arg_forms[] = {
#define VM_ARG(kind, letter, expected, meaning) [VM_ARG_##kind] = { BYTES_##kind },
#include "engine/args.def"
#undef VM_ARG
};

/* Reads the operation whose code byte was @b. */
static struct vm_op
bytes_take_op(struct bytes_reader *r, uint8_t b)
{
	struct vm_op op = { .code = (uint8_t)(1 + (b - 1) % VM_OP_CODE_MAX) };
	const uint8_t *args = vm_op_table[op.code].args;

	for (unsigned i = 0; i < VM_OP_ARGS_MAX && args[i] != VM_ARG_NONE; i++) {
		r->arg = &arg_forms[args[i]];
		r->arg->take(r, &op);
	}
	return op;
}

static void
bytes_put_op(struct keybuf *out, const struct program_config *cfg, const struct vm_op *op)
{
	const uint8_t *args = vm_op_table[op->code].args;
	struct bytes_writer w = { .out = out, .cfg = cfg };

	keybuf_u8(out, op->code);
	for (unsigned i = 0; i < VM_OP_ARGS_MAX && args[i] != VM_ARG_NONE; i++) {
		w.arg = &arg_forms[args[i]];
		w.arg->put(&w, op);
	}
}

static void
bytes_take_map(struct bytes_reader *r, struct program_config *cfg)
{
	uint8_t b = bytes_take(r);

	cfg->min = b < MAP_LOW ? PROGRAM_MIN_DEFAULT : 0;
	cfg->max = b < MAP_LOW ? PROGRAM_MAX_DEFAULT : PROGRAM_MAX_DEFAULT - PROGRAM_MIN_DEFAULT;
	if (b >= MAP_EXPLICIT) {
		cfg->min = bytes_take_number(r) % VM_OP_PAGE_MAX;
		cfg->max = bytes_at_most(cfg->min + 1 + bytes_as_page(bytes_take_number(r)), VM_OP_PAGE_MAX);
	}
	r->nr_near = (unsigned)bytes_near_pages(cfg, &r->near);
}

static void
bytes_put_map(struct keybuf *out, const struct program_config *cfg)
{
	if (cfg->min == PROGRAM_MIN_DEFAULT && cfg->max == PROGRAM_MAX_DEFAULT) {
		keybuf_u8(out, 0);
	} else if (cfg->min == 0 && cfg->max == PROGRAM_MAX_DEFAULT - PROGRAM_MIN_DEFAULT) {
		keybuf_u8(out, MAP_LOW);
	} else {
		keybuf_u8(out, MAP_EXPLICIT);
		bytes_put_number(out, cfg->min);
		bytes_put_number(out, cfg->max - cfg->min - 1);
	}
}

/* Adds a page to the sorted list, unless it is listed already. */
static void
bytes_add_poison(struct program_config *cfg, struct program_poison new)
{
	size_t i = cfg->nr_poison;

	for (size_t j = 0; j < cfg->nr_poison; j++)
		if (cfg->poison[j].page == new.page)
			return;
	for (; i > 0 && cfg->poison[i - 1].page > new.page; i--)
		cfg->poison[i] = cfg->poison[i - 1];
	cfg->poison[i] = new;
	cfg->nr_poison++;
}

static void *
bytes_block(void *kept, size_t nr, size_t size)
{
	return kept != NULL ? kept : memory_resize(NULL, nr, size, "a program");
}

/* Sets @to to memory for @nr elements: the kept memory of the room, or new memory. The program then owns it. */
#define BYTES_BLOCK(to, kept, nr) ((to) = bytes_block((kept), (nr), sizeof(*(to))), (kept) = NULL)

static void
bytes_take_poison(struct bytes_reader *r, struct program_config *cfg, struct bytes_room *room)
{
	uint8_t b = bytes_take(r);
	size_t nr = b < 128 ? 0 : b < 192 ? 1 + b % 4 : b - 191;

	if (nr == 0)
		return;
	BYTES_BLOCK(cfg->poison, room->poison, BYTES_POISON_MAX);
	for (size_t i = 0; i < nr; i++) {
		uint64_t page = bytes_take_page(r);
		uint8_t c = bytes_take(r);
		int code = c < CODE_ANY ? KERN_OUT_OF_BOUNDS : 1 + (c - CODE_ANY) % CODES;

		bytes_add_poison(cfg, (struct program_poison){ .page = page, .code = code });
	}
}

static void
bytes_put_poison(struct keybuf *out, const struct program_config *cfg)
{
	size_t nr = cfg->nr_poison;

	assert(nr <= BYTES_POISON_MAX);
	keybuf_u8(out, nr == 0 ? 0 : (uint8_t)(nr <= 4 ? 127 + nr : 191 + nr));
	for (size_t i = 0; i < nr; i++) {
		int code = cfg->poison[i].code;

		bytes_put_page(out, cfg, cfg->poison[i].page);
		keybuf_u8(out, code == KERN_OUT_OF_BOUNDS ? 0 : (uint8_t)(CODE_ANY + code - 1));
	}
}

/* Does the long form of a profile start here? @first is its first byte, which has been read. */
static bool
bytes_is_long_profile(const struct bytes_reader *r, uint8_t first)
{
	return (first & LONG_BITS) == LONG_BITS && r->len - r->at >= sizeof(long_mark) &&
	       memcmp(&r->bytes[r->at], long_mark, sizeof(long_mark)) == 0;
}

static struct vm_profile
bytes_take_profile(struct bytes_reader *r, uint8_t flags)
{
	struct vm_profile p = vm_profile((flags & FLAG_FREEBSD12) != 0 ? VM_PROFILE_freebsd12 : VM_PROFILE_strict);
	uint8_t first = bytes_take(r);
	uint32_t differs = first & SHORT_BEHAVIOURS;

	if (bytes_is_long_profile(r, first)) {
		r->at += sizeof(long_mark);
		p = vm_profile((enum vm_profile_id)(bytes_take(r) % VM_PROFILE_COUNT));
		for (unsigned i = 0; i < LONG_BYTES; i++)
			differs |= (uint32_t)bytes_take(r) << (SHORT_BITS + 8 * i);
	}
	p.on ^= differs & VM_BEHAVIOURS_ALL;
	return p;
}

static void
bytes_put_profile(struct keybuf *out, struct vm_profile p)
{
	uint32_t differs = p.on ^ vm_profile_table[p.base].on;

	if (p.base <= VM_PROFILE_freebsd12 && (differs & ~(uint32_t)SHORT_BEHAVIOURS) == 0) {
		keybuf_u8(out, (uint8_t)differs);
		return;
	}
	keybuf_u8(out, (uint8_t)(LONG_BITS | (differs & SHORT_BEHAVIOURS)));
	for (size_t i = 0; i < sizeof(long_mark); i++)
		keybuf_u8(out, long_mark[i]);
	keybuf_u8(out, (uint8_t)p.base);
	for (unsigned i = 0; i < LONG_BYTES; i++)
		keybuf_u8(out, (uint8_t)(differs >> (SHORT_BITS + 8 * i)));
}

static void
bytes_take_growsize(struct bytes_reader *r, struct program_config *cfg)
{
	if (r->len - r->at < sizeof(grow_mark) || memcmp(&r->bytes[r->at], grow_mark, sizeof(grow_mark)) != 0)
		return;
	r->at += sizeof(grow_mark);
	cfg->growsize = bytes_take_end(r, 0);
}

static void
bytes_put_growsize(struct keybuf *out, const struct program_config *cfg)
{
	if (program_growsize(cfg) == VM_GROW_PAGES_DEFAULT)
		return;
	for (size_t i = 0; i < sizeof(grow_mark); i++)
		keybuf_u8(out, grow_mark[i]);
	bytes_put_end(out, 0, cfg->growsize);
}

static void
bytes_take_config(struct bytes_reader *r, struct program_config *cfg, struct bytes_room *room)
{
	uint8_t flags = bytes_take(r);

	cfg->profile_given = true;
	cfg->profile = bytes_take_profile(r, flags);
	cfg->kernel = (flags & FLAGS_KERNEL) == FLAGS_KERNEL;
	bytes_take_map(r, cfg);
	cfg->limit_given = (flags & FLAG_LIMIT) != 0;
	if (cfg->limit_given)
		cfg->limit = bytes_take_end(r, 0);
	if ((flags & FLAGS_FRAMES) == FLAGS_FRAMES)
		cfg->frames = bytes_take_end(r, 0);
	bytes_take_growsize(r, cfg);
	bytes_take_poison(r, cfg, room);
}

static void
bytes_put_config(struct keybuf *out, const struct program_config *cfg)
{
	bool limited = cfg->limit != VM_WIRE_LIMIT_DEFAULT;
	uint8_t flags = 0;

	flags |= cfg->profile.base == VM_PROFILE_freebsd12 ? FLAG_FREEBSD12 : 0;
	flags |= limited ? FLAG_LIMIT : 0;
	flags |= cfg->kernel ? FLAGS_KERNEL : 0;
	flags |= cfg->frames != 0 ? FLAGS_FRAMES : 0;
	keybuf_u8(out, flags);
	bytes_put_profile(out, cfg->profile);
	bytes_put_map(out, cfg);
	if (limited)
		bytes_put_end(out, 0, cfg->limit);
	if (cfg->frames != 0)
		bytes_put_end(out, 0, cfg->frames);
	bytes_put_growsize(out, cfg);
	bytes_put_poison(out, cfg);
}

/* --- the operations --- */

#define THREAD_NONE UINT8_MAX

/* The program that is being decoded, and the place for its next operation. */
struct sections {
	struct program *p;
	uint8_t section;                     /* the byte that started the section, canonical; 0: init */
	uint8_t number[PROGRAM_THREADS_MAX]; /* indexed by the thread number in the bytes: the thread's number in the
	                                      * program, by first appearance */
	struct bytes_room *room;
};

/* The canonical byte of the section that @b starts. */
static uint8_t
bytes_section_of(uint8_t b)
{
	if (b < SECTION_ANY)
		return SECTION_THREAD + (b - SECTION_THREAD) % SECTION_THREADS;
	if (b < SECTION_INIT)
		return b - SECTION_ANY < SECTION_THREADS ? b - SECTION_ANY + SECTION_THREAD : b;
	return b < SECTION_FINAL ? 0 : SECTION_FINAL;
}

static unsigned
bytes_thread_of(uint8_t section)
{
	assert(section >= SECTION_THREAD && section < SECTION_INIT);
	return section < SECTION_ANY ? section - SECTION_THREAD : section - SECTION_ANY;
}

static uint8_t
bytes_thread_section(unsigned thread)
{
	assert(thread < PROGRAM_THREADS_MAX);
	return (uint8_t)(thread < SECTION_THREADS ? SECTION_THREAD + thread : SECTION_ANY + thread);
}

static void
bytes_add_step(struct program_step **steps, size_t *nr, struct program_step **kept, const struct vm_op *op)
{
	struct program_step *s;

	if (*nr == BYTES_OPS_MAX)
		return;
	if (*steps == NULL)
		BYTES_BLOCK(*steps, *kept, BYTES_OPS_MAX);
	s = &(*steps)[(*nr)++];
	s->op = *op;
	s->has_result = false; /* so a final step has no result */
	s->state = NULL;
	s->line = s->state_line = 0;
}

/*
 * The thread for a thread number in the bytes. The thread is made with its first operation, so no thread is empty and
 * no number is missing.
 */
static struct program_thread *
bytes_get_thread(struct sections *s, unsigned thread)
{
	struct program *p = s->p;

	if (s->number[thread] == THREAD_NONE) {
		if (p->nr_threads == 0)
			BYTES_BLOCK(p->threads, s->room->threads, PROGRAM_THREADS_MAX);
		s->number[thread] = (uint8_t)p->nr_threads;
		/* BYTES_BLOCK never gives NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		p->threads[p->nr_threads++].nr_ops = 0;
	}
	return &p->threads[s->number[thread]];
}

/* Adds an operation to the section. A section that is full drops it. */
static void
bytes_add_op(struct sections *s, const struct vm_op *op)
{
	struct program_thread *t;

	if (s->section == 0) {
		bytes_add_step(&s->p->init, &s->p->nr_init, &s->room->init, op);
	} else if (s->section == SECTION_FINAL) {
		bytes_add_step(&s->p->final, &s->p->nr_final, &s->room->final, op);
	} else {
		t = bytes_get_thread(s, bytes_thread_of(s->section));
		if (t->nr_ops == PROGRAM_OPS_MAX)
			return;
		t->line[t->nr_ops] = 0;
		t->ops[t->nr_ops++] = *op;
	}
}

uint8_t
bytes_version(const uint8_t *bytes, size_t len)
{
	return len >= BYTES_HEADER && memcmp(bytes, magic, sizeof(magic)) == 0 ? bytes[sizeof(magic)] : 0;
}

void
bytes_encode_header(struct keybuf *out)
{
	for (size_t i = 0; i < sizeof(magic); i++)
		keybuf_u8(out, magic[i]);
	keybuf_u8(out, BYTES_VERSION);
}

size_t
bytes_decode(const uint8_t *bytes, size_t len, struct program *p)
{
	return bytes_decode_in(bytes, len, p, &(struct bytes_room){ .poison = NULL });
}

void
bytes_recycle(struct program *p, struct bytes_room *room)
{
	assert(p->nr_outcomes == 0 && p->nr_nevers == 0 && p->nr_notes == 0); /* bytes have none */
	if (p->config.poison != NULL)
		room->poison = p->config.poison;
	if (p->init != NULL)
		room->init = p->init;
	if (p->final != NULL)
		room->final = p->final;
	if (p->threads != NULL)
		room->threads = p->threads;
	program_init(p);
}

void
bytes_room_free(struct bytes_room *room)
{
	free(room->poison);
	free(room->init);
	free(room->final);
	free(room->threads);
	*room = (struct bytes_room){ .poison = NULL };
}

size_t
bytes_decode_in(const uint8_t *bytes, size_t len, struct program *p, struct bytes_room *room)
{
	struct bytes_reader r = { bytes, 0, len };
	struct sections s = { .p = p, .room = room };
	uint8_t b;

	program_init(p);
	memset(s.number, THREAD_NONE, sizeof(s.number));
	if (bytes_version(bytes, len) != 0)
		r.at = BYTES_HEADER;
	(void)bytes_take(&r); /* unused: inputs that fuzzers have kept may have any value here */
	bytes_take_config(&r, &p->config, room);
	while ((b = bytes_take(&r)) != 0 && (b < OPS_END || b >= SECTION_THREAD)) {
		if (b >= SECTION_THREAD) {
			s.section = bytes_section_of(b);
		} else {
			struct vm_op op = bytes_take_op(&r, b);

			bytes_add_op(&s, &op);
		}
	}
	assert(r.at <= len && p->nr_init <= BYTES_OPS_MAX && p->nr_final <= BYTES_OPS_MAX);
	return r.at;
}

static const char *
bytes_no_room(const struct program *p)
{
	if (program_has_refs(p))
		return "the byte form has no results as arguments";
	if (p->config.mutant != NULL)
		return "the byte form has no mutants";
	if (p->config.limit != VM_WIRE_LIMIT_DEFAULT && p->config.limit > VM_OP_PAGE_MAX)
		return "the limit is too large for the byte form";
	if (p->config.frames > VM_OP_PAGE_MAX)
		return "too many frames for the byte form";
	if (p->config.growsize > VM_OP_PAGE_MAX)
		return "too large a growsize for the byte form";
	if (p->config.nr_poison > BYTES_POISON_MAX)
		return "too many poisoned pages for the byte form";
	if (p->nr_init > BYTES_OPS_MAX || p->nr_final > BYTES_OPS_MAX)
		return "too many steps for the byte form";
	for (size_t i = 0; i < p->config.nr_poison; i++)
		if (p->config.poison[i].code == KERN_SUCCESS)
			return "a poisoned page that does not fail";
	for (unsigned t = 0; t < p->nr_threads; t++)
		if (p->threads[t].nr_ops == 0)
			return "a thread without operations";
	return NULL;
}

bool
bytes_encode(const struct program *p, struct keybuf *out, const char **ret_reason)
{
	*ret_reason = p->config.profile.base < VM_PROFILE_COUNT ? bytes_no_room(p) : "a profile of a target";
	if (*ret_reason != NULL)
		return false;
	keybuf_u8(out, FIRST_BYTE);
	bytes_put_config(out, &p->config);
	for (size_t i = 0; i < p->nr_init; i++)
		bytes_put_op(out, &p->config, &p->init[i].op);
	for (unsigned t = 0; t < p->nr_threads; t++) {
		keybuf_u8(out, bytes_thread_section(t));
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++)
			bytes_put_op(out, &p->config, &p->threads[t].ops[i]);
	}
	if (p->nr_final > 0)
		keybuf_u8(out, SECTION_FINAL);
	for (size_t i = 0; i < p->nr_final; i++)
		bytes_put_op(out, &p->config, &p->final[i].op);
	return true;
}

void
bytes_encode_choices(const uint8_t *choices, size_t nr, struct keybuf *out)
{
	if (nr == 0)
		return;
	keybuf_u8(out, 0);
	for (size_t i = 0; i < nr; i++)
		keybuf_u8(out, choices[i]);
}
