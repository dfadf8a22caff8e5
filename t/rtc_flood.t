#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for what strangers send to the media port: random and mutated
# datagrams change nothing but counters, and are not answered.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use IO::Select;
use IO::Socket::INET;

use Test::Nginx;
use Test::Nginx::RTC;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http stream udp/);

$t->plan(14)->write_file_expand('nginx.conf', <<'EOF')->run();

%%TEST_GLOBALS%%

daemon off;
worker_processes 2;
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
        listen       127.0.0.1:8080;
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

srand(20);

my $rtc = Test::Nginx::RTC->new();

my $alice = $rtc->join('/rtc', { roomId => 'flood', userId => 'alice' });
my $bob = $rtc->join('/rtc', { roomId => 'flood', userId => 'bob' });

$alice->publish(audio => 1, video => 1);
ok($rtc->wait(sub { $bob->received('video') > 50 }), 'a call');

my $before = status();
my ($was) = $bob->streams('video');

# Ten thousand datagrams: noise, and mutations of what peers send: STUN
# requests with the right user name, DTLS records, RTP and RTCP headers.

my $sdp = $alice->pc('send')->{answer};
my $user = "$sdp->{ufrag}:" . $alice->pc('send')->{peer}{ufrag};

my @seeds = (
	pack('nnNa12 nna*x![4]', 1, 44 + (length($user) + 3 & ~3) - 40,
		0x2112a442, 'transaction1', 6, length $user, $user),
	pack('nnNa12', 1, 0, 0x2112a442, 'transaction2'),
	pack('CnnNnn', 22, 0xfefd, 0, 0, 0, 60) . pack('C*', 1, 0, 0, 48, 0, 0,
		0, 0, 0, 0, 0, 48, 0xfe, 0xfd) . 'r' x 46,
	pack('CnnNnn', 23, 0xfefd, 1, 0, 5, 100) . 'a' x 100,
	pack('CCnNN', 0x90, 96, 7, 1000, 1001) . pack('nn', 0xbede, 1)
		. "\x30\x30\x00\x00" . 'v' x 500,
	pack('CCnN', 0x80, 200, 6, 1001) . 's' x 40,
	pack('CCnNN', 0x81, 205, 3, 1, 1001) . 'n' x 30,
	pack('nn', 0x4000, 20) . 'c' x 20,
);

my @sockets = map { IO::Socket::INET->new(Proto => 'udp',
	PeerAddr => '127.0.0.1', PeerPort => port(8981, udp => 1)) } 1 .. 20;
my $sent = 0;
my $answers = 0;
my $bytes = 0;

while ($sent < 10000) {
	my $s = $sockets[rand @sockets];
	my $d;

	if (rand() < 0.3) {
		$d = join '', map { chr rand 256 } 1 .. 1 + rand 200;

	} else {
		$d = $seeds[rand @seeds];

		for (1 .. rand 6) {
			substr($d, rand length $d, 1) = chr rand 256;
		}

		$d = substr($d, 0, 1 + rand length $d) if rand() < 0.3;
	}

	$s->send($d);
	$sent++;

	if ($sent % 200 == 0) {
		$rtc->pump();

		for my $r (IO::Select->new(@sockets)->can_read(0)) {
			while (IO::Select->new($r)->can_read(0)) {
				last unless defined $r->recv(my $buf, 2000);
				$answers++;
				$bytes += length $buf;
			}
		}
	}
}

# the call goes on, and everything is read

my $packets = $bob->received('video');

ok($rtc->wait(sub { $bob->received('video') > $packets + 60 }),
	'the call goes on');

my $after = status();
my $c = $after->{counters};
my $b = $before->{counters};

is($answers, 0, 'strangers are not answered');
cmp_ok($c->{datagrams_unknown} + $c->{stun_bad} - $b->{datagrams_unknown}
	- $b->{stun_bad}, '>', 9000, 'they are counted');
is($c->{$_}, $b->{$_}, "$_ unchanged")
	for qw/ rooms participants transports transports_connected tracks /;

my ($now) = $bob->streams('video');

is($now->{missing}, 0, 'nothing of the call is missing');
cmp_ok($now->{gap_ms}, '<', 500, 'no standstill');

# peers that begin DTLS and say no more: places for handshakes are limited,
# those of one address more so, and who is silent has to give his away

my @stalled;

for my $n (1 .. 140) {
	my $s = $rtc->join('/rtc', { roomId => "stall$n", userId => 'stalled' },
		bind => '127.0.0.2', stall => 1);

	$s->publish(audio => 1, wait => 0);
	push @stalled, $s;
}

my $ice = sub { $rtc->peer($_[0]->pc('send')->{peer}{id})->{ice} };

ok($rtc->wait(sub { @stalled == grep { $ice->($_) } @stalled }), 'stalled');

my $carol = $rtc->join('/rtc', { roomId => 'stall', userId => 'carol' });
ok(eval { $carol->publish(audio => 1) }, 'another address is not kept out');

my $dave = $rtc->join('/rtc', { roomId => 'stall', userId => 'dave' },
	bind => '127.0.0.2');
ok(eval { $dave->publish(audio => 1) }, 'nor is the same one for long');

$_->leave() for $alice, $bob, $carol, $dave, @stalled;

###############################################################################

###############################################################################
