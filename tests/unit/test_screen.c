// SPDX-License-Identifier: GPL-2.0-only
/* The screen of lutrace top, drawn on a terminal that the test reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "top/screen.h"

/* In a process of its own: two domains, one of a session whose name is not ASCII. */
static int draw(const char *locale)
{
	struct top_order order = { .filter = "" };
	struct top_view view = { .nr = 2 };
	struct screen *screen;
	struct fault fault;
	size_t i;

	setenv("TERM", "xterm", 1);
	if (!setlocale(LC_CTYPE, locale) || screen__possible(&fault))
		return 1;
	view.rows = xcalloc(2, sizeof(*view.rows));
	for (i = 0; i < 2; i++)
		view.rows[i] = (struct top_row){ .ser_phys = 0x1000 + i, .command = "vmm",
						 .name = { "session g\u00e4st, HWPT 0x1" } };
	screen = screen__open("7.3.4", &order, &fault);
	if (!screen)
		return 1;
	screen__draw(screen, &view);
	screen__close(screen);
	return 0;
}

/* What that writes to a terminal of so many columns; to be freed. */
static char *drawn(const char *locale, unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	char *text = xcalloc(1, 1);
	size_t len = 0;
	char part[4096];
	int fd, status;
	ssize_t got;
	pid_t pid;

	pid = forkpty(&fd, NULL, NULL, &size);
	assert_true(pid >= 0);
	if (!pid)
		_exit(draw(locale));
	/* The end of the terminal is an error of reading. */
	while ((got = read(fd, part, sizeof(part))) > 0) {
		text = xrealloc(text, len + got + 1, 1);
		memcpy(text + len, part, got);
		len += got;
		text[len] = '\0';
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return text;
}

static void test_names_in_utf8(void **state)
{
	char *text = drawn("C.UTF-8", 170);

	(void)state;
	assert_non_null(strstr(text, "session g\u00e4st, HWPT 0x1"));
	assert_non_null(strstr(text, "watched for 0 s"));
	free(text);
}

/* A line is cut between characters, where the terminal ends. */
static void test_narrow(void **state)
{
	char *text = drawn("C.UTF-8", 20);

	(void)state;
	assert_non_null(strstr(text, "lutrace top: kernel"));
	assert_null(strstr(text, "7.3.4"));
	assert_null(strstr(text, "COMMAND"));
	free(text);
	/* Just as wide as a row with its name, of which one character has two bytes */
	text = drawn("C.UTF-8", 147);
	assert_non_null(strstr(text, "session g\u00e4st, HWPT 0x1"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_in_utf8), cmocka_unit_test(test_narrow),
	};

	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
