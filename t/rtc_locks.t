#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for tracks that a host has muted for good: how their owner tries to
# get out of it.  No media.

###############################################################################

use warnings;
use strict;

use Test::More;

use JSON::PP;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Test::Nginx;
use Test::Nginx::RTC;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http stream udp/);

$t->plan(11)->write_file_expand('nginx.conf', <<'EOC')->run();

%%TEST_GLOBALS%%

daemon off;
worker_shutdown_timeout 1s;

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
    }
}

stream {
    server {
        listen  127.0.0.1:%%PORT_8982_UDP%% udp;
        rtc;
    }
}

EOC

###############################################################################

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

my $ann = member('ann');
my $bob = member('bob');

is(offer($bob, 'sendonly', 'microphone'), '', 'published');
my $track = $ann->wait_event('track-published')->{track};
is($track->{muted}, $false, 'not muted');

# one track is locked

$ann->call('mute', { userId => 'bob', trackId => $track->{id},
	locked => $true });
is($ann->wait_event('track-updated')->{track}{muted}, $true, 'muted');

$bob->call('media-state', { audio => $false });
$bob->call('media-state', { audio => $true });
is_deeply([ grep { $_->{event} eq 'track-updated' } @{$ann->events()} ], [],
	'its owner can\'t unmute');

# it is ended and published anew, by another name

is(offer($bob, 'inactive'), '', 'unpublished');
is($ann->wait_event('track-unpublished')->{track}{id}, $track->{id},
	'unpublished, told');
is(offer($bob, 'sendonly', 'mic2'), '', 'published anew');

my $anew = $ann->wait_event('track-published')->{track};
isnt($anew->{id}, $track->{id}, 'as a new track');
is($anew->{muted}, $true, 'which is locked like the old one');
is($bob->refused('media-state', { audio => $true }), 'forbidden',
	'and stays so');

# the host gives it back

$ann->call('mute', { userId => 'bob', kind => 'audio', locked => $false });
is($bob->refused('media-state', { audio => $true }), '', 'given back');

###############################################################################

sub member {
	my ($user) = @_;

	return Test::Nginx::RTC::Signal->join_room('/rtc',
		{ roomId => 'r', userId => $user });
}

# one microphone; the error's code

sub offer {
	my ($m, $direction, $source) = @_;

	my $sdp = join "\r\n", 'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0',
		'a=group:BUNDLE 0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111',
		'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=ice-ufrag:abcd',
		'a=ice-pwd:' . 'abcdefgh' x 3,
		'a=fingerprint:sha-256 ' . join(':', ('AB') x 32),
		'a=setup:actpass', "a=$direction", 'a=rtcp-mux',
		'a=rtpmap:111 opus/48000/2', '';

	return $m->refused('webrtc-offer', { targetUserId => 'sfu',
		offer => { type => 'offer', sdp => $sdp },
		$source ? (tracks => { 0 => $source }) : () });
}

###############################################################################
