/* SPDX-License-Identifier: GPL-2.0-only */
/* The plan of a live update: what luctl(8) does before the kexec and checks after it. */
#ifndef LUCTL_PLAN_H
#define LUCTL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bdf.h"

#define PLAN_PAGE 4096ULL
#define PLAN_HUGE_PAGE (2ULL << 20)
/* A hole probe is one aligned access, so that it makes one fault */
#define PLAN_HOLE_LENGTH 8

/* LIVEUPDATE_SESSION_NAME_LENGTH, with the NUL */
#define PLAN_SESSION_SIZE 64

enum plan_stage {
	PLAN_FILLED,
	PLAN_MAPPED,
	PLAN_MARKED,
	PLAN_PRESERVED,
	PLAN_ABORTED,
	PLAN_BEFORE_KEXEC,
	PLAN_RETRIEVED,
	PLAN_RECLAIMED,
	PLAN_FINISHED,
	PLAN_NR_STAGES,
};

/* What the device is allowed to do with an area, and what a hole probe tries */
#define PLAN_READ 1u
#define PLAN_WRITE 2u

struct plan_kernel {
	char *image;  /* NULL: the plan names no kernel */
	char *initrd; /* NULL: none */
	char *cmdline;
	int line;
};

struct plan_device {
	char *name;
	char bdf[BDF_SIZE];
	int line;
};

struct plan_memfd {
	char *name;
	uint64_t size;
	uint64_t token;
	uint64_t seed;
	bool huge;
	bool noexec;
	int line;
};

struct plan_hwpt {
	char *name;
	size_t device; /* index in plan.devices */
	size_t ioas;   /* index of the HWPT whose IOAS it is on; its own, unless shared */
	bool marked;   /* a HWPT without a token is neither marked nor preserved */
	uint64_t token;
	int line;
};

struct plan_area {
	size_t hwpt, memfd;
	uint64_t iova, offset, length;
	unsigned int perm; /* PLAN_READ | PLAN_WRITE */
	int line;
};

struct plan_probe {
	size_t hwpt;
	uint64_t from, to, length;
	int line;
};

struct plan_hole {
	size_t hwpt;
	uint64_t iova;
	unsigned int dir; /* PLAN_READ | PLAN_WRITE */
	int line;
};

struct plan_hook {
	enum plan_stage stage;
	char *command;
	int line;
};

struct plan {
	char *file;
	char *session;
	int session_line;
	struct plan_kernel kernel;
	uint64_t iommufd_token;
	int iommufd_line;
	unsigned int aborts;
	int abort_line, retrieve_line; /* 0: not given */
	bool iommufd_first; /* after the kexec, and by that before user space has a memfd */
	bool assert_marks;  /* marking twice and reusing a token are refused */
	bool assert_order;  /* an iommufd before its memfds is refused */
	bool assert_attach; /* a device can be detached and attached while all is preserved */

	struct plan_device *devices;
	size_t nr_devices;
	struct plan_memfd *memfds;
	size_t nr_memfds;
	struct plan_hwpt *hwpts;
	size_t nr_hwpts;
	struct plan_area *areas;
	size_t nr_areas;
	struct plan_probe *probes;
	size_t nr_probes;
	struct plan_hole *holes;
	size_t nr_holes;
	struct plan_hook *hooks;
	size_t nr_hooks;

	struct plan_index *index; /* query.c answers with it */
};

/*
 * Both return NULL after writing one sentence "FILE:LINE: what; what to do" into @err.
 * plan__parse() keeps neither @text nor @file.
 */
struct plan *plan__parse(const char *file, const char *text, char *err, size_t err_size);
struct plan *plan__load(const char *file, char *err, size_t err_size);
void plan__free(struct plan *plan);

/*
 * Can the plans go through one live update? They need sessions and devices of their own, and name
 * one kernel between them, or none unless @need_kernel. Returns -1 after writing such a sentence.
 */
int plan__check_together(struct plan *const *plans, size_t nr, bool need_kernel, char *err,
			 size_t err_size);

/* Why no session of a plan can be called @name, as "is ...; what to do"; NULL: it can be */
const char *plan__refuse_session(const char *name);

const char *plan__stage_name(enum plan_stage stage);

/* The area that @hwpt maps and that holds all of [@iova, @iova + @length), or NULL */
const struct plan_area *plan__find_area(const struct plan *plan, size_t hwpt, uint64_t iova,
					uint64_t length);

/* Is the HWPT a second one on the IOAS of another, whose areas it maps? */
bool plan__shares_ioas(const struct plan *plan, size_t hwpt);
/* Is any HWPT on its IOAS marked, so that preserving that one fixes what this one maps? */
bool plan__ioas_is_marked(const struct plan *plan, size_t hwpt);
/* The areas that the HWPT maps, in the order of the plan */
const struct plan_area *const *plan__areas(const struct plan *plan, size_t hwpt, size_t *nr);

/* The HWPT's first probe in the plan, or NULL */
const struct plan_probe *plan__first_probe(const struct plan *plan, size_t hwpt);
/* Has the HWPT probes or holes, for which a device is attached to it? */
bool plan__hwpt_is_attached(const struct plan *plan, size_t hwpt);
size_t plan__nr_marked(const struct plan *plan);

/*
 * An unmapped page of the HWPT, next to an area, so that mapping it for a moment grows no
 * table. Returns false if the HWPT has no area.
 */
bool plan__scratch_iova(const struct plan *plan, size_t hwpt, uint64_t *iova);

/*
 * An unmapped page of the HWPT that no area shares a table with: if a map that must be refused is
 * not, its table shows it. Devices may not reach it. Returns false if there is none.
 */
bool plan__far_iova(const struct plan *plan, size_t hwpt, uint64_t *iova);

/* Bytes of all areas that the HWPT maps */
uint64_t plan__mapped_bytes(const struct plan *plan, size_t hwpt);

/* A token that nothing in the plan has */
uint64_t plan__unused_token(const struct plan *plan);

/* How many areas and names were looked at so far, by the parser and for all questions above */
uint64_t plan__nr_comparisons(const struct plan *plan);

#endif
