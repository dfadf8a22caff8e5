#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for the home of a room: it outlives a reload, and when its worker is
# killed every request is answered, sessions are closed and can join again.

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

my $t = Test::Nginx->new()->has(qw/http/)->plan(30)
	->write_file_expand('nginx.conf', <<'EOF')->run();

%%TEST_GLOBALS%%

daemon off;
worker_processes 3;

events {
}

rtc {
    zone rtc:16m;
    p2p_max 16;
    resume_timeout 5s;
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen       127.0.0.1:8080 reuseport;
        server_name  localhost;

        location /rtc {
            rtc_signaling;
        }
    }
}

EOF

my $members = 6;
my $errors = '';

###############################################################################

# reload: the old workers keep their rooms, the new ones find them

my @old = workers();
my @m = map { member({ roomId => 'r', userId => "u$_" }) } 1 .. $members;
my $idle = Test::Nginx::RTC::Signal->connect('/rtc');
$idle->call('ping');

$t->reload();

ok($idle->wait_event('server-draining'), 'reload, who is in no room is told');
is($idle->wait_close()->{code}, 1012, 'and sent away');

is(reached(@m), $members, 'reload, the room goes on');

my $new = member({ roomId => 'r', userId => 'new' });
is(@{$new->state()->{participants}}, $members + 1,
	'reload, a new session finds the room');
is(reached(@m, $new), $members + 1, 'reload, old and new ones meet');

# a session of an old worker comes back through a new one

my $secret = $m[0]->joined()->{data}{session}{resume};
$m[0]->ws()->abort();
is($m[1]->wait_event('user-connection')->{state}, 'lost', 'reload, lost');
$m[0] = Test::Nginx::RTC::Signal->connect('/rtc');
ok($m[0]->call('join-room', { roomId => 'r', resume => $secret })
	->{resumed}, 'reload, resumed');
is(reached(@m, $new), $members + 1, 'reload, resumed session meets all');

# when all have left the old workers end

$_->call('leave-room') for @m, $new;
ok(gone(@old), 'reload, old workers end');
$errors .= join '', map { $_->errors() } @m, $new, $idle;

# the end of a worker

$t->todo_alerts();

# one of them is the home, as long as the room isn't empty

my $homes = 0;
my @pids = workers();

@m = map { member({ roomId => 'k', userId => "u$_" }) } 1 .. $members;

my @resume = map { $_->joined()->{data}{session}{resume} } @m;

for my $n (1 .. 3) {
	is(reached(@m), $members, "kill $n, all are there");

	my %id = map { $_ => $m[$_]->post('message', { data => 'last' }) }
		0 .. $#m;

	my $pid = shift @pids;
	kill 'KILL', $pid;
	ok(gone($pid), "kill $n");

	my ($odd, $moved) = (0, 0);

	for (0 .. $#m) {
		my $answer = $m[$_]->wait_answer($id{$_}, 3);
		my $code = $answer->{error} ? $answer->{error}{code} : '';

		$odd++ unless $answer->{data} || defined $answer->{closed}
			|| $code eq 'room-moved' || $code eq 'not-in-room';

		# what comes while nobody has noticed is answered and closed

		my $again = $m[$_]->request('message', { data => 'again' },
			timeout => 3);
		$code = $again->{error} ? $again->{error}{code} : '';
		$again = { closed => $m[$_]->wait_close()->{code} }
			if $code eq 'room-moved';

		$odd++ unless $again->{data} || exists $again->{closed};
		$moved++ if ($again->{closed} || 0) == 1012;
	}

	is($odd, 0, "kill $n, each is answered or closed");
	$homes++ if $moved;

	# they come again: by resumption if their home is alive

	for (grep { $m[$_]->ws()->closed() } 0 .. $#m) {
		$m[$_] = Test::Nginx::RTC::Signal->connect('/rtc');
		my $answer = $m[$_]->request('join-room',
			{ roomId => 'k', resume => $resume[$_] });

		if ($answer->{error}) {
			$odd++ if $answer->{error}{code} ne 'resume-failed';
			$m[$_] = member({ roomId => 'k',
				userId => 'u' . ($_ + 1) });
			$answer = $m[$_]->joined();
		}

		$resume[$_] = $answer->{data}{session}{resume};
	}

	is($odd, 0, "kill $n, resumed or new");
	is(reached(@m), $members, "kill $n, all meet again");

	my $state = member({ roomId => 'k', userId => 'late' });
	is(@{$state->state()->{participants}}, $members + 1,
		"kill $n, nobody is there twice");

	$state->call('leave-room');
	$errors .= join '', map { $_->errors() } @m, $state;
}

cmp_ok($homes, '>=', 1, 'the home was killed');

is($errors, '', 'nothing malformed');
is(scalar(@{[ workers() ]}), 3, 'all workers are there');

###############################################################################

sub member {
	my ($data) = @_;
	return Test::Nginx::RTC::Signal->join_room('/rtc', $data);
}

# how many get a message of the first one, it included

sub reached {
	my ($from, @to) = @_;
	my $mark = rand();

	my $n = defined $from->call('message', { data => $mark }) ? 1 : 0;

	for (@to) {
		$n++ if $_->wait_event('message', 5,
			sub { ($_[0]{data} || 0) eq $mark });
		$_->events(now => 1);
	}

	return $n;
}

sub workers {
	my $master = $t->read_file('nginx.pid');
	chomp $master;

	my @pids;

	for my $f (glob '/proc/[0-9]*/stat') {
		open my $stat, '<', $f or next;
		my $line = <$stat>;
		next unless defined $line
			&& $line =~ /^(\d+) \(.*\) (\S) (\d+)/;
		push @pids, $1 if $3 == $master && $2 ne 'Z';
	}

	return sort { $a <=> $b } @pids;
}

sub gone {
	my $end = time() + 8;

	for my $pid (@_) {
		while (kill 0, $pid) {
			return 0 if time() > $end;
			select undef, undef, undef, 0.05;
		}
	}

	return 1;
}

###############################################################################
