# Copyright (C) nginx-rtc-module authors
#
# make            builds build/ngx_rtc_module.so for the installed nginx
# make help       lists everything else

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := module

export LC_ALL := C

BUILD ?= build
ROOT := $(CURDIR)
OUT := $(abspath $(BUILD))
JOBS ?= $(shell nproc)


# The nginx to build for: the installed one by the headers of nginx-dev, or
# the source tree NGX_SRC, whose nginx is then built too.

DEBIAN_SRC := /usr/share/nginx/src
NGX_SRC ?= $(DEBIAN_SRC)

CC_OPT ?= -g -O2 -fstack-protector-strong -Wformat -Werror=format-security \
	-fPIC -D_FORTIFY_SOURCE=2
LD_OPT ?= -Wl,-z,relro -Wl,-z,now -fPIC
WARN := -Wextra -Wno-unused-parameter

NGX_FLAGS := --with-compat --with-debug --with-threads \
	--with-http_ssl_module --with-http_v2_module \
	--with-http_realip_module --with-http_auth_request_module \
	--with-http_stub_status_module --with-http_addition_module \
	--with-http_sub_module --with-http_secure_link_module \
	--with-stream --with-stream_ssl_module \
	--with-stream_realip_module --with-stream_ssl_preread_module

ifeq ($(NGX_SRC),$(DEBIAN_SRC))
NGX_OBJ := $(OUT)/nginx
NGX_BIN ?= $(firstword $(shell command -v nginx) /usr/sbin/nginx)
else
NGX_OBJ := $(OUT)/nginx-$(shell sed -n \
	's/.*NGINX_VERSION *"\(.*\)"/\1/p' $(NGX_SRC)/src/core/nginx.h)
NGX_BIN ?= $(NGX_OBJ)/objs/nginx
endif

MODULE := $(OUT)/ngx_rtc_module.so


# The sanitizer build: a whole nginx of the installed version, so that its
# pools are watched too.  nginx's own code has harmless UBSan findings.

ASAN := $(OUT)/asan
ASAN_SRC = $(if $(filter-out $(DEBIAN_SRC),$(NGX_SRC)),$(NGX_SRC),$(ASAN)/src)
ASAN_OPT := -g -O1 -fPIC -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1
ASAN_MAKE = $(MAKE) --no-print-directory BUILD=$(ASAN) NGX_SRC=$(ASAN_SRC) \
	CC_OPT='$(ASAN_OPT) -fsanitize=address,undefined \
		-fno-sanitize-recover=all' \
	LD_OPT='-fsanitize=address,undefined' \
	BIN_CFLAGS='-pipe $(ASAN_OPT) -fsanitize=address'

export ASAN_OPTIONS ?= \
	detect_leaks=0:abort_on_error=1:strict_string_checks=1
export UBSAN_OPTIONS ?= print_stacktrace=1


# Debian packages, by what needs them; "command:package" where any version of
# the command will do.

DEPS_MODULE := gcc:gcc make:make pkg-config:pkg-config libc6-dev nginx \
	nginx-dev libnginx-mod-stream libssl-dev libsrtp2-dev libnice-dev \
	libjansson-dev
DEPS_NODE := node:nodejs npm:npm
DEPS_UNIT := clang:clang libclang-rt-dev
DEPS_PERL := perl libio-socket-ssl-perl libnet-ssleay-perl libcryptx-perl \
	openssl curl:curl
DEPS_BROWSER := $(DEPS_NODE) chromium firefox-esr fonts-dejavu-core \
	nftables openssl procps curl:curl
DEPS_ASAN := libpcre2-dev zlib1g-dev
DEPS_LINT := clang:clang clang-tidy:clang-tidy cppcheck:cppcheck \
	shellcheck:shellcheck $(DEPS_NODE)
DEPS_DOCKER := buildah:buildah debootstrap:debootstrap curl:curl


.PHONY: module build deps deps-test demo test unit perl browser client asan \
	asan-build asan-perl asan-browser fuzz fuzz-build fuzz-short bench \
	lint test-upstream docker-test clean help suites rtc-peer FORCE

help:
	@echo 'make module         $(BUILD)/ngx_rtc_module.so for the installed'
	@echo '                    nginx; NGX_SRC=dir: for a source tree, with'
	@echo '                    its nginx'
	@echo 'make deps           installs the Debian packages for module, demo'
	@echo 'make deps-test      ... and for everything that tests'
	@echo 'make demo           serves http://localhost:8080 until Ctrl-C'
	@echo '                    (DEMO_PORT=8080 DEMO_MEDIA_PORT=3478)'
	@echo 'make test           all tests; the last line is their count'
	@echo 'make unit           unit tests, with sanitizers'
	@echo 'make perl           Test::Nginx files, T="t/one.t t/two.t" some'
	@echo 'make browser        Chromium and Firefox, B=... some'
	@echo 'make client         tests of the browser library'
	@echo 'make asan           all of these on an nginx with ASan and UBSan'
	@echo 'make fuzz           TIME=60 seconds for each target, F=name one'
	@echo 'make bench          measurements'
	@echo 'make lint           warnings, style, static analysis, types'
	@echo 'make test-upstream  NGINX_TESTS=dir: Test::Nginx files on the'
	@echo "                    library of nginx's own tests"
	@echo 'make docker-test    builds and runs docker/ by buildah'
	@echo 'make clean          removes $(BUILD)/'

# everything is in $(BUILD) and the node_modules folders

clean:
	rm -rf $(OUT) t/browser/node_modules client/node_modules

deps:
	@.ci/deps $(DEPS_MODULE)

deps-test: deps
	@.ci/deps $(sort $(DEPS_UNIT) $(DEPS_PERL) $(DEPS_BROWSER) \
		$(DEPS_ASAN))


# The module.  nginx's configure and make run in a folder of links to the
# source tree, which stays untouched.  The file is replaced by renaming: to
# write into one that a running nginx has mapped would crash its workers.

module: deps build

build: $(NGX_OBJ)/objs/Makefile
	@flock $(OUT)/.lock $(MAKE) --no-print-directory -s -j$(JOBS) \
		-C $(NGX_OBJ) -f objs/Makefile modules
	@$(if $(wildcard $(NGX_SRC)/src/core/nginx.c),\
		flock $(OUT)/.lock $(MAKE) --no-print-directory -s -j$(JOBS) \
			-C $(NGX_OBJ) -f objs/Makefile binary \
			$(if $(BIN_CFLAGS),CFLAGS='$(BIN_CFLAGS)'))
	@! nm -D --undefined-only $(NGX_OBJ)/objs/ngx_rtc_module.so \
		| grep -E ' U ngx_((http|stream)_)?rtc_'
	@cmp -s $(NGX_OBJ)/objs/ngx_rtc_module.so $(MODULE) || { \
		cp $(NGX_OBJ)/objs/ngx_rtc_module.so $(MODULE).new \
		&& mv -f $(MODULE).new $(MODULE); }

$(NGX_OBJ)/objs/Makefile: config $(OUT)/sources $(NGX_SRC)/src/core/nginx.h
	@echo "configuring for nginx in $(NGX_SRC)"
	@rm -rf $(NGX_OBJ)/objs
	@mkdir -p $(NGX_OBJ)
	@ln -sfn $(abspath $(NGX_SRC))/* $(NGX_OBJ)/
	@rm -f $(NGX_OBJ)/Makefile
	@cd $(NGX_OBJ) && { \
		flags=($(NGX_FLAGS)); \
		if [ -f conf_flags ]; then \
			. ./conf_flags; \
			flags=("$${NGX_CONF_FLAGS[@]}" --with-stream); \
		fi; \
		configure=./configure; \
		[ -f configure ] || configure=./auto/configure; \
		$$configure "$${flags[@]}" --builddir=objs \
			--with-cc-opt='$(CC_OPT) $(WARN)' \
			--with-ld-opt='$(LD_OPT)' \
			--add-dynamic-module=$(ROOT) > configure.log \
		|| { tail -3 configure.log; rm -rf objs; exit 1; }; }

# rewritten only when a file comes or goes

$(OUT)/sources: FORCE
	@mkdir -p $(OUT)
	@ls -d src/*/*.[ch] > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@


# Unit tests and fuzz targets: t/unit/ngx_shim.c in place of nginx, all of
# src/proto and src/media, and what a file names behind "link:".

NGX_INCS = -I$(NGX_OBJ)/objs $(addprefix -I$(NGX_OBJ)/src/,core event \
	event/modules event/quic os/unix http http/modules http/v2 http/v3 \
	stream)
RTC_INCS := $(addprefix -Isrc/,core proto media net signal http stream)
SANS_CFLAGS = -g -O1 -fno-omit-frame-pointer -fno-strict-aliasing -W -Wall \
	-Wextra -Wno-unused-parameter -Werror $(RTC_INCS) $(NGX_INCS) -It/unit
SANS_LIBS := -Wl,--as-needed -lsrtp2 -lnice -ljansson -lssl -lcrypto -lm

links = $(shell sed -n '1,40{/link:/p}' $(1) \
	| grep -oE '(src|t)/[a-z0-9_/]+\.c')

SANS_SRCS := $(sort $(wildcard src/proto/*.c src/media/*.c)) t/unit/ngx_shim.c
HEADERS := $(wildcard src/*/*.h) t/unit/test.h

UNIT_SRCS := $(sort $(wildcard t/unit/*_test.c))
UNIT_BINS := $(UNIT_SRCS:t/unit/%.c=$(OUT)/unit/%)
UNIT_CFLAGS = $(SANS_CFLAGS) -fsanitize=address,undefined \
	-fno-sanitize-recover=all

FUZZ_SRCS := $(sort $(wildcard t/fuzz/fuzz_*.c))
FUZZ_BINS := $(FUZZ_SRCS:t/fuzz/%.c=$(OUT)/fuzz/%)
FUZZ_CFLAGS = $(SANS_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all

$(OUT)/unit/obj/%.o: %.c $(HEADERS) | $(NGX_OBJ)/objs/Makefile
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -c -o $@ $<

$(OUT)/fuzz/obj/%.o: %.c $(HEADERS) | $(NGX_OBJ)/objs/Makefile
	@mkdir -p $(@D)
	@clang $(FUZZ_CFLAGS) -c -o $@ $<

$(OUT)/unit/sans.a: $(SANS_SRCS:%.c=$(OUT)/unit/obj/%.o)
	@rm -f $@ && ar rcs $@ $^

$(OUT)/fuzz/sans.a: $(SANS_SRCS:%.c=$(OUT)/fuzz/obj/%.o)
	@rm -f $@ && ar rcs $@ $^

define unit_rule
$(OUT)/unit/$(1): $(OUT)/unit/obj/t/unit/$(1).o $(OUT)/unit/sans.a \
		$(patsubst %.c,$(OUT)/unit/obj/%.o,\
			$(filter-out $(SANS_SRCS),$(call links,t/unit/$(1).c)))
	@$$(CC) -fsanitize=address,undefined -o $$@ \
		$$(filter %.o,$$^) $$(filter %.a,$$^) $(SANS_LIBS)
endef

define fuzz_rule
$(OUT)/fuzz/$(1): $(OUT)/fuzz/obj/t/fuzz/$(1).o $(OUT)/fuzz/sans.a \
		$(patsubst %.c,$(OUT)/fuzz/obj/%.o,\
			$(filter-out $(SANS_SRCS),$(call links,t/fuzz/$(1).c)))
	@clang -fsanitize=fuzzer,address,undefined -o $$@ \
		$$(filter %.o,$$^) $$(filter %.a,$$^) $(SANS_LIBS)
endef

$(foreach t,$(notdir $(basename $(UNIT_SRCS))),$(eval $(call unit_rule,$(t))))
$(foreach t,$(notdir $(basename $(FUZZ_SRCS))),$(eval $(call fuzz_rule,$(t))))


# Tests.  Each suite appends its counts to $(RESULTS); alone it also shows
# them.

RESULTS ?= $(OUT)/results
RUN := t/run -r $(RESULTS)

ifndef SUM
SUM = @t/run -r $(RESULTS); rc=$$?; rm -f $(RESULTS); exit $$rc
endif

T ?= $(sort $(wildcard t/*.t))
B ?= $(sort $(wildcard t/browser/*.test.mjs))
C ?= $(sort $(wildcard client/test/*.test.mjs client/test/*.test.js))
U ?= $(UNIT_BINS)

PEER := $(OUT)/rtc_peer

TEST_ENV = TEST_NGINX_BINARY=$(NGX_BIN) TEST_NGINX_RTC_MODULE=$(MODULE) \
	TEST_RTC_PEER=$(PEER)
ASAN_ENV = $$(cat $(ASAN)/env) TEST_RTC_PEER=$(PEER)

# the scripted peer of t/lib/Test/Nginx/RTC.pm: it shares no code with src/

rtc-peer: $(PEER)

$(PEER): t/lib/peer/rtc_peer.c | deps
	@mkdir -p $(@D)
	@$(CC) -g -O2 -W -Wall -Wextra -Wno-unused-parameter -Werror -o $@ $< \
		-lsrtp2 -ljansson -lssl -lcrypto -lm

unit: deps
	@$(MAKE) --no-print-directory -j$(JOBS) -k $(UNIT_BINS) \
		|| echo 'unit build 0 1' >> $(RESULTS)
	@$(RUN) -s unit -t 120 -j $(JOBS) $(U)
	$(SUM)

perl: module $(PEER)
	@.ci/deps $(DEPS_PERL)
	@$(TEST_ENV) $(RUN) -s perl -t 300 -j $(JOBS) $(T)
	$(SUM)

browser: module t/browser/node_modules
	@$(TEST_ENV) $(RUN) -s browser -t 600 $(B)
	$(SUM)

client: client/node_modules
	@$(RUN) -s client -t 300 $(C)
	$(SUM)

fuzz-short:
	@.ci/deps $(DEPS_UNIT)
	@$(MAKE) --no-print-directory -j$(JOBS) -k $(FUZZ_BINS) \
		|| echo 'fuzz build 0 1' >> $(RESULTS)
	@FUZZ_DIR=$(OUT)/fuzz FUZZ_RUNS=20000 $(RUN) -s fuzz -t 300 t/fuzz/run
	$(SUM)

asan-perl: asan-build $(PEER)
	@.ci/deps $(DEPS_PERL)
	@env $(ASAN_ENV) $(RUN) -s 'perl, sanitizers' -t 600 -j $(JOBS) $(T)
	$(SUM)

asan-browser: asan-build t/browser/node_modules
	@env $(ASAN_ENV) TEST_SLOW=1 $(RUN) -s 'browser, sanitizers' \
		-t 900 $(B)
	$(SUM)

test: deps deps-test
	@rm -f $(OUT)/results
	@$(MAKE) --no-print-directory -k SUM=@: RESULTS=$(OUT)/results suites \
		|| { mkdir -p $(OUT); echo 'build 0 1' >> $(OUT)/results; }
	@t/run -r $(OUT)/results

suites:
	@for suite in unit fuzz-short perl asan-perl client browser; do \
		$(MAKE) --no-print-directory $$suite || rc=1; \
	done; exit $$rc

asan:
	@rm -f $(OUT)/results
	@for suite in unit asan-perl asan-browser; do \
		$(MAKE) --no-print-directory SUM=@: $$suite \
			|| { mkdir -p $(OUT); echo 'build 0 1' >> $(OUT)/results; }; \
	done
	@t/run -r $(OUT)/results

t/browser/node_modules client/node_modules: \
%/node_modules: %/package.json %/package-lock.json
	@.ci/deps $(if $(filter t/browser,$*),$(DEPS_BROWSER),$(DEPS_NODE))
	@cd $* && npm ci --no-audit --no-fund --loglevel=error < /dev/null
	@touch $@


# nginx with sanitizers.  Debian's source package gives the upstream tarball;
# without it the installed nginx gets the runtime preloaded, and only the
# module is instrumented.

asan-build: deps
	@.ci/deps $(DEPS_ASAN)
	@[ -f $(ASAN_SRC)/src/core/nginx.c ] \
		|| .ci/nginx-source $(ASAN)/src $(OUT)/apt \
		|| echo 'no source of nginx: instrumenting the module only'
	@if [ -f $(ASAN_SRC)/src/core/nginx.c ]; then \
		$(ASAN_MAKE) build && \
		echo "TEST_NGINX_BINARY=$$(ls -t $(ASAN)/nginx-*/objs/nginx \
			| head -1)" > $(ASAN)/env; \
	else \
		$(ASAN_MAKE) NGX_SRC=$(DEBIAN_SRC) build && \
		printf '%s\n' '#!/bin/sh' \
			"LD_PRELOAD=$$($(CC) -print-file-name=libasan.so) \\" \
			'exec $(NGX_BIN) "$$@"' > $(ASAN)/nginx.sh && \
		chmod +x $(ASAN)/nginx.sh && \
		echo 'TEST_NGINX_BINARY=$(ASAN)/nginx.sh' > $(ASAN)/env; \
	fi
	@echo TEST_NGINX_RTC_MODULE=$(ASAN)/ngx_rtc_module.so >> $(ASAN)/env


# Fuzzing for TIME seconds each; new inputs stay in $(BUILD)/fuzz/corpus.

TIME ?= 60

fuzz: deps
	@.ci/deps $(DEPS_UNIT)
	@$(MAKE) --no-print-directory -j$(JOBS) $(FUZZ_BINS)
	@FUZZ_DIR=$(OUT)/fuzz FUZZ_TIME=$(TIME) t/fuzz/run $(F)


# nginx's own test library: its lib/, our test files, our helpers.  Modules
# are loaded by TEST_NGINX_GLOBALS, before what the library loads itself; so
# a dynamic stream is loaded there and hidden from the library.

UPSTREAM := $(OUT)/upstream

define UPSTREAM_NGINX
#!/bin/sh

case " $$* " in
    *" -V "*)
        $(NGX_BIN) "$$@" 2>&1 \
            | sed -e 's/--with-stream=dynamic/--with-stream/' \
                  -e 's/--[a-z_-]*=dynamic//g' >&2
    ;;
    *)
        exec $(NGX_BIN) "$$@"
    ;;
esac
endef

export UPSTREAM_NGINX

test-upstream: module $(PEER)
	@.ci/deps $(DEPS_PERL)
	@[ -f "$(NGINX_TESTS)/lib/Test/Nginx.pm" ] || { \
		echo 'NGINX_TESTS=dir of the nginx-tests repository, please'; \
		exit 1; }
	@rm -rf $(UPSTREAM) && mkdir -p $(UPSTREAM)
	@ln -s $(abspath $(NGINX_TESTS))/lib $(UPSTREAM)/lib
	@ln -s $(addprefix $(ROOT)/,$(T)) $(UPSTREAM)/
	@printf '%s\n' "$$UPSTREAM_NGINX" > $(UPSTREAM)/nginx
	@chmod +x $(UPSTREAM)/nginx
	@cd $(UPSTREAM) && \
		PERL5LIB=$(ROOT)/t/lib TEST_RTC_PEER=$(PEER) \
		TEST_NGINX_BINARY=$(UPSTREAM)/nginx \
		TEST_NGINX_GLOBALS="$$( \
			[ "$$(id -u)" -ne 0 ] || echo 'user root;'; \
			case "$$($(NGX_BIN) -V 2>&1)" in \
			*--with-stream=dynamic*) \
				echo 'load_module modules/ngx_stream_module.so;' \
				| sed "s|modules/|$$($(NGX_BIN) -V 2>&1 \
				| grep -o 'modules-path=[^ ]*' | cut -d= -f2)/|";; \
			esac) load_module $(MODULE);" \
		prove -j$(JOBS) .


# The demo: the example's paths and ports replaced, in the foreground.

DEMO_PORT ?= 8080
DEMO_MEDIA_PORT ?= 3478

demo: module
	@BUILD=$(OUT) NGX_BIN=$(NGX_BIN) MODULE=$(MODULE) \
		conf-examples/demo.sh $(DEMO_PORT) $(DEMO_MEDIA_PORT) \
		|| { rc=$$?; echo 'other ports:' \
			'make demo DEMO_PORT=9000 DEMO_MEDIA_PORT=4000'; \
		exit $$rc; }


bench: module rtc-peer
	@$(TEST_ENV) t/bench/run

lint: deps $(NGX_OBJ)/objs/Makefile
	@.ci/deps $(DEPS_LINT)
	@CPPFLAGS='$(RTC_INCS) $(NGX_INCS) -It/unit' JOBS=$(JOBS) .ci/lint

docker-test:
	@.ci/deps $(DEPS_DOCKER)
	@docker/test
