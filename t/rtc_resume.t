#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for resumption: a participant outlives its socket.

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

my $t = Test::Nginx->new()->has(qw/http/)->plan(2 * 44);

my $conf = <<'EOF';

%%TEST_GLOBALS%%

daemon off;
worker_processes %%WORKERS%%;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    p2p_max 10;
    resume_timeout 2s;
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
	my $bob = member({ roomId => 'r', userId => 'bob', name => 'Bob',
		metadata => 7 });
	my $j = $bob->joined()->{data};
	my $secret = $j->{session}{resume};

	is($j->{session}{timeout}, 2000, 'timeout');
	is($j->{resumed}, undef, 'a first join is not resumed');

	# lost and back

	$bob->ws()->abort();
	is_deeply($ann->wait_event('user-connection'),
		{ userId => 'bob', state => 'lost' }, 'lost');
	$ann->call('message', { data => 'missed' });
	$ann->call('update-self', { name => 'Ann' });

	$bob = Test::Nginx::RTC::Signal->connect('/rtc');
	my $r = $bob->call('join-room',
		{ roomId => 'r', resume => $secret });

	is($r->{resumed}, JSON::PP::true, 'resumed');
	is($r->{self}{id}, $j->{self}{id}, 'the same participant');
	is($r->{self}{userId}, 'bob', 'the same user');
	is($r->{self}{name}, 'Bob', 'the same name');
	is($r->{self}{metadata}, 7, 'the same metadata');
	is_deeply($r->{transports}, [], 'transports');
	isnt($r->{session}{resume}, $secret, 'a new secret');
	isnt($r->{session}{id}, $j->{session}{id}, 'a new session');
	is($bob->wait_event('room-state')->{participants}[0]{name}, 'Ann',
		'the state replaces what was missed');
	is_deeply($bob->events(), [], 'nothing else comes again');
	is(join(' ', ($bob->history())[0, 1]), 'answer room-state',
		'in this order');
	is_deeply($ann->wait_event('user-connection'),
		{ userId => 'bob', state => 'back' }, 'back');

	my @history = grep { /user-/ } $ann->history();
	is("@history", 'user-joined user-connection user-connection',
		'neither left nor joined');

	$bob->call('message', { data => 'here' });
	is($ann->wait_event('message')->{data}, 'here', 'it goes on');

	# the old secret is used up

	my $eve = Test::Nginx::RTC::Signal->connect('/rtc');
	is($eve->refused('join-room', { roomId => 'r', resume => $secret }),
		'resume-failed', 'old secret');
	is($eve->refused('join-room', { roomId => 'r', resume => 'x' x 32 }),
		'resume-failed', 'wrong secret');
	is($eve->refused('join-room', { roomId => 'none',
		resume => $r->{session}{resume} }), 'resume-failed',
		'no such room');
	is($eve->refused('join-room', { roomId => 'r', resume => 1 }),
		'bad-request', 'secret is no string');
	is($eve->refused('join-room', { roomId => 'r', resume => '',
		userId => 'ann' }) ne '', 1, 'empty secret');
	is($bob->refused('media-state', {}), '', 'nobody was harmed');
	is_deeply($eve->call('list-rooms')->{rooms}, [], 'no room was made');

	# while the old socket is still there

	after($bob, $ann);

	my $bob2 = Test::Nginx::RTC::Signal->connect('/rtc');
	my $r2 = $bob2->call('join-room',
		{ roomId => 'r', resume => $r->{session}{resume} });
	is($r2->{resumed}, JSON::PP::true, 'resumed beside the old socket');
	is($bob->wait_close()->{code}, 1000, 'which is closed');
	ok(!(grep { $_->{event} eq 'session-replaced' } @{$bob->events(
		now => 1)}), 'quietly');
	$bob2->wait_event('room-state');
	is_deeply(after($bob2, $ann), [], 'others notice nothing');

	# another identity

	my $carl = member({ roomId => 'r' }, '/as?user=carl');
	my $c = $carl->joined()->{data}{session}{resume};
	$carl->ws()->abort();
	is($ann->wait_event('user-connection')->{state}, 'lost',
		'known by nginx, lost');
	is(Test::Nginx::RTC::Signal->connect('/as?user=dan')->refused(
		'join-room', { roomId => 'r', resume => $c }), 'resume-failed',
		'another one has the secret');
	$carl = Test::Nginx::RTC::Signal->connect('/as?user=carl');
	is($carl->call('join-room', { roomId => 'r', resume => $c })
		->{self}{userId}, 'carl', 'the right one');

	# a clean close looks the same

	after($bob2, $ann);

	my $start = time();
	$carl->close(1000);
	is($ann->wait_event('user-connection')->{state}, 'lost', 'closed');

	# not in time

	is_deeply($ann->wait_event('user-left', 5),
		{ userId => 'carl', reason => 'timeout' }, 'left');
	cmp_ok(time() - $start, '>', 1.8, 'not before the timeout');
	cmp_ok(time() - $start, '<', 4, 'nor long after it');

	$eve = Test::Nginx::RTC::Signal->connect('/as?user=carl');
	is($eve->refused('join-room', { roomId => 'r', resume => $c }),
		'resume-failed', 'too late');

	# kicked while away

	my $dan = member({ roomId => 'r', userId => 'dan' });
	my $d = $dan->joined()->{data}{session}{resume};
	$dan->ws()->abort();
	is($ann->wait_event('user-connection')->{userId}, 'dan', 'lost again');
	is($ann->refused('message', { data => 1, to => 'dan' }), '',
		'still a member');
	$ann->call('kick', { userId => 'dan' });
	is($ann->wait_event('user-left')->{reason}, 'kicked', 'kicked');
	$dan = Test::Nginx::RTC::Signal->connect('/rtc');
	is($dan->refused('join-room', { roomId => 'r', resume => $d }),
		'resume-failed', 'nothing to resume');
	is($dan->refused('join-room', { roomId => 'r', userId => 'dan' }),
		'forbidden', 'and no way in');

	# mutes and roles stay with the participant

	$ann->call('mute', { userId => 'bob', kind => 'audio',
		locked => JSON::PP::true });
	$ann->call('set-role', { userId => 'bob', role => 'host' });
	$bob2->ws()->abort();
	$ann->wait_event('user-connection');
	$bob = Test::Nginx::RTC::Signal->connect('/rtc');
	is($bob->call('join-room', { roomId => 'r',
		resume => $r2->{session}{resume} })->{self}{role}, 'host',
		'role');
	is($bob->refused('media-state', { audio => JSON::PP::true }),
		'forbidden', 'mute');

	is(join(', ', map { $_->errors() } $ann, $bob, $bob2, $carl, $dan), '',
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
