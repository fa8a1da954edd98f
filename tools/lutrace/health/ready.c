// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each ready__judge_*() looks at one part of the facts and adds reasons: FINDING_OK is go,
 * FINDING_MISSING no-go; what has no FOR_UPDATE is a note. The verdict is that of the worst.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd/cmd.h"
#include "health/ready.h"
#include "lib/mem.h"
#include "lib/version.h"
#include "report/json.h"

#define NAME_WIDTH 12
#define MAX_TOKENS 8 /* that are named in a sentence */

#define ok(out, name, needs, ...)                                                                  \
	findings__add(out, name, needs, FINDING_OK, xasprintf(__VA_ARGS__), NULL)

/*
 * How much later the next kernel reached the line "Memory:" with so many
 * page tables preserved, no two side by side, than with 1000: Linux 7.3.4 with
 * the series, QEMU TCG; docs/lutrace-ready.1 has the table.
 */
static const struct {
	double pages, seconds;
} blackout_measured[] = {
	{ 64000, 0.14 },
	{ 250000, 1.6 },
	{ 500000, 1.84 },
};

/* The machine, and what is loaded into it */

static void ready__judge_machine(const struct ready_facts *facts, struct findings *out)
{
	const struct finding *item;
	size_t i;

	for (i = 0; i < facts->machine->nr; i++) {
		item = &facts->machine->items[i];
		/* That none can be loaded is no matter when one is. */
		if (!(item->needs & FOR_UPDATE) ||
		    (facts->loaded == 1 && !strcmp(item->name, "kexec")))
			continue;
		findings__add(out, item->name, FOR_UPDATE, item->state, xstrdup(item->text),
			      item->advice ? xstrdup(item->advice) : NULL);
	}
}

static void ready__judge_loaded(const struct ready_facts *facts, struct findings *out)
{
	if (facts->loaded == 1)
		ok(out, "loaded", FOR_UPDATE, "a next kernel is loaded");
	else if (!facts->loaded)
		findings__add(out, "loaded", FOR_UPDATE, FINDING_MISSING,
			      xstrdup("no next kernel is loaded, so there is nothing to jump into"),
			      xstrdup("load it before the jump, as luctl run does"));
	else
		findings__add(out, "loaded", FOR_UPDATE, FINDING_UNKNOWN,
			      xasprintf("whether a next kernel is loaded is not known (%s)",
					facts->loaded_fault),
			      NULL);
}

/* Whether what is loaded gets what is preserved: KHO's part is in kexec_file_load(2) alone. */
static void ready__judge_handover(const struct ready_facts *facts, struct findings *out)
{
	const struct ready_kernel *kernel = facts->kernel;

	if (facts->loaded != 1)
		return;
	if (!kernel || !kernel->image.loaded)
		findings__add(out, "handover", FOR_UPDATE, FINDING_UNKNOWN,
			      xasprintf("how the next kernel was loaded is not known: %s",
					kernel ? "it was unloaded just now" : facts->kernel_fault),
			      NULL);
	else if (!kernel->image.file_mode)
		findings__add(
			out, "handover", FOR_UPDATE, FINDING_MISSING,
			xstrdup("the next kernel was loaded by kexec_load(2), and such a kernel "
				"gets nothing from KHO: all that is preserved would be lost"),
			xstrdup("load it by kexec_file_load(2), as luctl run and kexec -s do"));
	else if (!kernel->image.kho)
		findings__add(out, "handover", FOR_UPDATE, FINDING_MISSING,
			      xstrdup("the next kernel is loaded without KHO's data: all that is "
				      "preserved would be lost"),
			      xstrdup("boot with kho=on liveupdate=on"));
	else
		ok(out, "handover", FOR_UPDATE,
		   "the next kernel was loaded by kexec_file_load(2) and "
		   "gets KHO's data");
}

static void ready__judge_device(const struct lutrace_holder *holder, struct findings *out)
{
	const char *advice =
		holder->pid == 1
			? "do not end process 1: have it close the device, or let it create the "
			  "sessions and hand "
			  "them to who needs them"
			: "end it if nothing is preserved yet and luctl run finds the device busy";

	findings__add(out, "device", 0, FINDING_OK,
		      xasprintf("/dev/liveupdate is open in process %u (%s), and nobody else can "
				"open it",
				holder->pid, holder->comm),
		      xstrdup(advice));
}

/* A session of the kernel before: what nobody takes out of it is not handed over again. */
static void ready__judge_session(const struct lutrace_holder *holder, struct findings *out)
{
	if (holder->retrieved)
		findings__add(
			out, "session", FOR_UPDATE, FINDING_UNKNOWN,
			xasprintf("session %s of the kernel before is with process %u (%s) and "
				  "not finished: what was not taken out of it would be lost",
				  holder->session, holder->pid, holder->comm),
			xasprintf("let that process finish it; luctl resume of it fails as long "
				  "as somebody else has it"));
	else
		ok(out, "session", 0, "session %s is open in process %u (%s)%s", holder->session,
		   holder->pid, holder->comm,
		   holder->pid == 1 ? ": it is that of the service manager, and comes through "
				      "beside the others"
				    : "");
}

/* A process may have a session open more than once. */
static bool holder__seen_before(const struct ready_kernel *kernel, size_t i)
{
	const struct lutrace_holder *this = &kernel->holders[i], *other;

	for (other = kernel->holders; other < this; other++)
		if (other->pid == this->pid && other->device == this->device &&
		    !strcmp(other->session, this->session))
			return true;
	return false;
}

static void ready__judge_holders(const struct ready_facts *facts, struct findings *out)
{
	size_t i;

	if (!facts->kernel) {
		ok(out, "holders", 0, "who has /dev/liveupdate and sessions open is not known: %s",
		   facts->kernel_fault);
		return;
	}
	for (i = 0; i < facts->kernel->nr_holders; i++) {
		if (holder__seen_before(facts->kernel, i))
			continue;
		if (facts->kernel->holders[i].device)
			ready__judge_device(&facts->kernel->holders[i], out);
		else
			ready__judge_session(&facts->kernel->holders[i], out);
	}
}

static void ready__judge_reset(const struct ready_facts *facts, struct findings *out)
{
	size_t i;

	for (i = 0; i < facts->nr_no_reset; i++)
		findings__add(
			out, "reset", 0, FINDING_OK,
			xasprintf("%s cannot be reset (its reset_method in sysfs is empty or not "
				  "there), so its guest gets it back as this kernel left it",
				  facts->no_reset[i]),
			xstrdup("let the guest stop it before the jump and set it up after it"));
}

/* What each severity is to a verdict; a note does not count. */
static const struct {
	unsigned int needs;
	enum finding_state state;
} remark_weights[] = {
	[REMARK_LOST] = { FOR_UPDATE, FINDING_MISSING },
	[REMARK_RISK] = { FOR_UPDATE, FINDING_UNKNOWN },
	[REMARK_UNCHECKED] = { FOR_UPDATE, FINDING_UNKNOWN },
	[REMARK_NOTE] = { 0, FINDING_OK },
};

static void ready__judge_next(const struct ready_facts *facts, struct findings *out)
{
	const struct remark *remark;
	bool counts = false;
	size_t i;

	if (!facts->image) {
		ok(out, "next-kernel", 0, "not looked at: give its image with --kernel");
		return;
	}
	for (i = 0; i < facts->remarks->nr; i++) {
		remark = &facts->remarks->list[i];
		findings__add(out, "next-kernel", remark_weights[remark->severity].needs,
			      remark_weights[remark->severity].state, xstrdup(remark->text), NULL);
		counts |= remark_weights[remark->severity].needs;
	}
	if (!counts)
		ok(out, "next-kernel", FOR_UPDATE, "%s has what takes it back", facts->image);
}

/* What is preserved */

static bool listed__is_left(const struct listed *item)
{
	return item->pending && !item->preserved;
}

static bool listed__is_odd(const struct listed *item)
{
	return item->preserved && !item->fits;
}

/* How many there are of which @wanted says so, and their first tokens. Free *@tokens. */
static size_t listing__name_tokens(const struct listing *list,
				   bool (*wanted)(const struct listed *item), char **tokens)
{
	char *text = xstrdup(""), *longer;
	size_t i, nr = 0;

	for (i = 0; i < list->nr; i++) {
		if (!wanted(&list->items[i]) || ++nr > MAX_TOKENS)
			continue;
		longer = xasprintf("%s%s0x%llx", text, *text ? ", " : "", list->items[i].token);
		free(text);
		text = longer;
	}
	*tokens = nr <= MAX_TOKENS ? text : xasprintf("%s and %zu more", text, nr - MAX_TOKENS);
	if (nr > MAX_TOKENS)
		free(text);
	return nr;
}

static void ready__judge_bad(const struct listing *list, struct findings *out)
{
	char *tokens;
	size_t nr;

	nr = listing__name_tokens(list, listed__is_left, &tokens);
	if (nr)
		findings__add(out, "marked", FOR_UPDATE, FINDING_MISSING,
			      xasprintf("%zu HWPT%s marked and not preserved, and would be lost: "
					"token %s",
					nr, nr == 1 ? " is" : "s are", tokens),
			      xstrdup("preserve their iommufd in the session, or destroy them"));
	free(tokens);
	nr = listing__name_tokens(list, listed__is_odd, &tokens);
	if (nr)
		findings__add(out, "records", FOR_UPDATE, FINDING_MISSING,
			      xasprintf("the record%s of %zu HWPT%s not that of the page table in "
					"use: token %s",
					nr == 1 ? "" : "s", nr, nr == 1 ? " is" : "s are", tokens),
			      xstrdup("close the session and preserve again; report this"));
	free(tokens);
}

static struct preserved listing__sum(const struct listing *list)
{
	struct preserved sum = { 0 };
	size_t i;

	for (i = 0; i < list->nr; i++) {
		sum.nr_tables += list->items[i].p.nr_tables;
		sum.nr_bytes += list->items[i].p.nr_bytes;
	}
	return sum;
}

static void ready__judge_preserved(const struct ready_facts *facts, struct findings *out)
{
	struct preserved sum;
	size_t nr;

	if (!facts->list) {
		findings__add(out, "preserved", FOR_UPDATE, FINDING_UNKNOWN,
			      xasprintf("what is preserved is not known: %s", facts->list_fault),
			      NULL);
		return;
	}
	nr = listing__nr_preserved(facts->list);
	sum = listing__sum(facts->list);
	if (nr)
		ok(out, "preserved", FOR_UPDATE,
		   "%zu domain%s preserved: %llu page tables, %llu "
		   "bytes of them",
		   nr, nr == 1 ? " is" : "s are", sum.nr_tables, sum.nr_bytes);
	else
		findings__add(out, "preserved", FOR_UPDATE, FINDING_MISSING,
			      xstrdup("no domain is preserved in any iommufd, so none would come "
				      "through"),
			      xstrdup("mark HWPTs and preserve their iommufd in a session; ask "
				      "again after that"));
	ready__judge_bad(facts->list, out);
}

/* KHO */

static struct blackout blackout__predict(double blocks)
{
	struct blackout b = { .known = true, .least = 1e9 };
	double seconds;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blackout_measured); i++) {
		seconds = blackout_measured[i].seconds * blocks / blackout_measured[i].pages;
		if (seconds < b.least)
			b.least = seconds;
		if (seconds > b.most)
			b.most = seconds;
	}
	return b;
}

static void ready__judge_blackout(const struct ready_facts *facts, struct findings *out,
				  struct blackout *b)
{
	*b = (struct blackout){ 0 };
	if (!facts->blocks_known) {
		ok(out, "blackout", 0, "unknown: how much is preserved is not known (%s)",
		   facts->blocks_fault);
		return;
	}
	if (!facts->emulated) {
		ok(out, "blackout", 0,
		   "unknown: the only measurements are of QEMU TCG, and this "
		   "machine is another");
		return;
	}
	*b = blackout__predict(facts->blocks);
	ok(out, "blackout", 0,
	   "an extrapolation, not a measurement: the early boot of the next "
	   "kernel is %.2g to %.2g s longer if no two of the %llu blocks lie side by side, going "
	   "by +0.14 s at 64000 scattered pages, +1.6 s at 250000 and +1.8 s at 500000 "
	   "(Linux 7.3.4 with the series, QEMU TCG%s); all else of the blackout is unknown",
	   b->least, b->most, facts->blocks, facts->blocks > 500000 ? "; this is beyond them" : "");
}

/* Each table of a preserved domain is a block of KHO's at least. */
static void ready__judge_blocks(const struct ready_facts *facts, struct findings *out)
{
	__u64 tables = facts->list ? listing__sum(facts->list).nr_tables : 0;

	if (!facts->blocks_known)
		ok(out, "kho-blocks", 0, "not known: %s", facts->blocks_fault);
	else if (facts->blocks < tables)
		findings__add(out, "kho-blocks", FOR_UPDATE, FINDING_MISSING,
			      xasprintf("KHO preserves %llu blocks of memory, fewer than the %llu "
					"page tables of the domains",
					facts->blocks, tables),
			      xstrdup("close the session and preserve again; report this"));
	else
		ok(out, "kho-blocks", facts->list ? FOR_UPDATE : 0,
		   "KHO preserves %llu blocks of memory", facts->blocks);
}

void ready__judge(const struct ready_facts *facts, struct findings *out, struct blackout *blackout)
{
	ready__judge_machine(facts, out);
	ready__judge_loaded(facts, out);
	ready__judge_handover(facts, out);
	ready__judge_holders(facts, out);
	ready__judge_next(facts, out);
	ready__judge_preserved(facts, out);
	ready__judge_blocks(facts, out);
	ready__judge_reset(facts, out);
	ready__judge_blackout(facts, out, blackout);
}

/* The verdict */

enum ready_verdict ready__verdict(const struct findings *reasons)
{
	static const enum ready_verdict verdicts[] = {
		[FINDING_OK] = READY_GO,
		[FINDING_MISSING] = READY_NO_GO,
		[FINDING_UNKNOWN] = READY_UNKNOWN,
	};

	return verdicts[findings__state(reasons, FOR_UPDATE)];
}

const char *ready_verdict__name(enum ready_verdict verdict)
{
	static const char *const names[] = {
		[READY_GO] = "go",
		[READY_NO_GO] = "no-go",
		[READY_UNKNOWN] = "unknown",
	};

	return names[verdict];
}

int ready_verdict__status(enum ready_verdict verdict)
{
	static const int statuses[] = {
		[READY_GO] = STATUS_CLEAN,
		[READY_NO_GO] = STATUS_VIOLATION,
		[READY_UNKNOWN] = STATUS_INCOMPLETE,
	};

	return statuses[verdict];
}

static const char *reason__state(const struct finding *item)
{
	static const char *const names[] = {
		[FINDING_OK] = "go",
		[FINDING_MISSING] = "no-go",
		[FINDING_UNKNOWN] = "unknown",
	};

	return item->needs & FOR_UPDATE ? names[item->state] : "note";
}

void ready__print(const struct findings *reasons, FILE *f)
{
	const struct finding *item;
	size_t i;

	for (i = 0; i < reasons->nr; i++) {
		item = &reasons->items[i];
		fprintf(f, "%-8s %-*s %s\n", reason__state(item), NAME_WIDTH, item->name,
			item->text);
		if (item->advice)
			fprintf(f, "%-8s %-*s -> %s\n", "", NAME_WIDTH, "", item->advice);
	}
	fprintf(f, "\nverdict: %s\n", ready_verdict__name(ready__verdict(reasons)));
}

static json_t *listing__json(const struct listing *list)
{
	json_t *array = json_array();
	const struct listed *item;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		item = &list->items[i];
		if (!item->preserved && !item->pending)
			continue;
		json_array_append_new(
			array,
			json_pack("{s:o,s:b,s:b,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "token",
				  json__hex(item->token), "preserved", item->preserved,
				  "marked", item->pending, "fits", item->preserved && item->fits,
				  "record", json__hex(item->p.ser_phys), "generation",
				  json__count(item->p.generation), "root",
				  json__hex(item->p.top_phys), "tables",
				  json__count(item->p.nr_tables), "bytes",
				  json__count(item->p.nr_bytes), "format",
				  json__count(item->p.format), "pid",
				  json__count(item->pid), "fd", json__count(item->fd)));
	}
	return array;
}

static json_t *reasons__json(const struct findings *reasons)
{
	json_t *array = json_array();
	const struct finding *item;
	size_t i;

	for (i = 0; i < reasons->nr; i++) {
		item = &reasons->items[i];
		json_array_append_new(array, json_pack("{s:s,s:s,s:o,s:o}", "name", item->name,
						       "state", reason__state(item), "text",
						       json__text(item->text), "advice",
						       item->advice ? json__text(item->advice)
								    : json_null()));
	}
	return array;
}

int ready__json(const struct ready_facts *facts, const struct findings *reasons,
		const struct blackout *b, FILE *f)
{
	enum ready_verdict verdict = ready__verdict(reasons);
	json_t *root;

	root = json_pack(
		"{s:s,s:s,s:s,s:i,s:o,s:o,s:o,s:o,s:o}", "schema", READY_SCHEMA, "tool",
		"lutrace " LUTRACE_VERSION, "verdict", ready_verdict__name(verdict), "status",
		ready_verdict__status(verdict), "preserved",
		facts->list ? json__count(listing__nr_preserved(facts->list)) : json_null(),
		"hwpts", facts->list ? listing__json(facts->list) : json_null(), "kho_blocks",
		json__count_if(facts->blocks_known, facts->blocks), "extrapolated_blackout_s",
		b->known ? json_pack("{s:f,s:f,s:f}", "contiguous", 0.0, "scattered_least",
				     b->least, "scattered_most", b->most)
			 : json_null(),
		"reasons", reasons__json(reasons));
	return json__write(root, false, f);
}
