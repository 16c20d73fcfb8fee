/* SPDX-License-Identifier: BSD-2-Clause */
/* member.c - see member.h. */
#include "stress/member.h"

#include <assert.h>

#include "stress/relaxed.h"

void
member_sum(struct stress_run *run, struct stress_counts *counts)
{
	assert(run->config.threads > 0);
	*counts = (struct stress_counts){ .least_ops = UINT64_MAX };
	for (unsigned i = 0; i < run->config.threads; i++) {
		struct member *m = &run->members[i];
		uint64_t done = LOAD(m->nr_done);

		for (unsigned code = 0; code <= VM_OP_CODE_MAX; code++)
			for (unsigned kern = 0; kern < VM_KERN_COUNT; kern++)
				counts->nr[code][kern] += LOAD(m->nr[code][kern]);
		for (unsigned edge = 0; edge < VM_EDGE_COUNT; edge++)
			counts->edges[edge] += LOAD(m->edges[edge]);
		for (unsigned channel = 0; channel < VM_CHANNEL_COUNT; channel++)
			counts->waits[channel] += LOAD(m->world.nr_waits[channel]);
		counts->wakeups += LOAD(m->world.nr_wakeups);
		counts->nr_ops += done;
		counts->least_ops = done < counts->least_ops ? done : counts->least_ops;
		counts->most_ops = done > counts->most_ops ? done : counts->most_ops;
	}
	assert(counts->least_ops <= counts->most_ops);
}
