// SPDX-License-Identifier: GPL-2.0-only
/* What doctor makes of a machine: a folder with the files of one, and types made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <cmocka.h>

#include "health/doctor.h"

static const char *const tracepoints[] = { "one_begin", "one_end" };

struct machine {
	char root[64];
	struct btf *btf;
	struct findings found;
};

static void put(const struct machine *m, const char *path, const char *text)
{
	char full[256], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", m->root, path);
	for (slash = strchr(full + strlen(m->root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void add_types(struct btf *btf, size_t nr_tracepoints)
{
	static const char *const functions[] = {
		"bpf_trace_run1", "kho_preserve_folio", "liveupdate_enabled", "memfd_luo_preserve",
	};
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int proto = btf__add_func_proto(btf, number);
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		btf__add_func(btf, functions[i], BTF_FUNC_STATIC, proto);
	for (i = 0; i < nr_tracepoints; i++) {
		snprintf(name, sizeof(name), "btf_trace_%s", tracepoints[i]);
		btf__add_typedef(btf, name, number);
	}
	assert_true(btf__add_struct(btf, "iommu_liveupdate_event", 8) > 0);
}

/* A machine on which a recording works, and a live update too. */
static void setup(struct machine *m, size_t nr_tracepoints)
{
	*m = (struct machine){ .root = "/tmp/test_doctor.XXXXXX" };
	assert_non_null(mkdtemp(m->root));
	m->btf = btf__new_empty();
	assert_non_null(m->btf);
	add_types(m->btf, nr_tracepoints);
	put(m, "/proc/cmdline", "kho=on liveupdate=on\n");
	put(m, "/proc/sys/kernel/unprivileged_bpf_disabled", "2\n");
	put(m, "/proc/sys/kernel/kexec_load_disabled", "0\n");
	put(m, "/proc/self/status", "Name:\tx\nCapEff:\t000000c000000000\nCapBnd:\t0\n");
	put(m, "/proc/self/uid_map", "         0          0 4294967295\n");
	put(m, "/sys/class/iommu/dmar0/devices", "");
	put(m, "/dev/null", "");
	put(m, "/dev/liveupdate", "");
}

static void look(struct machine *m)
{
	struct doctor_from from = {
		.root = m->root, .btf = m->btf, .btf_fault = "no types",
		.tracepoints = tracepoints, .nr_tracepoints = 2,
	};

	findings__free(&m->found);
	doctor__look(&from, &m->found);
}

static void teardown(struct machine *m)
{
	char *command = NULL;

	assert_true(asprintf(&command, "rm -rf %s", m->root) > 0);
	assert_int_equal(system(command), 0);
	free(command);
	findings__free(&m->found);
	btf__free(m->btf);
}

static void expect(const struct machine *m, const char *name, enum finding_state state,
		   const char *words)
{
	const struct finding *found = findings__by_name(&m->found, name);

	assert_non_null(found);
	if (found->state != state || !strstr(found->text, words))
		fail_msg("%s: %s \"%s\", lacks \"%s\"", name, finding_state__name(found->state),
			 found->text, words);
	if (state == FINDING_MISSING)
		assert_non_null(found->advice);
}

static void test_all_there(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	look(&m);
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_OK);
	assert_int_equal(findings__state(&m.found, FOR_UPDATE), FINDING_OK);
	expect(&m, "tracepoints", FINDING_OK, "all 2 tracepoints");
	expect(&m, "cap-sys-admin", FINDING_MISSING, "lacks CAP_SYS_ADMIN");
	teardown(&m);
}

static void test_tracepoint_missing(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 1);
	look(&m);
	expect(&m, "tracepoints", FINDING_MISSING, "1 of 2 tracepoints");
	expect(&m, "tracepoints", FINDING_MISSING, "not: one_end");
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_MISSING);
	teardown(&m);
}

/* Many names make a line that nobody reads: they are the detail. */
static void test_no_tracepoint(void **state)
{
	const struct finding *found;
	struct machine m;
	char *text = NULL;
	size_t size;
	FILE *f;

	(void)state;
	setup(&m, 0);
	look(&m);
	expect(&m, "tracepoints", FINDING_MISSING, "none of the 2 tracepoints");
	found = findings__by_name(&m.found, "tracepoints");
	assert_null(strstr(found->text, "one_end"));
	assert_string_equal(found->detail, "one_begin, one_end");
	f = open_memstream(&text, &size);
	findings__print(&m.found, false, f);
	fflush(f);
	assert_null(strstr(text, "one_end"));
	findings__print(&m.found, true, f);
	fclose(f);
	assert_non_null(strstr(text, " one_begin, one_end\n"));
	free(text);
	teardown(&m);
}

static void remove_at(const struct machine *m, const char *path)
{
	char *command = NULL;

	assert_true(asprintf(&command, "rm -rf %s%s", m->root, path) > 0);
	assert_int_equal(system(command), 0);
	free(command);
}

/* What cannot be looked at is not missing. */
static void test_no_proc(void **state)
{
	static const char *const names[] = {
		"bpf", "cap-bpf", "cap-perfmon", "cap-sys-rawio", "user-namespace", "kallsyms",
		"kcore", "tracefs", "persistent-ring", "kho", "liveupdate", "kexec",
	};
	struct machine m;
	size_t i;

	(void)state;
	setup(&m, 2);
	remove_at(&m, "/proc");
	remove_at(&m, "/dev/liveupdate");
	look(&m);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect(&m, names[i], FINDING_UNKNOWN, "");
		assert_string_equal(findings__by_name(&m.found, names[i])->advice,
				    "mount proc on /proc");
	}
	assert_int_equal(findings__state(&m.found, FOR_UPDATE), FINDING_UNKNOWN);
	/* There is a folder, and nothing mounted on it */
	put(&m, "/proc/x", "");
	look(&m);
	expect(&m, "kexec", FINDING_UNKNOWN, "no /proc");
	teardown(&m);
}

static void test_kexec(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	look(&m);
	expect(&m, "kexec", FINDING_OK, "can be loaded");
	put(&m, "/proc/sys/kernel/kexec_load_disabled", "1\n");
	look(&m);
	expect(&m, "kexec", FINDING_MISSING, "until the next boot");
	remove_at(&m, "/proc/sys/kernel/kexec_load_disabled");
	look(&m);
	expect(&m, "kexec", FINDING_MISSING, "has no kexec");
	teardown(&m);
}

/* What a guest's devices need, each as it is there and as it is not. */
static void test_devices(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	look(&m);
	expect(&m, "iommu", FINDING_OK, "an IOMMU (dmar0)");
	expect(&m, "memfd", FINDING_OK, "can be preserved");
	expect(&m, "vfio", FINDING_UNKNOWN, "no /sys/bus/pci");
	put(&m, "/sys/bus/pci/devices/x", "");
	put(&m, "/sys/kernel/x", "");
	remove_at(&m, "/sys/class");
	look(&m);
	expect(&m, "iommu", FINDING_MISSING, "no IOMMU is in use");
	expect(&m, "vfio", FINDING_MISSING, "no driver vfio-pci");
	assert_int_equal(findings__state(&m.found, FOR_UPDATE), FINDING_MISSING);
	put(&m, "/sys/bus/pci/drivers/vfio-pci/bind", "");
	look(&m);
	expect(&m, "vfio", FINDING_OK, "vfio-pci is there");
	remove_at(&m, "/sys");
	look(&m);
	expect(&m, "iommu", FINDING_UNKNOWN, "there is no /sys");
	teardown(&m);
}

static void test_no_memfd(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	btf__free(m.btf);
	m.btf = btf__new_empty();
	assert_non_null(m.btf);
	look(&m);
	expect(&m, "memfd", FINDING_MISSING, "cannot preserve memfds");
	teardown(&m);
}

/* Without devtmpfs nobody knows which devices there are. */
static void test_no_dev(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	remove_at(&m, "/dev");
	look(&m);
	expect(&m, "liveupdate", FINDING_UNKNOWN, "no /dev/null either");
	teardown(&m);
}

static void test_capabilities(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	put(&m, "/proc/self/status", "Name:\tx\nCapEff:\t0000008000000000\n");
	look(&m);
	expect(&m, "cap-bpf", FINDING_OK, "has CAP_BPF");
	expect(&m, "cap-perfmon", FINDING_MISSING, "lacks CAP_PERFMON");
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_MISSING);
	/* CAP_SYS_ADMIN stands for both, but not in another user namespace */
	put(&m, "/proc/self/status", "Name:\tx\nCapEff:\t0000000000200000\n");
	look(&m);
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_OK);
	put(&m, "/proc/self/uid_map", "         0       1000          1\n");
	look(&m);
	expect(&m, "user-namespace", FINDING_MISSING, "do not count");
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_MISSING);
	teardown(&m);
}

/* The second way, and that the first does not need it. */
static void test_tracefs(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	put(&m, "/proc/self/mounts", "proc /proc proc rw 0 0\n");
	look(&m);
	expect(&m, "tracefs", FINDING_MISSING, "not mounted");
	assert_int_equal(findings__state(&m.found, FOR_TRACEFS), FINDING_MISSING);
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_OK);
	put(&m, "/proc/self/mounts", "x /sys/kernel/tracing tracefs rw 0 0\n");
	put(&m, "/sys/kernel/tracing/README", "");
	look(&m);
	expect(&m, "trace-instances", FINDING_MISSING, "cannot make");
	expect(&m, "trace-events", FINDING_MISSING, "no /sys/kernel/tracing/events/");
	put(&m, "/sys/kernel/tracing/instances/x", "");
	put(&m, "/sys/kernel/tracing/events/iommu_liveupdate/enable", "0\n");
	look(&m);
	expect(&m, "tracefs", FINDING_OK, "/sys/kernel/tracing");
	assert_int_equal(findings__state(&m.found, FOR_TRACEFS), FINDING_OK);
	teardown(&m);
}

static void test_lockdown(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	look(&m);
	expect(&m, "lockdown", FINDING_OK, "has no lockdown");
	btf__add_func(m.btf, "lockdown_is_locked_down", BTF_FUNC_STATIC, 2);
	look(&m);
	expect(&m, "lockdown", FINDING_UNKNOWN, "cannot be seen");
	put(&m, "/sys/kernel/security/lsm", "capability");
	look(&m);
	expect(&m, "lockdown", FINDING_OK, "no lockdown is seen");
	put(&m, "/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
	look(&m);
	put(&m, "/proc/self/mounts", "x /sys/kernel/tracing tracefs rw 0 0\n");
	put(&m, "/sys/kernel/tracing/README", "");
	look(&m);
	expect(&m, "lockdown", FINDING_MISSING, "locked down");
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_OK);
	assert_int_equal(findings__state(&m.found, FOR_TRACEFS), FINDING_MISSING);
	assert_string_equal(findings__by_name(&m.found, "trace-events")->advice,
			    "boot without lockdown=confidentiality");
	put(&m, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	look(&m);
	expect(&m, "lockdown", FINDING_OK, "[integrity]");
	teardown(&m);
}

static void test_kho(void **state)
{
	char device[128];
	struct machine m;

	(void)state;
	setup(&m, 2);
	snprintf(device, sizeof(device), "%s/dev/liveupdate", m.root);
	unlink(device);
	look(&m);
	expect(&m, "kho", FINDING_UNKNOWN, "kho=on was asked for");
	expect(&m, "liveupdate", FINDING_MISSING, "liveupdate=on is on the command line");
	put(&m, "/proc/cmdline", "quiet\n");
	look(&m);
	expect(&m, "kho", FINDING_MISSING, "kho=on is not on the command line");
	expect(&m, "liveupdate", FINDING_MISSING, "liveupdate=on is not on the command line");
	put(&m, "/proc/cmdline", "kho=off\n");
	look(&m);
	expect(&m, "kho", FINDING_MISSING, "switched off");
	put(&m, "/sys/kernel/debug/kho/out/fdt", "");
	look(&m);
	expect(&m, "kho", FINDING_OK, "/sys/kernel/debug/kho is there");
	teardown(&m);
}

static void test_ring(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	look(&m);
	expect(&m, "persistent-ring", FINDING_MISSING, "no trace buffer");
	put(&m, "/proc/cmdline", "reserve_mem=8M:4096:other reserve_mem=8M:4096:trace "
				 "trace_instance=boot_map^traceoff@trace\n");
	look(&m);
	expect(&m, "persistent-ring", FINDING_OK, "\"trace\"");
	put(&m, "/proc/cmdline", "reserve_mem=8M:4096:other trace_instance=a trace_instance=b@x\n");
	look(&m);
	expect(&m, "persistent-ring", FINDING_MISSING, "wants the memory \"x\"");
	teardown(&m);
}

static void test_klog(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	look(&m);
	expect(&m, "kernel-log", FINDING_MISSING, "No such file");
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_OK);
	put(&m, "/dev/kmsg", "");
	look(&m);
	expect(&m, "kernel-log", FINDING_OK, "can be read");
	teardown(&m);
}

static void test_no_types(void **state)
{
	struct machine m;

	(void)state;
	setup(&m, 2);
	btf__free(m.btf);
	m.btf = NULL;
	look(&m);
	expect(&m, "btf", FINDING_MISSING, "no types");
	expect(&m, "tracepoints", FINDING_UNKNOWN, "cannot be told");
	assert_int_equal(findings__state(&m.found, FOR_RECORD), FINDING_MISSING);
	teardown(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_there),
		cmocka_unit_test(test_tracepoint_missing),
		cmocka_unit_test(test_no_tracepoint),
		cmocka_unit_test(test_no_proc),
		cmocka_unit_test(test_no_dev),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_no_memfd),
		cmocka_unit_test(test_kexec),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_lockdown),
		cmocka_unit_test(test_tracefs),
		cmocka_unit_test(test_kho),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_klog),
		cmocka_unit_test(test_no_types),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
