#!/bin/sh
#
# Copyright (C) nginx-rtc-module authors
#
# Starts demo.conf in the foreground, in a prefix of its own; called by
# "make demo" with $BUILD, $NGX_BIN, $MODULE and the two ports as arguments.
# With CHECK=1 only tests the configuration.

set -eu

http=${1:-8080}
media=${2:-3478}

root=$(cd "$(dirname "$0")/.." && pwd)
prefix=$BUILD/demo

mkdir -p "$prefix"

# a root that starts nginx has its workers run as somebody else: they must
# reach the page and the prefix

user=
if [ "$(id -u)" -eq 0 ]; then
    user='user root;'
fi

# where stream is part of nginx there is nothing to load

modules=$("$NGX_BIN" -V 2>&1 | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
stream="load_module  $modules/ngx_stream_module.so;"

if ! "$NGX_BIN" -V 2>&1 | grep -q -e '--with-stream=dynamic'; then
    stream=
fi

# a machine without IPv6 can't listen on it

ipv6=
if [ ! -e /proc/net/if_inet6 ]; then
    ipv6='/\[::\]:/d'
fi

sed -e "s|^load_module .*ngx_stream_module.so;|$stream|" \
    -e "s|^load_module .*ngx_rtc_module.so;|load_module  $MODULE;|" \
    -e "s|^worker_processes |$user&|" \
    -e "s|root  client|root  $root/client|" \
    -e "s|8080;|$http;|" \
    -e "s|3478 udp|$media udp|" \
    -e "$ipv6" \
    "$root/conf-examples/demo.conf" > "$prefix/nginx.conf"

run() {
    exec "$NGX_BIN" -p "$prefix/" -c "$prefix/nginx.conf" -e error.log "$@"
}

if [ -n "${CHECK:-}" ]; then
    run -t
fi

(run -t -q)

echo
echo "    open http://localhost:$http        Ctrl-C stops it"
echo
echo "    media: UDP port $media; log: $prefix/error.log"
echo

run -g 'daemon off;'
