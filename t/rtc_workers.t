#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for many workers: members of a room sit on any of them, rooms spread,
# media of a single port or of a port range reaches its home.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use JSON::PP;

use Test::Nginx;
use Test::Nginx::RTC;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $members = 5;
my $rooms = 8;


for my $listen ("127.0.0.1:%%PORT_8981_UDP%% udp reuseport", 'range') {
	my $t = Test::Nginx->new()->has(qw/http stream udp/)->plan(12);

	my $range_listen;

	if ($listen eq 'range') {
		$range_listen = '127.0.0.1:9701-9704 udp';
	}

	my $conf = <<'EOC';

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
        listen  %%LISTEN%%;
        rtc;
    }
}

EOC

	$conf =~ s/%%LISTEN%%/$range_listen || $listen/e;

	$t->write_file_expand('nginx.conf', $conf)->run();

	run($t, $range_listen ? 'range' : 'single');
}

###############################################################################

sub status {
	return decode_json(http_content(http_get('/status?format=json')));
}

sub run {
	my ($t, $name) = @_;

	my $rtc = Test::Nginx::RTC->new();

	# a room whose members are on all workers

	my @m = map { $rtc->join('/rtc', { roomId => 'spread',
		userId => "u$_" }) } 1 .. $members;

	$_->publish(audio => 1, video => { size => 600, fps => 15 }) for @m;

	ok($rtc->wait(sub {
		my $ok = 1;

		for my $to (@m) {
			for my $from (@m) {
				next if $to == $from;
				$ok &&= $to->received('video', $from->user())
					> 30;
				$ok &&= $to->received('audio', $from->user())
					> 30;
			}
		}

		return $ok;
	}, 20), "$name: everybody receives everybody");

	my ($missing, $bad, $foreign) = (0, 0, 0);

	for my $m (@m) {
		for my $s ($m->streams()) {
			$missing += $s->{missing};
			$bad += $s->{bad_order};
			$foreign += $s->{foreign};
		}
	}

	is($missing, 0, "$name: nothing is missing");
	is($bad, 0, "$name: order is kept");
	is($foreign, 0, "$name: payload is kept");

	my $st = status();

	is(scalar @{$st->{workers}}, 4, "$name: four workers");
	cmp_ok(scalar(grep { $_->{counters}{sessions} > 0 }
		@{$st->{workers}}), '>', 1, "$name: sessions on many workers");

	if ($name eq 'single') {
		cmp_ok($st->{counters}{datagrams_crossed}, '>', 0,
			"$name: datagrams cross the mesh");

	} else {
		is($st->{counters}{datagrams_crossed}, 0,
			"$name: no datagram crosses");
	}

	# rooms spread over workers

	my @others = map { my $r = $_; map { $rtc->join('/rtc',
		{ roomId => "room$r", userId => $_ }) } qw/ a b / }
		1 .. $rooms;

	for my $i (0 .. $rooms - 1) {
		$others[2 * $i]->publish(video => { size => 300, fps => 10 });
	}

	ok($rtc->wait(sub {
		my $ok = 1;

		for my $i (0 .. $rooms - 1) {
			$ok &&= $others[2 * $i + 1]->received('video') > 10;
		}

		return $ok;
	}, 15), "$name: every room has media");

	$st = status();

	my %homes = map { $_->{worker} => 1 } @{$st->{rooms}};

	is(scalar @{$st->{rooms}}, $rooms + 1, "$name: rooms are listed");
	is(scalar keys %homes, 4, "$name: rooms spread over the workers");

	$_->leave() for @m, @others;
}

###############################################################################
