// SPDX-License-Identifier: GPL-2.0-only
/* The terminal of lutrace top: drawing a view, keys, giving it back. cmd/top.c alone calls it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "top/screen.h"
#include <curses.h>
#include <term.h>	/* after all others: it has macros like lines and columns */

/* Lines that are not rows: the header, a blank one, the titles, and the last. */
#define FRAME	(TOP_HEADER_LINES + 3)

#define KEY_ESCAPE	27
#define CONTROL(c)	((c) & 0x1f)

struct screen {
	SCREEN *curses;
	const char *release;
	struct top_order *order;
	size_t first;			/* row at the top */
	bool quit, paused, help, typing;
};

/* For a fatal signal, in which ncurses must not be called. */
static struct {
	volatile sig_atomic_t taken;
	struct termios was;
	char leave[128];		/* what the terminal is told */
} terminal;

static const char *const help_lines[] = {
	"q          end, and tell the verdict",
	"s          sort by the next column",
	"r          reverse the order",
	"p          pause: keep what is shown; events are judged meanwhile",
	"/          show only rows with a text; Enter: done, Esc: all rows",
	"arrows, page up and down, Home, End    scroll",
	"h          this help; any key: back",
	"",
	"Times are of the last operation that succeeded, in microseconds. PID and COMMAND are",
	"who preserved or restored the domain. \"?\" after a state: events that were not seen",
	"could have led to another one. VIOL and ERR: violations, and operations that failed.",
};

/* Taking the terminal, and giving it back */

static int screen__lacks(struct fault *fault, const char *what)
{
	const char *name = getenv("TERM");

	return fault__set(fault, "the terminal \"%s\" %s; set TERM to what it is, or use --batch",
			  name ? name : "", what);
}

/* An entry may also say that the terminal does not have what one like it has. */
static bool screen__has(const char *capability)
{
	return capability && capability != (const char *)-1;
}

int screen__possible(struct fault *fault)
{
	bool can_move;
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fault__set(fault, "standard input and output are no terminal; use --batch");
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return screen__lacks(fault, "is not known here (no terminfo entry)");
	can_move = screen__has(cursor_address) && screen__has(clear_screen);
	del_curterm(cur_term);
	return can_move ? 0 : screen__lacks(fault, "cannot move its cursor");
}

static void screen__give_back(void)
{
	if (!terminal.taken)
		return;
	terminal.taken = 0;
	endwin();
}

static void screen__on_fatal(int sig)
{
	if (terminal.taken) {
		if (write(STDOUT_FILENO, terminal.leave, strlen(terminal.leave)) < 0)
			_exit(1);
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.was);
	}
	raise(sig);	/* again, as if it had not been caught */
}

static void screen__append(char *text, size_t size, const char *more)
{
	if (screen__has(more) && strlen(text) + strlen(more) < size)
		strcat(text, more);
}

static void screen__catch_fatal(void)
{
	static const int signals[] = { SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGPIPE };
	struct sigaction action = { .sa_handler = screen__on_fatal, .sa_flags = SA_RESETHAND };
	size_t i;

	*terminal.leave = '\0';
	screen__append(terminal.leave, sizeof(terminal.leave), keypad_local);
	screen__append(terminal.leave, sizeof(terminal.leave), cursor_normal);
	screen__append(terminal.leave, sizeof(terminal.leave), exit_ca_mode);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

struct screen *screen__open(const char *release, struct top_order *order, struct fault *fault)
{
	struct screen *s = xcalloc(1, sizeof(*s));

	s->release = release;
	s->order = order;
	if (tcgetattr(STDIN_FILENO, &terminal.was)) {
		fault__set(fault, "cannot ask the terminal what it is like: %s", strerror(errno));
		free(s);
		return NULL;
	}
	/* Not initscr(), which exits */
	s->curses = newterm(NULL, stdout, stdin);
	if (!s->curses) {
		screen__lacks(fault, "cannot have a screen on it");
		free(s);
		return NULL;
	}
	screen__catch_fatal();
	terminal.taken = 1;
	atexit(screen__give_back);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	return s;
}

void screen__close(struct screen *s)
{
	if (!s)
		return;
	screen__give_back();
	delscreen(s->curses);
	free(s);
}

bool screen__quit(const struct screen *s)
{
	return s->quit;
}

bool screen__paused(const struct screen *s)
{
	return s->paused;
}

/* Drawing */

static size_t screen__page(void)
{
	return LINES > FRAME + 1 ? LINES - FRAME : 1;
}

/* Draws as much of a text as a line has room for. Characters count, of however many bytes. */
static void screen__draw_text(int y, const char *text)
{
	int shown = 0, len = 0;

	for (; text[len]; len++) {
		shown += (text[len] & 0xc0) != 0x80;
		if (shown > COLS)
			break;
	}
	mvaddnstr(y, 0, text, len);
}

static void screen__draw_line(int y, const struct table *table, size_t i)
{
	char *line = table__line(table, i);

	screen__draw_text(y, line);
	free(line);
}

static void screen__draw_rows(struct screen *s, const struct top_view *v)
{
	size_t i, last = v->shown > screen__page() ? v->shown - screen__page() : 0;
	struct table *table = top_view__table(v);

	if (s->first > last)
		s->first = last;
	attron(A_REVERSE);
	mvprintw(TOP_HEADER_LINES + 1, 0, "%*s", COLS, "");
	screen__draw_line(TOP_HEADER_LINES + 1, table, 0);
	attroff(A_REVERSE);
	for (i = 0; i < screen__page() && s->first + i < v->shown; i++) {
		attrset(v->rows[s->first + i].violations ? A_BOLD : A_NORMAL);
		screen__draw_line(TOP_HEADER_LINES + 2 + i, table, 1 + s->first + i);
	}
	attrset(A_NORMAL);
	table__free(table);
}

static void screen__draw_last(const struct screen *s, const struct top_view *v)
{
	char line[TOP_LINE];

	if (s->typing)
		snprintf(line, sizeof(line), "show only: %s_", s->order->filter);
	else
		snprintf(line, sizeof(line),
			 "%s%zu-%zu of %zu by %s%s%s%s  q end  s sort  "
			 "r reverse  p pause  / filter  h help",
			 s->paused ? "PAUSED  " : "", v->shown ? s->first + 1 : 0,
			 v->shown > s->first + screen__page() ? s->first + screen__page()
							      : v->shown,
			 v->shown, top_column__name(s->order->column),
			 s->order->reverse ? " reversed" : "", *s->order->filter ? ", with " : "",
			 s->order->filter);
	mvaddnstr(LINES - 1, 0, line, COLS - 1);
}

void screen__draw(struct screen *s, struct top_view *v)
{
	char header[TOP_HEADER_LINES][TOP_LINE];
	size_t i;

	top_view__arrange(v, s->order);
	erase();
	if (s->help) {
		for (i = 0; i < ARRAY_SIZE(help_lines); i++)
			mvaddnstr(i, 0, help_lines[i], COLS);
		refresh();
		return;
	}
	top_view__header(v, s->release, header);
	for (i = 0; i < TOP_HEADER_LINES; i++)
		screen__draw_text(i, header[i]);
	screen__draw_rows(s, v);
	screen__draw_last(s, v);
	refresh();
}

/* Keys */

static void screen__type(struct screen *s, int key)
{
	char *text = s->order->filter;
	size_t n = strlen(text);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		s->typing = false;
	} else if (key == KEY_ESCAPE) {
		*text = '\0';
		s->typing = false;
	} else if (key == KEY_BACKSPACE || key == '\b' || key == 0x7f) {
		/* All bytes of the last character */
		while (n && (text[n - 1] & 0xc0) == 0x80)
			n--;
		text[n ? n - 1 : 0] = '\0';
	} else if (key >= ' ' && key <= 0xff && n + 1 < sizeof(s->order->filter)) {
		text[n] = key;
		text[n + 1] = '\0';
	}
}

static void screen__scroll_by(struct screen *s, size_t up, size_t down)
{
	s->first = s->first > up ? s->first - up : 0;
	s->first += down;
}

static void screen__command(struct screen *s, const struct top_view *v, int key)
{
	switch (key) {
	case 'q': s->quit = true; break;
	case 's': s->order->column = (s->order->column + 1) % NR_TOP_COLUMNS; break;
	case 'r': s->order->reverse = !s->order->reverse; break;
	case 'p': s->paused = !s->paused; break;
	case '/': s->typing = true; break;
	case 'h': s->help = true; break;
	case KEY_UP: screen__scroll_by(s, 1, 0); break;
	case KEY_DOWN: screen__scroll_by(s, 0, 1); break;
	case KEY_PPAGE: screen__scroll_by(s, screen__page(), 0); break;
	case KEY_NPAGE: screen__scroll_by(s, 0, screen__page()); break;
	case KEY_HOME: s->first = 0; break;
	case KEY_END: s->first = v->shown; break;
	case CONTROL('l'): clearok(curscr, TRUE); break;
	}
}

void screen__keys(struct screen *s, struct top_view *v)
{
	bool any = false;
	int key;

	while ((key = getch()) != ERR) {
		any = true;
		if (key == KEY_RESIZE)
			continue;
		if (s->help)
			s->help = false;
		else if (s->typing)
			screen__type(s, key);
		else
			screen__command(s, v, key);
	}
	if (any)
		screen__draw(s, v);
}
