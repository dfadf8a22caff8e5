#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for media through the SFU in one worker: publishing, receiving,
# feedback, m-lines that end and are used again, ciphers and roles.

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

$t->plan(50)->write_file_expand('nginx.conf', <<'EOC')->run();

%%TEST_GLOBALS%%

daemon off;
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

    log_format  rtc  '$remote_addr $rtc_room $rtc_user $rtc_ice_state '
                     '$rtc_bytes_received $rtc_bytes_sent $rtc_role '
                     '$rtc_session "$rtc_close_reason" $rtc_participants';
    access_log  %%TESTDIR%%/media.log  rtc;

    server {
        listen  127.0.0.1:%%PORT_8981_UDP%% udp;
        rtc;
    }
}

EOC

###############################################################################

my $rtc = Test::Nginx::RTC->new();

# one publishes, one receives

my $alice = $rtc->join('/rtc', { roomId => 'media', userId => 'alice' });
my $bob = $rtc->join('/rtc', { roomId => 'media', userId => 'bob' });

is($alice->signal()->state()->{mode}, 'sfu', 'sfu room');

my %ids = (alice => $alice->joined()->{data}{self}{id},
	bob => $bob->joined()->{data}{self}{id});

$alice->publish(audio => 1, video => 1);

my $send = $alice->pc('send');

is($send->{candidate}{ip}, '127.0.0.1', 'candidate at the listener');
is($send->{candidate}{port}, port(8981, udp => 1), 'its port');
ok($send->{answer}{lite}, 'ice-lite');
is($send->{answer}{setup}, 'passive', 'client takes the active role');
is(join(' ', map { $_->{direction} } @{$send->{answer}{media}}),
	'recvonly recvonly', 'answer receives');
is($send->{tracks}{0}{source}, 'microphone', 'audio track');
is($send->{tracks}{1}{source}, 'camera', 'video track');
is($rtc->peer($send->{peer}{id})->{profile}, 'SRTP_AEAD_AES_128_GCM',
	'preferred cipher');

ok($rtc->wait(sub { $bob->received('audio') > 50
	&& $bob->received('video') > 120 }), 'media is forwarded');

my ($audio) = $bob->streams('audio');
my ($video) = $bob->streams('video');

is($video->{missing} + $audio->{missing}, 0, 'nothing is missing');
is($video->{dup} + $audio->{dup}, 0, 'nothing came twice');
is($video->{bad_order} + $audio->{bad_order}, 0, 'order is kept');
is($video->{foreign} + $audio->{foreign}, 0, 'payload is kept');
is($video->{jumps} + $audio->{jumps}, 0, 'timestamps run evenly');
cmp_ok($video->{keyframes}, '>=', 1, 'starts by a keyframe');
cmp_ok($video->{gap_ms}, '<', 500, 'no standstill');
is($video->{track}{userId}, 'alice', 'the offer tells the user');
is($video->{mid}, $video->{track}{mid}, 'mid is of the subscriber');
isnt($video->{ssrc}, $send->{sections}[1]{ssrc}, 'ssrc of the server');

ok($rtc->wait(sub { $bob->stats('recv')->{got_sr} >= 2
	&& $bob->stats('recv')->{got_sdes} >= 1 }), 'sender reports');

my $st = $alice->stats('send');

cmp_ok($st->{got_twcc}, '>=', 5, 'transport-wide feedback');
cmp_ok($st->{twcc_acked}, '>=', 100, 'it covers the packets');
ok($rtc->wait(sub { $alice->stats('send')->{got_rr} >= 1 }),
	'receiver reports');
is($st->{rx_bad}, 0, 'all authentic');

# a late joiner

my $carol = $rtc->join('/rtc', { roomId => 'media', userId => 'carol' });
$ids{carol} = $carol->joined()->{data}{self}{id};

ok($rtc->wait(sub { $carol->received('video') > 30 }), 'late joiner');
my ($late) = $carol->streams('video');
cmp_ok($late->{first_ms}, '<', 1000, 'sees a picture soon');
cmp_ok($late->{keyframes}, '>=', 1, 'by a keyframe');

# the publisher's losses, the subscriber's losses

my $dave = $rtc->join('/rtc', { roomId => 'loss', userId => 'dave' });
my $erin = $rtc->join('/rtc', { roomId => 'loss', userId => 'erin' });
my $frank = $rtc->join('/rtc', { roomId => 'loss', userId => 'frank' });

$frank->receive(drop => 10);
$dave->publish(video => { drop => 10 });

ok($rtc->wait(sub { $erin->received('video') > 600
	&& $frank->received('video') > 500 }, 15), 'media in spite of loss');

my ($whole) = $erin->streams('video');
my ($lossy) = $frank->streams('video');

cmp_ok($dave->stats('send')->{got_nack}, '>', 30, 'publisher is asked');
cmp_ok($whole->{missing}, '<', 40, 'its packets are recovered');
cmp_ok($whole->{gap_ms}, '<', 1000, 'no freeze');
cmp_ok($lossy->{recovered}, '>', 20, 'subscriber gets them again');
cmp_ok($lossy->{gap_ms}, '<', 1000, 'no freeze of the lossy one');

# an m-line ends and another track takes it

$alice->unpublish(1);

ok($bob->signal()->wait_event('track-unpublished'), 'unpublished');
ok($rtc->wait(sub { $bob->pc('recv')->{offer}{media}[1]{direction}
	eq 'inactive' }), 'm-line is inactive');

my $ssrc = $bob->pc('recv')->{offer}{media}[1]{ssrc}[0];
my $n = @{$bob->pc('recv')->{offer}{media}};

$alice->publish(screen => 1);

ok($rtc->wait(sub { $bob->received('screen') > 60 }), 'another track');
is(scalar @{$bob->pc('recv')->{offer}{media}}, $n, 'm-line is used again');

# ciphers and roles

my @others = (
	[ 'SRTP_AEAD_AES_256_GCM', 'active' ],
	[ 'SRTP_AES128_CM_SHA1_80', 'active' ],
	[ 'SRTP_AEAD_AES_128_GCM', 'passive' ],
);

for my $o (@others) {
	my ($profile, $setup) = @$o;
	my $room = { roomId => "$profile-$setup" };
	my %o = (profiles => $profile, setup => $setup);

	my $one = $rtc->join('/rtc', { %$room, userId => 'one' }, %o);
	my $two = $rtc->join('/rtc', { %$room, userId => 'two' }, %o);

	$one->publish(audio => 1, video => 1);

	ok($rtc->wait(sub { $two->received('audio') > 10
		&& $two->received('video') > 10 }), "$profile, $setup");
	is($rtc->peer($two->pc('recv')->{peer}{id})->{profile}, $profile,
		"$profile was chosen");
	$_->leave() for $one, $two;
}

# a member leaves: the others are told and its media ends

$alice->leave();

is($bob->signal()->wait_event('user-left')->{userId}, 'alice', 'user-left');

$_->leave() for $carol, $bob, $dave, $erin, $frank;

undef $rtc;

$t->stop();

my $log = $t->read_file('media.log');

like($log, qr/^127.0.0.1 media alice \w+ [1-9]\d+ \d+ /m,
	'access log of media');
like($log, qr/^127.0.0.1 media bob \w+ \d+ [1-9]\d{5,} /m,
	'access log of the receiver');
like($log, qr/ bob .* host \Q$ids{bob}\E "clos\w+" [\d-]+$/m,
	'the role as of the end');
like($log, qr/ alice .* host \Q$ids{alice}\E "clos\w+" [123]$/m,
	'role, session, reason and participants');
like($log, qr/ carol .* participant \Q$ids{carol}\E "clos\w+" [\d-]+$/m,
	'those of another');

###############################################################################
