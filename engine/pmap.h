/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.h - translations: which page an address reaches now, and with which protection.
 *
 * A structure of its own beside entries and objects, as the hardware's is, so that it can be wrong: [I14] no
 * translation outside entries, [I15] none that permits more than its entry. Nothing is found through it that the
 * objects know too: protect takes translations away from pages that stay wired.
 *
 * Locking: the frames lock. Addresses are bytes, page aligned.
 */
#ifndef ENGINE_PMAP_H
#define ENGINE_PMAP_H

#include "engine/page.h"

struct vm_pmap {
	struct vm_slots ptes; /* [f] by address >> VM_PAGE_SHIFT: the page, and its protection in the low bits */
};

/* Maps @va to @p with @prot, which is not VM_PROT_NONE; or gives the translation that is there this protection. */
void vm_pmap_enter(struct vm_pmap *pmap, struct vm_frames *f, vm_offset_t va, struct vm_page *p, vm_prot_t prot)
    VM_REQUIRES(&f->lock);
/* Takes the translation to @p away, if there is one. */
void vm_pmap_remove_page(struct vm_pmap *pmap, struct vm_frames *f, struct vm_page *p) VM_REQUIRES(&f->lock);
/* Takes away what @prot does not permit, in [start, end). */
void vm_pmap_protect(struct vm_pmap *pmap, struct vm_frames *f, vm_offset_t start, vm_offset_t end, vm_prot_t prot)
    VM_REQUIRES(&f->lock);

/* All translations, ascending: w.index is the address >> VM_PAGE_SHIFT, w.value what the next two are asked for. */
static inline void
vm_pmap_walk(struct vm_slots_walk *w, const struct vm_pmap *pmap)
{
	vm_slots_walk(w, &pmap->ptes, 0, UINT64_MAX);
}

static inline struct vm_page *
vm_pte_page(uintptr_t pte)
{
	return (struct vm_page *)(pte & ~(uintptr_t)VM_PROT_ALL);
}

static inline vm_prot_t
vm_pte_prot(uintptr_t pte)
{
	return (vm_prot_t)(pte & VM_PROT_ALL);
}

#endif
