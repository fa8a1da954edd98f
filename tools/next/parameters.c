// SPDX-License-Identifier: GPL-2.0-only
/*
 * One table: a row is a parameter, or one option of it, with what it means for a live update and
 * what to do. To add one, add a row; its rule says when it applies.
 *
 * A sentence is put together as "the next kernel's command line DIFFERENCE: WHY; TODO", where
 * DIFFERENCE comes from the command lines and the rest from the row.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "next/cmdline.h"
#include "next/parameters.h"

#define WORD_SIZE 96 /* of a word that is quoted in a sentence; what is longer is cut */
#define DIFFERENCE_SIZE 256

/* When a row applies */
enum rule {
	/* Of a switch, whose state the kernel's parser leaves behind */
	RULE_OFF,    /* the next has it off, or leaves it to its default, and this one has it on */
	RULE_NOT_ON, /* the next has it off, or does not name it */
	RULE_DIFFERENT, /* it is not as here */
	/* Of a word */
	RULE_ADDED,   /* the next has it, and this one not or otherwise */
	RULE_CHANGED, /* likewise, or this one has it and the next not */
	RULE_LESS,    /* a number or size: the next has it, and this one not or more */
};

enum needed_by {
	BY_ALL,
	BY_HWPTS,
	BY_HWPTS_OF_VTD,
	BY_HWPTS_OF_AMD,
};

struct parameter {
	const char *name;   /* with '_', for which a command line may have '-' */
	const char *option; /* how an option in its list begins; NULL: all of its value */
	enum rule rule;
	size_t state; /* of a switch: where struct cmdline has it */
	enum needed_by needed_by;
	enum remark_severity severity;
	const char *why;
	const char *todo; /* NULL: take it out, add it, or make them the same */
};

#define STATE(member) offsetof(struct cmdline, member)
#define LOST_UNTIL_BOOT                                                                            \
	"nothing can be taken back without it, and the memory is lost until the boot after it"
#define NO_IOMMU "without an IOMMU no HWPT can be reclaimed"
#define OTHER_FORMAT "a HWPT is refused if its page table has another format there"
#define OTHER_SIZES                                                                                \
	"a HWPT is refused if its page table may have larger pages than that kernel uses"
#define OTHER_GROUPS                                                                               \
	"it changes which devices are in one IOMMU group, and a device that is not alone in "      \
	"its group there may not be attached to its HWPT"
#define FEWER_CPUS                                                                                 \
	"nothing that is preserved is lost, but guests have fewer CPUs there, and what is "        \
	"bound to the others does not start"
#define HUGE_PAGES                                                                                 \
	"they are taken at boot from what preserved memory leaves free and unbroken, and may "     \
	"be fewer than asked for"
#define KVM_CLOCK                                                                                  \
	"domains do not mind, but KVM gives guests a steady clock only while the host's "          \
	"clock source is the TSC"
#define NOT_FOR_HWPTS                                                                              \
	"it is about devices that the kernel drives by itself, HWPTs come back all the same"
#define NOTHING_TODO "nothing has to be done"
#define NOT_ALONE "it is no parameter but an option of pci=, and the kernel ignores it"

static const struct parameter parameters[] = {
	/* Without these nothing comes through */
	{ "kho", "on", RULE_OFF, STATE(kho), BY_ALL, REMARK_LOST, LOST_UNTIL_BOOT, "write kho=on" },
	{ "liveupdate", "on", RULE_NOT_ON, STATE(liveupdate), BY_ALL, REMARK_LOST, LOST_UNTIL_BOOT,
	  "write liveupdate=on" },
	{ "kho_scratch", NULL, RULE_ADDED, 0, BY_ALL, REMARK_NOTE,
	  "a kernel that gets something handed over takes the scratch areas of the one before and "
	  "does not look at it",
	  "boot cold with it to have other areas" },

	/* The IOMMU */
	{ "iommu", "off", RULE_ADDED, 0, BY_HWPTS, REMARK_LOST, NO_IOMMU, NULL },
	{ "intel_iommu", "on", RULE_OFF, STATE(vtd), BY_HWPTS_OF_VTD, REMARK_LOST, NO_IOMMU,
	  "write intel_iommu=on" },
	{ "amd_iommu", "off", RULE_ADDED, 0, BY_HWPTS_OF_AMD, REMARK_LOST, NO_IOMMU, NULL },
	{ "intel_iommu", "sm_on", RULE_DIFFERENT, STATE(vtd_scalable), BY_HWPTS_OF_VTD, REMARK_LOST,
	  OTHER_FORMAT, NULL },
	{ "amd_iommu", "pgtbl_v2", RULE_DIFFERENT, STATE(amd_v2), BY_HWPTS_OF_AMD, REMARK_LOST,
	  OTHER_FORMAT, NULL },
	{ "intel_iommu", "sp_off", RULE_ADDED, 0, BY_HWPTS_OF_VTD, REMARK_LOST, OTHER_SIZES, NULL },
	{ "amd_iommu", "nohugepages", RULE_ADDED, 0, BY_HWPTS_OF_AMD, REMARK_LOST, OTHER_SIZES,
	  NULL },
	{ "amd_iommu", "v2_pgsizes_only", RULE_ADDED, 0, BY_HWPTS_OF_AMD, REMARK_LOST, OTHER_SIZES,
	  NULL },
	{ "iommu", "pt", RULE_CHANGED, 0, BY_HWPTS, REMARK_NOTE, NOT_FOR_HWPTS, NOTHING_TODO },
	{ "iommu.passthrough", NULL, RULE_CHANGED, 0, BY_HWPTS, REMARK_NOTE, NOT_FOR_HWPTS,
	  NOTHING_TODO },
	{ "iommu.strict", NULL, RULE_CHANGED, 0, BY_HWPTS, REMARK_NOTE, NOT_FOR_HWPTS,
	  NOTHING_TODO },

	/* Devices */
	{ "pci", "assign-busses", RULE_CHANGED, 0, BY_HWPTS, REMARK_LOST,
	  "buses are numbered anew, and at the address of a device there may be none, or another",
	  NULL },
	{ "pci", "realloc", RULE_CHANGED, 0, BY_HWPTS, REMARK_RISK,
	  "BARs and bridge windows may move or find no room, and a device without its BARs cannot "
	  "be given to its guest again",
	  NULL },
	{ "pci", "config_acs", RULE_CHANGED, 0, BY_HWPTS, REMARK_RISK, OTHER_GROUPS, NULL },
	{ "pci", "disable_acs_redir", RULE_CHANGED, 0, BY_HWPTS, REMARK_RISK, OTHER_GROUPS, NULL },
	{ "config_acs", NULL, RULE_ADDED, 0, BY_HWPTS, REMARK_NOTE, NOT_ALONE,
	  "write pci=config_acs=, to which the same warning applies as here" },
	{ "disable_acs_redir", NULL, RULE_ADDED, 0, BY_HWPTS, REMARK_NOTE, NOT_ALONE,
	  "write pci=disable_acs_redir=, to which the same warning applies as here" },

	/* Memory */
	{ "mem", NULL, RULE_LESS, 0, BY_ALL, REMARK_LOST,
	  "the kernel does not have the memory above it: what is preserved there is lost, and it "
	  "may panic when it takes that back",
	  NULL },
	{ "memmap", NULL, RULE_CHANGED, 0, BY_ALL, REMARK_RISK,
	  "what is preserved in memory that it takes away is lost", NULL },
	{ "hugepages", NULL, RULE_ADDED, 0, BY_ALL, REMARK_NOTE, HUGE_PAGES,
	  "look at HugePages_Total after the jump" },
	{ "hugepagesz", NULL, RULE_ADDED, 0, BY_ALL, REMARK_NOTE, HUGE_PAGES,
	  "look at HugePages_Total after the jump" },

	/* CPUs and clocks */
	{ "nr_cpus", NULL, RULE_LESS, 0, BY_ALL, REMARK_NOTE, FEWER_CPUS, NULL },
	{ "maxcpus", NULL, RULE_LESS, 0, BY_ALL, REMARK_NOTE, FEWER_CPUS, NULL },
	{ "nosmp", NULL, RULE_ADDED, 0, BY_ALL, REMARK_NOTE, FEWER_CPUS, NULL },
	{ "tsc", NULL, RULE_CHANGED, 0, BY_ALL, REMARK_NOTE, KVM_CLOCK, NULL },
	{ "notsc", NULL, RULE_CHANGED, 0, BY_ALL, REMARK_NOTE, KVM_CLOCK, NULL },
	{ "clocksource", NULL, RULE_CHANGED, 0, BY_ALL, REMARK_NOTE, KVM_CLOCK, NULL },
};

/* Where words of one row are found, one after the other, in a command line */
struct cursor {
	const struct parameter *parameter;
	const char *text;
	struct span options; /* of the last word, what is left of them */
};

/* All of a word, or one option; false after the last */
static bool cursor__next(struct cursor *c, struct span *found)
{
	const struct parameter *p = c->parameter;
	struct cmdline_word word;

	for (;;) {
		while (cmdline__next_option(&c->options, found))
			if (span__begins(*found, p->option))
				return true;
		do {
			if (!cmdline__next_word(&c->text, &word))
				return false;
		} while (!cmdline_word__is(&word, p->name));
		if (p->option) {
			c->options = word.value;
			continue;
		}
		*found = word.value;
		return true;
	}
}

/* As it is quoted: "pci=realloc", "nr_cpus=2", "nosmp"; the last one, which wins. "" if there is
 * none. */
static void parameter__quote(const struct parameter *p, const char *line, char word[WORD_SIZE])
{
	struct cursor c = { .parameter = p, .text = line };
	struct span found;
	int n;

	word[0] = '\0';
	while (cursor__next(&c, &found)) {
		n = snprintf(word, WORD_SIZE, "%s%s%.*s", p->name, found.text ? "=" : "",
			     (int)found.length, found.text ? found.text : "");
		if (n >= WORD_SIZE)
			memcpy(word + WORD_SIZE - 4, "...", 4);
	}
}

static bool parameter__same(const struct parameter *p, const char *next, const char *running)
{
	struct cursor a = { .parameter = p, .text = next }, b = { .parameter = p, .text = running };
	struct span in_next, in_running;
	bool more;

	for (;;) {
		more = cursor__next(&a, &in_next);
		if (cursor__next(&b, &in_running) != more)
			return false;
		if (!more)
			return true;
		if (!span__equal(in_next, in_running))
			return false;
	}
}

/* The last one's number as the kernel's memparse() reads it; false if there is none */
static bool parameter__number(const struct parameter *p, const char *line, uint64_t *number)
{
	static const char suffixes[] = "kmgtpe";
	struct cursor c = { .parameter = p, .text = line };
	char text[32], *end, *suffix;
	bool there = false;
	struct span found;

	while (cursor__next(&c, &found)) {
		snprintf(text, sizeof(text), "%.*s", (int)found.length, found.text ?: "");
		*number = strtoull(text, &end, 0);
		suffix = *end ? strchr(suffixes, tolower((unsigned char)*end)) : NULL;
		if (suffix)
			*number <<= 10 * (suffix - suffixes + 1);
		there = end != text;
	}
	return there;
}

static bool parameter__is_less(const struct parameter *p, const char *next, const char *running)
{
	uint64_t there, here;

	return parameter__number(p, next, &there) &&
	       (!parameter__number(p, running, &here) || there < here);
}

/* Does a rule of words apply where they differ? */
static bool parameter__applies(const struct parameter *p, const char *next, const char *running,
			       bool there)
{
	if (p->rule == RULE_LESS)
		return parameter__is_less(p, next, running);
	return there || p->rule == RULE_CHANGED;
}

/* Writes how the words differ into @text, and what to do; false if the row does not apply */
static bool parameter__compare_words(const struct parameter *p, const char *next,
				     const char *running, char text[DIFFERENCE_SIZE],
				     const char **todo)
{
	char there[WORD_SIZE], here[WORD_SIZE];

	if (parameter__same(p, next, running))
		return false;
	parameter__quote(p, next, there);
	parameter__quote(p, running, here);
	if (*there && *here) {
		snprintf(text, DIFFERENCE_SIZE, "has %s and the running one %s", there, here);
		*todo = "make them the same";
	} else if (*there) {
		snprintf(text, DIFFERENCE_SIZE, "has %s, which the running one has not", there);
		*todo = "take it out";
	} else {
		snprintf(text, DIFFERENCE_SIZE, "lacks %s, which the running one has", here);
		*todo = "add it";
	}
	return parameter__applies(p, next, running, *there);
}

static enum cmdline_switch parameter__state(const struct parameter *p, const char *line)
{
	enum cmdline_switch state;
	struct cmdline parsed;

	cmdline__read(line, &parsed);
	memcpy(&state, (const char *)&parsed + p->state, sizeof(state));
	return state;
}

/* The last word of a switch, with all of its options: "intel_iommu=on,sm_off" */
static void parameter__quote_switch(const struct parameter *p, const char *line,
				    char word[WORD_SIZE])
{
	struct parameter whole = *p;

	whole.option = NULL;
	parameter__quote(&whole, line, word);
}

/* The same for a switch */
static bool parameter__compare_switch(const struct parameter *p, const char *next,
				      const char *running, char text[DIFFERENCE_SIZE],
				      const char **todo)
{
	enum cmdline_switch there = parameter__state(p, next), here = parameter__state(p, running);
	char word[WORD_SIZE];

	*todo = "make them the same";
	if (p->rule == RULE_DIFFERENT) {
		snprintf(text, DIFFERENCE_SIZE,
			 "and the running one differ in %s of %s=", p->option, p->name);
		return there != here;
	}
	if (there == CMDLINE_OFF) {
		parameter__quote_switch(p, next, word);
		snprintf(text, DIFFERENCE_SIZE, "has %s", word);
		return true;
	}
	snprintf(text, DIFFERENCE_SIZE, "lacks %s=%s%s", p->name, p->option,
		 here == CMDLINE_ON ? ", which the running one has" : "");
	return there == CMDLINE_UNSET && (here == CMDLINE_ON || p->rule == RULE_NOT_ON);
}

static bool parameter__is_needed(const struct parameter *p, const struct needs *needs)
{
	switch (p->needed_by) {
	case BY_ALL:
		return true;
	case BY_HWPTS:
		return needs->hwpts;
	case BY_HWPTS_OF_VTD:
		return needs->hwpts && needs->iommu == IOMMU_VTD;
	case BY_HWPTS_OF_AMD:
		return needs->hwpts && needs->iommu == IOMMU_AMD;
	}
	return false;
}

static void parameter__check(const struct parameter *p, const char *next, const char *running,
			     struct remarks *remarks)
{
	bool words = p->rule >= RULE_ADDED;
	char difference[DIFFERENCE_SIZE];
	const char *todo;

	if (words ? parameter__compare_words(p, next, running, difference, &todo)
		  : parameter__compare_switch(p, next, running, difference, &todo))
		remarks__add(remarks, p->severity, "the next kernel's command line %s: %s; %s",
			     difference, p->why, p->todo ? p->todo : todo);
}

void parameters__check(const char *next, const char *running, const struct needs *needs,
		       struct remarks *remarks)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parameters); i++)
		if (parameter__is_needed(&parameters[i], needs))
			parameter__check(&parameters[i], next, running, remarks);
}

size_t parameters__count(void)
{
	return ARRAY_SIZE(parameters);
}

const char *parameters__name(size_t row, const char **option)
{
	*option = parameters[row].option;
	return parameters[row].name;
}
