/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be preserved as it is: an iommufd with one IOAS that maps two sealed memfds, a HWPT on
 * it that is marked, and a session. Cases spoil it, and see what becomes of the rest.
 *
 * Calls that return int give the kernel's negative errno and say nothing. Those that return bool
 * give tap's reason.
 */
#ifndef PROGS_RIG_H
#define PROGS_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iommufd;
struct luo;
struct memfd;
struct session;
struct vfio;

enum rig_device {
	RIG_VTD,	/* QEMU's edu device behind VT-d, attached to the HWPT */
	RIG_MOCK,	/* a mock device, attached to an automatic domain of the IOAS */
};

/* Where the memfds are, what a case may map besides, and where nothing ever is for long */
#define RIG_IOVA_FIRST	0x10000000ULL
#define RIG_IOVA_EXTRA	0x20000000ULL
#define RIG_IOVA_FREE	0x30000000ULL
#define RIG_IOVA_LAST	0x40000000ULL

#define RIG_PAGE	4096u
#define RIG_HUGE_PAGE	(2u << 20)

/* Its session, the files in it, and how long an area with small pages is */
#define RIG_SESSION	"rig"
#define RIG_TOKEN_FIRST		0x100u
#define RIG_TOKEN_LAST		0x101u
#define RIG_TOKEN_EXTRA		0x102u
#define RIG_TOKEN_IOMMUFD	0x200u
#define RIG_SMALL_SIZE	(64u << 10)
/* Of a HWPT with VT-d's 39 bits that maps the two memfds: the top, and two for each of them */
#define RIG_TABLES	5u

/* Tokens of HWPTs: the first is that of @hwpt_id */
#define RIG_TOKEN	1u
#define RIG_TOKEN_2	2u
#define RIG_TOKEN_3	3u

#define RIG_MAX_MARKED	64u

struct rig {
	struct iommufd *iommufd;
	struct vfio *vfio;		/* NULL with a mock device */
	uint32_t dev_id, ioas_id, hwpt_id;
	uint32_t auto_hwpt_id;		/* 0 with VT-d */
	uint32_t marked[RIG_MAX_MARKED];
	size_t nr_marked;

	struct memfd *first, *last;
	uint64_t size;			/* of each of the two */
	int extra_fd;			/* what a case maps at RIG_IOVA_EXTRA, -1 if nothing */
	uint64_t extra_iova, extra_length;

	struct session *session;
	struct session *other;		/* for cases that need a second one */
};

/* The memfds are of small pages, 64 KiB each, or of huge ones, 4 MiB each; their seeds are their tokens */
struct rig *rig__open(struct luo *luo, enum rig_device device, bool huge);
/* All but the sessions */
void rig__close_iommufd(struct rig *rig);
/* The sessions last, so that a rig that failed half way is undone in this order as well */
void rig__close(struct rig *rig);
bool rig__open_other(struct rig *rig, struct luo *luo);

/* An ioctl of the iommufd that luctl does not need */
int rig__call(struct rig *rig, unsigned long nr, void *cmd);
/* An ordinary HWPT, marked with @token unless that is 0 */
bool rig__add_hwpt(struct rig *rig, uint32_t ioas_id, uint32_t token, uint32_t *hwpt_id);

int rig__map_page(struct rig *rig, uint32_t ioas_id, uint64_t iova);
/* Takes over @fd and maps it for this case */
bool rig__map_extra(struct rig *rig, int fd, uint64_t offset, uint64_t length, uint64_t iova);
bool rig__unmap_extra(struct rig *rig);
bool rig__preserve_extra(struct rig *rig, struct session *session);

bool rig__preserve_memfds(struct rig *rig, struct session *session);
int rig__preserve(struct rig *rig, struct session *session);
/* The memfds and then the iommufd, up to the first that fails; for threads, tap is not one's own */
int rig__try_preserve(struct rig *rig, struct session *session);

/*
 * All marked HWPTs are marked and no more, a page can be mapped and unmapped in the IOAS, and all
 * areas are there
 */
bool rig__is_unchanged(struct rig *rig);
/* All marked HWPTs are preserved, nothing can be mapped, and all areas are there */
bool rig__is_preserved(struct rig *rig);
/* Closes the session, after which the rig is as it was before */
bool rig__end_session(struct rig *rig);

#endif
