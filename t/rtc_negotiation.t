#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for the negotiation with the SFU: offers and answers on both
# transports, what is refused, subscriptions, m-lines, codecs.  No media.

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

$t->plan(86)->write_file_expand('nginx.conf', <<'EOC')->run();

%%TEST_GLOBALS%%

daemon off;
worker_shutdown_timeout 1s;

events {
}

rtc {
    zone rtc:16m;
    p2p_max 0;
    codecs opus h264 vp8 vp9;
    max_bitrate send=2m recv=4m;
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
        listen  127.0.0.1:%%PORT_8981_UDP%% udp;
        rtc;
    }
}

EOC

###############################################################################

my ($true, $false) = (JSON::PP::true, JSON::PP::false);

# transports

my $ann = member('a', 'ann');
my @tr = map { $ann->wait_event('transport-created') } 1, 2;

is(join(' ', map { $_->{direction} } @tr), 'send recv', 'two transports');
is($tr[0]{replaces}, undef, 'they replace none');
is_deeply($tr[0]{iceParameters}{iceLite}, $true, 'ice-lite');
is($tr[0]{iceCandidates}[0]{port}, port(8981, udp => 1), 'candidate');
is($tr[0]{iceCandidates}[0]{address}, '127.0.0.1', 'its address');
is($tr[0]{dtlsParameters}{fingerprints}[0]{algorithm}, 'sha-256',
	'fingerprint');
is($tr[0]{sctpParameters}, undef, 'no data channels');

my $send = $tr[0]{id};

# a first offer

my ($rc, $e) = offer($ann, audio(), video('VP8', 'VP9', 'H264'));

is($rc, '', 'an offer is taken');
is($e->{transportId}, $send, 'answer: transport');
is($e->{negotiation}, 1, 'answer: negotiation');
is($e->{tracks}{0}{source}, 'microphone', 'answer: audio track');
is($e->{tracks}{1}{source}, 'camera', 'answer: video track');
is($e->{tracks}{1}{codec}, 'h264', 'the first of the codecs');

my $a = Test::Nginx::RTC::parse_sdp($e->{answer}{sdp});

is($a->{ufrag}, $tr[0]{iceParameters}{usernameFragment}, 'answer: ufrag');
is($a->{setup}, 'passive', 'answer: setup');
is("@{$a->{bundle}}", '0 1', 'answer: BUNDLE');
is($a->{media}[1]{rtpmap}{$a->{media}[1]{pts}[0]}, 'H264/90000',
	'answer: H.264 first');
like($e->{answer}{sdp}, qr/b=AS:2000\r\nb=TIAS:2000000\r\n/,
	'answer: bitrate');
is($ann->wait_event('track-published')->{track}{userId}, 'ann',
	'track-published');

# what is refused

my %bad = (
	'no SDP' => 'hello',
	'no m-lines' => head(),
	'no fingerprint' => del(sdp(video('VP8')), 'fingerprint'),
	'no ufrag' => del(sdp(video('VP8')), 'ice-ufrag'),
	'no rtcp-mux' => del(sdp(video('VP8')), 'rtcp-mux'),
	'no mid' => del(sdp(video('VP8')), 'mid'),
	'no BUNDLE' => del(sdp(audio(), video('VP8')), 'group'),
	'holdconn' => sdp(video('VP8')) =~ s/actpass/holdconn/gr,
	'lite' => sdp(video('VP8')) =~ s/^t=.*\r\n\K/a=ice-lite\r\n/mr,
);

my $eve = member('b', 'eve');

for my $what (sort keys %bad) {
	($rc) = offer_sdp($eve, $bad{$what});
	is($rc, 'bad-sdp', $what);
}

is(offer($eve, video('ULPFEC')), 'codec-unsupported', 'no codec of ours');
is($eve->refused('webrtc-offer', { targetUserId => 'sfu',
	offer => { type => 'answer', sdp => sdp(audio()) } }), 'bad-request',
	'an answer is no offer');
is($eve->refused('webrtc-offer', { targetUserId => 'sfu',
	transportId => 'none', offer => { type => 'offer',
	sdp => sdp(audio()) } }), 'no-such-transport', 'no such transport');
is($eve->refused('webrtc-offer', { targetUserId => 'sfu',
	tracks => { 0 => 7 }, offer => { type => 'offer',
	sdp => sdp(audio()) } }), 'bad-request', 'a source that is no text');
is($eve->refused('webrtc-offer', { targetUserId => 'sfu',
	tracks => { 0 => 'x' x 32 }, offer => { type => 'offer',
	sdp => sdp(audio()) } }), 'bad-request', 'a source too long');
is(offer($eve, map { audio() } 1 .. 17), 'too-many', 'too many tracks');

($rc, $e) = offer($eve, audio(), video('ULPFEC'), data());

is($rc, '', 'none of these harmed the transport');
is(join(' ', map { $_->{port} ? $_->{direction} : 'rejected' }
	@{Test::Nginx::RTC::parse_sdp($e->{answer}{sdp})->{media}}),
	'recvonly rejected rejected', 'what is not ours is rejected');
is(join(' ', keys %{$e->{tracks}}), '0', 'one track');

is(($eve->request('ice-candidate', { targetUserId => 'sfu',
	direction => 'send', candidate => { candidate => '' } })
	->{error} || {})->{code}, undef, 'candidates are taken');
is($eve->refused('ice-candidate', { targetUserId => 'sfu',
	candidate => undef }), '', 'the end of candidates too');

# the recv transport: an offer of the server's

my $bob = member('a', 'bob');
my $recv = (map { $bob->wait_event('transport-created') } 1, 2)[1]{id};

my $o = $bob->wait_event('webrtc-offer');
my $m = Test::Nginx::RTC::parse_sdp($o->{offer}{sdp})->{media};

is($o->{fromUserId}, 'sfu', 'offer of the server');
is($o->{transportId}, $recv, 'its transport');
is($o->{negotiation}, 1, 'its negotiation');
is(join(' ', map { $o->{tracks}{$_}{source} } sort keys %{$o->{tracks}}),
	'microphone camera', 'its tracks');
is(join(' ', map { "$_->{kind} $_->{direction}" } @$m),
	'audio sendonly video sendonly', 'its m-lines');
is($m->[0]{msid}[0], 'ann', 'msid: stream');
is($m->[1]{msid}[1], $o->{tracks}{1}{trackId}, 'msid: track');
is_deeply($m->[1]{fid}, $m->[1]{ssrc}, 'media and RTX');

is($bob->refused('webrtc-answer', { targetUserId => 'sfu',
	negotiation => 7, answer => { type => 'answer', sdp => 'x' } }), '',
	'a stale answer is ignored');
is(answer($bob, $o, sub { s/a=group.*\r\n//r =~ s/m=video.*//sr }), 'bad-sdp',
	'an answer with an m-line missing');
is(answer($bob, $o), '', 'the answer is taken');
is(answer($bob, $o), '', 'and once more ignored');

# changes

my ($audio, $video) = map { $o->{tracks}{$_}{trackId} } 0, 1;

is($bob->refused('unsubscribe', { trackId => $audio }), '', 'unsubscribe');

$o = $bob->wait_event('webrtc-offer');

is($o->{negotiation}, 2, 'another offer');
is(directions($o), 'inactive sendonly', 'the m-line is inactive');
is(join(' ', keys %{$o->{tracks}}), '1', 'and has no track');

# while this one is outstanding, changes gather

is($bob->refused('subscribe', { trackId => $audio }), '', 'subscribe');

($rc, $e) = offer($ann, audio(), video('VP8', 'VP9', 'H264'),
	video('VP8', 'H264'));

is($e->{tracks}{2}{source}, 'screen', 'a second video is the screen');

is(answer($bob, $o), '', 'the answer');

$o = $bob->wait_event('webrtc-offer');

is($o->{negotiation}, 3, 'one offer for both changes');
is(directions($o), 'sendonly sendonly sendonly', 'three m-lines');
is($o->{tracks}{0}{trackId}, $audio, 'the inactive one is used again');

$m = Test::Nginx::RTC::parse_sdp($o->{offer}{sdp})->{media};

is($m->[2]{msid}[0], 'ann~screen', 'stream of a screen');

# a codec that the subscriber lacks

is(answer($bob, $o, sub { reject($_, 2) }), '', 'one m-line is rejected');
is_deeply($bob->wait_event('subscription-failed'), {
	trackId => $o->{tracks}{2}{trackId}, code => 'codec-unsupported' },
	'subscription-failed');
is($bob->refused('subscribe', { trackId => 'none' }), 'no-such-track',
	'no such track');
is($ann->refused('subscribe', { trackId => $audio }), 'bad-request',
	'one\'s own track');

# restart

my $ufrag = Test::Nginx::RTC::parse_sdp($o->{offer}{sdp})->{ufrag};

is($bob->refused('restart-ice', { transportId => $send }),
	'no-such-transport', 'another one\'s transport');
is($bob->refused('restart-ice', { transportId => $recv }), '', 'restart');

$o = $bob->wait_event('webrtc-offer');

isnt(Test::Nginx::RTC::parse_sdp($o->{offer}{sdp})->{ufrag}, $ufrag,
	'other credentials');
is((Test::Nginx::RTC::parse_sdp($o->{offer}{sdp})->{media}[2]{port}), 0,
	'a rejected m-line stays');
is(answer($bob, $o, sub { reject($_, 2) }), '', 'and the answer');

# publications end and come again

($rc, $e) = offer($ann, audio(), inactive(video('VP8', 'VP9', 'H264')),
	video('VP8', 'H264'));

is($bob->wait_event('track-unpublished')->{track}{id}, $video,
	'track-unpublished');
is(join(' ', sort keys %{$e->{tracks}}), '0 2', 'no track in the answer');

$o = $bob->wait_event('webrtc-offer');

is(directions($o), 'sendonly inactive rejected', 'the subscriber\'s m-line');
answer($bob, $o, sub { reject($_, 2) });

($rc, $e) = offer($ann, audio(), video('VP8', 'VP9', 'H264'),
	video('VP8', 'H264'));

isnt($e->{tracks}{1}{id}, $video, 'it comes back as another track');

$o = $bob->wait_event('webrtc-offer');

is($o->{tracks}{1}{trackId}, $e->{tracks}{1}{id}, 'on the same m-line');
answer($bob, $o, sub { reject($_, 2) });

# roles

my $vic = Test::Nginx::RTC::Signal->join_room('/rtc', { roomId => 'a',
	userId => 'vic', role => 'viewer' });

is(offer($vic, audio()), 'forbidden', 'a viewer may not publish');
$o = $vic->wait_event('webrtc-offer');
is(scalar keys %{$o->{tracks}}, 3, 'but receives');

my $dan = Test::Nginx::RTC::Signal->join_room('/rtc', { roomId => 'a',
	userId => 'dan', autoSubscribe => $false });

is($dan->refused('subscribe', { trackId => $audio, paused => $true }), '',
	'without autoSubscribe');
$o = $dan->wait_event('webrtc-offer');
is(join(' ', map { $_->{trackId} } values %{$o->{tracks}}), $audio,
	'only what was asked for is offered');

$ann->call('set-role', { userId => 'ann', role => 'viewer' });
is(join(' ', sort map { $_->{track}{source} }
	map { $dan->wait_event('track-unpublished') } 1 .. 3),
	'camera microphone screen', 'who becomes a viewer publishes no more');

# the codec that all decode: bob's and ann's offers know of H.264, finn's
# tells that it lacks it

my $finn = member('c', 'finn');
my $gus = member('c', 'gus');

offer($finn, video('VP8', 'VP9'));
($rc, $e) = offer($gus, video('VP8', 'H264'));
is($e->{tracks}{0}{codec}, 'vp8', 'the first codec that all decode');

($rc, $e) = offer(member('c', 'hal'), video('H264'));
is($e->{tracks}{0}{codec}, 'h264', 'and else one that the publisher has');
is($finn->wait_event('webrtc-offer')->{tracks}{0}{userId}, 'gus',
	'others get it');

# statistics

my $st = $bob->call('get-stats', {});

is(scalar @{$st->{transports}}, 2, 'stats: transports');
is(ref $st->{subscriptions}, 'ARRAY', 'stats: subscriptions');

###############################################################################

sub member {
	my ($room, $user) = @_;

	return Test::Nginx::RTC::Signal->join_room('/rtc',
		{ roomId => $room, userId => $user });
}

# m-lines

sub audio {
	return { kind => 'audio', codecs => [ 'opus/48000/2' ] };
}

sub video {
	return { kind => 'video', codecs => [ map { "$_/90000" } @_ ] };
}

sub data {
	return { kind => 'application' };
}

sub inactive {
	return { %{$_[0]}, direction => 'inactive' };
}

sub head {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
}

sub sdp {
	my @sections = @_;
	my ($pt, $mid) = (96, 0);
	my $sdp = head() . "a=group:BUNDLE @{[ 0 .. $#sections ]}\r\n";

	for my $s (@sections) {
		my $direction = $s->{direction} || 'sendonly';
		my @pts = map { $pt++ } @{$s->{codecs} || []};

		my @lines = $s->{kind} eq 'application'
			? ('m=application 9 UDP/DTLS/SCTP webrtc-datachannel')
			: ("m=$s->{kind} 9 UDP/TLS/RTP/SAVPF @pts");

		push @lines, 'c=IN IP4 0.0.0.0', 'a=mid:' . $mid++,
			'a=ice-ufrag:abcd', 'a=ice-pwd:' . 'abcdefgh' x 3,
			'a=fingerprint:sha-256 ' . join(':', ('AB') x 32),
			'a=setup:actpass';

		if ($s->{kind} eq 'application') {
			push @lines, 'a=sctp-port:5000';

		} else {
			push @lines, "a=$direction", 'a=rtcp-mux',
				map { my $n = $pts[$_];
				("a=rtpmap:$n $s->{codecs}[$_]",
				$s->{codecs}[$_] =~ /H264/
				? "a=fmtp:$n packetization-mode=1;"
				. 'profile-level-id=42e01f' : (),
				"a=rtcp-fb:$n nack pli") } 0 .. $#pts;
		}

		$sdp .= join "\r\n", @lines, '';
	}

	return $sdp;
}

sub del {
	my ($sdp, $name) = @_;
	return $sdp =~ s/a=$name\b.*\r\n//gr;
}

# the error's code; and in list context the answer's event

sub offer {
	my ($m, @sections) = @_;
	return offer_sdp($m, sdp(@sections));
}

sub offer_sdp {
	my ($m, $sdp) = @_;

	my $rc = $m->refused('webrtc-offer', { targetUserId => 'sfu',
		offer => { type => 'offer', sdp => $sdp } });

	return $rc unless wantarray;
	return ($rc, $rc ? undef : $m->wait_event('webrtc-answer'));
}

# ours turned round, changed by a function

sub answer {
	my ($m, $o, $change) = @_;

	local $_ = $o->{offer}{sdp};

	s/a=sendonly/a=recvonly/g;
	s/a=setup:actpass/a=setup:active/g;
	s/a=ice-ufrag:.*\r\n/a=ice-ufrag:abcd\r\n/g;
	s/a=(?:ice-lite|candidate|end-of|ssrc|msid).*\r\n//g;

	$_ = $change->() if $change;

	return $m->refused('webrtc-answer', { targetUserId => 'sfu',
		transportId => $o->{transportId},
		negotiation => $o->{negotiation},
		answer => { type => 'answer', sdp => $_ } });
}

sub reject {
	my ($sdp, $n) = @_;
	my ($head, @m) = split /^(?=m=)/m, $sdp;

	$m[$n] =~ s/^(m=\w+) 9/$1 0/;
	$head =~ s/^(a=group:BUNDLE.*?) $n\b/$1/m;

	return join '', $head, @m;
}

sub directions {
	my ($o) = @_;

	return join ' ', map { $_->{port} ? $_->{direction} : 'rejected' }
		@{Test::Nginx::RTC::parse_sdp($o->{offer}{sdp})->{media}};
}

###############################################################################
