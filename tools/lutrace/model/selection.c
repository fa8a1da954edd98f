// SPDX-License-Identifier: GPL-2.0-only
/* The options --session, --token, --device and --process, and whether something is what they select. */
#include <stdint.h>
#include <string.h>
#include "lib/number.h"
#include "lib/text.h"
#include "model/selection.h"
#include "recording/recording.h"

enum { OPT_SESSION = 0x200, OPT_TOKEN, OPT_DEVICE, OPT_PROCESS };

static const struct argp_option options[] = {
	{ "session", OPT_SESSION, "NAME", 0, "Only domains of the session NAME", 0 },
	{ "token", OPT_TOKEN, "NUMBER", 0, "Only the HWPT, or those of the iommufd, with this "
	  "token", 0 },
	{ "device", OPT_DEVICE, "BDF", 0, "Only domains that this device was attached to", 0 },
	{ "process", OPT_PROCESS, "NAME", 0, "Only what this process does: its name, or its id",
	  0 },
	{ 0 }
};

static __u64 parse_token(struct argp_state *state, const char *arg)
{
	uint64_t value = 0;

	if (!number__parse(arg, UINT64_MAX, &value))
		argp_error(state, "--token: \"%s\" is no number", arg);
	return value;
}

/* A name of digits is a process id, as with kill. */
static void parse_process(struct argp_state *state, struct selection *sel, const char *arg)
{
	uint64_t pid = 0;

	if (!*arg || strlen(arg) >= PROCESS_NAME_SIZE)
		argp_error(state, "--process: \"%s\" is no name of a process: those have 1 to %d "
			   "characters", arg, PROCESS_NAME_SIZE - 1);
	if (arg[strspn(arg, "0123456789")])
		sel->comm = arg;
	else if (number__parse(arg, 1u << 22, &pid) && pid)
		sel->pid = pid;
	else
		argp_error(state, "--process: %s is no process id", arg);
}

static error_t selection__parse(int key, char *arg, struct argp_state *state)
{
	struct selection *sel = state->input;

	switch (key) {
	case OPT_SESSION:
		if (!*arg || strlen(arg) >= LUTRACE_SESSION_SIZE)
			argp_error(state, "--session: \"%s\" is no name of a session: those have 1 "
				   "to %d characters", arg, LUTRACE_SESSION_SIZE - 1);
		sel->session = arg;
		return 0;
	case OPT_TOKEN:
		sel->has_token = true;
		sel->token = parse_token(state, arg);
		return 0;
	case OPT_DEVICE:
		if (!bdf__parse(arg, sel->device))
			argp_error(state, "--device: \"%s\" is no PCI device; write it like "
				   "0000:00:04.0", arg);
		return 0;
	case OPT_PROCESS:
		parse_process(state, sel, arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp selection_argp = { .options = options, .parser = selection__parse };

bool selection__needs_name(const struct selection *sel)
{
	return sel && (sel->session || *sel->device || sel->has_token);
}

bool selection__any(const struct selection *sel)
{
	return selection__needs_name(sel) || (sel && (sel->comm || sel->pid));
}

static bool has_device(const char *devices, const char *wanted)
{
	size_t len;

	for (; *devices; devices += len + (devices[len] == ' ')) {
		len = strcspn(devices, " ");
		if (len == strlen(wanted) && !strncmp(devices, wanted, len))
			return true;
	}
	return false;
}

static enum selected by_session(const struct selection *sel, const struct name *name)
{
	if (!sel->session)
		return SELECTED_YES;
	if (!*name->session)
		return SELECTED_UNKNOWN;
	return strcmp(name->session, sel->session) ? SELECTED_NO : SELECTED_YES;
}

static enum selected by_token(const struct selection *sel, const struct name *name)
{
	if (!sel->has_token ||
	    (name->has_hwpt && name->hwpt_token == sel->token) ||
	    (*name->session && name->iommufd_token == sel->token))
		return SELECTED_YES;
	return name->has_hwpt && *name->session ? SELECTED_NO : SELECTED_UNKNOWN;
}

static enum selected by_device(const struct selection *sel, const struct name *name)
{
	if (!*sel->device)
		return SELECTED_YES;
	if (!name->devices)
		return SELECTED_UNKNOWN;
	return has_device(name->devices, sel->device) ? SELECTED_YES : SELECTED_NO;
}

enum selected selected__both(enum selected a, enum selected b)
{
	if (a == SELECTED_NO || b == SELECTED_NO)
		return SELECTED_NO;
	return a == SELECTED_UNKNOWN ? a : b;
}

enum selected selection__domain(const struct selection *sel, const struct name *name)
{
	if (!selection__needs_name(sel))
		return SELECTED_YES;
	if (!name)
		return SELECTED_UNKNOWN;
	return selected__both(selected__both(by_session(sel, name), by_token(sel, name)), by_device(sel, name));
}

enum selected selection__process(const struct selection *sel, __u32 pid, const char *comm)
{
	if (!sel || (!sel->pid && !sel->comm))
		return SELECTED_YES;
	/* A trace buffer does not tell of all threads whose they are. */
	if (!pid)
		return SELECTED_UNKNOWN;
	if (sel->pid && pid != sel->pid)
		return SELECTED_NO;
	if (!sel->comm)
		return SELECTED_YES;
	if (!*comm)
		return SELECTED_UNKNOWN;
	return strcmp(comm, sel->comm) ? SELECTED_NO : SELECTED_YES;
}

enum selected selection__event(const struct selection *sel, const struct names *names,
			       __u32 op, __u64 ser_phys, __u64 generation, __u32 pid)
{
	enum selected domain = SELECTED_YES;

	if (!op__is_flb(op))
		domain = selection__domain(sel, names__find(names, ser_phys, generation));
	return selected__both(domain, selection__process(sel, pid, names__process(names, pid)));
}
