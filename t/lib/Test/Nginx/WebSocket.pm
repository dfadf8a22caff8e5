package Test::Nginx::WebSocket;

# Copyright (C) nginx-rtc-module authors

# A WebSocket client (RFC 6455) for tests.  It never hides anything: frames
# may be sent as wrong as a test wants them, and what the server sends is
# checked for the rules that a server must keep.
#
#	my $ws = Test::Nginx::WebSocket->connect('/rtc', port => port(8080));
#	$ws->send_text('{}');
#	my $text = $ws->read();
#	is($ws->close(1000)->{code}, 1000, 'closed');

###############################################################################

use warnings;
use strict;

use base qw/ Exporter /;

our @EXPORT_OK = qw/ OP_CONT OP_TEXT OP_BINARY OP_CLOSE OP_PING OP_PONG /;

###############################################################################

use Digest::SHA qw/ sha1_base64 /;
use IO::Select;
use IO::Socket::IP;
use Socket qw/ SOL_SOCKET SO_LINGER /;
use MIME::Base64 qw/ encode_base64 /;
use Time::HiRes qw/ time /;

use Test::Nginx;

use constant {
	OP_CONT => 0,
	OP_TEXT => 1,
	OP_BINARY => 2,
	OP_CLOSE => 8,
	OP_PING => 9,
	OP_PONG => 10,
};

###############################################################################

# Opens the connection and makes the handshake.  Options: port, host, ssl,
# origin, subprotocol, headers (ref to a list of lines, that go behind the
# usual ones; a line of the same name replaces it, "Name:" without a value
# removes it), version ("1.1"), method, timeout (8 s), pong (1: pings are
# answered while reading).
#
# The object is returned in any case; connected() tells whether the server
# has switched, status() and header() its answer.

sub connect {
	my ($class, $path, %o) = @_;

	my $self = bless {
		_in => '',
		_messages => [],
		_errors => [],
		_timeout => defined $o{timeout} ? $o{timeout} : 8,
		_pong => defined $o{pong} ? $o{pong} : 1,
		_pongs => [],
	}, $class;

	my $host = defined $o{host} ? $o{host} : '127.0.0.1';
	my $port = defined $o{port} ? $o{port} : port($o{ssl} ? 8443 : 8080);

	my %args = (
		Proto => 'tcp',
		PeerAddr => $host,
		PeerPort => $port,
		Timeout => $self->{_timeout},
	);

	if ($o{ssl}) {
		require IO::Socket::SSL;
		$self->{_socket} = IO::Socket::SSL->new(%args,
			SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_NONE(),
			SSL_alpn_protocols => ['http/1.1'],
			%{ref $o{ssl} ? $o{ssl} : {}});

	} else {
		$self->{_socket} = IO::Socket::IP->new(%args);
	}

	die "Can't connect to $host:$port: " . ($! || $@) . "\n"
		unless $self->{_socket};

	$self->{_socket}->autoflush(1);
	binmode $self->{_socket};

	$self->{_key} = encode_base64(join('', map { chr int rand 256 } 1 .. 16),
		'');

	my @headers = (
		'Host: ' . ($host =~ /:/ ? "[$host]" : $host) . ":$port",
		'Upgrade: websocket',
		'Connection: Upgrade',
		"Sec-WebSocket-Key: $self->{_key}",
		'Sec-WebSocket-Version: 13',
	);

	push @headers, "Origin: $o{origin}" if defined $o{origin};
	push @headers, "Sec-WebSocket-Protocol: $o{subprotocol}"
		if defined $o{subprotocol};

	for my $line (@{$o{headers} || []}) {
		my ($name) = $line =~ /^([^:]+):/;
		@headers = grep { lc((/^([^:]+):/)[0]) ne lc($name) } @headers;
		push @headers, $line unless $line =~ /:$/;
	}

	my $version = defined $o{version} ? $o{version} : '1.1';
	my $method = defined $o{method} ? $o{method} : 'GET';

	$self->write(join "\x0d\x0a", "$method $path HTTP/$version", @headers,
		'', defined $o{early} ? $o{early} : '');

	$self->_handshake();

	return $self;
}

sub _handshake {
	my ($self) = @_;
	my $end = time() + $self->{_timeout};

	while ($self->{_in} !~ /\x0d\x0a\x0d\x0a/) {
		last unless $self->_fill($end - time());
	}

	my ($head, $rest) = split /\x0d\x0a\x0d\x0a/, $self->{_in}, 2;

	$self->{_head} = defined $head ? $head : '';
	($self->{_status}) = $self->{_head} =~ m{^HTTP/1\.[01] (\d+)};

	if (!defined $self->{_status} || $self->{_status} != 101) {
		$self->{_body} = defined $rest ? $rest : '';
		$self->{_in} = '';
		return;
	}

	$self->{_in} = $rest;

	my $accept = sha1_base64($self->{_key}
		. '258EAFA5-E914-47DA-95CA-C5AB0DC85B11') . '=';

	$self->_error('wrong Sec-WebSocket-Accept')
		unless ($self->header('Sec-WebSocket-Accept') || '') eq $accept;
	$self->_error('no Upgrade in the answer')
		unless ($self->header('Upgrade') || '') =~ /^websocket$/i;
	$self->_error('no Connection: upgrade in the answer')
		unless ($self->header('Connection') || '') =~ /\bupgrade\b/i;
}

sub connected {
	my ($self) = @_;
	return defined $self->{_status} && $self->{_status} == 101
		&& !@{$self->{_errors}} ? 1 : 0;
}

# the status of the answer to the handshake

sub status {
	my ($self) = @_;
	return $self->{_status};
}

sub header {
	my ($self, $name) = @_;
	return $self->{_head} =~ /^\Q$name\E:[ \t]*(.*?)[ \t]*\x0d?$/im
		? $1 : undef;
}

# the body of an answer that isn't 101, up to the end of the connection

sub body {
	my ($self) = @_;
	my $end = time() + $self->{_timeout};
	my $len = $self->header('Content-Length');

	while (!defined $len || length($self->{_body}) < $len) {
		last unless $self->_fill($end - time());
		$self->{_body} .= $self->{_in};
		$self->{_in} = '';
	}

	return $self->{_body};
}

sub socket {
	my ($self) = @_;
	return $self->{_socket};
}

# rules that the server has broken; an empty list in a good world

sub errors {
	my ($self) = @_;
	return @{$self->{_errors}};
}

###############################################################################

sub send_text {
	my ($self, $text, %o) = @_;

	utf8::encode($text) if utf8::is_utf8($text);

	return $self->send_raw(payload => $text, opcode => OP_TEXT, %o);
}

sub send_binary {
	my ($self, $data, %o) = @_;
	return $self->send_raw(payload => $data, opcode => OP_BINARY, %o);
}

sub send_ping {
	my ($self, $data) = @_;
	return $self->send_raw(payload => $data, opcode => OP_PING);
}

# a message in pieces of so many bytes

sub send_fragmented {
	my ($self, $text, $size) = @_;
	my $opcode = OP_TEXT;

	utf8::encode($text) if utf8::is_utf8($text);

	do {
		my $piece = substr($text, 0, $size, '');
		$self->send_raw(payload => $piece, opcode => $opcode,
			fin => length $text ? 0 : 1);
		$opcode = OP_CONT;
	} while (length $text);

	return $self;
}

sub send_raw {
	my ($self, %o) = @_;
	return $self->write(frame(%o));
}

# A frame as bytes: fin (1), rsv (0, three bits), opcode (1), masked (1), mask,
# payload; length: the number in the header, where it is to differ; size: 7,
# 16 or 64, the form of that number.

sub frame {
	my (%o) = @_;

	my $payload = defined $o{payload} ? $o{payload} : '';
	my $length = defined $o{length} ? $o{length} : length $payload;
	my $masked = defined $o{masked} ? $o{masked} : 1;

	my $first = (defined $o{fin} && !$o{fin} ? 0 : 0x80)
		| ($o{rsv} || 0) << 4
		| (defined $o{opcode} ? $o{opcode} : OP_TEXT);

	my $size = $o{size} || ($length < 126 ? 7 : $length < 65536 ? 16 : 64);
	my $bit = $masked ? 0x80 : 0;

	my $head = $size == 7 ? pack('CC', $first, $bit | $length)
		: $size == 16 ? pack('CCn', $first, $bit | 126, $length)
		: pack('CCNN', $first, $bit | 127, $length >> 32,
			$length & 0xffffffff);

	return $head . $payload unless $masked;

	my $mask = defined $o{mask} ? $o{mask}
		: pack('N', int rand 0xffffffff);

	my $key = substr($mask x (length($payload) / 4 + 1), 0, length $payload);

	return $head . $mask . ($payload ^ $key);
}

# bytes as they are

sub write {
	my ($self, $data) = @_;
	my $s = $self->{_socket};

	local $SIG{PIPE} = 'IGNORE';

	log_out($data);

	while (length $data) {
		my $n = $s->syswrite($data);
		return 0 unless defined $n;
		substr($data, 0, $n, '');
	}

	return 1;
}

###############################################################################

# The next message's text, or undef: at the deadline, or when the connection
# is closed (closed() tells).  In list context (text, opcode).

sub read {
	my ($self, $timeout) = @_;
	my $end = time() + (defined $timeout ? $timeout : $self->{_timeout});

	while (1) {
		if (my $m = shift @{$self->{_messages}}) {
			return wantarray ? @$m : $m->[0];
		}

		while (defined(my $frame = $self->_frame())) {
			$self->_take($frame);
		}

		next if @{$self->{_messages}};

		last if $self->{_closed};
		last unless $self->_fill($end - time());
	}

	return wantarray ? () : undef;
}

# one frame as a hash {fin, rsv, opcode, payload}; pings are not answered

sub read_frame {
	my ($self, $timeout) = @_;
	my $end = time() + (defined $timeout ? $timeout : $self->{_timeout});

	while (1) {
		my $frame = $self->_frame();
		return $frame if defined $frame;

		last if $self->{_closed} || !$self->_fill($end - time());
	}

	return undef;
}

# the payloads of pongs received so far

sub pongs {
	my ($self) = @_;
	return @{$self->{_pongs}};
}

# waits for a pong with this payload; messages stay for read()

sub wait_pong {
	my ($self, $data, $timeout) = @_;
	my $end = time() + (defined $timeout ? $timeout : $self->{_timeout});

	while (!grep { $_ eq $data } @{$self->{_pongs}}) {
		while (defined(my $frame = $self->_frame())) {
			$self->_take($frame);
		}

		next if grep { $_ eq $data } @{$self->{_pongs}};
		return 0 if $self->{_closed} || !$self->_fill($end - time());
	}

	return 1;
}

# Sends a close frame, unless it was sent, and waits for the server's and the
# end of the connection.  Returns {code, reason, eof}; code 1005: a frame
# without code, 1006: none came.

sub close {
	my ($self, $code, $reason) = @_;

	unless ($self->{_close_sent}) {
		my $payload = defined $code
			? pack('n', $code) . (defined $reason ? $reason : '') : '';
		$self->send_raw(opcode => OP_CLOSE, payload => $payload);
		$self->{_close_sent} = 1;
	}

	return $self->wait_close();
}

# waits until the server closes; messages that come before stay for read()

sub wait_close {
	my ($self, $timeout) = @_;
	my $end = time() + (defined $timeout ? $timeout : $self->{_timeout});

	while (!$self->{_eof}) {
		while (defined(my $frame = $self->_frame())) {
			$self->_take($frame);
		}

		last unless $self->_fill($end - time());
	}

	return {
		code => $self->{_close} ? $self->{_close}{code} : 1006,
		reason => $self->{_close} ? $self->{_close}{reason} : '',
		eof => $self->{_eof} ? 1 : 0,
	};
}

# {code, reason} once a close frame or the end has come, else undef; doesn't
# wait

sub closed {
	my ($self) = @_;

	return $self->{_close} if $self->{_close};
	return { code => 1006, reason => '' } if $self->{_eof};
	return undef;
}

# ends the connection without a word

sub abort {
	my ($self) = @_;

	setsockopt($self->{_socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));

	if ($self->{_socket}->can('errstr')) {
		$self->{_socket}->close(SSL_no_shutdown => 1);
	} else {
		$self->{_socket}->close();
	}

	$self->{_closed} = $self->{_eof} = 1;
}

###############################################################################

sub _error {
	my ($self, $text) = @_;

	push @{$self->{_errors}}, $text;
	log_in("websocket: $text");
}

# reads what there is; 0: nothing until the deadline, or the end

sub _fill {
	my ($self, $timeout) = @_;
	my $s = $self->{_socket};

	return 0 if $self->{_eof};

	my $end = time() + ($timeout > 0 ? $timeout : 0);

	while (1) {
		my $left = $end - time();
		$left = 0 if $left < 0;

		unless ($s->can('pending') && $s->pending()) {
			return 0 unless IO::Select->new($s)->can_read($left);
		}

		$s->blocking(0);
		my $n = $s->sysread(my $buf, 65536);
		my $again = !defined $n && ($!{EAGAIN} || $!{EINTR});
		$s->blocking(1);

		if ($again) {
			return 0 if time() >= $end;
			next;
		}

		if (!$n) {
			$self->{_eof} = $self->{_closed} = 1;
			return 0;
		}

		log_in($buf);
		$self->{_in} .= $buf;

		return 1;
	}
}

sub _frame {
	my ($self) = @_;

	return undef if length $self->{_in} < 2;

	my ($first, $second) = unpack('CC', $self->{_in});
	my $len = $second & 0x7f;
	my $pos = 2;

	if ($len == 126) {
		return undef if length $self->{_in} < 4;
		$len = unpack('x2n', $self->{_in});
		$pos = 4;
		$self->_error('length not in the shortest form') if $len < 126;

	} elsif ($len == 127) {
		return undef if length $self->{_in} < 10;
		my ($hi, $lo) = unpack('x2NN', $self->{_in});
		$len = $hi * 4294967296 + $lo;
		$pos = 10;
		$self->_error('length not in the shortest form') if $len < 65536;
	}

	return undef if length $self->{_in} < $pos + $len;

	my %frame = (
		fin => $first >> 7,
		rsv => $first >> 4 & 7,
		opcode => $first & 15,
		payload => substr($self->{_in}, $pos, $len),
	);

	substr($self->{_in}, 0, $pos + $len, '');

	$self->_error('masked frame of a server') if $second & 0x80;
	$self->_error('reserved bits set') if $frame{rsv};
	$self->_error('bad control frame')
		if $frame{opcode} >= 8 && ($len > 125 || !$frame{fin});

	return \%frame;
}

sub _take {
	my ($self, $frame) = @_;
	my $opcode = $frame->{opcode};

	$self->_error('frame after close') if $self->{_close};

	if ($opcode == OP_PING) {
		$self->send_raw(opcode => OP_PONG, payload => $frame->{payload})
			if $self->{_pong};
		return;
	}

	if ($opcode == OP_PONG) {
		push @{$self->{_pongs}}, $frame->{payload};
		return;
	}

	if ($opcode == OP_CLOSE) {
		my ($code, $reason) = (1005, '');
		($code, $reason) = unpack('na*', $frame->{payload})
			if length $frame->{payload} >= 2;

		$self->{_close} = { code => $code, reason => $reason };
		$self->{_closed} = 1;

		unless ($self->{_close_sent}) {
			$self->{_close_sent} = 1;
			$self->send_raw(opcode => OP_CLOSE,
				payload => substr($frame->{payload}, 0, 2));
		}

		return;
	}

	if ($opcode == OP_CONT) {
		return $self->_error('continuation of nothing')
			unless $self->{_partial};
		$self->{_partial}[0] .= $frame->{payload};

	} elsif ($opcode == OP_TEXT || $opcode == OP_BINARY) {
		$self->_error('new message inside of another')
			if $self->{_partial};
		$self->{_partial} = [$frame->{payload}, $opcode];

	} else {
		return $self->_error("unknown opcode $opcode");
	}

	if ($frame->{fin}) {
		my $m = delete $self->{_partial};

		if ($m->[1] == OP_TEXT) {
			my $copy = $m->[0];
			$self->_error('text is not UTF-8')
				unless utf8::decode($copy);
		}

		push @{$self->{_messages}}, $m;
	}
}

###############################################################################

1;

###############################################################################
