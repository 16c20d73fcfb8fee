/* SPDX-License-Identifier: BSD-2-Clause */
/* vmt-error.h - what must hold of every error of the text parser. */
#ifndef FUZZ_VMT_ERROR_H
#define FUZZ_VMT_ERROR_H

#include <stddef.h>

struct vmt_error;

/* Checks the error for the rejected @text: NULL, or the fault of the error. */
const char *vmt_error_wrong(const char *text, size_t len, const struct vmt_error *e);

#endif
