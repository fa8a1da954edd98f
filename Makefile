# SPDX-License-Identifier: GPL-2.0-only
# `make help` says what there is. Downloads and kernel builds are in the cache
# ($XDG_CACHE_HOME/lutrace or ~/.cache/lutrace), everything else is in build/.

OUT := $(abspath build)
SCRIPTS := scripts
T ?=
K ?=
M ?=
PREFIX ?= /usr/local
DESTDIR ?=

.NOTPARALLEL:

.PHONY: all layout help setup setup-tools qemu tree kernel test-kernel headers refresh bpf tools progs unit demo \
	bench fuzz mutants test test-unit test-patches test-vm soak install uninstall release deb clean

all: tools

help:
	@echo 'make demo          from nothing to a proven live update in QEMU, with a report'
	@echo 'make bench         what lutrace costs: instructions, memory, time to the first DMA; and how'
	@echo '                   much faster two CPUs preserve and reclaim than one'
	@echo 'make test          all tests; the last line counts them'
	@echo 'make test-unit     the unit tests of the tools'
	@echo 'make fuzz          any bytes through the reader of recordings, RUNS=10000000 times,'
	@echo '                   and through lutrace report, REPORT_RUNS=1000000 times'
	@echo 'make test-patches  the series: applies, regenerates, style, compiles, sparse'
	@echo 'make test-vm       the tests in QEMU (T="name name" for some of them)'
	@echo 'make mutants       seeded bugs in the kernel, one at a time, and what caught each'
	@echo '                   (M="FILE.patch" for a bug of your own on top of the series)'
	@echo 'make soak          what takes hours: long sweeps, races and cycles on a debug kernel, a'
	@echo '                   boot at every patch (K="cycles flat" for some kinds)'
	@echo 'make tools         build/bin/lutrace, luctl and luperf; make bpf: the BPF programs'
	@echo 'make install       copy them, man pages and completion to PREFIX=/usr/local, below'
	@echo '                   DESTDIR= if it is set; make uninstall removes the same'
	@echo 'make release       build/lutrace-VERSION.tar.xz: the same in an archive'
	@echo 'make deb           build/lutrace_VERSION_ARCH.deb: the same as a Debian package'
	@echo 'make kernel        fetch, patch and build the kernel of the demo'
	@echo 'make qemu          have a QEMU for each machine of the tests (make test does it)'
	@echo 'make layout        the files of the tools, each with what it says of itself'
	@echo 'make refresh       write kernel-patches/ from the commits in the kernel tree'
	@echo 'make headers       export the UAPI headers of the patched kernel to tools/uapi'
	@echo 'make clean         remove build/ (the cache stays)'
	@echo
	@echo 'KDIR=TREE|TARBALL  use this Linux 7.3 instead of the distribution'"'"'s source package'
	@echo 'UPDATE=1           look for a newer source package'

setup:
	@$(SCRIPTS)/setup

# Every file of the tools with what its first comment says
layout:
	@$(SCRIPTS)/layout

# A QEMU for each machine of the VM tests; the demo's is in every QEMU
qemu: setup
	@$(SCRIPTS)/qemu prepare

tree: setup
	@$(SCRIPTS)/kernel fetch
	@$(SCRIPTS)/kernel tree

kernel: tree
	@$(SCRIPTS)/kernel build demo

test-kernel: tree
	@$(SCRIPTS)/kernel build test

headers: tree
	@$(SCRIPTS)/kernel headers

refresh:
	@$(SCRIPTS)/kernel refresh

# What the tools alone need is less by a kernel's toolchain and a QEMU
setup-tools:
	@$(SCRIPTS)/setup tools

bpf: setup-tools
	$(MAKE) -C tools/lutrace OUT=$(OUT) \
		$(patsubst bpf/%.bpf.c,$(OUT)/obj/lutrace/%.skel.h,$(wildcard bpf/*.bpf.c))

tools: setup-tools
	$(MAKE) -C tools/lutrace OUT=$(OUT)
	$(MAKE) -C tools/luctl OUT=$(OUT)
	$(MAKE) -C tools/luperf OUT=$(OUT)

progs: tree
	$(MAKE) -C tests/vm/progs OUT=$(OUT)

unit: setup
	$(MAKE) -C tests/unit OUT=$(OUT)
	$(MAKE) -C tests/fuzz OUT=$(OUT)

fuzz: setup
	$(MAKE) -C tests/fuzz OUT=$(OUT) long

demo: kernel tools
	@$(SCRIPTS)/demo

bench: kernel tools progs unit
	@$(SCRIPTS)/bench

test: kernel test-kernel tools progs unit qemu
	@tests/run

test-unit: tools unit
	@tests/run unit

test-patches: test-kernel
	@tests/run patches

test-vm: kernel test-kernel tools progs qemu
	@T='$(T)' tests/run vm

mutants: tree tools progs qemu
	@$(SCRIPTS)/mutants $(M)

soak: tree tools progs qemu
	@$(SCRIPTS)/soak $(K)

# Builds nothing, since it may run as root
install uninstall:
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' $(SCRIPTS)/install $@

release deb: tools
	@$(SCRIPTS)/$@

clean:
	rm -rf $(OUT)
