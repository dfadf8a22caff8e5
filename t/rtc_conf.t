#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for the configuration: what loads, and that each wrong value of each
# directive is refused by its name.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::Nginx;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http stream udp/);

# what is put in, and what the message must tell besides "[emerg]"; "a|b":
# one of them

my @rtc = (
	['zone rtc:32m slots=64 mailbox=256k; announce 203.0.113.10; '
		. 'announce 2001:db8::1; codecs opus red vp8 vp9 h264 av1; '
		. 'p2p_max 3; max_participants 100; max_rooms 1000; '
		. 'max_sessions 5000; drain_notice 15s; drain_sockets 1000; '
		. 'max_bitrate send=15m recv=50m; metadata_size 16k; '
		. 'empty_timeout 30s; resume_timeout 20s; ice_timeout 30s; '
		. 'dtls_timeout 10s; ice_server stun:stun.example.com:3478; '
		. 'ice_server turn:turn.example.com:3478?transport=udp '
		. 'secret=x ttl=1h; '
		. 'room_type cinema { max_participants 500; p2p_max 2; }'],

	['zone rtc:32m;'],

	['', 'zone'],
	['zone;', 'zone'],
	['zone rtc;', 'zone', 'rtc'],
	['zone rtc:x;', 'zone', 'rtc:x'],
	['zone :32m;', 'zone', ':32m'],
	['zone rtc:8k;', 'zone', 'too small'],
	['zone rtc:1m;', 'zone', 'too small'],
	['zone rtc:32m slots=0;', 'zone', 'slots=0'],
	['zone rtc:32m slots=x;', 'zone', 'slots=x'],
	['zone rtc:32m mailbox=1;', 'zone', 'mailbox=1'],
	['zone rtc:32m some=1;', 'zone', 'some=1'],
	['zone rtc:32m; zone rtc:32m;', 'zone', 'duplicate'],

	(map {
		my ($name, $wrong, $right) = @$_;

		(["zone rtc:32m; $name $wrong;", $name, $wrong],
		["zone rtc:32m; $name;", $name],
		["zone rtc:32m; $name $right; $name $right;", $name,
			'duplicate']);
	} (
		['p2p_max', '-1', 2],
		['max_participants', '0', 2],
		['max_rooms', 'many', 2],
		['max_sessions', '0', 2],
		['drain_notice', '15x', '5s'],
		['drain_sockets', '1.5', 100],
		['metadata_size', '1z', '1k'],
		['empty_timeout', 'soon', '5s'],
		['resume_timeout', '-5s', '5s'],
		['ice_timeout', '0', '5s'],
		['dtls_timeout', '0', '5s'],
	)),

	['zone rtc:32m; announce host.example.com;', 'announce',
		'host.example.com'],
	['zone rtc:32m; announce 203.0.113.300;', 'announce', '203.0.113.300'],
	['zone rtc:32m; announce 1.2.3.4; announce 1.2.3.5;', 'announce',
		'1.2.3.5'],

	['zone rtc:32m; codecs mp3;', 'codecs', 'mp3'],
	['zone rtc:32m; codecs opus opus;', 'codecs', 'opus'],

	['zone rtc:32m; max_bitrate send=fast;', 'max_bitrate', 'send=fast'],
	['zone rtc:32m; max_bitrate send=0;', 'max_bitrate', 'send=0'],
	['zone rtc:32m; max_bitrate 15m;', 'max_bitrate', '15m'],

	['zone rtc:32m; ice_server http://example.com;', 'ice_server',
		'http://example.com'],
	['zone rtc:32m; ice_server turn:turn.example.com;', 'ice_server',
		'turn:turn.example.com'],
	['zone rtc:32m; ice_server turn:turn.example.com secret=x ttl=x;',
		'ice_server', 'ttl=x'],
	['zone rtc:32m; ice_server turn:turn.example.com secret_file=none;',
		'ice_server', 'none'],
	['zone rtc:32m; ice_server stun:stun.example.com secret=x;',
		'ice_server', 'stun:stun.example.com'],

	['zone rtc:32m; certificate none.crt; certificate_key none.key;',
		'none.crt'],
	['zone rtc:32m; certificate none.crt;', 'certificate_key'],
	['zone rtc:32m; certificate_key none.key;', 'certificate'],

	['zone rtc:32m; room_type;', 'room_type'],
	['zone rtc:32m; room_type cinema;', 'room_type'],
	['zone rtc:32m; room_type cinema { colour red; }', 'room_type',
		'colour'],
	['zone rtc:32m; room_type cinema { p2p_max x; }', 'p2p_max', 'x'],
	['zone rtc:32m; room_type cinema { max_participants 0; }',
		'max_participants', '0'],
	['zone rtc:32m; room_type cinema { } room_type cinema { }',
		'room_type', 'cinema'],

	['zone rtc:32m; token_key none.jwk;', 'none.jwk'],
	['zone rtc:32m; unheard_of 1;', 'unheard_of'],
);

my @location = (
	['rtc_signaling; rtc_room $arg_room; rtc_user $remote_user; '
		. 'rtc_role viewer; rtc_create any; rtc_message_size 64k; '
		. 'rtc_send_queue 1m; rtc_ping_interval 25s; '
		. 'rtc_ping_timeout 20s; '
		. 'rtc_allow_origin https://a.example.com *;'],
	['rtc_status;'],

	['rtc_signaling on;', 'rtc_signaling'],
	['rtc_signaling; rtc_signaling;', 'rtc_signaling', 'duplicate'],
	['rtc_signaling; rtc_create never;', 'rtc_create', 'never'],
	['rtc_signaling; rtc_role king;', 'rtc_role', 'king'],
	['rtc_signaling; rtc_allow_origin app.example.com;',
		'rtc_allow_origin', 'app.example.com'],
	['rtc_signaling; rtc_message_size 1;', 'rtc_message_size', '1'],
	['rtc_signaling; rtc_message_size x;', 'rtc_message_size'],
	['rtc_signaling; rtc_send_queue 1;', 'rtc_send_queue', '1'],
	['rtc_signaling; rtc_ping_interval x;', 'rtc_ping_interval'],
	['rtc_signaling; rtc_ping_interval 1ms;', 'rtc_ping_interval', '1ms'],
	['rtc_signaling; rtc_ping_timeout 0;', 'rtc_ping_timeout', '0'],
	['rtc_status some;', 'rtc_status'],
);

# two ports in a row; an address that the library doesn't rewrite

my $n = 8985;
$n++ until port($n, udp => 1) + 1 == port($n + 1, udp => 1);

my $udp = port($n, udp => 1);
my $listen = "listen 127.0.0.2:$udp udp reuseport";
my $range = "listen 127.0.0.2:$udp-" . ($udp + 1) . ' udp';

my @stream = (
	["$listen; rtc;"],
	["$listen; rtc on;", 'rtc'],
	["$listen; rtc; rtc;", 'rtc', 'duplicate'],
	["$listen; rtc; return x;", 'return|rtc'],
	["$listen; rtc; proxy_pass 127.0.0.1:1;", 'proxy_pass|rtc'],
);

# main, rtc, location, stream

my $zone = 'rtc { zone rtc:32m; }';

my @whole = (
	# one socket and several workers: the kernel would spread packets

	['worker_processes 2;', $zone, '', "listen 127.0.0.2:$udp udp; rtc;",
		'reuseport'],
	['worker_processes 1;', $zone, '', "listen 127.0.0.2:$udp udp; rtc;"],

	['worker_processes 2;', $zone, '', "$range reuseport; rtc;",
		'reuseport'],
	['worker_processes 2;', $zone, '', "$range; rtc;"],

	['', '', '', ''],
	['', '', 'rtc_signaling;', '', 'rtc_signaling'],
	['', '', '', "$listen; rtc;", 'rtc'],

	['', $zone, 'rtc_signaling;', ''],
	['', "$zone $zone", '', '', 'rtc', 'duplicate'],
	['', 'rtc on;', '', '', 'rtc'],
);

$t->plan(@rtc + @location + @stream + @whole);

###############################################################################

check("rtc: $_->[0]", '', "rtc { $_->[0] }", '', '', @$_[1 .. $#$_])
	for @rtc;

check("location: $_->[0]", '', $zone, $_->[0], '', @$_[1 .. $#$_])
	for @location;

check("stream: $_->[0]", '', $zone, '', $_->[0], @$_[1 .. $#$_])
	for @stream;

check(join(' ', 'whole:', grep { length } @$_[0 .. 3]), @$_) for @whole;

###############################################################################

# refused with all of the words, or taken if there are none

sub check {
	my ($name, $main, $rtc, $location, $stream, @words) = @_;

	$stream = <<"EOF" if $stream;
stream {
    %%TEST_GLOBALS_STREAM%%

    server {
        $stream
    }
}
EOF

	$t->write_file_expand('nginx.conf', <<"EOF");
%%TEST_GLOBALS%%

daemon off;
$main

events {
}

$rtc

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen       127.0.0.1:8080;
        server_name  localhost;

        location / {
            $location
        }
    }
}

$stream

EOF

	my $d = $t->testdir();
	my $text = `$Test::Nginx::NGINX -t -p $d/ -c nginx.conf -e error.log 2>&1`;
	my $taken = $? == 0;

	if (!@words) {
		ok($taken, $name) or diag($text);
		return;
	}

	my @missing = grep { $text !~ /\[emerg\].*(?:$_)/ }
		map { /\|/ ? $_ : quotemeta } @words;

	push @missing, 'the module' if $text =~ /dlopen/;

	ok(!$taken && !@missing, "$name refused")
		or diag(($taken ? 'taken' : "lacks \"@missing\"") . ":\n$text");
}

###############################################################################
