#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for much metadata: whoever joins can be told of all members.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';

use Test::Nginx;
use Test::Nginx::RTC::Signal;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http/)->plan(2 * 7);

my $conf = <<'EOC';

%%TEST_GLOBALS%%

daemon off;
worker_processes %%WORKERS%%;
worker_shutdown_timeout 1s;

events {
}

rtc {
    zone rtc:16m;
    p2p_max 16;
    metadata_size 60k;
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

EOC

for my $workers (1, 4) {
	(my $c = $conf) =~ s/%%WORKERS%%/$workers/;

	$t->write_file_expand('nginx.conf', $c)->run();
	run();
	$t->stop();
}

###############################################################################

sub run {
	my $big = 'x' x 60000;
	my @all;

	# each reads what it gets before the next one comes

	for (1 .. 6) {
		$_->events() for @all;
		push @all, Test::Nginx::RTC::Signal->join_room('/rtc',
			{ roomId => 'r', metadata => $big });
	}

	is(scalar(grep { !$_->state() } @all), 0, 'all are in');
	is(scalar(grep { length $_->{metadata} == 60000 }
		@{$all[5]->state()->{participants}}), 6, 'all is told');

	my $s = Test::Nginx::RTC::Signal->connect('/rtc');
	is($s->refused('join-room', { roomId => 'r', metadata => $big }),
		'too-many', 'one more');
	is($s->refused('join-room', { roomId => 'r', metadata => 'x' }), '',
		'one with less');
	is($s->refused('update-self', { metadata => $big }), 'too-many',
		'it may not have more later');
	is($all[0]->refused('update-self', { metadata => undef }), '',
		'another gives it up');
	is($s->refused('update-self', { metadata => $big }), '',
		'then it may');
}

###############################################################################
