// SPDX-License-Identifier: GPL-2.0-only
/*
 * caps UID CAPABILITY,... COMMAND [ARG...]: executes the command as that user with these capabilities
 * and no others; "none" for none.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "caps: %s: %m\n", what);
	exit(99);
}

static cap_t parse(const char *names)
{
	char text[256];

	if (!strcmp(names, "none"))
		return cap_init();
	snprintf(text, sizeof(text), "%s=pei", names);
	return cap_from_text(text);
}

/* Only ambient ones come through the execution of a program that has none of its own. */
static int make_ambient(cap_t caps)
{
	cap_flag_value_t value;
	cap_value_t cap;

	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!cap_get_flag(caps, cap, CAP_INHERITABLE, &value) && value == CAP_SET &&
		    cap_set_ambient(cap, CAP_SET))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	uid_t uid;
	cap_t caps;

	if (argc < 4) {
		fprintf(stderr, "caps: caps UID CAPABILITY,... COMMAND [ARG...]\n");
		return 99;
	}
	uid = strtoul(argv[1], NULL, 10);
	caps = parse(argv[2]);
	if (!caps)
		die(argv[2]);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		die("cannot become that user");
	if (cap_set_proc(caps) || make_ambient(caps))
		die("cannot have these capabilities");
	execvp(argv[3], argv + 3);
	die(argv[3]);
}
