/* SPDX-License-Identifier: GPL-2.0-only */
/* What `luctl run` and `luctl resume` hold open, and the steps that both take. */
#ifndef LUCTL_UPDATE_H
#define LUCTL_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"

struct edu;
struct iommufd;
struct kmsg;
struct luo;
struct memfd;
struct session;
struct vfio;

struct update_hwpt {
	uint32_t hwpt_id, ioas_id;
	bool marked; /* the kernel knows its token */
	bool attached;
};

struct update {
	const struct plan *plan;
	bool resuming;	 /* only what is marked exists after the kexec */
	struct luo *luo; /* of all updates of this process, which its group closes */
	struct session *session;
	bool finished; /* what came through is this process's, not the session's */
	struct iommufd *iommufd;
	struct kmsg *kmsg;
	struct memfd **memfds; /* these four run parallel to the plan's arrays */
	struct vfio **devices;
	struct edu **engines; /* by device */
	struct update_hwpt *hwpts;
	uint64_t first_dma; /* TSC when the first one had ended; 0: none yet */
	void *scratch;	    /* a page to map for a moment */
};

/* Reports and returns NULL when it fails */
struct update *update__new(const struct plan *plan, bool resuming);
/* Closes the session first, so that all is unpreserved before anything goes */
void update__free(struct update *update);

/* Does the HWPT take part, before the kexec or after it? */
bool update__has_hwpt(const struct update *update, size_t hwpt);
/* "hwpt main token=0x1", in a buffer that the next call reuses */
const char *update__hwpt_name(const struct update *update, size_t hwpt);

/* The rest reports what fails and returns -1 */

/* Gives the devices of all HWPTs that take part to vfio-pci and opens them */
int update__open_devices(struct update *update);
/* Binds what was opened to the iommufd */
int update__bind_devices(struct update *update);
/* An IOAS, or a HWPT on one, for the HWPT's device */
int update__alloc_ioas(struct update *update, size_t hwpt, uint32_t *ioas_id);
int update__alloc_hwpt(struct update *update, size_t hwpt, uint32_t ioas_id, uint32_t *hwpt_id);
/* Attaches each device to the HWPT that has probes or holes, and starts its DMA engine */
int update__attach(struct update *update);
int update__detach(struct update *update);
/* Detaches all and attaches it again */
int update__reattach(struct update *update);

/* Maps a page and unmaps it again, in a HWPT that must allow it and has lost no area */
int update__expect_changeable(struct update *update, size_t hwpt);
/* Map, unmap and, if asked, destroy: the kernel must refuse each with EBUSY */
int update__expect_fixed(struct update *update, size_t hwpt, bool destroy);

/*
 * Asks the kernel for the state of all HWPTs that were marked: it must be @bits, with
 * all of their memory pinned and, unless they are only marked, compared. Says how much that is.
 */
int update__expect_state(struct update *update, uint32_t bits);

int update__verify_memory(struct update *update);

/*
 * DMA through the HWPTs that are attached. @round 0 moves what the memory was filled with; each
 * other round moves new bytes.
 */
int update__run_probes(struct update *update, unsigned int round);
int update__run_holes(struct update *update);
/* What the probes read is again what the memory was filled with */
int update__refill_sources(struct update *update);
/* The memory must be as round 0 of all probes left it, before the kexec */
int update__assume_probes(struct update *update);

#endif
