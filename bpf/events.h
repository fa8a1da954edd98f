/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and user space say to each other.
 *
 * Every record starts with its type and its size, so that a reader can skip
 * what it does not know. These records are also what stands in a recording
 * (docs/recording.md): change one only together with LUTRACE_FILE_MAJOR or
 * LUTRACE_FILE_MINOR. Include <linux/types.h> first.
 */
#ifndef LUTRACE_EVENTS_H
#define LUTRACE_EVENTS_H

enum lutrace_rec_type {
	LUTRACE_REC_EVENT = 1,		/* one tracepoint, as it was emitted */
	LUTRACE_REC_LATENCY = 2,	/* begin to end, measured in the kernel */
	LUTRACE_REC_SAMPLE = 3,		/* the same with all about it; in no recording */
	LUTRACE_REC_FREED = 4,		/* a page was freed while it was preserved */
	LUTRACE_REC_FREEZE = 5,		/* since 1.8: what is handed over was frozen for a kexec */
};

/* The operations: each has a begin and an end tracepoint. */
enum lutrace_op {
	LUTRACE_OP_PRESERVE,
	LUTRACE_OP_UNPRESERVE,
	LUTRACE_OP_RESTORE,
	LUTRACE_OP_FLB_PRESERVE,
	LUTRACE_OP_FLB_UNPRESERVE,
	LUTRACE_OP_FLB_RETRIEVE,
	LUTRACE_OP_FLB_FINISH,
	LUTRACE_NR_OPS,
};

/* Their tracepoints are NAME_begin and NAME_end. */
#define LUTRACE_OPERATIONS(DO)						\
	DO(iommu_domain_preserve, LUTRACE_OP_PRESERVE)			\
	DO(iommu_domain_unpreserve, LUTRACE_OP_UNPRESERVE)		\
	DO(iommu_domain_restore, LUTRACE_OP_RESTORE)			\
	DO(iommu_flb_preserve, LUTRACE_OP_FLB_PRESERVE)			\
	DO(iommu_flb_unpreserve, LUTRACE_OP_FLB_UNPRESERVE)		\
	DO(iommu_flb_retrieve, LUTRACE_OP_FLB_RETRIEVE)			\
	DO(iommu_flb_finish, LUTRACE_OP_FLB_FINISH)

enum lutrace_phase {
	LUTRACE_BEGIN,
	LUTRACE_END,
	LUTRACE_NR_PHASES,
};

/* One program per tracepoint, numbered so. */
#define LUTRACE_PROG(op, phase)	((op) * LUTRACE_NR_PHASES + (phase))
#define LUTRACE_NR_PROGS	(LUTRACE_NR_OPS * LUTRACE_NR_PHASES)
/* One more where the kernel has its tracepoint: iommu_preserved_page_freed. */
#define LUTRACE_PROG_FREED	LUTRACE_NR_PROGS

struct lutrace_rec {
	__u32 type;
	__u32 size;			/* of the whole record, multiple of 8 */
};

/* struct iommu_liveupdate_event of the kernel, with time and place. */
struct lutrace_event {
	struct lutrace_rec rec;
	__u32 op;			/* enum lutrace_op */
	__u32 phase;			/* enum lutrace_phase */
	__u64 time_ns;			/* CLOCK_MONOTONIC */
	__u64 seq;
	__u64 ser_phys;
	/*
	 * Of a domain its record's. Of the FLB, at the end of preserve and retrieve and at begin and
	 * end of unpreserve and finish: the largest generation that was ever used, in this kernel
	 * and those before it, 0 if the kernel does not tell or none was used. Together with
	 * nr_tables, which of the FLB is the number of domains that are preserved, an incoming FLB
	 * tells whether the last preserve or unpreserve of the kernel before was seen.
	 */
	__u64 generation;
	__u64 top_phys;
	__u64 nr_tables;
	__u64 nr_bytes;
	__u32 format;
	__u32 top_level;
	__s32 ret;
	__u32 cpu;
	__u32 pid;
	__u32 tid;
};

struct lutrace_latency {
	struct lutrace_rec rec;
	__u32 op;
	__s32 ret;
	__u64 ser_phys;			/* 0 for the FLB, which has no record */
	__u64 generation;
	__u64 begin_seq;
	__u64 end_seq;
	__u64 latency_ns;
};

/* iommu_preserved_page_freed of the kernel, which has no number among the events. */
struct lutrace_freed {
	struct lutrace_rec rec;
	__u64 time_ns;			/* CLOCK_MONOTONIC */
	__u32 cpu;
	__u32 pid;
	__u32 tid;
	__u32 reserved;
	__u64 phys;
	__u64 size;			/* bytes; not 0: the record is whole */
};

/* In place of what it returned: it was called. No recording has such a record. */
#define LUTRACE_FREEZING	1

/*
 * The kernel's liveupdate_reboot() returned: every kexec calls it before devices are shut down. With
 * @ret 0 the jump comes next, and nothing is preserved or unpreserved any more. It has no number
 * among the events and the footer does not count it.
 */
struct lutrace_freeze {
	struct lutrace_rec rec;
	__u64 time_ns;			/* CLOCK_MONOTONIC */
	__s32 ret;			/* negative: an errno, and the kernel goes on; LUTRACE_FREEZING */
	__u32 cpu;
	__u32 pid;
	__u32 tid;			/* not 0: the record is whole */
};

#define LUTRACE_COMM_SIZE	16

/* What `lutrace latency` gets in place of events and latencies: one per end. */
struct lutrace_sample {
	struct lutrace_latency lat;	/* its type is LUTRACE_REC_SAMPLE */
	__u64 top_phys;			/* 0: it failed */
	__u64 nr_tables;
	__u64 nr_bytes;
	__u32 cpu;			/* where, and in which task, it ended */
	__u32 pid;
	__u32 tid;
	__u32 reserved;
	char comm[LUTRACE_COMM_SIZE];
};

/* What an operation was in, or waited for. Parts may lie within each other. */
enum lutrace_why_part {
	LUTRACE_WHY_LOCK,		/* waiting for a lock */
	LUTRACE_WHY_OFF_CPU,		/* not on a CPU, for whatever reason */
	LUTRACE_WHY_ALLOC,		/* getting pages from the page allocator */
	LUTRACE_WHY_KHO,		/* marking, unmarking or restoring memory in KHO */
	LUTRACE_NR_WHYS,
};

#define LUTRACE_MAX_FRAMES	32

/*
 * One for each end, beside the sample of the same operation; in no recording. Without --stack it ends
 * before nr_frames.
 */
struct lutrace_why {
	struct lutrace_rec rec;
	__u64 end_seq;			/* of the end event */
	__u64 op;
	__u64 ns[LUTRACE_NR_WHYS];
	__u64 n[LUTRACE_NR_WHYS];	/* how often */
	__s64 nr_frames;		/* of the kernel's stack at the end; negative: an errno */
	__u64 frames[LUTRACE_MAX_FRAMES];	/* return addresses, innermost first */
};

#define LUTRACE_SYMBOL_SIZE	256

/* Context of the program that names an address of the kernel's code. */
struct lutrace_symbol {
	__u64 address;			/* in: a return address */
	__s64 len;			/* out: with the NUL; negative: an errno */
	char text[LUTRACE_SYMBOL_SIZE];	/* out: NAME+OFFSET/SIZE */
};

/*
 * What a program counted, or the sum of all programs. Whoever reads a recording needs the losses:
 * a table of numbers without them claims more than was seen.
 */
struct lutrace_counts {
	__u64 events;			/* tracepoints hit while armed */
	__u64 lost_events;		/* ring full: event not recorded */
	__u64 lost_latencies;		/* ring full: latency not recorded */
	__u64 lost_begins;		/* hash full: latency not measurable */
	__u64 unmatched_ends;		/* end whose begin was not seen */
	__u64 replaced_begins;		/* second begin before the end */
	__s64 in_flight;		/* begins whose end is still to come; of an end: taken off */
};

/*
 * Which events are wanted; what is 0 lets everything pass. An operation is judged at its begin and
 * at its end alike.
 */
struct lutrace_filter {
	__u32 pid;			/* of the process that does it */
	__u8 has_domain;		/* then nothing of the FLB passes either */
	__u8 has_generation;
	__u16 reserved;
	__u64 ser_phys;			/* of the domain's record */
	__u64 generation;
};

/* What programs tell that is in no recording. */
enum lutrace_told_type {
	LUTRACE_REC_WHY = 0x200,
	LUTRACE_FOUND_IOMMUFD,
	LUTRACE_FOUND_HWPT,
	LUTRACE_FOUND_DEVICE,
	LUTRACE_FOUND_SESSION,
};

#define LUTRACE_KSYM_SIZE	64	/* of a symbol's name with its NUL, for ksyms.bpf.c */
#define LUTRACE_SESSION_SIZE	64	/* of a session's name with its NUL */
#define LUTRACE_DEVICE_SIZE	48	/* of a device's */

/* The kernel that is loaded, as bpf/ready.bpf.c finds it. */
struct lutrace_kimage {
	__s32 err;			/* negative errno: it could not be read */
	__u32 loaded;
	__u32 file_mode;		/* by kexec_file_load(2) */
	__u32 kho;			/* KHO's data goes along */
};

/* A file of the Live Update Orchestrator that a process has open. */
struct lutrace_holder {
	__u32 pid, fd;
	char comm[16];
	__u32 device;			/* it is /dev/liveupdate; else a session: */
	__u32 retrieved;		/* of the kernel before, and not finished */
	char session[LUTRACE_SESSION_SIZE];
};

/*
 * An iommufd, and the open file through which it was found: its own, or that of a session that keeps
 * it, and then under which name and token. As LUTRACE_FOUND_SESSION the session itself.
 */
struct lutrace_iommufd {
	struct lutrace_rec rec;
	__u64 ctx;			/* struct iommufd_ctx; of a session 0 */
	__u64 token;
	__u32 pid;			/* of the process that has the file open; tid: one of its threads */
	__u32 tid;
	__u32 fd;
	__u32 reserved;
	/*
	 * If it was retrieved just now, and this kernel has them: memfds that came with it, and of how many
	 * the memory may move. 0 or 1 where the session keeps it in place.
	 */
	__u32 memfds, unpinned;
	__u64 files;			/* of a session that keeps it: struct list_head of its files; or 0 */
	char session[LUTRACE_SESSION_SIZE];	/* "": its own file */
};

/* A device of an iommufd that is attached to one of its HWPTs. */
struct lutrace_device {
	struct lutrace_rec rec;
	__u64 hwpt;			/* as in struct lutrace_hwpt */
	char name[LUTRACE_DEVICE_SIZE];	/* of a PCI device: domain:bus:device.function */
};

/*
 * One HWPT_PAGING object of an iommufd, or one of the kernel before that was not reclaimed yet: of
 * that token, generation and phys are known.
 */
struct lutrace_hwpt {
	struct lutrace_rec rec;
	__u64 ctx;
	__u64 hwpt;			/* address of the object; 0: not reclaimed yet */
	__u64 phys;			/* of the record, if not reclaimed yet */
	__u64 token;
	__u64 domain;			/* struct iommu_domain */
	__u64 top_of_table;		/* address of the root, level in the low bits */
	__u64 map_range;		/* text address: tells the format */
	__u64 record;			/* address of struct iommu_domain_ser; 0: not preserved */
	/* Of the record, while it is preserved. */
	__u64 generation;
	__u64 top_phys;
	__u64 nr_tables;
	__u64 nr_bytes;
	/* Of its memory, if that was asked for, when it was preserved or reclaimed. */
	__u64 ioas;			/* address */
	__u64 compared;			/* entries that the kernel compared with that memory */
	__u32 frozen;			/* how many HWPTs freeze the IOAS, by the kernel's count */
	__u8 has_memory;		/* it was asked for, and this kernel has it */
	__u8 maps;			/* the IOAS has areas, which are looked at */
	__u8 pinned;			/* their pages are */
	__u8 kind;			/* LUTRACE_HWPT_*; 0: not asked for */
	__u32 format;
	__u32 top_level;
	__u32 id;
	__u8 marked;			/* or reclaimed: has a token */
	__u8 generic_pt;		/* the domain is a generic page table */
	__u8 pending;			/* marked for the next live update */
	__u8 reclaimed;			/* came through the last one */
};

/* What a HWPT was allocated for, and how: it is the same in the next kernel. */
enum {
	LUTRACE_HWPT_KNOWN = 1,
	LUTRACE_HWPT_ENFORCE_CC = 2,	/* cache coherency is enforced */
	LUTRACE_HWPT_NEST_PARENT = 4,
	LUTRACE_HWPT_DIRTY = 8,		/* dirty pages can be tracked */
};

#define LUTRACE_FOUND_BATCH	256
#define LUTRACE_PAGE_BATCH	256
#define LUTRACE_PAGE_SIZE	4096

/* What is found, as the program that lists it leaves it in its map. */
union lutrace_found {
	struct lutrace_rec rec;
	struct lutrace_iommufd file;
	struct lutrace_hwpt hwpt;
	struct lutrace_device device;
};

/* A task that may have an iommufd or a session open, as the iterator over tasks of walk.bpf.c says. */
struct lutrace_owner {
	__u32 tid;			/* in the first PID namespace */
	__u32 pid;
};

/* Context of the program that lists the iommufds and sessions that one task has open. */
struct lutrace_files_args {
	__u32 tid;			/* in */
	__u32 next_fd;			/* in, out: the file to look at next */
	__u64 next_kept;		/* in, out: if that is a session, how many files it keeps to skip */
	__u32 nr;			/* out: entries filled */
	__u32 done;			/* out: 1 if there is nothing after next */
	__s64 err;			/* out: -EAGAIN: its files changed meanwhile, all is void; or 0 */
};

/* Context of the program that lists the HWPTs of one iommufd, and the devices attached to them. */
struct lutrace_list_args {
	__u64 ctx;			/* in: struct iommufd_ctx */
	__u64 next;			/* in, out: first object id, or token, to look at */
	__u32 incoming;			/* in: those that were not reclaimed yet, by token */
	__u32 tid, fd;			/* in: where it was found: struct lutrace_iommufd */
	__u32 gone;			/* out: it is there no more, and what was read may be anything */
	__u32 nr;			/* out: entries filled */
	__u32 done;			/* out: 1 if there is nothing after next */
	__s64 err;			/* out: a read that failed, or 0 */
};

/* Levels that page tables can have; a table of level 0 has no tables below it. */
#define LUTRACE_PT_LEVELS	6

/* What a walk sees on one level of a page table. */
struct lutrace_level {
	__u64 tables;
	__u64 leaves;			/* entries that map something */
	__u64 digest;			/* of all entries: digest.h */
};

/* One walk of one domain's page table, while it is done and when it is. */
struct lutrace_digest {
	/* In. While the domain is not as it says here the walk fails. */
	__u64 domain;			/* struct iommu_domain */
	__u64 top_of_table;		/* address of the root, level in the low bits */
	__u64 record;			/* struct iommu_domain_ser; 0: it has none */
	__u64 generation;		/* of the record */
	__u64 direct_map;		/* to be added to a physical address */
	__u64 kho_root;			/* physical address of KHO's tree; 0: not known */
	__u64 top_phys;
	__u64 max_tables;		/* a walk that finds more fails */
	__u32 format;			/* LUTRACE_VTDSS and so on */
	__u32 top_level;
	__u32 preserved;		/* KHO keeps each of its tables; 0: none of them */
	/* Out */
	__u32 incoherent;		/* its unit does not see the cache */
	__u64 time_ns;			/* CLOCK_MONOTONIC, as this call began: it was as it says */
	__u64 nr_tables;		/* read so far */
	__u64 batch;			/* of them, by this call */
	__u64 unkept, unkept_phys;	/* tables that KHO does not keep, or keeps, and the first of them */
	__u64 stale;			/* that were not made ready for such a unit */
	__u64 bad;			/* entries that the format cannot have */
	__u64 bad_phys, bad_entry;	/* the first: where it is, and what */
	__u64 at_phys;			/* the table that was read last, or cannot be */
	struct lutrace_level levels[LUTRACE_PT_LEVELS];
	__u32 level;			/* of the table that is walked */
	__u32 started;
};

#define LUTRACE_DIGEST_BATCH	4096

/* Context of the program that walks: one call reads LUTRACE_DIGEST_BATCH tables at most. */
struct lutrace_digest_args {
	__u32 done;			/* out: 1 if the tree is walked */
	__u32 reserved;
	__s64 err;			/* out: why it cannot go on, or 0; -ESTALE: the domain changed */
};

/* Context of the program that copies pages. */
struct lutrace_read_args {
	__u32 nr;			/* in: addresses given, <= LUTRACE_PAGE_BATCH */
	__u32 copied;			/* out: pages copied before the first failure */
	__s64 err;			/* out: why it stopped, or 0 */
};

#endif
