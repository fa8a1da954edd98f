// SPDX-License-Identifier: GPL-2.0-only
/* The history as a database: what goes in comes out, and whole samples only, whatever ends the writer. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "lib/mem.h"
#include "luperf/sample/json.h"
#include "luperf/store/schema.h"
#include "luperf/store/store.h"

static char dir[] = "/tmp/lutrace-unit-XXXXXX";

static struct sample make(const char *identity, const char *commit, size_t nr_values)
{
	struct sample s = { .identity = xstrdup(identity), .happened_ns = 1700000000000000000,
			    .commit = xstrdup(commit), .branch = xstrdup("main"),
			    .verdict = xstrdup("clean") };
	char domain[32];
	size_t i;

	pairs__set(&s.facts, "cpus", "2");
	pairs__set(&s.facts, "old.release", "7.3.4");
	pairs__set(&s.labels, "config", "big");
	sample__add_quantity(&s, "gap_ns", 123456789012);
	sample__add_finding(&s, "loss", "clean", "");
	sample__add_finding(&s, "once", "violation", "line 1\nline 2\n");
	sample__add_source(&s, KERNEL_NEW, "/tmp/new.rec", 5, 0xffffffff);
	for (i = 0; i < nr_values; i++) {
		snprintf(domain, sizeof(domain), "demo/0x200/0x%zx", i / 2);
		sample__add_value(&s, &(struct value){
			.kernel = i % 2 ? KERNEL_NEW : KERNEL_OLD, .op = i % 7, .at_ns = 10 * i,
			.domain = i % 5 ? domain : NULL, .has_latency = i % 3, .latency_ns = i % 3 ? i : 0,
			.tables = i, .bytes = 4096 * i, .result = i % 11 ? 0 : -12,
		});
	}
	return s;
}

static char *text_of(const struct sample *s)
{
	json_t *json = sample__json(s);
	char *text = json_dumps(json, JSON_SORT_KEYS);

	json_decref(json);
	return text;
}

static struct store *open_store(const char *path, enum db_open how)
{
	struct fault fault;
	struct store *store = store__open(path, how, &fault);

	if (!store)
		fail_msg("%s", fault.text);
	return store;
}

static void expect_refused(const char *path, enum db_open how, const char *words)
{
	struct fault fault = { "" };
	struct store *store = store__open(path, how, &fault);

	assert_null(store);
	if (!strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
}

static int add(struct store *store, const char *identity, const char *commit, int64_t *id)
{
	struct sample s = make(identity, commit, 100);
	struct fault fault;
	int result = store__add(store, &s, id, &fault);

	if (result < 0)
		fail_msg("%s", fault.text);
	sample__free(&s);
	return result;
}

static size_t count(struct store *store, char *condition)
{
	struct fault fault;
	struct ids ids;
	size_t nr;

	if (store__find(store, &condition, condition != NULL, &ids, &fault))
		fail_msg("%s", fault.text);
	nr = ids.nr;
	ids__free(&ids);
	return nr;
}

static void test_what_goes_in_comes_out(void **state)
{
	struct sample in = make("a/b", "abc", 300), out;
	struct store *store = open_store("one.db", DB_MAY_CREATE);
	char *expected, *got;
	struct fault fault;
	int64_t id;

	(void)state;
	assert_int_equal(store__add(store, &in, &id, &fault), 0);
	assert_true(in.added_s > 1700000000);
	assert_int_equal(store__load(store, id, LOAD_ALL, &out, &fault), 0);
	expected = text_of(&in);
	got = text_of(&out);
	assert_string_equal(got, expected);
	free(expected);
	free(got);
	sample__free(&out);
	assert_int_equal(store__load(store, id, LOAD_HEAD, &out, &fault), 0);
	assert_int_equal(out.nr_values, 0);
	assert_string_equal(pairs__get(&out.facts, "cpus"), "2");
	sample__free(&out);
	sample__free(&in);
	assert_int_equal(store__load(store, id + 1, LOAD_ALL, &out, &fault), -1);
	assert_non_null(strstr(fault.text, "no live update"));
	store__close(store);
}

static void test_once(void **state)
{
	struct store *store = open_store("once.db", DB_MAY_CREATE);
	int64_t first, again;

	(void)state;
	assert_int_equal(add(store, "a/b", "abc", &first), 0);
	assert_int_equal(add(store, "a/b", "other", &again), 1);
	assert_int_equal(again, first);
	assert_int_equal(count(store, NULL), 1);
	assert_int_equal(count(store, (char[]){ "commit=other" }), 0);
	store__close(store);
}

static void expect_not_found(struct store *store, char *condition, const char *words)
{
	struct fault fault = { "" };
	struct ids ids;

	assert_int_equal(store__find(store, &condition, 1, &ids, &fault), -1);
	if (!strstr(fault.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, words);
}

static void test_find(void **state)
{
	struct store *store = open_store("find.db", DB_MAY_CREATE);
	struct fault fault;
	struct ids ids;
	char *both[] = { "commit=abd", "branch=main" }, *none = "what";
	int64_t id;

	(void)state;
	add(store, "1", "abc1", &id);
	add(store, "2", "abd2", &id);
	add(store, "3", "b%_3", &id);
	assert_int_equal(count(store, (char[]){ "commit=abc" }), 1);
	/* The beginning of two is none; one that is named as a whole is that one */
	expect_not_found(store, (char[]){ "commit=ab" }, "is the beginning of abc1 and of abd2");
	expect_not_found(store, (char[]){ "commit=" }, "names no commit");
	add(store, "4", "abc11", &id);
	assert_int_equal(count(store, (char[]){ "commit=abc1" }), 1);
	add(store, "5", "", &id);
	assert_int_equal(count(store, (char[]){ "commit=abc11" }), 1);
	assert_int_equal(count(store, (char[]){ "commit=%" }), 0);
	assert_int_equal(count(store, (char[]){ "commit=b%" }), 1);
	assert_int_equal(count(store, (char[]){ "branch=main" }), 5);
	assert_int_equal(count(store, (char[]){ "branch=mai" }), 0);
	assert_int_equal(count(store, (char[]){ "config=big" }), 5);
	assert_int_equal(count(store, (char[]){ "cpus=2" }), 5);
	assert_int_equal(count(store, (char[]){ "cpus=' OR 1=1 --" }), 0);
	assert_int_equal(count(store, (char[]){ "id=2" }), 1);
	assert_int_equal(store__find(store, both, 2, &ids, &fault), 0);
	assert_int_equal(ids.nr, 1);
	ids__free(&ids);
	assert_int_equal(store__find(store, &none, 1, &ids, &fault), -1);
	assert_non_null(strstr(fault.text, "NAME=VALUE"));
	store__close(store);
}

static int64_t rows_of(const char *path, const char *table)
{
	char *sql = xasprintf("SELECT count(*) FROM %s", table);
	sqlite3_stmt *statement;
	sqlite3 *db;
	int64_t nr;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 60000);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	nr = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	free(sql);
	return nr;
}

static void test_remove(void **state)
{
	static const char *const tables[] = {
		"sample", "environment", "fact", "label", "domain", "operation", "quantity", "finding",
		"source",
	};
	struct store *store = open_store("remove.db", DB_MAY_CREATE);
	struct fault fault;
	int64_t id, next;
	size_t nr, i;

	(void)state;
	add(store, "1", "abc", &id);
	assert_int_equal(store__remove(store, &(struct ids){ &id, 1, 0 }, &nr, &fault), 0);
	assert_int_equal(nr, 1);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		if (rows_of("remove.db", tables[i]))
			fail_msg("there still are rows in %s", tables[i]);
	assert_int_equal(store__remove(store, &(struct ids){ &id, 1, 0 }, &nr, &fault), 0);
	assert_int_equal(nr, 0);
	/* Its number is not another one's */
	add(store, "1", "abc", &next);
	assert_true(next > id);
	store__close(store);
}

/* The facts of all these are the same, and stand once; so do the names of domains. */
static void test_what_is_the_same_stands_once(void **state)
{
	struct store *store = open_store("same.db", DB_MAY_CREATE);
	char identity[16];
	int64_t id;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		snprintf(identity, sizeof(identity), "%d", i);
		add(store, identity, "abc", &id);
	}
	store__close(store);
	assert_int_equal(rows_of("same.db", "environment"), 1);
	assert_int_equal(rows_of("same.db", "domain"), 50);
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	fputs(text, f);
	fclose(f);
}

static void test_what_is_no_history(void **state)
{
	int64_t id;
	struct store *store;

	(void)state;
	expect_refused("none.db", DB_MUST_EXIST, "there is no history");
	expect_refused("none.db", DB_READ_ONLY, "there is no history");
	assert_int_not_equal(access("none.db", F_OK), 0);
	expect_refused(".", DB_MAY_CREATE, "is no file");
	write_file("text", "this is a text and no database, and it is longer than any header");
	expect_refused("text", DB_MAY_CREATE, "no history");
	write_file("empty", "");
	expect_refused("empty", DB_READ_ONLY, "is empty");
	execute("other.db", "CREATE TABLE t (a)");
	expect_refused("other.db", DB_MAY_CREATE, "another program");
	store = open_store("new.db", DB_MAY_CREATE);
	add(store, "1", "abc", &id);
	store__close(store);
	execute("new.db", "UPDATE history SET value = '99'");
	expect_refused("new.db", DB_READ_ONLY, "is of version 99");
	expect_refused("new.db", DB_MAY_CREATE, "is of version 99");
	expect_refused("postgresql://127.0.0.1:1/x", DB_READ_ONLY, "does not answer");
}

/* A history that the first luperf made becomes one of today when it is written to, and keeps what it has. */
static void test_older_version(void **state)
{
	struct db *db;
	struct store *store;
	struct fault fault;
	int64_t id;

	(void)state;
	db = db__open("v1.db", DB_MAY_CREATE, &fault);
	assert_int_equal(schema__create(db, 1, &fault), 0);
	assert_int_equal(db__has_table(db, "alarm", &fault), 0);
	db__close(db);
	execute("v1.db", "INSERT INTO environment VALUES (1, 'x'); INSERT INTO sample VALUES "
		"(1, 'old', 0, 0, 1, 'abc', 'main', 'clean')");
	/* Who may not write does not get it; root may */
	if (geteuid()) {
		chmod("v1.db", 0444);
		expect_refused("v1.db", DB_READ_ONLY, "of the older version 1");
		chmod("v1.db", 0644);
	}
	store = open_store("v1.db", DB_READ_ONLY);
	assert_int_equal(count(store, NULL), 1);
	assert_int_equal(add(store, "new", "abc", &id), 0);
	assert_int_equal(id, 2);
	store__close(store);
	store = open_store("v1.db", DB_READ_ONLY);
	assert_int_equal(count(store, NULL), 2);
	store__close(store);
	assert_int_equal(rows_of("v1.db", "alarm"), 0);
}

/* Adds samples until it is killed. Each of them is there as a whole, or not at all. */
static pid_t start_writer(const char *path, int number)
{
	pid_t pid = fork();
	char identity[32];
	struct store *store;
	struct fault fault;
	struct sample s;
	int64_t id;
	int i;

	if (pid)
		return pid;
	store = store__open(path, DB_MAY_CREATE, &fault);
	for (i = 0; store; i++) {
		snprintf(identity, sizeof(identity), "%d/%d", number, i);
		s = make(identity, "abc", 500);
		if (store__add(store, &s, &id, &fault))
			break;
		sample__free(&s);
	}
	_exit(1);
}

static void expect_whole(const char *path)
{
	struct store *store = open_store(path, DB_MAY_CREATE);
	struct fault fault;
	struct sample s;
	struct ids ids;
	size_t i;

	assert_int_equal(store__find(store, NULL, 0, &ids, &fault), 0);
	for (i = 0; i < ids.nr; i++) {
		assert_int_equal(store__load(store, ids.items[i], LOAD_ALL, &s, &fault), 0);
		assert_int_equal(s.nr_values, 500);
		assert_int_equal(s.nr_sources, 1);
		sample__free(&s);
	}
	store__close(store);
	assert_int_equal(rows_of(path, "operation"), 500 * ids.nr);
	ids__free(&ids);
}

static void test_killed_at_any_moment(void **state)
{
	pid_t pid;
	int i, status, waited;

	(void)state;
	for (i = 0; i < 40; i++) {
		pid = start_writer("killed.db", i);
		usleep(3000 * i);
		/* However slow this machine is, the last one has added something */
		for (waited = 0; i == 39 && waited < 600 && !rows_of("killed.db", "sample"); waited++)
			usleep(100000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		expect_whole("killed.db");
	}
	assert_true(rows_of("killed.db", "sample") > 0);
}

static void test_two_writers(void **state)
{
	pid_t pids[2];
	int i, status;

	(void)state;
	for (i = 0; i < 2; i++)
		pids[i] = start_writer("two.db", i);
	while (access("two.db", F_OK))
		usleep(1000);
	sleep(1);
	for (i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
		/* Neither gave up */
		assert_true(WIFSIGNALED(status));
	}
	expect_whole("two.db");
}

/* A file that may not grow is as a disk that is full. */
static void test_no_room(void **state)
{
	struct store *store = open_store("full.db", DB_MAY_CREATE);
	struct rlimit limit, before;
	struct fault fault;
	struct sample s = make("large", "abc", 5000);
	int64_t id;

	(void)state;
	add(store, "first", "abc", &id);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 150000;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(store__add(store, &s, &id, &fault), -1);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(count(store, NULL), 1);
	assert_int_equal(store__add(store, &s, &id, &fault), 0);
	assert_int_equal(count(store, NULL), 2);
	sample__free(&s);
	store__close(store);
}

static int setup(void **state)
{
	(void)state;
	return !mkdtemp(dir) || chdir(dir);
}

static int teardown(void **state)
{
	char *command = xasprintf("rm -rf %s", dir);
	int failed = chdir("/") || system(command);

	(void)state;
	free(command);
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes_in_comes_out), cmocka_unit_test(test_once),
		cmocka_unit_test(test_find), cmocka_unit_test(test_remove),
		cmocka_unit_test(test_what_is_the_same_stands_once),
		cmocka_unit_test(test_what_is_no_history), cmocka_unit_test(test_older_version),
		cmocka_unit_test(test_killed_at_any_moment), cmocka_unit_test(test_two_writers),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
