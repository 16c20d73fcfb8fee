#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A planted fault: the word is split. shellcheck must report SC2086.
rm -f $1
