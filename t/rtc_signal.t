#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for signaling: the join and its answer, the order of what follows,
# events between members, with one worker and with several.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Digest::SHA qw/ hmac_sha1 /;
use JSON::PP;
use MIME::Base64 qw/ encode_base64 /;

use Test::Nginx;
use Test::Nginx::RTC::Signal;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http/)->plan(2 * 71);

my $conf = <<'EOF';

%%TEST_GLOBALS%%

daemon off;
worker_processes %%WORKERS%%;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    metadata_size 40k;
    ice_server stun:stun.example.com:3478;
    ice_server turn:turn.example.com:3478?transport=udp secret=north ttl=1h;
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen       127.0.0.1:8080 reuseport;
        server_name  localhost;

        location /rtc {
            rtc_signaling;
        }

        location /fixed {
            rtc_signaling;
            rtc_room $arg_room;
            rtc_user $arg_user;
            rtc_role $arg_role;
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
	# outside of a room

	my $s = Test::Nginx::RTC::Signal->connect('/rtc');

	is_deeply($s->request('ping'), { id => 1, data => {} }, 'ping');
	is_deeply($s->call('list-rooms'), { rooms => [] }, 'no rooms');
	is($s->refused('media-state', { video => JSON::PP::true }),
		'not-in-room', 'not in a room');
	is($s->refused('leave-room'), 'not-in-room', 'no room to leave');
	is($s->refused('get-stats'), 'not-in-room', 'no stats');
	is($s->refused('no-such-event'), 'unknown-event', 'unknown event');

	# the first one joins

	my $ann = Test::Nginx::RTC::Signal->connect('/rtc');
	my $joined = $ann->call('join-room', {
		roomId => 'one', userId => 'ann', name => "Ann \x{263a}",
		metadata => { color => 'red' },
		mediaState => { audio => JSON::PP::true },
		isPublic => JSON::PP::true, maxParticipants => 7,
		roomMetadata => { title => 'Room' },
	});

	my $self = $joined->{self};

	is($self->{userId}, 'ann', 'user id');
	is($self->{name}, "Ann \x{263a}", 'name');
	is_deeply($self->{metadata}, { color => 'red' }, 'metadata');
	is($self->{role}, 'host', 'the creator is host');
	is_deeply($self->{mediaState}, { video => JSON::PP::false,
		audio => JSON::PP::true, screenShare => JSON::PP::false,
		quality => 'high' }, 'media state is completed');
	like($self->{joinedAt}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
		'joined at');
	is_deeply($self->{tracks}, [], 'no tracks');
	like($self->{id}, qr/^[a-z2-7]{24}$/, 'participant id');

	my $room = $joined->{room};

	is($room->{id}, 'one', 'room id');
	is($room->{type}, 'mansion', 'room type');
	is($room->{mode}, 'p2p', 'room mode');
	is($room->{isPublic}, JSON::PP::true, 'room is public');
	is($room->{locked}, JSON::PP::false, 'room is not locked');
	is($room->{maxParticipants}, 7, 'room limit');
	is_deeply($room->{metadata}, { title => 'Room' }, 'room metadata');
	is(@{$room->{participants}}, 1, 'room has the joiner');

	my $session = $joined->{session};

	like($session->{resume}, qr/^.{22,}$/, 'resume secret');
	is($session->{timeout}, 20000, 'resume timeout');

	my ($stun, $turn) = @{$joined->{iceServers}};

	is_deeply($stun, { urls => 'stun:stun.example.com:3478' }, 'stun');
	is($turn->{urls}, 'turn:turn.example.com:3478?transport=udp', 'turn');

	my ($expires, $user) = split /:/, $turn->{username}, 2;

	is($user, 'ann', 'turn user');
	cmp_ok(abs($expires - time() - 3600), '<=', 2, 'turn expires');
	is($turn->{credential},
		encode_base64(hmac_sha1($turn->{username}, 'north'), ''),
		'turn credential');

	is_deeply($ann->wait_event('room-state'), $room, 'room state');
	is(join(' ', $ann->history()), 'answer room-state', 'in this order');

	# a second one

	my $bob = Test::Nginx::RTC::Signal->join_room('/rtc',
		{ roomId => 'one' });
	my $b = $bob->joined()->{data};

	like($b->{self}{userId}, qr/^[a-z2-7]+$/, 'generated user id');
	is($b->{self}{role}, 'participant', 'no host');
	is(exists $b->{self}{name}, '', 'no name');
	is_deeply([map { $_->{userId} } @{$b->{room}{participants}}],
		['ann', $b->{self}{userId}], 'in the order of joining');
	is_deeply($bob->state()->{participants}[0]{metadata},
		{ color => 'red' }, 'the other one in the state');
	is_deeply($ann->wait_event('user-joined'), $b->{self}, 'is told');
	is_deeply($bob->events(), [], 'but not to oneself');

	is_deeply($s->call('list-rooms'), { rooms => [{
		id => 'one', type => 'mansion', mode => 'p2p',
		isPublic => JSON::PP::true, locked => JSON::PP::false,
		maxParticipants => 7, participants => 2,
	}] }, 'public room is listed');

	is($ann->refused('join-room', { roomId => 'two' }), 'already-joined',
		'one room at a time');

	# events between them

	is_deeply($bob->call('media-state', { video => JSON::PP::true,
		quality => 'low' }), {}, 'media state, answer');
	is_deeply($ann->wait_event('media-state-changed'), {
		userId => $b->{self}{userId}, mediaState => {
			video => JSON::PP::true, audio => JSON::PP::false,
			screenShare => JSON::PP::false, quality => 'low' },
	}, 'media state, event');

	$bob->call('media-state', { quality => 'low' });
	is_deeply(after($bob, $ann), [], 'nothing new, no event');

	$bob->call('start-screen-share');
	is_deeply($ann->wait_event('screen-share-started'),
		{ userId => $b->{self}{userId} }, 'screen share');
	is($ann->wait_event('media-state-changed')->{mediaState}{screenShare},
		JSON::PP::true, 'screen share, state');
	$bob->call('stop-screen-share');
	is_deeply($ann->wait_event('screen-share-stopped'),
		{ userId => $b->{self}{userId} }, 'screen share ends');
	after($bob, $ann);

	$bob->call('message', { data => { text => 'hello', n => [1, undef] } });
	is_deeply($ann->wait_event('message'), {
		fromUserId => $b->{self}{userId},
		data => { text => 'hello', n => [1, undef] } }, 'message');
	$ann->call('message', { data => undef, to => $b->{self}{userId} });
	is_deeply($bob->wait_event('message'),
		{ fromUserId => 'ann', data => undef }, 'message to one');
	is($ann->refused('message', { data => 1, to => 'nobody' }),
		'no-such-user', 'message to nobody');

	$bob->call('update-self', { name => 'Bob', metadata => [1] });
	my $update = $ann->wait_event('user-updated');
	is($update->{name}, 'Bob', 'name updated');
	is_deeply($update->{metadata}, [1], 'metadata updated');
	$bob->call('update-self', { name => undef });
	$update = $ann->wait_event('user-updated');
	is($update->{name}, undef, 'name removed');
	is_deeply($update->{metadata}, [1], 'metadata stays');

	is($bob->refused('update-token', { token => 'x' }), 'unauthorized',
		'no tokens');
	is($bob->refused('subscribe', { trackId => 'x' }), 'wrong-mode',
		'nothing to subscribe to');
	is($bob->refused('unsubscribe', { trackId => 'x' }), 'wrong-mode',
		'nothing to unsubscribe from');
	is($bob->refused('restart-ice', { transportId => 'x' }), 'wrong-mode',
		'no transport to restart');
	ok($bob->call('get-stats'), 'stats');

	# many requests keep their order

	my @ids = map { $bob->post('message', { data => $_ }) } 1 .. 100;
	is(scalar(grep { $bob->wait_answer($_)->{data} } @ids), 100,
		'all are answered');
	is(join(' ', map { $_->{data}{data} } grep { $_->{event} eq 'message' }
		@{after($bob, $ann)}), join(' ', 1 .. 100), 'in their order');

	# an event without id is answered by an error only

	$bob->notify('message', { data => 'x', to => 'nobody' });
	my $error = $bob->wait_event('error');
	is($error->{event}, 'message', 'error, event');
	is($error->{code}, 'no-such-user', 'error, code');

	# leaving

	is($bob->refused('leave-room', { roomId => 'other' }), 'not-in-room',
		'other room');
	is_deeply($bob->call('leave-room', { roomId => 'one' }), {}, 'left');
	is_deeply($ann->wait_event('user-left'),
		{ userId => $b->{self}{userId}, reason => 'left' }, 'is told');
	is($bob->refused('media-state', {}), 'not-in-room', 'is out');
	ok($bob->call('join-room', { roomId => 'one', userId => 'bob' }),
		'and in again');

	# what nginx decides

	my $eve = Test::Nginx::RTC::Signal->connect(
		'/fixed?room=one&user=carl&role=participant');
	my $e = $eve->call('join-room',
		{ roomId => 'other', userId => 'eve', role => 'host' });
	is("$e->{room}{id} $e->{self}{userId} $e->{self}{role}",
		'one carl participant', 'what nginx decided holds');

	# a large room state crosses in parts

	my @many = map { Test::Nginx::RTC::Signal->join_room('/rtc',
		{ roomId => 'big', userId => "u$_", metadata => 'x' x 40000 }) }
		1 .. 3;
	is_deeply([map { length $_->{metadata} }
		@{$many[2]->state()->{participants}}], [40000, 40000, 40000],
		'large room state');
	is(length $many[0]->wait_event('user-joined')->{metadata}, 40000,
		'large event');

	is(join(', ', map { $_->errors() } $s, $ann, $bob, $eve, @many), '',
		'nothing malformed, nothing answered twice');
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
