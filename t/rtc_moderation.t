#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for moderation: mute, kick, roles, the lock, the room itself.

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

my $t = Test::Nginx->new()->has(qw/http/)->plan(2 * 59);

my $conf = <<'EOF';

%%TEST_GLOBALS%%

daemon off;
worker_processes %%WORKERS%%;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    max_participants 10;
    p2p_max 10;
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

EOF

for my $workers (1, 4) {
	(my $c = $conf) =~ s/%%WORKERS%%/$workers/;

	$t->write_file_expand('nginx.conf', $c)->run();
	run();
	$t->stop();
}

###############################################################################

sub run {
	my $ann = member({ roomId => 'r', userId => 'ann' });
	my $bob = member({ roomId => 'r', userId => 'bob', mediaState =>
		{ audio => JSON::PP::true, video => JSON::PP::true } });
	my $eve = member({ roomId => 'r', userId => 'eve' });
	$_->events() for $ann, $bob, $eve;

	# only hosts may

	for (['mute', { userId => 'ann' }], ['kick', { userId => 'ann' }],
		['set-role', { userId => 'bob', role => 'host' }],
		['lock-room', {}], ['unlock-room', {}], ['close-room', {}],
		['update-room', { isPublic => JSON::PP::true }])
	{
		is($bob->refused(@$_), 'forbidden', "no host, $_->[0]");
	}

	is_deeply(after($bob, $ann), [], 'nothing came of it');

	# mute

	is($ann->refused('mute', { userId => 'nobody' }), 'no-such-user',
		'mute, nobody');
	is($ann->refused('mute', { userId => 'bob', kind => 'smell' }),
		'bad-request', 'mute, kind');
	is($ann->refused('mute', { userId => 'bob', trackId => 'none' }),
		'no-such-track', 'mute, track');

	is_deeply($ann->call('mute', { userId => 'bob', kind => 'audio' }), {},
		'mute');
	my $muted = $bob->wait_event('muted');
	is("$muted->{userId} $muted->{by} $muted->{kind}", 'bob ann audio',
		'muted, to oneself');
	is($muted->{locked}, JSON::PP::false, 'not locked');
	my $state = $bob->wait_event('media-state-changed');
	is($state->{mediaState}{audio}, JSON::PP::false, 'audio is off');
	is($state->{mediaState}{video}, JSON::PP::true, 'video is not');
	is($eve->wait_event('muted')->{userId}, 'bob', 'muted, to others');
	is($bob->refused('media-state', { audio => JSON::PP::true }), '',
		'may unmute');

	$ann->call('mute', { userId => 'bob', locked => JSON::PP::true });
	is($bob->wait_event('muted')->{locked}, JSON::PP::true, 'locked');
	is($bob->refused('media-state', { audio => JSON::PP::true }),
		'forbidden', 'locked audio');
	is($bob->refused('media-state', { video => JSON::PP::true }),
		'forbidden', 'locked video');
	is($bob->refused('media-state', { audio => JSON::PP::false,
		quality => 'low' }), '', 'anything else');
	$ann->call('mute', { userId => 'bob', kind => 'audio',
		locked => JSON::PP::false });
	is($bob->refused('media-state', { audio => JSON::PP::true }), '',
		'given back');
	is($bob->refused('media-state', { video => JSON::PP::true }),
		'forbidden', 'the other one is not');

	# roles

	is($ann->refused('set-role', { userId => 'bob', role => 'king' }),
		'bad-request', 'role, unknown');
	is($ann->refused('set-role', { userId => 'nobody', role => 'host' }),
		'no-such-user', 'role, nobody');
	$ann->call('set-role', { userId => 'bob', role => 'host' });
	is_deeply($bob->wait_event('role-changed'),
		{ userId => 'bob', role => 'host' }, 'role, to oneself');
	is_deeply($eve->wait_event('role-changed'),
		{ userId => 'bob', role => 'host' }, 'role, to others');
	is($bob->refused('set-role', { userId => 'ann',
		role => 'participant' }), '', 'the new host may');
	is($ann->refused('lock-room'), 'forbidden', 'the old one may not');
	$bob->call('set-role', { userId => 'bob', role => 'participant' });
	is($eve->wait_event('role-changed', 8, sub { $_[0]{role} eq 'host' })
		->{userId}, 'ann', 'the last host is followed');
	$_->events() for $ann, $bob, $eve;

	# lock

	$ann->call('lock-room');
	is($bob->wait_event('room-updated')->{locked}, JSON::PP::true,
		'locked, told');
	is(Test::Nginx::RTC::Signal->connect('/rtc')->refused('join-room',
		{ roomId => 'r' }), 'room-locked', 'locked');
	is(Test::Nginx::RTC::Signal->connect('/as?user=bob')->refused(
		'join-room', { roomId => 'r' }), '', 'except for a member');
	$bob = member({ roomId => 'r' }, '/as?user=bob');
	$ann->call('lock-room');
	is(scalar(grep { $_->{event} eq 'room-updated' }
		@{after($ann, $eve)}), 1, 'once');
	$ann->call('unlock-room');
	is($eve->wait_event('room-updated')->{locked}, JSON::PP::false,
		'unlocked, told');
	my $dan = member({ roomId => 'r', userId => 'dan' });
	ok($dan->state(), 'unlocked');

	# room

	is($ann->refused('update-room', {}), 'bad-request', 'update, nothing');
	is($ann->refused('update-room', { maxParticipants => 0 }),
		'bad-request', 'update, no room at all');
	$ann->call('update-room', { metadata => { topic => 'x' },
		maxParticipants => 4, isPublic => JSON::PP::true });
	my $room = $dan->wait_event('room-updated');
	is_deeply($room->{metadata}, { topic => 'x' }, 'update, metadata');
	is($room->{maxParticipants}, 4, 'update, limit');
	is($room->{isPublic}, JSON::PP::true, 'update, public');
	is(exists $room->{participants}, '', 'no participants with it');
	is(Test::Nginx::RTC::Signal->connect('/rtc')->refused('join-room',
		{ roomId => 'r' }), 'room-full', 'update, limit holds');
	is($ann->call('list-rooms')->{rooms}[0]{id}, 'r',
		'update, is listed');

	# kick

	is($ann->refused('kick', { userId => 'nobody' }), 'no-such-user',
		'kick, nobody');
	is($ann->refused('kick', { userId => 'ann' }), 'bad-request',
		'kick, oneself');
	$ann->call('kick', { userId => 'dan', reason => 'noise' });
	is_deeply($dan->wait_event('kicked'), { reason => 'noise' }, 'kicked');
	is_deeply($eve->wait_event('user-left', 8,
		sub { $_[0]{userId} eq 'dan' }),
		{ userId => 'dan', reason => 'kicked' }, 'kicked, to others');
	is($dan->refused('message', { data => 1 }), 'not-in-room',
		'kicked, is out');
	is($dan->refused('join-room', { roomId => 'r', userId => 'dan' }),
		'forbidden', 'kicked, may not come back');
	is($dan->refused('join-room', { roomId => 'q', userId => 'dan' }), '',
		'kicked, but elsewhere');

	# what is on its way when one leaves is answered all the same

	my $n = 900;
	$dan->ws()->write(join '', map { Test::Nginx::WebSocket::frame(
		payload => qq/{"event":"$_","id":@{[ ++$n ]}}/) }
		'leave-room', ('get-stats') x 3);
	is(join(' ', map { my $a = $dan->wait_answer($_, 3);
		$a->{error} ? $a->{error}{code} : $a->{data} ? 'ok' : 'none' }
		901 .. 904), 'ok not-in-room not-in-room not-in-room',
		'left, requests behind it');

	# the end

	is_deeply($ann->call('close-room'), {}, 'close');
	ok($eve->wait_event('room-closed'), 'closed, to others');
	is($eve->refused('message', { data => 1 }), 'not-in-room',
		'closed, all are out');
	is($ann->refused('message', { data => 1 }), 'not-in-room',
		'closed, the host too');

	my $new = member({ roomId => 'r', userId => 'dan' });
	is($new->joined()->{data}{self}{role}, 'host', 'the room is a new one');

	is(join(', ', map { $_->errors() } $ann, $bob, $eve, $dan), '',
		'nothing malformed');
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
