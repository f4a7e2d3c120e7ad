# SPDX-License-Identifier: MIT OR Apache-2.0
#
# User programs. A program is a folder: user/{init,shell,bench,services/*,examples/*} or a single file user/tests/NAME.c;
# each links the SDK archive, from which the linker takes what it needs.

USER_INCLUDES := -Iuser/libcapos/include
LIBCAPOS_SRC := $(call production,user/libcapos) core/base/bytes.c core/base/text.c \
	$(filter core/capn/% core/phc/% core/manifest/% core/plan/% core/line/%,$(CORE_SRC)) \
	core/cap/facet.c core/drbg/sha256.c $(SCHEMA_SRC) $(SCHEMA_CLIENT_SRC)
LIBCAPOS := $(B)/user/libcapos.a

# The generated code of services with interfaces of their own, for them and for their clients.
# Without their tables of names, which would stand in for those of the system's interfaces.
SERVICE_SRC := $(filter-out %_names.c,$(wildcard user/services/*/generated/*.c))
LIBSERVICES := $(B)/user/libservices.a

$(foreach s,$(shell find user -name '*.c'),$(eval CFLAGS.$(s) += $(USER_INCLUDES)))

$(LIBCAPOS): $(call objects,user-obj,$(LIBCAPOS_SRC))
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^

$(LIBSERVICES): $(call objects,user-obj,$(SERVICE_SRC))
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^

# $(1): name, $(2): sources
define user_link
$(B)/user/$(1): $(B)/user/$(1).elf
	objcopy --strip-all $$< $$@
$(B)/user/$(1).elf: $(call objects,user-obj,$(2)) $(LIBSERVICES) $(LIBCAPOS) user/libcapos/program.ld
	$(CC) -static -nostdlib -no-pie -Wl,--build-id=none,--gc-sections,-z,max-page-size=4096,-z,noexecstack \
	  -T user/libcapos/program.ld -o $$@ $$(filter %.o,$$^) $(LIBSERVICES) $(LIBCAPOS)
endef

define user_program
PROGRAMS += $(B)/user/$(1).elf $(B)/user/$(1)
$(call user_link,$(1),$(2))
endef

user_sources = $(filter-out %_test.c,$(wildcard $(1)*.c))
user_folder = $(eval $(call user_program,$(notdir $(patsubst %/,%,$(1))),$(call user_sources,$(1))))
user_file = $(eval $(call user_program,$(basename $(notdir $(1))),$(1)))

# What needs a library from elsewhere is built for the tests only: `make run` fetches nothing.
WITH_LIBRARY := user/services/credentials/
$(foreach d,$(filter-out $(WITH_LIBRARY),$(sort $(dir $(wildcard $(addsuffix /*.c,user/init user/shell user/bench user/services/* user/examples/*))))),$(call user_folder,$(d)))
$(foreach f,$(wildcard user/tests/*.c),$(call user_file,$(f)))

# Monocypher, by the package client that checks it against the lock file; compiled with its own idea of warnings.
MONOCYPHER_STAMP := $(B)/third_party/monocypher.stamp
MONOCYPHER := $(B)/third_party/monocypher/monocypher-sys-4.0.2/Monocypher/src
MONOCYPHER_SRC := $(MONOCYPHER)/monocypher.c $(MONOCYPHER)/optional/monocypher-ed25519.c
$(foreach s,$(MONOCYPHER_SRC),$(eval CFLAGS.$(s) := -w -I$(MONOCYPHER)))
CFLAGS.user/services/credentials/hashing.c += -isystem $(MONOCYPHER) -isystem $(MONOCYPHER)/optional

$(MONOCYPHER_STAMP): user/third_party/monocypher/Cargo.lock
	@mkdir -p $(@D)
	@toolchain=$$(tools/rust-toolchain) && $${toolchain%% *} vendor --quiet --locked --versioned-dirs \
	  --manifest-path user/third_party/monocypher/Cargo.toml $(@D)/monocypher >$(@D)/monocypher.log 2>&1 || \
	  { cat $(@D)/monocypher.log >&2; echo "Monocypher cannot be fetched; tools/bootstrap test installs cargo" >&2; exit 1; }
	@touch $@
$(MONOCYPHER_SRC): $(MONOCYPHER_STAMP) ;
$(foreach set,user-obj clang-user-obj,$(B)/$(set)/user/services/credentials/hashing.o): | $(MONOCYPHER_STAMP)
$(eval $(call user_link,credentials,$(call user_sources,user/services/credentials/) $(MONOCYPHER_SRC)))

.PHONY: credentials
credentials: $(B)/user/credentials ## build the credential service (fetches Monocypher)

.PHONY: user
user: $(PROGRAMS) ## build libcapos and every user program

.PHONY: new-service
new-service: ## write a new service, a client and a manifest for both (NAME=name)
	@tools/new-service $(NAME)

RUN_NEEDS += $(B)/user/shell-package.bin
$(B)/user/shell-package.bin: user/manifests/shell.capnp user/manifests/caps.capnp schema/capos.capnp $(PROGRAMS)
	tools/package $< $@

EXTRA.user/libcapos/src/heap_test := user/libcapos/src/sync.c
EXTRA.user/libcapos/src/package_test := user/libcapos/src/arguments.c user/libcapos/src/programs.c
EXTRA.user/libcapos/src/serve_test := $(addprefix user/libcapos/src/,endpoint.c narrow.c client.c status.c)
