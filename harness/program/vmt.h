/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt.h - the text form of programs: docs/vmt.md has the grammar.
 *
 * print(parse(x)) is canonical, and parse(print(p)) equals p for every program. The parser is strict: an error names
 * line, column, what was expected and what was found, and nothing of the program is used.
 */
#ifndef HARNESS_PROGRAM_VMT_H
#define HARNESS_PROGRAM_VMT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/program/program-data.h"

struct nearest;
struct strbuf;
struct vm_state;

#define VMT_VERSION 1 /* of the text form: "vmt 1" */

struct vmt_error {
	unsigned line, column; /* 1-based; the column counts bytes */
	char text[400];        /* "expected ..., found ...", and what was probably meant */
};

/* Parses @len bytes of @text into *p (program_init'ed here). On false *p is empty and *e says why. */
bool vmt_parse(const char *text, size_t len, struct program *p, struct vmt_error *e);
/*
 * Reads and parses a file ("-": standard input); its text is appended to *text. On false "FILE:LINE:COLUMN: ..." or
 * "FILE: reason" and a line end are appended to *error, and *p is empty.
 */
bool vmt_load(const char *path, struct program *p, struct strbuf *text, struct strbuf *error);
/* The same, with the error on standard error. */
bool vmt_read(const char *path, struct program *p);
/* The canonical text, appended. */
void vmt_print(const struct program *p, struct strbuf *out);
/* Write the canonical text as file_write and file_write_new do (files.h). False with errno set. */
bool vmt_write(const char *path, const struct program *p);
bool vmt_write_new(const char *path, const struct program *p);

/* The word for a verdict and for no verdict NULL. */
const char *vmt_verdict_word(enum program_verdict verdict);
/* "spurious unfounded: ...", as a line of a program has it behind "verdict". */
void vmt_print_verdict(const struct program_verdict_line *v, struct strbuf *out);
/* VM_QUIRK_BIT() of the quirk whose id these @len bytes are; 0: none. */
uint32_t vmt_quirk_bit(const char *text, size_t len);
/* The words that may stand there, for an error about another one. */
void vmt_offer_ops(struct nearest *n);
void vmt_offer_quirks(struct nearest *n);
void vmt_offer_profiles(struct nearest *n);
void vmt_offer_mutants(struct nearest *n);
/* The operation number @i, from 0, that others call so (op-aliases.def); VM_OP_INVALID: there is none. */
uint8_t vmt_op_alias(const char *text, size_t len, unsigned i);
/* The name of a mutant (mutants.def) as a program's config has it; NULL: there is none. */
const char *vmt_mutant(const char *name);

/* Pieces. */
void vmt_print_op(const struct vm_op *op, struct strbuf *out); /* "wire 20 24 user noholes" */
void vmt_print_result(const struct vm_op *op, const struct vm_result *r, struct strbuf *out); /* "KERN_SUCCESS@16" */
void vmt_print_choices(const struct program_choice *c, size_t n, struct strbuf *out);         /* "T0*3 T1 T0" */
void vmt_print_config(const struct program_config *cfg, struct strbuf *out);                  /* the directive lines */
/*
 * The text of an outcome: "T0: R,R | T1: R | STATE", and with @deadlock " | DEADLOCK(T1.0 blocked)", which lists each
 * thread that has a result VM_OUTCOME_NONE. results[t] are thread t's, nr_ops of them.
 */
void vmt_print_outcome(const struct program *p, const struct vm_result *const results[], const struct vm_state *state,
    bool deadlock, struct strbuf *out);
/* One operation, one finished result of @op, or a schedule's choices, from a NUL-terminated text; the error's line
 * is 1. *choices is malloc'ed. */
bool vmt_parse_op(const char *text, struct vm_op *op, struct vmt_error *e);
bool vmt_parse_op_result(const char *text, const struct vm_op *op, struct vm_result *r);
bool vmt_parse_choices(const char *text, struct program_choice **choices, size_t *nr, struct vmt_error *e);

#endif
