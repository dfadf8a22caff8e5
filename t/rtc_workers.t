#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for many workers: members of a room sit on any of them, rooms spread,
# media of one shared port reaches its home.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::Nginx;
use Test::Nginx::RTC::Spread;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http stream udp/);

$t->plan(10)->write_file_expand('nginx.conf', <<'EOF')->run();

%%TEST_GLOBALS%%

daemon off;
worker_processes 4;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    p2p_max 0;
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen       127.0.0.1:8080 reuseport;
        server_name  localhost;

        location /rtc {
            rtc_signaling;
        }

        location /status {
            rtc_status;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        listen  127.0.0.1:%%PORT_8981_UDP%% udp reuseport;
        rtc;
    }
}

EOF

###############################################################################

spread(crosses => 1);

###############################################################################
