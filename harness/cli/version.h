/* SPDX-License-Identifier: BSD-2-Clause */
/* version.h - `wirestorm --version`: which build this is. */
#ifndef HARNESS_CLI_VERSION_H
#define HARNESS_CLI_VERSION_H

/* Prints version, commit, features, sanitizers and compiler; the arguments begin at "--version". Returns an exit code.
 */
int version_print(int argc, char **argv);

#endif
