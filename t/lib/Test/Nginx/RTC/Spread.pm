package Test::Nginx::RTC::Spread;

# Copyright (C) nginx-rtc-module authors

# What holds for many workers in either layout of media ports: one port that
# all share, and a port for each.

###############################################################################

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT = qw/ spread /;

###############################################################################

use Test::More;

use Test::Nginx::RTC;

###############################################################################

my $members = 5;
my $rooms = 8;

# Ten tests with four workers; crosses: datagrams may come to another worker
# than the room's.

sub spread {
	my (%o) = @_;

	my $rtc = Test::Nginx::RTC->new();

	# a room whose members are on all workers

	my @m = map { $rtc->join('/rtc', { roomId => 'spread',
		userId => "u$_" }) } 1 .. $members;

	$_->publish(audio => 1, video => { size => 600, fps => 15 }) for @m;

	ok($rtc->wait(sub {
		my $ok = 1;

		for my $to (@m) {
			for my $from (@m) {
				next if $to == $from;
				$ok &&= $to->received('video', $from->user())
					> 30;
				$ok &&= $to->received('audio', $from->user())
					> 30;
			}
		}

		return $ok;
	}, 20), 'everybody receives everybody');

	my ($missing, $bad, $foreign) = (0, 0, 0);

	for my $m (@m) {
		for my $s ($m->streams()) {
			$missing += $s->{missing};
			$bad += $s->{bad_order};
			$foreign += $s->{foreign};
		}
	}

	is($missing, 0, 'nothing is missing');
	is($bad, 0, 'order is kept');
	is($foreign, 0, 'payload is kept');

	my $st = status();

	is(scalar @{$st->{workers}}, 4, 'four workers');
	cmp_ok(scalar(grep { $_->{counters}{sessions} > 0 }
		@{$st->{workers}}), '>', 1, 'sessions on many workers');

	if ($o{crosses}) {
		cmp_ok($st->{counters}{datagrams_crossed}, '>', 0,
			'datagrams cross the mesh');

	} else {
		is($st->{counters}{datagrams_crossed}, 0,
			'no datagram crosses');
	}

	# rooms spread over workers

	my @others = map { my $r = $_; map { $rtc->join('/rtc',
		{ roomId => "room$r", userId => $_ }) } qw/ a b / }
		1 .. $rooms;

	for my $i (0 .. $rooms - 1) {
		$others[2 * $i]->publish(video => { size => 300, fps => 10 });
	}

	ok($rtc->wait(sub {
		my $ok = 1;

		for my $i (0 .. $rooms - 1) {
			$ok &&= $others[2 * $i + 1]->received('video') > 10;
		}

		return $ok;
	}, 15), 'every room has media');

	$st = status();

	my %homes = map { $_->{worker} => 1 } @{$st->{rooms}};

	is(scalar @{$st->{rooms}}, $rooms + 1, 'rooms are listed');
	is(scalar keys %homes, 4, 'rooms spread over the workers');

	$_->leave() for @m, @others;
}

###############################################################################

1;

###############################################################################
