// SPDX-License-Identifier: GPL-2.0-only
/* The report as text and as JSON: docs/report.md promises what is asserted here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/mem.h"
#include "report/report.h"

static struct recording rec;

static void emit(__u64 seq, __u32 op, __u32 phase, __u64 time_ns, __u64 tables)
{
	struct lutrace_event *ev;

	rec.events = grow(rec.events, rec.nr_events, &rec.events_room, sizeof(*ev));
	ev = &rec.events[rec.nr_events++];
	*ev = (struct lutrace_event){
		.op = op, .phase = phase, .seq = seq, .time_ns = time_ns,
		.ser_phys = (seq + 1) / 2 * 0x40, .generation = (seq + 1) / 2,
		.top_phys = seq * 0x1000, .nr_tables = tables, .nr_bytes = tables * 4096,
		.format = seq == 4 ? 9 : seq == 6 ? 3 : 1,
	};
	rec.footer.counts.events++;
	if (phase == LUTRACE_BEGIN)
		return;
	rec.latencies = grow(rec.latencies, rec.nr_latencies, &rec.latencies_room,
			     sizeof(*rec.latencies));
	rec.latencies[rec.nr_latencies++] = (struct lutrace_latency){
		.op = op, .begin_seq = seq - 1, .end_seq = seq, .latency_ns = 1500,
	};
}

/*
 * @nr preserves of 1500 ns and 5 tables each; the first is of no known format, the second of
 * another than the rest.
 */
static void make(unsigned int nr, bool emulated)
{
	unsigned int i;

	rec = (struct recording){ .path = xstrdup("one.rec"), .complete = true };
	rec.release = xstrdup("7.3.4");
	rec.boot_id = xstrdup("11112222-3333");
	rec.emulated = emulated;
	rec.start = (struct lutrace_clock){ .rec.type = LUTRACE_REC_CLOCK, .tsc = 77 };
	emit(1, LUTRACE_OP_FLB_PRESERVE, LUTRACE_BEGIN, 0, 0);
	emit(2, LUTRACE_OP_FLB_PRESERVE, LUTRACE_END, 1500, 0);
	for (i = 1; i <= nr; i++) {
		emit(2 * i + 1, LUTRACE_OP_PRESERVE, LUTRACE_BEGIN, 10000 * i, 0);
		emit(2 * i + 2, LUTRACE_OP_PRESERVE, LUTRACE_END, 10000 * i + 1500, 5);
	}
}

static json_t *as_json(void)
{
	struct analysis a;
	char *text = NULL;
	json_t *root;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	analysis__run(&a, &rec, 1);
	assert_int_equal(report__json(&a, f), 0);
	fclose(f);
	analysis__free(&a);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static char *as_text(void)
{
	struct analysis a;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	analysis__run(&a, &rec, 1);
	report__print(&a, f);
	fclose(f);
	analysis__free(&a);
	return text;
}

static void test_json(void **state)
{
	const char *schema, *verdict, *boot_id, *file, *name;
	json_int_t n, errors, min, p50, p90, max, tables, bytes, missing, vtdss, amdv1, unknown;
	json_t *root, *p99, *formats, *checks, *check;
	size_t i;

	(void)state;
	make(3, true);
	root = as_json();
	assert_int_equal(json_unpack(root, "{s:s,s:s,s:i,s:b,s:[{s:s}],s:[{s:s}],s:o}",
				     "schema", &schema, "verdict", &verdict, "status", &(int){ 0 },
				     "emulated", &(int){ 0 }, "kernels", "boot_id", &boot_id,
				     "recordings", "file", &file, "checks", &checks), 0);
	assert_string_equal(schema, "lutrace-report/2");
	assert_string_equal(verdict, "clean");
	assert_string_equal(boot_id, "11112222-3333");
	assert_string_equal(file, "one.rec");
	assert_true(json_is_true(json_object_get(root, "emulated")));
	assert_int_equal(json_unpack(root, "{s:{s:{s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:I,s:I}}}",
				     "operations", "preserve", "n", &n, "errors", &errors,
				     "min_ns", &min, "p50_ns", &p50, "p90_ns", &p90,
				     "p99_ns", &p99, "max_ns", &max, "tables", &tables,
				     "bytes", &bytes), 0);
	assert_int_equal(n, 3);
	assert_int_equal(errors, 0);
	assert_int_equal(min, 1500);
	assert_int_equal(max, 1500);
	assert_int_equal(tables, 15);
	assert_int_equal(bytes, 15 * 4096);
	assert_true(json_is_null(p99));
	assert_int_equal(json_unpack(root, "{s:{s:{s:o},s:{s:n}}}", "operations", "preserve",
				     "formats", &formats, "flb_preserve", "formats"), 0);
	assert_int_equal(json_unpack(formats, "{s:I,s:I,s:I}", "unknown", &unknown, "vtdss",
				     &vtdss, "amdv1", &amdv1), 0);
	assert_int_equal(json_object_size(formats), 3);
	assert_int_equal(unknown, 1);
	assert_int_equal(amdv1, 1);
	assert_int_equal(vtdss, 1);
	assert_int_equal(json_array_size(checks), NR_CHECKS);
	json_array_foreach(checks, i, check) {
		assert_int_equal(json_unpack(check, "{s:s,s:s,s:s,s:s,s:I,s:[]}", "name", &name,
					     "title", &(char *){ 0 }, "verdict", &verdict,
					     "summary", &(char *){ 0 }, "details", &n, "detail"),
				 0);
		assert_string_equal(verdict, strcmp(name, "once") && strcmp(name, "pairs") &&
				    strcmp(name, "loss") && strcmp(name, "generation") &&
				    strcmp(name, "latency") && strcmp(name, "flb") ?
				    "not checked" : "clean");
	}
	assert_int_equal(json_unpack(root, "{s:{s:I}}", "losses", "missing_events", &missing), 0);
	assert_int_equal(missing, 0);
	json_decref(root);
	recording__free(&rec);
}

static void test_json_of_a_violation(void **state)
{
	const char *verdict, *detail;
	json_t *root;
	int status;

	(void)state;
	make(3, false);
	rec.events[5].top_phys = rec.events[3].top_phys;
	root = as_json();
	assert_int_equal(json_unpack(root, "{s:s,s:i}", "verdict", &verdict, "status", &status),
			 0);
	assert_string_equal(verdict, "violation");
	assert_int_equal(status, 2);
	assert_int_equal(json_unpack(json_array_get(json_object_get(root, "checks"), RULE_ONCE),
				     "{s:[s]}", "detail", &detail), 0);
	assert_non_null(strstr(detail, "root 0x4000 is preserved since seq 4"));
	json_decref(root);
	recording__free(&rec);
}

static void expect_line(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void test_text(void **state)
{
	char *text;

	(void)state;
	make(3, true);
	text = as_text();
	expect_line(text,
		    "kernel 1  7.3.4, boot 11112222, recording one.rec: 8 events, complete\n");
	expect_line(text, "the times are not hardware's");
	expect_line(text, "preserve             3      0       1.5       1.5       1.5            "
		    "     1.5      15      61440\n");
	expect_line(text, "restore              0      0                                          "
		    "               0          0\n");
	expect_line(text, "flb_finish           0      0\n");
	expect_line(text, "restore       not checked every restored domain matches");
	expect_line(text, "3 domains were preserved when the last recording ended.");
	expect_line(text, "\nverdict: clean\n");
	free(text);
	recording__free(&rec);
}

/* With 100 samples there is a p99; on hardware there is no remark. */
static void test_text_of_many(void **state)
{
	char *text;

	(void)state;
	make(100, false);
	rec.latencies[8].latency_ns = 2500;
	rec.events[17].time_ns += 1000;
	text = as_text();
	expect_line(text, "preserve           100      0       1.5       1.5       1.5       1.5  "
		    "     2.5");
	assert_null(strstr(text, "hardware's"));
	free(text);
	recording__free(&rec);
}

/* What ended before it began is said to be a violation, and is in no figure. */
static void test_end_before_begin(void **state)
{
	json_int_t n, min, max, tables;
	json_t *root, *first;

	(void)state;
	make(3, false);
	rec.events[5].time_ns = rec.events[4].time_ns - 1;
	root = as_json();
	assert_int_equal(json_unpack(root, "{s:{s:{s:I,s:I,s:I,s:I}}}", "operations", "preserve",
				     "n", &n, "min_ns", &min, "max_ns", &max, "tables", &tables),
			 0);
	assert_int_equal(n, 2);
	assert_int_equal(min, 1500);
	assert_int_equal(max, 1500);
	assert_int_equal(tables, 10);
	/* The row of the domain, the second, is as empty. */
	assert_int_equal(json_unpack(root, "{s:[o,{s:{s:{s:I,s:I,s:n}}}]}", "domains", &first,
				     "operations", "preserve", "n", &n, "errors", &min, "max_ns"), 0);
	assert_int_equal(n, 0);
	assert_int_equal(min, 0);
	json_decref(root);
	recording__free(&rec);
}

/*
 * However long a session or a list of devices is, the columns of all rows stand below their titles.
 */
static void test_columns_of_domains(void **state)
{
	static const char session[] = "a session whose name is as long as the kernel lets it be";
	struct name name = { .ser_phys = 2 * 0x40, .generation = 2, .session = "s",
			     .iommufd_token = 1, .has_hwpt = true, .hwpt_token = 1 };
	char *text, *line, *save;
	size_t width = 0, rows = 0;

	(void)state;
	make(3, false);
	rec.names = names__new();
	names__learn(rec.names, &name);
	name = (struct name){ .ser_phys = 3 * 0x40, .generation = 3, .iommufd_token = UINT64_MAX,
			      .has_hwpt = true, .hwpt_token = UINT64_MAX,
			      .devices = "0000:00:04.0 0000:00:05.1 0000:00:06.0 0000:00:07.0" };
	strcpy(name.session, session);
	names__learn(rec.names, &name);
	text = as_text();
	line = strstr(text, "\nsession/iommufd/HWPT");
	assert_non_null(line);
	for (line = strtok_r(line, "\n", &save); line && !strstr(line, "check  ");
	     line = strtok_r(NULL, "\n", &save)) {
		/* The last column is flush right, so that all lines end in one column. */
		assert_true(!width || strlen(line) == width);
		width = strlen(line);
		rows++;
	}
	assert_int_equal(rows, 4);
	free(text);
	text = as_text();
	expect_line(text, session);
	expect_line(text, " 0000:00:04.0 0000:00:05.1 +2 ");
	free(text);
	recording__free(&rec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_a_violation),
		cmocka_unit_test(test_end_before_begin),
		cmocka_unit_test(test_columns_of_domains),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_of_many),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
