# SPDX-License-Identifier: GPL-2.0-only
# The libraries of all tools, by pkg-config.

PKG_CONFIG ?= pkg-config

# Debian's package of each library
PACKAGE_libbpf := libbpf-dev
PACKAGE_libelf := libelf-dev
PACKAGE_libtraceevent := libtraceevent-dev
PACKAGE_libtracefs := libtracefs-dev
PACKAGE_zlib := zlib1g-dev
PACKAGE_liblzma := liblzma-dev
PACKAGE_libzstd := libzstd-dev
PACKAGE_jansson := libjansson-dev
PACKAGE_libprotobuf-c := libprotobuf-c-dev
PACKAGE_ncursesw := libncurses-dev
PACKAGE_libcap := libcap-dev
PACKAGE_sqlite3 := libsqlite3-dev
PACKAGE_libpq := libpq-dev

# $(call missing,LIBRARY...): those that pkg-config does not know
missing = $(strip $(foreach l,$(1),$(if $(shell $(PKG_CONFIG) --exists $(l) && echo yes),,$(l))))

# $(call need,LIBRARY...): ends with one sentence if one is missing; make clean needs none
cleaning := $(filter clean,$(MAKECMDGOALS))
define need
$(if $(cleaning),,\
$(if $(shell command -v $(PKG_CONFIG) 2>/dev/null),,\
$(error $(PKG_CONFIG) is missing, which tells where libraries are: install the package pkg-config))\
$(if $(call missing,$(1)),\
$(error $(PKG_CONFIG) does not find $(call missing,$(1)): \
install $(foreach l,$(call missing,$(1)),$(PACKAGE_$(l))))))
endef

# $(call cflags,LIBRARY...) and $(call libs,LIBRARY...); libs are those of a static program, libs_shared of
# another one
cflags = $(if $(cleaning),,$(shell $(PKG_CONFIG) --cflags $(1)))
libs = $(if $(cleaning),,$(shell $(PKG_CONFIG) --static --libs $(1)))
libs_shared = $(if $(cleaning),,$(shell $(PKG_CONFIG) --libs $(1)))
