/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel structures that the programs read, with only the members
 * that they read: CO-RE finds the offsets in the running kernel. Members that
 * only a kernel with the lutrace series has are tested with
 * bpf_core_field_exists() before use.
 */
#ifndef LUTRACE_KERNEL_TYPES_H
#define LUTRACE_KERNEL_TYPES_H

#ifndef __bpf__
#error "kernel_types.h is for the BPF programs"
#endif

typedef _Bool bool;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Lutrace series: the argument of all iommu_liveupdate tracepoints. */
struct iommu_liveupdate_event {
	__u64 seq;
	__u64 ser_phys;
	__u64 generation;
	__u64 top_phys;
	__u64 nr_tables;
	__u64 nr_bytes;
	__u32 format;
	__u32 top_level;
	__s32 ret;
};

struct file_operations {
	long (*unlocked_ioctl)(void);
};

struct file {
	const struct file_operations *f_op;
	struct address_space *f_mapping;
	void *private_data;
};

struct list_head {
	struct list_head *next, *prev;
};

/* The Live Update Orchestrator's session, and a file that it keeps. */
struct luo_file_set {
	struct list_head files_list;
	__u64 count;
};

struct luo_session {
	char name[64];
	bool retrieved;			/* it is of the kernel before */
	struct luo_file_set file_set;
};

struct luo_file {
	struct liveupdate_file_handler *fh;
	struct file *file;
	__u64 serialized_data;		/* where what the handler wrote is; physical */
	void *private_data;
	int retrieve_status;		/* above 0: it was retrieved */
	struct list_head list;
	__u64 token;
};

struct liveupdate_file_handler {
	const char compatible[48];
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;	/* a bit for each that is in use */
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	struct files_struct *files;	/* NULL: it has ended */
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* A kernel that was loaded by kexec. */
struct kimage {
	unsigned int file_mode : 1;	/* by kexec_file_load(2) */
	struct {
		void *scratch;		/* the segment of KHO's scratch areas; NULL: KHO does not go along */
	} kho;
};

struct xarray {
	void *xa_head;
};

struct address_space {
	struct xarray i_pages;
};

typedef struct {
	int counter;
} atomic_t;

enum pageflags {			/* the running kernel's value is asked for */
	PG_head = 6,
};

typedef struct {
	unsigned long f;
} memdesc_flags_t;

struct folio {
	memdesc_flags_t flags;
	atomic_t _mapcount;
	atomic_t _refcount;
	atomic_t _large_mapcount;
	unsigned int _nr_pages;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];		/* 16 on a CONFIG_BASE_SMALL kernel */
};

struct iommufd_ctx {
	struct xarray objects;
	/* Lutrace series: */
	struct xarray liveupdate_incoming;
	struct xarray liveupdate_memfds;
};

struct iommufd_ucmd {
	struct iommufd_ctx *ictx;
	void *cmd;
};

/* Lutrace series: the arguments of IOMMU_HWPT_LIVEUPDATE_RECLAIM. */
struct iommu_hwpt_liveupdate_reclaim {
	__u64 hwpt_token;
	__u32 out_hwpt_id;
};

enum iommufd_object_type {		/* the running kernel's values are asked for */
	IOMMUFD_OBJ_DEVICE = 1,
	IOMMUFD_OBJ_HWPT_PAGING = 2,
};

struct iommufd_object {
	enum iommufd_object_type type;
	unsigned int id;
};

/* Lutrace series: the record of a preserved domain, for the next kernel. */
struct iommu_pt_ser {
	__u64 top_phys;
	__u64 nr_tables;
	__u64 nr_bytes;
	__u32 format;
	__u8 top_level;
};

struct iommu_domain_ser {
	__u64 generation;
	__u32 state;			/* a number of the ABI: 0 free, 1 live */
	struct iommu_pt_ser pt;
};

struct iommu_dirty_ops;

struct iommu_domain {
	bool is_iommupt;
	const struct iommu_dirty_ops *dirty_ops;
	/* Lutrace series: */
	struct iommu_domain_ser *preserved_state;
};

struct iommufd_hw_pagetable {
	struct iommufd_object obj;
	struct iommu_domain *domain;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct interval_tree_node {
	struct rb_node rb;
};

struct io_pagetable {
	struct rb_root_cached area_itree;
	/* Lutrace series: */
	unsigned int nr_frozen;
};

/* A range of IOVA. Without pages it is only reserved, by a map to come. */
struct iopt_area {
	struct interval_tree_node node;
	struct iopt_pages *pages;
	struct iommu_domain *storage_domain;	/* NULL: nothing of it is pinned for a domain */
};

struct iommufd_ioas {
	struct io_pagetable iopt;
};

struct iommufd_hwpt_paging {
	struct iommufd_hw_pagetable common;
	struct iommufd_ioas *ioas;
	bool enforce_cache_coherency : 1;
	bool nest_parent : 1;
	/* Lutrace series: */
	__u64 liveupdate_token;
	__u64 liveupdate_nr_leaves;
	bool liveupdate_marked;
	bool liveupdate_reclaimed;
};

/* Lutrace series: a HWPT of the kernel before that was not reclaimed yet. */
struct iommufd_hwpt_ser {
	__u64 token;
	__u64 domain_phys;
	__u64 domain_generation;
};

struct iommufd_incoming_hwpt {
	struct iommufd_hwpt_ser ser;
	int error;			/* -ENOENT: it was reclaimed */
};

/* Lutrace series: a memfd that such HWPTs map. */
struct iommufd_incoming_memfd {
	long nr_folios;			/* pinned; 0: it is not. Gone since the session keeps memfds in place. */
};

/* What the kernel before wrote of a memfd, and in this kernel's order of each of its folios. */
struct memfd_luo_ser {
	__u64 nr_folios;
};

struct kobject {
	const char *name;
};

struct device {
	struct kobject kobj;
};

/* The devices of a group, and the HWPT that they are attached to. */
struct iommufd_group {
	struct xarray pasid_attach;
};

struct iommufd_attach {
	struct iommufd_hw_pagetable *hwpt;
	struct xarray device_array;
};

struct iommufd_device {
	struct iommufd_object obj;
	struct iommufd_group *igroup;
	struct device *dev;
};

struct pt_iommu_ops {
	int (*map_range)(void);
};

struct pt_iommu {
	struct iommu_domain domain;
	const struct pt_iommu_ops *ops;
};

struct pt_common {
	unsigned long top_of_table;
	unsigned int features;
};

enum pt_features {			/* the running kernel's value is asked for */
	PT_FEAT_DMA_INCOHERENT = 0,
};

/* What the kernel keeps of a page of a page table, in its struct page. */
struct ioptdesc {
	unsigned char incoherent;	/* it was written back for a unit that does not see the cache */
};

#pragma clang attribute pop

/* As the ABI of memfds has it, and not where the running kernel does. */
struct memfd_luo_folio_ser {
	__u64 pfn_flags;
	__u64 index;
};

#define LUTRACE_PFN_MASK ((1ULL << 52) - 1)
#define LUTRACE_MEMFD_COMPATIBLE 0x762d64666d656dULL	/* "memfd-v" */

#endif
