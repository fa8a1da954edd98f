// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs for `lutrace walk`, and for whatever needs to know what HWPTs there
 * are and how their operator calls them. These run only when user space asks:
 *
 *   find_owners    iterates over tasks and says which may have an iommufd or a
 *                  session of a live update open;
 *   list_files     lists what one of them has open: iommufds, sessions, and the
 *                  iommufds that those keep, which may be open nowhere else;
 *   list_hwpts     lists the HWPT_PAGING objects of one iommufd, the records of
 *                  those that are preserved, the devices attached to them, and
 *                  what of the kernel before was not reclaimed yet;
 *   read_pages     copies pages of page tables, 4 KiB at a time;
 *   digest_tables  walks a whole page table by itself, with `--deep`, and leaves
 *                  of it what can be compared: digest.h.
 *
 * And these if user space wants names of what may be gone when it looks. Once
 * for each file of a session, after the last domain of an iommufd was preserved,
 * and before the first one is reclaimed:
 *
 *   file_preserved, file_retrieved
 *                  tell what list_hwpts would list of the iommufd.
 *
 * And once for each HWPT, after its domain was restored:
 *
 *   hwpt_reclaimed tells of that HWPT, with the token that was asked for.
 *
 * With a HWPT that was preserved or reclaimed just then comes what the kernel did with its memory, and
 * with an iommufd that was retrieved how many of its memfds are pinned.
 *
 * Nothing of this is within an operation.
 *
 * They take no lock of iommufd and no reference to a file: kernel memory is
 * read with bpf_probe_read_kernel(), which fails where nothing is mapped. What
 * is walked is preserved or reclaimed and hence does not change. Where something
 * may go away while it is read, it is looked for again afterwards, and what was
 * read is used only if it still is where it was: files.bpf.h, list.bpf.h.
 *
 * Decoding for people is user space's work (tools/lutrace/walk/pt.c), where it has
 * unit tests.
 */
#include "walk/digest.bpf.h"
#include "walk/files.bpf.h"
#include "walk/list.bpf.h"
#include "walk/pages.bpf.h"
#include "walk/tell.bpf.h"

char LICENSE[] SEC("license") = "GPL";
