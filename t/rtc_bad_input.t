#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for what clients send wrongly: every event, every field, and messages
# that are none.

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

my $t = Test::Nginx->new()->has(qw/http/)->plan(2 * 112);

my $conf = <<'EOF';

%%TEST_GLOBALS%%

daemon off;
worker_processes %%WORKERS%%;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    max_sessions 100;
    metadata_size 1k;
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
	my $json = JSON::PP->new->utf8->canonical;
	my $s = Test::Nginx::RTC::Signal->connect('/rtc');

	# what is no event

	for my $text ('', 'x', '{', '{"event":"ping"', "\x00", '[]', '"ping"',
		'null', '5', '{}', '{"event":null}', '{"event":7}',
		'{"event":""}', '{"event":["ping"]}', '{"event":"ping","data":5}',
		'{"event":"ping","data":[]}', '{"event":"ping","data":null}',
		'{"event":"ping","data":"{}"}', '{"event":"ping","id":-1}',
		'{"event":"ping","id":1.5}', '{"event":"ping","id":"1"}',
		'{"event":"ping","id":null}',
		'{"event":"ping","event":"ping"}',
		'{"event":"ping","data":{"x":"\u0000"}}',
		'{"event":"ping","id":99999999999999999999}',
		'{"event":"ping","data":' . '{"a":' x 100 . '1' . '}' x 101 . '}',
		'[' x 20000)
	{
		is(error($s, $text), 'bad-request', 'message: ' . short($text));
	}

	$s->ws()->send_text('{"event":"ping","data":5,"id":77}');
	my $answer = $s->wait_answer(77);
	is($answer->{error}{code}, 'bad-request', 'with an id, an answer');
	ok($answer->{error}{message}, 'that says why');
	is(error($s, '{"event":"nothing"}'), 'unknown-event', 'unknown event');
	$s->notify('media-state', {});
	my $error = $s->wait_event('error');
	is("$error->{event} $error->{code}", 'media-state not-in-room',
		'not in a room');
	ok($s->call('ping'), 'the session is alive');

	# join-room

	my $ok = JSON::PP::true;

	for (
		[{}, 'no room'],
		[{ roomId => '' }, 'empty room'],
		[{ roomId => 5 }, 'number'],
		[{ roomId => 'x' x 129 }, 'too long'],
		[{ roomId => "a\nb" }, 'control character'],
		[{ roomId => "a\x{85}b" }, 'C1 control character'],
		[{ roomId => 'r', userId => '' }, 'empty user'],
		[{ roomId => 'r', userId => 'sfu' }, 'user sfu'],
		[{ roomId => 'r', userId => 'x' x 129 }, 'long user'],
		[{ roomId => 'r', userId => ['x'] }, 'user is a list'],
		[{ roomId => 'r', name => 5 }, 'name'],
		[{ roomId => 'r', name => 'x' x 300 }, 'long name'],
		[{ roomId => 'r', name => "\x07" }, 'ringing name'],
		[{ roomId => 'r', mediaState => 5 }, 'media state'],
		[{ roomId => 'r', mediaState => { video => 1 } }, 'video'],
		[{ roomId => 'r', mediaState => { quality => '8k' } },
			'quality'],
		[{ roomId => 'r', metadata => 'x' x 1100 }, 'metadata'],
		[{ roomId => 'r', roomMetadata => ['x' x 1100] },
			'room metadata'],
		[{ roomId => 'r', role => 'king' }, 'role'],
		[{ roomId => 'r', role => 1 }, 'role is a number'],
		[{ roomId => 'r', token => 5 }, 'token'],
		[{ roomId => 'r', resume => {} }, 'resume'],
		[{ roomId => 'r', style => 'baroque' }, 'style'],
		[{ roomId => 'r', mode => 'mcu' }, 'mode'],
		[{ roomId => 'r', autoSubscribe => 'yes' }, 'auto subscribe'],
		[{ roomId => 'r', type => 'palace' }, 'type'],
		[{ roomId => 'r', type => '' }, 'empty type'],
		[{ roomId => 'r', maxParticipants => 0 }, 'limit'],
		[{ roomId => 'r', maxParticipants => '5' }, 'limit is a text'],
		[{ roomId => 'r', isPublic => 1 }, 'public'])
	{
		is($s->refused('join-room', $_->[0]), 'bad-request',
			"join: $_->[1]");
	}

	is_deeply($s->call('list-rooms')->{rooms}, [], 'no room came of it');

	$s->notify('join-room', {});
	is($s->wait_event('error')->{event}, 'join-room',
		'join without an id');

	# the largest that may be

	my $big = member({ roomId => 'x' x 128, userId => "\x{e4}" x 64,
		name => 'x' x 256, metadata => 'x' x 1022 });
	is($big->state()->{id}, 'x' x 128, 'large values');

	# the events of a member

	my $ann = member({ roomId => 'r', userId => 'ann' });
	my $bob = member({ roomId => 'r', userId => 'bob' });
	$ann->events();

	for (
		['webrtc-offer', {}],
		['webrtc-offer', { offer => 'v=0' }],
		['webrtc-offer', { offer => { type => 'offer', sdp => 5 } }],
		['webrtc-offer', { offer => { type => 'offer', sdp => 'x' },
			targetUserId => 5 }],
		['webrtc-answer', { answer => { sdp => 'v=0' } }],
		['ice-candidate', { candidate => 'x' }],
		['ice-candidate', { candidate => [] }],
		['media-state', { video => 'on' }],
		['media-state', { audio => 1 }],
		['media-state', { screenShare => {} }],
		['media-state', { quality => 'best' }],
		['subscribe', {}],
		['subscribe', { trackId => 5 }],
		['subscribe', { trackId => 'x', paused => 'no' }],
		['unsubscribe', {}],
		['message', {}],
		['message', { data => 1, to => 5 }],
		['update-self', {}],
		['update-self', { name => 5 }],
		['update-self', { name => 'x' x 257 }],
		['update-self', { metadata => 'x' x 1100 }],
		['update-token', {}],
		['restart-ice', {}],
		['restart-ice', { transportId => [] }],
		['leave-room', { roomId => 5 }],
		['mute', {}],
		['mute', { userId => 5 }],
		['mute', { userId => 'bob', locked => 'yes' }],
		['mute', { userId => 'bob', trackId => 5 }],
		['kick', {}],
		['kick', { userId => 'bob', reason => 5 }],
		['kick', { userId => 'bob', reason => 'x' x 300 }],
		['set-role', { userId => 'bob' }],
		['set-role', { role => 'host' }],
		['set-role', { userId => 'bob', role => 'king' }],
		['update-room', { maxParticipants => -1 }],
		['update-room', { maxParticipants => 1.5 }],
		['update-room', { isPublic => 'yes' }],
		['update-room', { metadata => 'x' x 1100 }])
	{
		is($ann->refused(@$_), 'bad-request',
			"$_->[0]: " . short($json->encode($_->[1])));
	}

	is_deeply(after($ann, $bob), [], 'nothing came of it');

	# values that are checked by nobody arrive as they are

	my $data = { list => [1, -2.5, "\x{1f600}", $ok, undef],
		deep => { a => { b => { c => {} } } }, text => "a\"\\\n\t" };
	$ann->call('message', { data => $data });
	is_deeply($bob->wait_event('message')->{data}, $data, 'any JSON');

	# requests with one id

	for (1, 2) {
		$ann->ws()->send_text('{"event":"ping","id":500}');
	}

	$ann->wait_answer(500);
	is($ann->wait_answer(500)->{id}, 500, 'each of them is answered');
	@{$ann->{_errors}} = grep { !/twice: 500/ } @{$ann->{_errors}};

	# a flood

	my $flood = Test::Nginx::RTC::Signal->connect('/rtc');
	my $n = 0;

	eval {
		local $SIG{PIPE} = sub { die };
		$flood->post('ping') while $n++ < 2000;
	};

	is($flood->wait_close()->{code}, 1008, 'a flood closes');
	$flood->events(now => 1);
	my $got = grep { $_ eq 'answer' } $flood->history();
	cmp_ok($got, '>=', 200, 'a burst is answered');
	cmp_ok($got, '<', 1000, 'but no more');
	ok($s->call('ping'), 'others go on');

	is(join(', ', map { $_->errors() } $s, $ann, $bob, $big), '',
		'nothing malformed');
}

# the code of the event "error" that a text causes

sub error {
	my ($s, $text) = @_;

	$s->ws()->send_text($text);
	my $error = $s->wait_event('error');

	return defined $error ? $error->{code} : 'no error';
}

sub short {
	my ($text) = @_;

	$text =~ s/[^ -~]/./g;
	return length $text > 60 ? substr($text, 0, 60) . '...' : $text;
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
