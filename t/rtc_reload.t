#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for reload: calls go on in the old workers, late joiners reach them,
# new rooms are of new workers, and old workers exit when their rooms end.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::Nginx;
use Test::Nginx::RTC;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http stream udp/);

$t->plan(15)->write_file_expand('nginx.conf', <<'EOF')->run();

%%TEST_GLOBALS%%

daemon off;
worker_processes 2;

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

my $rtc = Test::Nginx::RTC->new();

my $alice = $rtc->join('/rtc', { roomId => 'old', userId => 'alice' });
my $bob = $rtc->join('/rtc', { roomId => 'old', userId => 'bob' });

$alice->publish(audio => 1, video => 1);
ok($rtc->wait(sub { $bob->received('video') > 60 }), 'a call');

my %old = map { $_->{pid} => 1 } @{status()->{workers}};
my $room = (grep { $_->{id} eq 'old' } @{status()->{rooms}})[0]{worker};

for my $n (1 .. 2) {
	$t->reload();

	ok($rtc->wait(sub { active() == 2 }), "reload $n, new workers");

	my $got = $bob->received('video');
	ok($rtc->wait(sub { $bob->received('video') > $got + 120 }),
		"reload $n, the call goes on");
}

my ($video) = $bob->streams('video');
my ($audio) = $bob->streams('audio');

is($video->{missing} + $audio->{missing}, 0, 'nothing is missing');
is($video->{bad_order} + $audio->{bad_order}, 0, 'order is kept');
cmp_ok($video->{gap_ms}, '<', 500, 'no standstill');

is((grep { $_->{id} eq 'old' } @{status()->{rooms}})[0]{worker}, $room,
	'the room stays with its worker');

# a late joiner comes through a new worker

my $carol = $rtc->join('/rtc', { roomId => 'old', userId => 'carol' });

ok($rtc->wait(sub { $carol->received('video') > 60 }), 'late joiner sees');
$carol->publish(audio => 1);
ok($rtc->wait(sub { $bob->received('audio', 'carol') > 30 }), 'and is heard');

# a new room is of a new worker

my $dave = $rtc->join('/rtc', { roomId => 'new', userId => 'dave' });
my $erin = $rtc->join('/rtc', { roomId => 'new', userId => 'erin' });

$dave->publish(video => 1);
ok($rtc->wait(sub { $erin->received('video') > 60 }), 'new room');

my $st = status();
my ($home) = map { $_->{worker} } grep { $_->{id} eq 'new' } @{$st->{rooms}};
my ($worker) = grep { $_->{slot} == $home } @{$st->{workers}};

ok(!$worker->{draining} && !$old{$worker->{pid}}, 'of a new worker');

# the old workers go when their room is empty

$_->leave() for $alice, $bob, $carol;
$_->signal()->close() for $alice, $bob, $carol;

ok($rtc->wait(sub { !grep { $_->{draining} } @{status()->{workers}} }, 15),
	'old workers have gone');

my $got = $erin->received('video');
ok($rtc->wait(sub { $erin->received('video') > $got + 60 }),
	'the new room goes on');

$_->leave() for $dave, $erin;
$_->signal()->close() for $dave, $erin;

###############################################################################

sub active {
	return scalar grep { !$_->{draining} && !$old{$_->{pid}} }
		@{status()->{workers}};
}

###############################################################################
