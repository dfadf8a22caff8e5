#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for ICE: role conflicts, nomination of another address, restarts,
# consent, IPv6, addresses of candidates, access checks of media.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use Compress::Zlib ();
use Digest::SHA qw/ hmac_sha1 /;

use Test::Nginx;
use Test::Nginx::RTC;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http stream udp/);

$t->plan(27)->write_file_expand('nginx.conf', <<'EOF')->run();

%%TEST_GLOBALS%%

daemon off;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    p2p_max 0;
    ice_timeout 6s;
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen       127.0.0.1:8080;
        listen       [::1]:%%PORT_8080%%;
        server_name  localhost;

        location /rtc {
            rtc_signaling;
        }

        location /status {
            rtc_status;
        }
    }
}

stream {
    %%TEST_GLOBALS_STREAM%%

    log_format  media  '$remote_addr $status';
    access_log  %%TESTDIR%%/media.log  media;

    server {
        listen  %%PORT_8981_UDP%% udp;
        listen  [::]:%%PORT_8981_UDP%% udp;
        rtc;

        deny   127.0.0.7;
        allow  all;
    }
}

EOF

###############################################################################

my $rtc = Test::Nginx::RTC->new();

my $alice = $rtc->join('/rtc', { roomId => 'ice', userId => 'alice' });
my $bob = $rtc->join('/rtc', { roomId => 'ice', userId => 'bob' });

$alice->publish(video => 1);

my @ips = map { $_->{ip} } @{$alice->pc('send')->{answer}{candidates}};

is("@ips", '127.0.0.1', 'candidate where signaling arrived');

ok($rtc->wait(sub { $bob->received('video') > 30 }), 'media');

# a controlled peer is told of the conflict, and goes on as controlling

my $id = $alice->pc('send')->{peer}{id};

$rtc->command('connect', $id, role => 'controlled',
	remote => remote($alice->pc('send')));

ok($rtc->wait(sub { $alice->stats('send')->{stun_error} == 487 }),
	'role conflict');
ok($rtc->wait(sub { $alice->stats('send')->{ice} == 2 }),
	'solved by the other role');

# the publisher's address changes: its media goes on

my $n = $bob->received('video');
$rtc->command('move', $id);

ok($rtc->wait(sub { $bob->received('video') > $n + 60 }),
	'publisher has moved');

# the subscriber's address changes

$rtc->command('move', $bob->pc('recv')->{peer}{id});
$n = $bob->received('video');

ok($rtc->wait(sub { $bob->received('video') > $n + 60 }),
	'subscriber has moved');
is(($bob->streams('video'))[0]{bad_order}, 0, 'order is kept');

# ICE restart by the client, on send

my $old = $alice->pc('send')->{answer}{ufrag};

$alice->pc('send')->{peer}{ufrag} = 'newufrag';
$alice->pc('send')->{peer}{pwd} = 'new' x 10;
$alice->publish(wait => 0);

isnt($alice->pc('send')->{answer}{ufrag}, $old, 'restart has new credentials');
$n = $bob->received('video');
ok($rtc->wait(sub { $bob->received('video') > $n + 60 }),
	'media after the restart');

# ICE restart by the server, on recv

$old = $bob->pc('recv')->{offer}{ufrag};
my $mark = $bob->pc('recv')->{transport};
is_deeply($bob->signal()->call('restart-ice', { transportId => $mark }), {},
	'restart-ice');
ok($rtc->wait(sub { $bob->pc('recv')->{offer}{ufrag} ne $old }),
	'server offers');
is($bob->pc('recv')->{transport}, $mark, 'on the same transport');
$n = $bob->received('video');
ok($rtc->wait(sub { $bob->received('video') > $n + 60 }),
	'media after the restart of recv');
is($bob->signal()->refused('restart-ice', { transportId => 'none' }),
	'no-such-transport', 'unknown transport');

# IPv6

SKIP: {
skip 'no IPv6', 3 unless -e '/proc/net/if_inet6'
	&& `cat /proc/net/if_inet6` =~ /^0{31}1 /m;

my $six = $rtc->join('/rtc', { roomId => 'six', userId => 'six' },
	host => '::1', bind => '::1');
my $seven = $rtc->join('/rtc', { roomId => 'six', userId => 'seven' },
	bind => '127.0.0.1');

$six->publish(audio => 1);

is($six->pc('send')->{candidate}{ip}, '::1', 'IPv6 candidate');
ok($rtc->wait(sub { $seven->received('audio') > 20 }), 'IPv6 to IPv4');
is($seven->pc('recv')->{candidate}{ip}, '127.0.0.1', 'IPv4 candidate');
}

# an address that is denied gets no further than ICE

my $eve = $rtc->join('/rtc', { roomId => 'ice', userId => 'eve' },
	bind => '127.0.0.7');

$eve->publish(audio => 1, wait => 0);
ok($rtc->wait(sub { $t->read_file('media.log') =~ /^127\.0\.0\.7 403$/m }),
	'access denied');
ok(!$rtc->peer($eve->pc('send')->{peer}{id})->{connected}, 'no DTLS');
$eve->leave();

# bad credentials are not answered

my $mallory = $rtc->join('/rtc', { roomId => 'ice', userId => 'mallory' });
my $p = $mallory->_create();

$rtc->command('connect', $p->{id}, role => 'controlling', setup => 'active',
	remote => { %{remote($alice->pc('send'))}, pwd => 'x' x 24 });
$n = status()->{counters}{stun_bad};
ok($rtc->wait(sub { status()->{counters}{stun_bad} > $n }), 'bad password');
is($rtc->command('stats', $p->{id})->{stun_errors}, 0, 'is not answered');

# an address in use isn't taken over by another's checks: Trudy writes that
# of Alice as the source of hers

my $trudy = $rtc->join('/rtc', { roomId => 'ice', userId => 'trudy' });
$trudy->publish(audio => 1);

my $check = unpack 'H*', check($trudy->pc('send'));
$bob->stats('recv', reset => 1);

for (1 .. 10) {
	$rtc->command('raw', $alice->pc('send')->{peer}{id}, hex => $check);
	$rtc->wait(sub { 0 }, 0.3);
}

cmp_ok(($bob->streams('video', 'alice'))[0]{gap_ms}, '<', 1000,
	'media of a claimed address goes on');
$trudy->leave();

# ... but the check as such was good: from an address of nobody it counts

my $oscar = $rtc->join('/rtc', { roomId => 'ice', userId => 'oscar' });
$oscar->publish(audio => 1);

my $s = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1',
	PeerPort => port(8981, udp => 1));
$s->send(check($oscar->pc('send')));
$s->recv(my $response, 2000) if IO::Select->new($s)->can_read(5);
is(unpack('n', $response || ''), 0x0101, 'such a check from a free address');
$oscar->leave();

# a wrong fingerprint

my $wrong = $mallory->_create();
$mallory->{_pcs}{send} = { peer => { %$wrong, fingerprint =>
	join(':', ('AB') x 32) }, sections => [], direction => 'send' };
$n = status()->{counters}{dtls_failed};
$mallory->publish(audio => 1, wait => 0);
ok($rtc->wait(sub { status()->{counters}{dtls_failed} > $n }),
	'wrong fingerprint');
$mallory->leave();

# consent: a peer that is silent has failed, and its transport is made anew

my $transport = $bob->pc('recv')->{transport};
$rtc->command('silence', $bob->pc('recv')->{peer}{id});

ok($rtc->wait(sub { $bob->pc('recv')->{transport} ne $transport }, 15),
	'consent lost, a new transport');
ok($rtc->wait(sub { $bob->received('video') > 60 }), 'media on it');

$alice->leave();
$bob->leave();

ok($rtc->wait(sub { status()->{counters}{transports} <= 4 }),
	'transports are closed');

###############################################################################

# a nomination, as the peer of the connection would send it

sub check {
	my ($pc) = @_;
	my $sdp = $pc->{answer};
	my $attr = sub { pack 'nna*x![4]', $_[0], length $_[1], $_[1] };
	my $header = sub { pack 'nnNa12', 1, $_[0], 0x2112a442, 'claimed12345' };

	my $m = $attr->(0x06, "$sdp->{ufrag}:$pc->{peer}{ufrag}")
		. $attr->(0x24, pack 'N', 1) . $attr->(0x802a, 'tiebreak')
		. $attr->(0x25, '');

	$m .= $attr->(0x08, hmac_sha1($header->(24 + length $m) . $m,
		$sdp->{pwd}));
	$m = $header->(8 + length $m) . $m;

	return $m . $attr->(0x8028, pack 'N',
		Compress::Zlib::crc32($m) ^ 0x5354554e);
}

sub remote {
	my ($pc) = @_;
	my $sdp = $pc->{answer} || $pc->{offer};

	return {
		ufrag => $sdp->{ufrag},
		pwd => $sdp->{pwd},
		ip => $pc->{candidate}{ip},
		port => int($pc->{candidate}{port}),
		fingerprint => $sdp->{fingerprint},
	};
}

###############################################################################
