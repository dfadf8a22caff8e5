#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for rooms: who may make them and join, limits, types, roles and
# their succession, user ids that are in use, the end of empty rooms.

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
    max_rooms 20;
    max_participants 10;
    p2p_max 16;
    empty_timeout 500ms;
    resume_timeout 500ms;
    room_type small { max_participants 2; }
    room_type large { max_participants 20; }
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
            rtc_role $arg_role;
        }

        location /token {
            rtc_signaling;
            rtc_create token;
        }

        location /api {
            rtc_signaling;
            rtc_create api;
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
	my $lobby = Test::Nginx::RTC::Signal->connect('/rtc');

	# who may make a room

	is(refused('/token', { roomId => 'made' }), 'unauthorized',
		'create token');
	is(refused('/api', { roomId => 'made' }), 'forbidden', 'create api');

	my $ann = member({ roomId => 'made', userId => 'ann' });

	is(member({ roomId => 'made' }, '/token')->joined()->{data}{room}{id},
		'made', 'create token, the room is there');
	is(member({ roomId => 'made' }, '/api')->joined()->{data}{room}{id},
		'made', 'create api, the room is there');

	# limits

	my $a = member({ roomId => 'limited', maxParticipants => 2 });
	my $b = member({ roomId => 'limited', maxParticipants => 9 });
	is($b->state()->{maxParticipants}, 2, 'only the creator limits');
	is(refused('/rtc', { roomId => 'limited' }), 'room-full', 'full');
	$b->call('leave-room');
	$b = member({ roomId => 'limited' });
	ok($b->state(), 'a place is free again');

	is(member({ roomId => 'm', maxParticipants => 1000 })
		->state()->{maxParticipants}, 10, 'max_participants is the limit');

	# types

	is(member({ roomId => 's', type => 'small' })
		->state()->{maxParticipants}, 2, 'limit of the type');
	is(member({ roomId => 'l', type => 'large' })
		->state()->{maxParticipants}, 20, 'larger limit of the type');
	is(member({ roomId => 's', type => 'large' })->state()->{type},
		'small', 'only the creator chooses the type');
	is(refused('/rtc', { roomId => 't', type => 'palace' }), 'bad-request',
		'no such type');

	my $p = member({ roomId => 'p', type => 'private',
		isPublic => JSON::PP::true });
	my $q = member({ roomId => 'q', type => 'cinema',
		isPublic => JSON::PP::true });
	is(join(' ', map { $_->{id} } @{$lobby->call('list-rooms')->{rooms}}),
		'q', 'private rooms are never listed');

	$_->close() for $p, $q;

	# roles

	$a = member({ roomId => 'roles', userId => 'a' });
	$b = member({ roomId => 'roles', userId => 'b', role => 'host' });
	my $c = member({ roomId => 'roles', userId => 'c' });
	is($a->state()->{participants}[0]{role}, 'host', 'creator');
	is($b->joined()->{data}{self}{role}, 'participant',
		'role can not be raised');

	$a->call('leave-room');
	is_deeply($c->wait_event('role-changed'),
		{ userId => 'b', role => 'host' }, 'succession');
	is_deeply($b->wait_event('role-changed'),
		{ userId => 'b', role => 'host' }, 'the successor is told');

	my @history = grep { /user-left|role-changed/ } $c->history();
	is("@history", 'user-left role-changed', 'after the leaving');

	$_->call('leave-room') for $b, $c;

	$a = member({ roomId => 'roles', userId => 'd' });
	is($a->joined()->{data}{self}{role}, 'host',
		'first one in an empty room without a host');
	$a->call('leave-room');

	$a = member({ roomId => 'low', userId => 'a', role => 'participant' });
	is($a->joined()->{data}{self}{role}, 'participant',
		'creator lowers its role');
	$a->call('leave-room');

	# roles of nginx

	$a = member({ roomId => 'given', userId => 'x' },
		'/as?user=a&role=participant');
	is($a->joined()->{data}{self}{userId}, 'a', 'user of nginx');
	is($a->joined()->{data}{self}{role}, 'participant',
		'no host by creation');
	$b = member({ roomId => 'given' }, '/as?user=b&role=host');
	is($b->joined()->{data}{self}{role}, 'host', 'host of nginx');
	$c = member({ roomId => 'given', role => 'participant' },
		'/as?user=c&role=host');
	is($c->joined()->{data}{self}{role}, 'participant',
		'host of nginx lowers its role');
	$b->call('leave-room');
	is($a->wait_event('user-left')->{userId}, 'b', 'host left');
	is(scalar(grep { $_->{event} eq 'role-changed' } @{$a->events()}), 0,
		'no host by succession');
	is($c->refused('lock-room'), 'forbidden', 'no host, no rights');

	# the same user again, known by nginx

	my $a2 = member({ roomId => 'given' }, '/as?user=a&role=participant');
	ok($a2->state(), 'replaces the earlier session');
	ok($a->wait_event('session-replaced'), 'which is told');
	is_deeply($c->wait_event('user-left', 8,
		sub { $_[0]{userId} eq 'a' }),
		{ userId => 'a', reason => 'replaced' }, 'others are told');
	is($c->wait_event('user-joined', 8, sub { $_[0]{userId} eq 'a' })
		->{userId}, 'a', 'and that it is back');
	@history = grep { /user-/ } $c->history();
	is($history[-2] . ' ' . $history[-1], 'user-left user-joined',
		'in this order');
	is($a->refused('media-state', {}), 'not-in-room', 'the earlier is out');
	is(refused('/rtc', { roomId => 'given', userId => 'a' }),
		'user-id-taken', 'can not be replaced by nobody');
	is(scalar @{$a2->state()->{participants}}, 2, 'nobody is there twice');

	# the same user again, not known: the earlier one answers

	my $first = member({ roomId => 'same', userId => 'x' });
	my $other = member({ roomId => 'same', userId => 'y' });
	my $second = Test::Nginx::RTC::Signal->connect('/rtc');
	my $id = $second->post('join-room',
		{ roomId => 'same', userId => 'x' });

	# our clients answer pings while they read

	$first->events(now => 1);
	ok(answered($first, $second, $id, 2), 'answered soon');
	is($second->wait_answer($id, 0)->{error}{code}, 'user-id-taken',
		'the earlier one is alive');
	is($first->refused('media-state', {}), '', 'and goes on');

	# it doesn't answer

	my $start = time();
	$second->post('ping');
	$id = $second->post('join-room', { roomId => 'same', userId => 'x' });
	my $answer = $second->wait_answer($id, 8);
	is($answer->{data}{self}{userId}, 'x', 'the earlier one is silent');
	cmp_ok(time() - $start, '>', 2.5, 'which takes 3 seconds');
	is($answer->{data}{self}{role}, 'participant', 'no role is inherited');
	is($other->wait_event('user-left')->{reason}, 'replaced',
		'others are told');
	ok($first->wait_event('session-replaced'), 'so is the earlier one');
	is($other->wait_event('role-changed')->{userId}, 'y',
		'another one is host now');

	# it is lost

	$_->ws()->abort() for $second;
	is($other->wait_event('user-connection')->{state}, 'lost', 'lost');
	$start = time();
	my $third = member({ roomId => 'same', userId => 'x' });
	cmp_ok(time() - $start, '<', 1, 'replaced at once');
	is($third->joined()->{data}{self}{userId}, 'x', 'by the newcomer');

	# mode

	is(refused('/rtc', { roomId => 'sfu', mode => 'sfu' }),
		'sfu-unavailable', 'no server for the mode');
	is(refused('/rtc', { roomId => 'sfu', role => 'viewer' }),
		'sfu-unavailable', 'no server for a viewer');
	is(refused('/rtc', { roomId => 'sfu', style => 'per-user' }),
		'bad-request', 'style per-user');
	ok(member({ roomId => 'sfu', style => 'native', mode => 'p2p' })
		->state(), 'style native');

	# a room ends when it has been empty for some time

	$a = member({ roomId => 'kept', roomMetadata => 'first' });
	$a->call('leave-room');
	$b = member({ roomId => 'kept', roomMetadata => 'second' });
	is($b->state()->{metadata}, 'first', 'an empty room is kept');
	$b->call('leave-room');

	ok(wait_for(sub {
		my $m = member({ roomId => 'kept', roomMetadata => 'third' });
		my $is = $m->state()->{metadata} eq 'third';
		$m->call('leave-room');
		select undef, undef, undef, 0.7 unless $is;
		return $is;
	}), 'but not for ever');

	# max_rooms

	my @rooms;
	my $code = '';

	for my $n (1 .. 21) {
		my $m = Test::Nginx::RTC::Signal->connect('/rtc');
		$code = $m->refused('join-room', { roomId => "room$n" });
		push @rooms, $m;
		last if $code;
	}

	is($code, 'too-many', 'max_rooms');
	$_->call('leave-room') for grep { defined } @rooms[0 .. $#rooms - 1];

	ok(wait_for(sub {
		my $m = Test::Nginx::RTC::Signal->connect('/rtc');
		return $m->refused('join-room', { roomId => 'again' }) eq '';
	}), 'places are free again');

	# what isn't there any more has left

	$_->ws()->abort() for $other;
	is($third->wait_event('user-left')->{reason}, 'timeout', 'timeout');
	is($third->wait_event('role-changed')->{userId}, 'x',
		'succession after it');

	is(join(', ', map { $_->errors() } $lobby, $a, $b, $c, $first, $third),
		'', 'nothing malformed');

	pass('done');
}

sub member {
	my ($data, $path) = @_;
	return Test::Nginx::RTC::Signal->join_room($path || '/rtc', $data);
}

sub refused {
	my ($path, $data) = @_;
	return Test::Nginx::RTC::Signal->connect($path)
		->refused('join-room', $data);
}

sub wait_for {
	my ($ok) = @_;
	my $end = time() + 8;

	while (time() < $end) {
		return 1 if $ok->();
		select undef, undef, undef, 0.1;
	}

	return 0;
}

# while the one reads, and so answers pings, the other one gets its answer

sub answered {
	my ($reader, $asker, $id, $timeout) = @_;
	my $end = time() + $timeout;

	while (time() < $end) {
		$reader->events(now => 1);
		my $answer = $asker->wait_answer($id, 0.05);

		next if $answer->{timeout};

		$asker->{_answers}{$id} = $answer;
		return 1;
	}

	return 0;
}

###############################################################################
