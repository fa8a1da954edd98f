/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an operator calls things: the session, iommufd, HWPT and devices of a domain, which its
 * events know as a record and a generation, and the names of processes. Pure.
 */
#ifndef LUTRACE_NAMES_H
#define LUTRACE_NAMES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "bpf/events.h"
#include "lib/idmap.h"

/* When the kernel told a name, of what could not get another one just then. */
enum name_at {
	NAME_PRESERVED,		/* its iommufd was preserved */
	NAME_RETRIEVED,		/* or retrieved: what the kernel before handed over */
	NAME_RECLAIMED,		/* somebody asked for that HWPT and got it; the session is not told */
	NR_NAME_AT,
};

/* What the kernel did with the memory that is mapped, as it says then. */
struct name_memory {
	bool known;
	bool maps;			/* there is some */
	bool pinned;			/* its pages are; when retrieved: those of all memfds stay where they are */
	__u8 kind;			/* LUTRACE_HWPT_*; 0: not known, nor is it when retrieved */
	/* 0 when retrieved */
	__u64 compared;			/* entries of the page table that were compared with memory */
	__u64 frozen;			/* HWPTs that keep the IOAS as it is, by the kernel's count */
	__u64 sharers;			/* of this IOAS, preserved with this one, which is among them */
};

struct claim {
	bool known;
	char session[LUTRACE_SESSION_SIZE];	/* "": not known, nor is the iommufd's token */
	__u64 iommufd_token, hwpt_token;
	struct name_memory memory;
};

/* All text is printable. */
struct name {
	__u64 ser_phys, generation;	/* of the record: the identity */
	char session[LUTRACE_SESSION_SIZE];	/* "": not known */
	__u64 iommufd_token;		/* in the session, if that is known */
	bool has_hwpt;
	__u64 hwpt_token;
	__u32 hwpt_id;			/* of the object in its iommufd; 0: not known */
	char *devices;			/* attached to it, with spaces between; NULL: not known */
	struct claim claims[NR_NAME_AT];	/* what it was called then, if that was told */
};

/* Bytes of a name as text, with its NUL; what is longer is cut. */
#define NAME_TEXT	256
struct name_text {
	char s[NAME_TEXT];
};

/*
 * "session demo, iommufd 0x200, HWPT 0x1, 0000:00:04.0"; what is not known is left out. "" if
 * nothing is, or if @name is NULL.
 */
struct name_text name__text(const struct name *name);
/* The same in short, for a column: "demo/0x200/0x1", with "?" for what is not known. */
struct name_text name__short(const struct name *name);
/* The devices for a column: "-" if there is none, "?" if they are not known. */
const char *name__devices(const struct name *name);

/*
 * Whether a domain came back under another name than it was preserved under by the kernel before;
 * @text says so. @compared: there were two names to compare.
 */
bool name__contradicts(const struct name *before, const struct name *now, bool *compared,
		       char *text, size_t size);

/*
 * Whether what is mapped was not compared, not pinned or not kept as it is, as far as the kernel told;
 * @text says so. @known: it told.
 */
bool name__memory_wrong(const struct name *name, bool *known, char *text, size_t size);

struct names;
struct names *names__new(void);
void names__free(struct names *names);
/*
 * Adds what @name knows to what is known, of which nothing is forgotten. Returns the whole if
 * something was new, else NULL. Text need not be printable, and is copied.
 */
const struct name *names__learn(struct names *names, const struct name *name);
/* NULL if nothing is known of it. */
const struct name *names__find(const struct names *names, __u64 ser_phys, __u64 generation);
/* Learns all that is in @from, processes too; NULL has nothing. */
void names__merge(struct names *names, const struct names *from);
/* Learns of a domain what the names of the kernel before know and these do not. */
void names__inherit(struct names *names, const struct names *before, __u64 ser_phys,
		    __u64 generation);
/* The same of a process; returns whether the name was new. An empty one is not. */
bool names__learn_process(struct names *names, __u32 pid, const char *comm);
/* "" if it is not known. */
const char *names__process(const struct names *names, __u32 pid);
/* How many domains something is known of. */
size_t names__count(const struct names *names);
/* The one at @i, from 0 to the count; until something is learnt or forgotten. */
const struct name *names__at(const struct names *names, size_t i);
/* The process at @i, from 0, and its number; NULL after the last. */
const char *names__process_at(const struct names *names, size_t i, __u32 *pid);
/* Forgets the domains whose record and generation are in @gone, and the processes not in @pids. */
void names__forget(struct names *names, struct idmap *gone, struct idmap *pids);

/*
 * A name as it stands in a recording: a struct lutrace_rec, the identity, and lines of key=value.
 * Free with free().
 */
struct lutrace_rec *name__record(const struct name *name);
/* Learns what is in one that is whole; returns -1 if it is too short for an identity. */
int names__learn_record(struct names *names, const struct lutrace_rec *rec);

#endif
