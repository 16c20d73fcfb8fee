#!/bin/bash -eu
# SPDX-License-Identifier: BSD-2-Clause
# build.sh - builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite ask for them: with $CC, $CXX, $CFLAGS, $CXXFLAGS
# and $LIB_FUZZING_ENGINE of the environment, from $SRC/wirestorm into $OUT: targets, seeds, options, a dictionary.
# What a compiler of next year warns of is no reason not to fuzz: warnings are errors elsewhere.

build=$WORK/wirestorm
rm -rf "$build"
meson setup "$build" "$SRC/wirestorm" --buildtype=debugoptimized --wrap-mode=nodownload -Dprefer_static=true \
	-Db_lundef=false -Dwerror=false -Dfuzz_link_args="$LIB_FUZZING_ENGINE"
ninja -C "$build" fuzz-targets

for target in fuzz_seq fuzz_sched fuzz_vmt; do
	cp "$build/fuzz/$target" "$SRC/wirestorm/fuzz/$target.options" "$OUT/"
done
cp "$build/fuzz/fuzz_vmt.dict" "$OUT/"
for name in seq sched; do
	(cd "$build/fuzz" && python3 -m zipfile -c "$OUT/fuzz_${name}_seed_corpus.zip" "seeds-$name/")
done
(cd "$SRC/wirestorm" && python3 -m zipfile -c "$OUT/fuzz_vmt_seed_corpus.zip" corpus/)
