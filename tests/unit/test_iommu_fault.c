// SPDX-License-Identifier: GPL-2.0-only
/* Which messages of the kernel are a fault of a device at an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "probe/iommu_fault.h"

#define EDU	"0000:00:04.0"
/* As /dev/kmsg has it, with the lines that tell the device again */
#define HEAD	"3,1042,4179431,-;"
#define TAIL	"\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:04.0\n"

struct message {
	const char *text;
	bool read, write;		/* is it a fault of EDU at 0x1010000? */
};

static void expect(const struct message *m, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (iommu_fault__is(m[i].text, EDU, 0x1010008, false) != m[i].read)
			fail_msg("'%s' is %sa read", m[i].text, m[i].read ? "" : "not ");
		if (iommu_fault__is(m[i].text, EDU, 0x1010008, true) != m[i].write)
			fail_msg("'%s' is %sa write", m[i].text, m[i].write ? "" : "not ");
	}
}

static void test_vtd(void **state)
{
	static const struct message messages[] = {
		{ HEAD "DMAR: [DMA Read NO_PASID] Request device [0000:00:04.0] fault addr "
		  "0x1010000 [fault reason 0x06] PTE Read access is not set\n", true, false },
		{ HEAD "DMAR: [DMA Write NO_PASID] Request device [0000:00:04.0] fault addr "
		  "0x1010000 [fault reason 0x05] PTE Write access is not set\n", false, true },
		/* First stage */
		{ HEAD "DMAR: [DMA Read NO_PASID] Request device [0000:00:04.0] fault addr "
		  "0x1010000 [fault reason 0x71] SM: Present bit in first-level paging entry is "
		  "clear\n", true, false },
		{ HEAD "DMAR: [DMA Write PASID 0x0] Request device [0000:00:04.0] fault addr "
		  "0x1010000 [fault reason 0x73] SM: Present bit in first-level paging entry is "
		  "clear\n", false, true },
		/* Another page, another device, interrupts, something else */
		{ HEAD "DMAR: [DMA Read NO_PASID] Request device [0000:00:04.0] fault addr "
		  "0x1011000 [fault reason 0x06] PTE Read access is not set\n", false, false },
		{ HEAD "DMAR: [DMA Read NO_PASID] Request device [0000:00:04.0] fault addr "
		  "0x10100000 [fault reason 0x06] PTE Read access is not set\n", false, false },
		{ HEAD "DMAR: [DMA Read NO_PASID] Request device [0000:00:06.0] fault addr "
		  "0x1010000 [fault reason 0x06] PTE Read access is not set\n", false, false },
		{ HEAD "DMAR: [INTR-REMAP] Request device [0000:00:04.0] fault index 0x1010000 "
		  "[fault reason 0x25] Blocked a compatibility format interrupt request\n",
		  false, false },
		{ HEAD "vfio-pci 0000:00:04.0: resetting" TAIL, false, false },
	};

	(void)state;
	expect(messages, sizeof(messages) / sizeof(messages[0]));
}

#define AMD(device, address, flags)						\
	HEAD "vfio-pci " device ": AMD-Vi: Event logged [IO_PAGE_FAULT domain="	\
	"0x0003 address=" address " flags=" flags "]" TAIL
#define AMD_UNKNOWN(device, address, flags)					\
	HEAD "AMD-Vi: Event logged [IO_PAGE_FAULT device=" device " domain="	\
	"0x0003 address=" address " flags=" flags "]\n"

static void test_amd(void **state)
{
	static const struct message messages[] = {
		/* Not present, or said to be an interrupt or a translation request: either way */
		{ AMD(EDU, "0x1010000", "0x0000"), true, true },
		{ AMD(EDU, "0x1010000", "0x0020"), true, true },
		{ AMD(EDU, "0x1010008", "0x0008"), true, true },
		{ AMD(EDU, "0x1010ffc", "0x0038"), true, true },
		{ AMD(EDU, "0x1010ffc", "0x0130"), true, true },
		/* Present: the direction is known */
		{ AMD(EDU, "0x1010008", "0x0050"), true, false },
		{ AMD(EDU, "0x1010008", "0x0070"), false, true },
		{ AMD_UNKNOWN(EDU, "0x1010008", "0x0050"), true, false },
		{ AMD_UNKNOWN(EDU, "0x1010000", "0x0020"), true, true },
		/* QEMU's: no address, the direction in the wrong bits */
		{ AMD(EDU, "0x0", "0x0009"), true, false },
		{ AMD(EDU, "0x0", "0x000a"), false, true },
		{ AMD("0000:00:06.0", "0x0", "0x0009"), false, false },
		{ AMD(EDU, "0x0", "0x0008"), false, false },
		{ AMD(EDU, "0x0", "0x0001"), false, false },
		{ AMD(EDU, "0x2000", "0x0009"), false, false },
		/* Another page, another device, another event, a line that is cut */
		{ AMD(EDU, "0x1011000", "0x0000"), false, false },
		{ AMD(EDU, "0x10100000", "0x0000"), false, false },
		{ AMD("0000:00:06.0", "0x1010000", "0x0000"), false, false },
		{ AMD("0001:00:04.0", "0x1010000", "0x0000"), false, false },
		{ AMD_UNKNOWN("0000:00:06.0", "0x1010000", "0x0000"), false, false },
		{ HEAD "vfio-pci 0000:00:04.0: AMD-Vi: Event logged [RMP_PAGE_FAULT vmg_tag=0x0000, "
		  "gpa=0x1010000, flags_rmp=0x0000, flags=0x0000]" TAIL, false, false },
		{ HEAD "AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=0000:00:04.0 "
		  "pasid=0x00000 address=0x1010000 flags=0x0000]\n", false, false },
		{ HEAD "vfio-pci 0000:00:04.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0003 "
		  "address=0x1010000 flags=0x", false, false },
	};

	(void)state;
	expect(messages, sizeof(messages) / sizeof(messages[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd),
		cmocka_unit_test(test_amd),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
