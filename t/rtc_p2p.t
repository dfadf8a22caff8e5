#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for p2p rooms: the relay of descriptions and candidates, and the turn
# of a room from p2p to sfu.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use JSON::PP;
use Time::HiRes qw/ time /;

use Test::Nginx;
use Test::Nginx::RTC::Signal;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http stream udp/)->plan(2 * 65);

my $conf = <<'EOF';

%%TEST_GLOBALS%%

daemon off;
worker_processes %%WORKERS%%;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    empty_timeout 10s;
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen       127.0.0.1:8080 reuseport;
        server_name  localhost;

        location /rtc {
            rtc_signaling;
        }

        location /as {
            rtc_signaling;
            rtc_user $arg_user;
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

for my $workers (1, 4) {
	(my $c = $conf) =~ s/%%WORKERS%%/$workers/;

	$t->write_file_expand('nginx.conf', $c)->run();
	run();
	$t->stop();
}

###############################################################################

sub run {
	my $offer = { type => 'offer', sdp => "v=0\r\n" };
	my $answer = { type => 'answer', sdp => "v=0\r\n" };
	my $candidate = {
		candidate => 'candidate:1 1 udp 1 192.0.2.1 9 typ host',
		sdpMid => '0', sdpMLineIndex => 0 };

	my $ann = member({ roomId => 'r', userId => 'ann' });
	my $bob = member({ roomId => 'r', userId => 'bob' });
	my $eve = member({ roomId => 'r', userId => 'eve' });
	$_->events() for $ann, $bob, $eve;

	is($eve->state()->{mode}, 'p2p', 'p2p');

	# the relay

	is_deeply($ann->call('webrtc-offer', { targetUserId => 'bob',
		offer => $offer, fromUserId => 'eve' }), {}, 'offer, answer');
	my $got = $bob->wait_event('webrtc-offer');
	is($got->{fromUserId}, 'ann', 'offer, its sender is overwritten');
	is_deeply($got->{offer}, $offer, 'offer, as it came');
	$bob->call('webrtc-answer', { targetUserId => 'ann',
		answer => $answer });
	$got = $ann->wait_event('webrtc-answer');
	is($got->{fromUserId}, 'bob', 'answer, from');
	is_deeply($got->{answer}, $answer, 'answer, as it came');
	$bob->call('ice-candidate', { targetUserId => 'ann',
		candidate => $candidate });
	$got = $ann->wait_event('ice-candidate');
	is_deeply($got->{candidate}, $candidate, 'candidate, as it came');
	$bob->call('ice-candidate', { targetUserId => 'ann',
		candidate => undef });
	$got = $ann->wait_event('ice-candidate');
	ok(exists $got->{candidate} && !defined $got->{candidate},
		'end of candidates');
	is_deeply(after($bob, $eve), [], 'nothing of it to others');
	$ann->events();

	$ann->call('webrtc-offer', { offer => $offer });
	is($bob->wait_event('webrtc-offer')->{fromUserId}, 'ann',
		'without a target');
	is($eve->wait_event('webrtc-offer')->{fromUserId}, 'ann',
		'to all others');
	is_deeply($ann->events(), [], 'not to oneself');

	is($ann->refused('webrtc-offer', { targetUserId => 'nobody',
		offer => $offer }), 'no-such-user', 'offer to nobody');
	is($ann->refused('webrtc-answer', { targetUserId => 'nobody',
		answer => $answer }), 'no-such-user', 'answer to nobody');
	is($ann->refused('ice-candidate', { targetUserId => 'nobody',
		candidate => undef }), 'no-such-user', 'candidate to nobody');
	is($ann->refused('webrtc-offer', { targetUserId => 'ann',
		offer => $offer }), 'no-such-user', 'offer to oneself');
	is($ann->refused('webrtc-offer', { targetUserId => 'sfu',
		offer => $offer }), 'wrong-mode', 'offer to the server');
	is($ann->refused('webrtc-answer', { targetUserId => 'sfu',
		answer => $answer }), 'wrong-mode', 'answer to the server');
	is($ann->refused('ice-candidate', { targetUserId => 'sfu',
		direction => 'send', candidate => undef }), 'wrong-mode',
		'candidate to the server');

	is($ann->refused('webrtc-offer', { targetUserId => 'bob',
		offer => $answer }), 'bad-request', 'an answer as offer');
	is($ann->refused('webrtc-offer', { targetUserId => 'bob',
		offer => { type => 'offer' } }), 'bad-request', 'no sdp');
	is($ann->refused('webrtc-answer', { targetUserId => 'bob' }),
		'bad-request', 'no answer');
	is($ann->refused('ice-candidate', { targetUserId => 'bob' }),
		'bad-request', 'no candidate');

	# a fourth one needs the server

	$_->events() for $ann, $bob, $eve;

	my $dan = Test::Nginx::RTC::Signal->connect('/rtc');
	my $start = time();
	my $d = $dan->call('join-room', { roomId => 'r', userId => 'dan' });
	is($d->{room}{mode}, 'sfu', 'turn, the newcomer finds sfu');
	is(transports($dan), 'recv send', 'turn, its transports');
	is(join(' ', ($dan->history())[0 .. 3]), 'answer room-state '
		. 'transport-created transport-created', 'turn, in this order');

	my $mode;

	for ($ann, $bob, $eve) {
		$mode = $_->wait_event('mode-changed');
		is_deeply($mode, { mode => 'sfu', complete => JSON::PP::false },
			'turn, members are told');
		transports($_);
		my @h = $_->history();
		is(join(' ', @h[-4 .. -1]), 'mode-changed user-joined '
			. 'transport-created transport-created',
			'turn, in this order');
	}

	$ann->call('webrtc-offer', { targetUserId => 'bob', offer => $offer });
	is($bob->wait_event('webrtc-offer')->{fromUserId}, 'ann',
		'turn, existing pairs go on');
	is($ann->refused('webrtc-offer', { targetUserId => 'dan',
		offer => $offer }), 'wrong-mode', 'turn, no new ones');
	is($dan->refused('webrtc-offer', { targetUserId => 'ann',
		offer => $offer }), 'wrong-mode', 'turn, none by the newcomer');
	is($dan->refused('ice-candidate', { candidate => undef }),
		'wrong-mode', 'turn, none to all');

	$mode = $ann->wait_event('mode-changed');
	is_deeply($mode, { mode => 'sfu', complete => JSON::PP::true },
		'turn is complete');
	my $took = time() - $start;
	cmp_ok($took, '>', 2, 'not before media could have come');
	cmp_ok($took, '<', 8, 'nobody shows anything');
	is_deeply($bob->wait_event('mode-changed'), $mode, 'to all');
	is_deeply($dan->wait_event('mode-changed'), $mode, 'newcomer too');
	is($ann->refused('webrtc-offer', { targetUserId => 'bob',
		offer => $offer }), 'wrong-mode', 'no more offers');

	$_->call('leave-room') for $dan, $eve;
	$eve = member({ roomId => 'r', userId => 'eve' });
	is($eve->state()->{mode}, 'sfu', 'no way back');
	is(transports($eve), 'recv send', 'transports of a later one');
	$_->call('leave-room') for $ann, $bob, $eve;
	is(member({ roomId => 'r', userId => 'x' })->state()->{mode}, 'p2p',
		'an empty room starts again');

	# asked for

	$ann = member({ roomId => 's', userId => 'ann', mode => 'sfu' });
	is($ann->state()->{mode}, 'sfu', 'asked for');
	is(transports($ann), 'recv send', 'transports');
	is($ann->refused('webrtc-offer', { targetUserId => 'sfu',
		offer => { type => 'offer', sdp => 'x' } }), 'bad-sdp',
		'the server takes offers');
	is($ann->refused('restart-ice', { transportId => 'none' }),
		'no-such-transport', 'no such transport');
	is($ann->refused('subscribe', { trackId => 'none' }),
		'no-such-track', 'no such track');

	# a viewer, and someone who shows something

	$ann = member({ roomId => 'v', userId => 'ann', mediaState =>
		{ video => JSON::PP::true } });
	$bob = member({ roomId => 'v', userId => 'bob' });
	$start = time();
	$eve = member({ roomId => 'v', userId => 'eve', role => 'viewer' });
	is($eve->state()->{mode}, 'sfu', 'a viewer');
	is($eve->joined()->{data}{self}{role}, 'viewer', 'role of it');
	is($ann->wait_event('mode-changed')->{complete}, JSON::PP::false,
		'first step');
	is($eve->refused('start-screen-share'), 'forbidden',
		'a viewer shows nothing');
	is($eve->refused('media-state', { screenShare => JSON::PP::true }),
		'forbidden', 'a viewer shows nothing, by its state either');
	is($ann->wait_event('mode-changed', 15)->{complete}, JSON::PP::true,
		'second step');
	$took = time() - $start;
	cmp_ok($took, '>', 9, 'waits for what is shown');
	cmp_ok($took, '<', 13, 'but not for ever');

	# a viewer may create a room, its host is who comes next

	$eve = member({ roomId => 'x', userId => 'eve', role => 'viewer' });
	is($eve->joined()->{data}{self}{role}, 'viewer', 'viewer creates');
	$ann = member({ roomId => 'x', userId => 'ann' });
	is($ann->joined()->{data}{self}{role}, 'host', 'the next one is host');

	# a member becomes a viewer

	$ann = member({ roomId => 'w', userId => 'ann' });
	$bob = member({ roomId => 'w', userId => 'bob' });
	$ann->call('set-role', { userId => 'bob', role => 'viewer' });
	is($bob->wait_event('mode-changed')->{mode}, 'sfu',
		'member becomes a viewer');
	is(transports($bob), 'recv send', 'and gets transports');
	$ann->call('leave-room');
	$bob->wait_event('user-left');
	is($bob->wait_event('mode-changed')->{complete}, JSON::PP::true,
		'the turn ends with the last pair');
	is(scalar(grep { $_->{event} eq 'role-changed'
		&& $_->{data}{role} eq 'host' } @{$bob->events()}), 0,
		'a viewer never becomes host');

	is(join(', ', map { $_->errors() } $ann, $bob, $eve, $dan), '',
		'nothing malformed');
}

# the directions of its transports, as it was told of them

sub transports {
	my ($member) = @_;
	my @created = map { $member->wait_event('transport-created') } 1, 2;

	return join ' ', sort map { $_ ? $_->{direction} : '' } @created;
}

sub member {
	my ($data, $path) = @_;
	return Test::Nginx::RTC::Signal->join_room($path || '/rtc', $data);
}

# what one has got when another one's earlier events are certainly here

sub after {
	my ($from, $to) = @_;
	my $mark = rand();

	$from->call('message', { data => $mark });
	$to->wait_event('message', 5, sub { ($_[0]{data} || 0) eq $mark });

	return $to->events(now => 1);
}

###############################################################################
