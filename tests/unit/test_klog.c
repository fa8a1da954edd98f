// SPDX-License-Identifier: GPL-2.0-only
/* What of the kernel's log is a complaint, and that each is told once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "live/klog.h"

/* A read gives one message, as from /dev/kmsg. */
static int device;
static struct klog *klog;
static struct lutrace_complaint told[8];
static size_t nr_told;

static int setup(void **state)
{
	int pair[2];

	(void)state;
	nr_told = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair))
		return -1;
	device = pair[0];
	klog = klog__new(pair[1]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	klog__free(klog);
	return close(device);
}

static void on_complaint(void *priv, const struct lutrace_complaint *complaint)
{
	assert_ptr_equal(priv, &device);
	assert_in_range(nr_told, 0, 7);
	told[nr_told++] = *complaint;
}

static void say(const char *message)
{
	assert_int_equal(write(device, message, strlen(message)), strlen(message));
}

/* How many complaints that makes. */
static size_t read_all(void)
{
	nr_told = 0;
	klog__read(klog, 77, on_complaint, &device);
	return nr_told;
}

static void test_is_complaint(void **state)
{
	(void)state;
	assert_true(klog__is_complaint(3, "iommu: liveupdate: state refused: header field magic 0x0"));
	assert_true(klog__is_complaint(2, "luo_flb: FLB 'iommu-v1' is not finished"));
	assert_true(klog__is_complaint(3, "KHO: it failed"));
	/* Said of what went as it should, or in warning of what is none's fault here */
	assert_false(klog__is_complaint(6, "iommu: liveupdate: state"));
	assert_false(klog__is_complaint(4, "luo_core: Disabling liveupdate because KHO is disabled"));
	assert_false(klog__is_complaint(3, "iommu: Default domain type: Translated"));
	assert_false(klog__is_complaint(3, "luo_files: "));
}

static void test_is_warning(void **state)
{
	(void)state;
	assert_true(klog__is_complaint(4, "WARNING: ../../linux/drivers/iommu/iommufd/pages.c:239 at "
				       "iommu_unmap_nofail+0x13/0x17, CPU#0: races/61"));
	assert_true(klog__is_complaint(4, "WARNING: kernel/liveupdate/luo_file.c:948 at f, CPU#1"));
	assert_true(klog__is_complaint(2, "kernel BUG at drivers/iommu/iommu.c:1!"));
	assert_false(klog__is_complaint(4, "WARNING: drivers/net/tun.c:1 at f, CPU#1"));
	assert_false(klog__is_complaint(4, "a file of drivers/iommu/ was read"));
}

static void test_read(void **state)
{
	(void)state;
	assert_int_equal(read_all(), 0);
	say("6,10,500,-;iommu: Default domain type: Translated\n");
	say("3,11,501,-,caller=T1;iommu: liveupdate: a; b refused: field 0x1\n SUBSYSTEM=pci\n");
	say("4,12,502,-;WARNING: drivers/iommu/iommu.c:1 at f\n");
	assert_int_equal(read_all(), 2);
	assert_string_equal(told[0].text, "iommu: liveupdate: a; b refused: field 0x1");
	assert_int_equal(told[0].rec.type, LUTRACE_REC_COMPLAINT);
	assert_int_equal(told[0].rec.size, sizeof(told[0]));
	assert_int_equal(told[0].time_ns, 77);
	assert_int_equal(told[0].whole, LUTRACE_WHOLE);
	assert_int_equal(told[0].lost, 0);
	assert_string_equal(told[1].text, "WARNING: drivers/iommu/iommu.c:1 at f");
	assert_int_equal(read_all(), 0);
}

/* Priority 8 and more: not of the kernel. */
static void test_others_may_write(void **state)
{
	(void)state;
	say("11,10,500,-;iommu: liveupdate: a refused: field 0x1\n");
	say("12,11,500,-;WARNING: drivers/iommu/iommu.c:1 at f\n");
	say("no message\n");
	assert_int_equal(read_all(), 0);
}

static void test_lost(void **state)
{
	(void)state;
	say("6,10,500,-;one\n");
	assert_int_equal(read_all(), 0);
	say("3,15,501,-;KHO: another\n");
	assert_int_equal(read_all(), 2);
	assert_int_equal(told[0].lost, 4);
	assert_string_equal(told[0].text, "");
	assert_int_equal(told[1].lost, 0);
	/* What was skipped is no loss */
	klog__skip(klog);
	say("3,30,501,-;KHO: a third\n");
	assert_int_equal(read_all(), 1);
}

static void test_long(void **state)
{
	char message[400] = "3,1,2,-;KHO: ";

	(void)state;
	memset(message + strlen(message), 'x', 300);
	say(message);
	assert_int_equal(read_all(), 1);
	assert_int_equal(strlen(told[0].text), LUTRACE_COMPLAINT_SIZE - 1);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(is_complaint), T(is_warning), T(read), T(others_may_write), T(lost), T(long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
