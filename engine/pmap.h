/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.h - translations: the page that an address reaches now, and the protection.
 *
 * The pmap is separate from entries and objects, as the hardware's page table is, so that it can be wrong: [I14] no
 * translation outside entries, [I15] none that permits more than its entry. Do not look up pages in it, but in the
 * objects: protect removes the translations of pages that stay wired.
 *
 * Locking: the frames lock. Addresses are bytes, page aligned.
 */
#ifndef ENGINE_PMAP_H
#define ENGINE_PMAP_H

#include "engine/page.h"

struct vm_pmap {
	struct vm_slots ptes; /* [f] by address >> VM_PAGE_SHIFT: the page, and its protection in the low bits */
};

/* Maps @va to @p with @prot, which is not VM_PROT_NONE; or changes the protection of the existing translation. */
void vm_pmap_enter(struct vm_pmap *pmap, struct vm_frames *f, vm_offset_t va, struct vm_page *p, vm_prot_t prot)
    VM_REQUIRES(&f->lock);
/* Removes the translation to @p, if there is one. */
void vm_pmap_remove_page(struct vm_pmap *pmap, struct vm_frames *f, struct vm_page *p) VM_REQUIRES(&f->lock);
/* Reduces the translations in [start, end) to @prot. */
void vm_pmap_protect(struct vm_pmap *pmap, struct vm_frames *f, vm_offset_t start, vm_offset_t end, vm_prot_t prot)
    VM_REQUIRES(&f->lock);

/*
 * Walks all translations, ascending: w.index is the address >> VM_PAGE_SHIFT; pass w.value to the next two functions.
 */
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
