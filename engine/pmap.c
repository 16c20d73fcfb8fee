/* SPDX-License-Identifier: BSD-2-Clause */
/* pmap.c - see pmap.h. A word of the table is a page's address with its protection in the bits that alignment frees. */
#include "engine/pmap.h"

#include "engine/thread.h"

void
vm_pmap_enter(struct vm_pmap *pmap, struct vm_frames *f, vm_offset_t va, struct vm_page *p, vm_prot_t prot)
{
	vm_assert(prot != VM_PROT_NONE);
	vm_assert(!p->mapped || p->va == va);
	vm_slots_set(&pmap->ptes, &f->leaves, va >> VM_PAGE_SHIFT, (uintptr_t)p | prot);
	p->va = va;
	p->mapped = true;
}

void
vm_pmap_remove_page(struct vm_pmap *pmap, struct vm_frames *f, struct vm_page *p)
{
	if (!p->mapped)
		return;
	vm_slots_clear(&pmap->ptes, &f->leaves, p->va >> VM_PAGE_SHIFT);
	p->mapped = false;
}

void
vm_pmap_protect(struct vm_pmap *pmap, struct vm_frames *f, vm_offset_t start, vm_offset_t end, vm_prot_t prot)
{
	uint64_t i = start >> VM_PAGE_SHIFT;
	uintptr_t pte;

	for (; vm_slots_next(&pmap->ptes, &i, end >> VM_PAGE_SHIFT, &pte); i++) {
		if ((pte & prot) == 0)
			vm_pmap_remove_page(pmap, f, vm_pte_page(pte));
		else
			vm_slots_set(&pmap->ptes, &f->leaves, i, (uintptr_t)vm_pte_page(pte) | (pte & prot));
	}
}
