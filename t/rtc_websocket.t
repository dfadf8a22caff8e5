#!/usr/bin/perl

# (C) nginx-rtc-module authors

# Tests for the WebSocket end of signaling: RFC 6455 handshake, frames,
# control frames, limits, close codes, heartbeat, origins, TLS.

###############################################################################

use warnings;
use strict;

use Test::More;

BEGIN { use FindBin; chdir($FindBin::Bin); }

use lib 'lib';
use JSON::PP;

use Test::Nginx;
use Test::Nginx::WebSocket qw/ OP_CONT OP_TEXT OP_BINARY OP_CLOSE OP_PING
	OP_PONG /;

###############################################################################

select STDERR; $| = 1;
select STDOUT; $| = 1;

my $t = Test::Nginx->new()->has(qw/http http_ssl socket_ssl/)
	->has_daemon('openssl');

$t->plan(82)->write_file_expand('nginx.conf', <<'EOF');

%%TEST_GLOBALS%%

daemon off;
worker_shutdown_timeout 2s;

events {
}

rtc {
    zone rtc:16m;
    max_sessions 20;
}

http {
    %%TEST_GLOBALS_HTTP%%

    log_format  rtc  '$uri|$status|$rtc_room|$rtc_user|$rtc_role|'
                     '$rtc_close_reason';
    access_log  %%TESTDIR%%/rtc.log  rtc;

    ssl_certificate_key localhost.key;
    ssl_certificate localhost.crt;

    server {
        listen       127.0.0.1:8080;
        listen       127.0.0.1:8443 ssl;
        server_name  localhost;

        location /rtc {
            rtc_signaling;
        }

        location /small {
            rtc_signaling;
            rtc_message_size 1k;
        }

        location /origin {
            rtc_signaling;
            rtc_allow_origin https://app.example.com https://b.example.com;
        }

        location /any {
            rtc_signaling;
            rtc_allow_origin *;
        }

        location /fast {
            rtc_signaling;
            rtc_ping_interval 300ms;
            rtc_ping_timeout 300ms;
        }

        location /denied {
            rtc_signaling;
            deny all;
        }

        location /forced {
            rtc_signaling;
            rtc_room fixed;
            rtc_user $arg_user;
            rtc_role $arg_role;
        }
    }
}

EOF

$t->write_file('openssl.conf', <<EOF);
[ req ]
default_bits = 2048
encrypt_key = no
distinguished_name = req_distinguished_name
[ req_distinguished_name ]
EOF

my $d = $t->testdir();

system('openssl req -x509 -new '
	. "-config $d/openssl.conf -subj /CN=localhost/ "
	. "-out $d/localhost.crt -keyout $d/localhost.key "
	. ">>$d/openssl.out 2>&1") == 0
	or die "Can't create certificate: $!\n";

$t->run();

###############################################################################

my $json = JSON::PP->new->utf8->canonical;
my $ping = '{"event":"ping","id":1}';
my $pong = '{"data":{},"id":1}';

# handshake

my $ws = ws('/rtc');
ok($ws->connected(), 'handshake');
is($ws->header('Sec-WebSocket-Protocol'), undef, 'no subprotocol');
is(ask($ws), $pong, 'message');

is(ws('/rtc', subprotocol => 'chat, rtc.json')
	->header('Sec-WebSocket-Protocol'), 'rtc.json', 'subprotocol');
is(ws('/rtc', subprotocol => 'chat')->header('Sec-WebSocket-Protocol'),
	undef, 'unknown subprotocol');
$ws = ws('/rtc', headers =>
	[ 'Sec-WebSocket-Extensions: permessage-deflate' ]);
is($ws->header('Sec-WebSocket-Extensions'), undef, 'deflate is declined');
is(ask($ws), $pong, 'deflate is declined, message');

like(http_get('/rtc'), qr/ 426 .*Upgrade: websocket/s, 'no upgrade');
$ws = ws('/rtc', headers => [ 'Sec-WebSocket-Version: 8' ]);
is($ws->status(), 426, 'wrong version');
is($ws->header('Sec-WebSocket-Version'), 13, 'the right version is told');
is(ws('/rtc', headers => [ 'Sec-WebSocket-Version:' ])->status(), 426,
	'no version');
is(ws('/rtc', headers => [ 'Sec-WebSocket-Key: abc' ])->status(), 400,
	'bad key');
is(ws('/rtc', headers => [ 'Sec-WebSocket-Key:' ])->status(), 400, 'no key');
is(ws('/rtc', method => 'POST', headers => [ 'Content-Length: 0' ])
	->status(), 405, 'not a GET');
is(ws('/rtc', version => '1.0')->status(), 400, 'HTTP/1.0');
is(ws('/rtc', headers => [ 'Connection: keep-alive, Upgrade' ])->status(),
	101, 'connection list');
is(ws('/denied')->status(), 403, 'access phase');

# frames

$ws = ws('/rtc');
$ws->send_fragmented($ping, 5);
is(same($ws->read()), $pong, 'fragments');

$ws->send_raw(payload => substr($ping, 0, 5), fin => 0);
$ws->send_ping('middle');
$ws->send_raw(payload => substr($ping, 5), opcode => OP_CONT);
ok($ws->wait_pong('middle'), 'ping between fragments');
is(same($ws->read()), $pong, 'fragments around it');

$ws->send_raw(payload => '', fin => 0);
$ws->send_raw(payload => $ping, fin => 0, opcode => OP_CONT);
$ws->send_raw(payload => '', opcode => OP_CONT);
is(same($ws->read()), $pong, 'empty fragments');

$ws->send_raw(payload => $ping, size => 16);
is(same($ws->read()), $pong, 'length in 16 bits');
$ws->send_raw(payload => $ping, size => 64);
is(same($ws->read()), $pong, 'length in 64 bits');

my $frame = Test::Nginx::WebSocket::frame(payload => $ping);

$ws->write($_) for split //, $frame;
is(same($ws->read()), $pong, 'byte by byte');

$ws->write($frame x 5);
is(join('', map { same($ws->read()) } 1 .. 5), $pong x 5, 'many at once');

$ws->send_ping('');
ok($ws->wait_pong(''), 'empty ping');
$ws->send_ping('x' x 125);
ok($ws->wait_pong('x' x 125), 'largest ping');
$ws->send_raw(opcode => OP_PONG, payload => 'unasked');
is(ask($ws), $pong, 'unasked pong');
is(join(', ', $ws->errors()), '', 'server keeps the protocol');

is(same(ws('/rtc', early => $frame)->read()), $pong,
	'frame along with the handshake');

my $close = $ws->close(1000, 'bye');
is($close->{code}, 1000, 'close code is echoed');
is($close->{eof}, 1, 'and the connection closed');
is(ws('/rtc')->close(3000)->{code}, 3000, 'code of the application');
is(ws('/rtc')->close()->{code}, 1000, 'close without code');

# violations

is(broken(masked => 0, payload => $ping), 1002, 'not masked');
is(broken(rsv => 4, payload => $ping), 1002, 'rsv1');
is(broken(rsv => 1, payload => $ping), 1002, 'rsv3');
is(broken(opcode => 3), 1002, 'reserved opcode');
is(broken(opcode => 11), 1002, 'reserved control opcode');
is(broken(opcode => OP_PING, fin => 0), 1002, 'fragmented ping');
is(broken(opcode => OP_PING, payload => 'x' x 126), 1002, 'long ping');
is(broken(opcode => OP_CONT, payload => 'x'), 1002, 'stray continuation');
is(broken(opcode => OP_CLOSE, payload => 'x'), 1002, 'close of one byte');
is(broken(opcode => OP_CLOSE, payload => pack('n', 1005)), 1002,
	'reserved close code');
is(broken(opcode => OP_CLOSE, payload => pack('n', 999)), 1002,
	'close code out of range');
is(broken(opcode => OP_CLOSE, payload => pack('n', 1000) . "\xff"), 1007,
	'close reason is no UTF-8');
is(broken(payload => "\"\xc0\xaf\""), 1007, 'overlong UTF-8');
is(broken(payload => "\"\xed\xa0\x80\""), 1007, 'surrogate');
is(broken(payload => "\"\xf4\x90\x80\x80\""), 1007, 'beyond Unicode');
is(broken(opcode => OP_BINARY, payload => 'x'), 1003, 'binary');
is(broken(payload => '', length => 2 ** 40, size => 64), 1009, 'huge frame');

$ws = ws('/rtc');
$ws->send_raw(payload => '"', fin => 0);
$ws->send_raw(payload => '"');
is($ws->wait_close()->{code}, 1002, 'message within a message');

# sizes

$ws = ws('/small');
$ws->send_text('"' . 'x' x 1022 . '"');
my $error = $ws->read();
like($error, qr/bad-request/, 'as large as allowed, of a wrong shape');
unlike($error, qr/rtc_message_size/, 'its size is fine');
$ws->send_text('"' . 'x' x 1023 . '"');
like($ws->read(), qr/larger than rtc_message_size/, 'too large');
$ws->send_fragmented('"' . 'x' x 3000 . '"', 100);
like($ws->read(), qr/larger than rtc_message_size/, 'too large in pieces');
is(ask($ws), $pong, 'session goes on');
$ws->send_text('x' x 9000);
is($ws->wait_close()->{code}, 1009, 'far too large');

# origins

is(ws('/rtc', origin => 'https://evil.example.com')->status(), 403,
	'other origin');
is(ws('/rtc', origin => 'http://127.0.0.1:' . port(8080))->status(), 101,
	'own origin');
is(ws('/rtc', origin => 'null')->status(), 403, 'origin null');
is(ws('/origin', origin => 'https://b.example.com')->status(), 101,
	'allowed origin');
is(ws('/origin', origin => 'https://b.example.com.evil')->status(), 403,
	'longer origin');
is(ws('/origin', origin => 'http://127.0.0.1:' . port(8080))->status(), 403,
	'own origin is not in the list');
is(ws('/any', origin => 'https://evil.example.com')->status(), 101,
	'any origin');

# heartbeat

$ws = ws('/fast', pong => 0);
my $f = $ws->read_frame(3);
is($f->{opcode}, OP_PING, 'server pings');
$ws->send_raw(opcode => OP_PONG, payload => $f->{payload});
$f = $ws->read_frame(3);
is($f->{opcode}, OP_PING, 'answered, goes on');
is($ws->wait_close(3)->{eof}, 1, 'unanswered, closed');

# tls

$ws = ws('/rtc', ssl => 1);
ok($ws->connected(), 'tls');
is(ask($ws), $pong, 'tls, message');
$ws->send_text('{"event":"ping","id":1,"data":{"x":"' . 'x' x 40000 . '"}}');
is(same($ws->read()), $pong, 'tls, long message');
is($ws->close(1000)->{code}, 1000, 'tls, close');

# what nginx decides

$ws = ws('/forced?user=ann&role=participant');
$ws->send_text('{"event":"join-room","id":2,'
	. '"data":{"roomId":"other","userId":"eve","role":"participant"}}');
my $answer = $ws->read();
is($json->decode($answer)->{data}{room}{id}, 'fixed', 'room of nginx');
my $self = $json->decode($answer)->{data}{self};
is($self->{userId}, 'ann', 'user of nginx') or diag($answer);
is($self->{role}, 'participant', 'role of nginx');
$ws->close(1000);

is(ws('/forced?user=' . 'x' x 200)->status(), 500, 'user too long');
is(ws('/forced?role=king')->status(), 500, 'unknown role');

# max_sessions: what is over the limit is refused, the others go on

my @many = map { ws('/rtc') } 1 .. 25;
my @in = grep { $_->status() == 101 } @many;
my @out = grep { $_->status() == 503 } @many;

cmp_ok(scalar @in, '<=', 20, 'max_sessions');
is(@in + @out, 25, 'others are refused');
is(ask($in[0]), $pong, 'the session goes on');

$_->close(1000) for @in;

$t->stop();

my $log = $t->read_file('rtc.log');

like($log, qr!^/rtc\|101\|-\|-\|-\|closed by client$!m, 'log of a session');
like($log, qr!^/forced\|101\|fixed\|ann\|participant\|closed by client$!m,
	'log of a member');

###############################################################################

sub ws {
	my ($path, %o) = @_;
	return Test::Nginx::WebSocket->connect($path, %o);
}

sub same {
	my ($text) = @_;
	return defined $text ? $json->encode($json->decode($text)) : 'nothing';
}

sub ask {
	my ($ws) = @_;

	$ws->send_text($ping);
	return same($ws->read());
}

# the close code that a frame causes

sub broken {
	my (%o) = @_;
	my $ws = ws('/rtc');

	$ws->send_raw(%o);
	return $ws->wait_close()->{code};
}

###############################################################################
